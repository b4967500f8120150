package store

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A list is stored as its number of members followed by the gaps between them,
// all as unsigned varints. Members of a sub-collection lie close together, so
// that most take a byte, and a school's 50,000 enrollments are read as one value.

func encodeMembers(members []int32) ([]byte, error) {
	b := binary.AppendUvarint(make([]byte, 0, len(members)+8), uint64(len(members)))
	previous := int32(-1)
	for _, m := range members {
		if m <= previous {
			return nil, fmt.Errorf("members are not strictly ascending: %d after %d", m, previous)
		}
		b = binary.AppendUvarint(b, uint64(m-previous))
		previous = m
	}
	return b, nil
}

var errDamagedList = errors.New("the stored list is damaged; load the data again")

func decodeMembers(b []byte) ([]int32, error) {
	n, w := binary.Uvarint(b)
	// Each member takes at least a byte, which bounds what is allocated.
	if w <= 0 || n > uint64(len(b)) {
		return nil, errDamagedList
	}
	b = b[w:]
	members := make([]int32, 0, n)
	previous := int64(-1)
	for range n {
		gap, w := binary.Uvarint(b)
		if w <= 0 || gap == 0 || gap > 1<<31 || previous+int64(gap) > 1<<31-1 {
			return nil, errDamagedList
		}
		previous += int64(gap)
		members = append(members, int32(previous))
		b = b[w:]
	}
	return members, nil
}
