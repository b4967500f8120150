package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// A list is kept in rows of up to a few thousand members each, so that one more or
// less costs a row and not the list. The first row of a list begins with 0, each other
// one with its first member; a row is found by the last beginning that isn't beyond
// what is looked for.

// lists is the table that some lists are kept in.
type lists string

const (
	chunkLength = 2048            // of rows that are written
	chunkMost   = 2 * chunkLength // of rows that have grown
)

// chunks cuts a list; an empty one has one row, which is empty. The number is the
// place of the first member in the list.
func chunks(members []Key) iter.Seq2[int, []Key] {
	return func(yield func(int, []Key) bool) {
		if len(members) == 0 {
			yield(0, nil)
		}
		for i := 0; i < len(members); i += chunkLength {
			if !yield(i, members[i:min(i+chunkLength, len(members))]) {
				return
			}
		}
	}
}

// chunkFirst is what the row begins with that has the member at a place as its first.
func chunkFirst(place int, members []Key) Key {
	if place == 0 {
		return 0
	}
	return members[0]
}

func (l lists) read(ctx context.Context, q queryer, relation string, owner Key) (members []Key, err error) {
	statement := fmt.Sprintf(`SELECT first, members FROM %s WHERE relation = $1 AND owner = $2 ORDER BY first`, l)
	err = q.query(ctx, statement, []any{relation, owner}, func(_ int64, value []byte) error {
		var err error
		members, err = appendMembers(members, value)
		return err
	})
	return members, err
}

// chunk reads the row in which a member is, or would be.
func (l lists) chunk(ctx context.Context, q queryer, relation string, owner, member Key) (first Key, members []Key, there bool, err error) {
	statement := fmt.Sprintf(`SELECT first, members FROM %s WHERE relation = $1 AND owner = $2 AND first <= $3
		ORDER BY first DESC LIMIT 1`, l)
	err = q.query(ctx, statement, []any{relation, owner, member}, func(n int64, value []byte) error {
		var err error
		first, there = Key(n), true
		members, err = appendMembers(nil, value)
		return err
	})
	return first, members, there, err
}

// link puts a member into a list, and says whether it wasn't there.
func (l lists) link(ctx context.Context, t transaction, relation string, owner, member Key) (bool, error) {
	if member < 0 {
		return false, notAscending(member, -1)
	}
	first, members, there, err := l.chunk(ctx, t, relation, owner, member)
	if err != nil {
		return false, err
	}
	if !there {
		return true, l.write(ctx, t, insertChunk, relation, owner, 0, []Key{member})
	}
	place, found := slices.BinarySearch(members, member)
	if found {
		return false, nil
	}
	members = slices.Insert(members, place, member)
	if len(members) > chunkMost {
		tail := members[chunkLength:]
		members = members[:chunkLength]
		err = l.write(ctx, t, insertChunk, relation, owner, tail[0], tail)
		if err != nil {
			return false, err
		}
	}
	return true, l.write(ctx, t, replaceChunk, relation, owner, first, members)
}

const (
	insertChunk  = `INSERT INTO %s (relation, owner, first, members) VALUES ($1, $2, $3, $4)`
	replaceChunk = `UPDATE %s SET members = $4 WHERE relation = $1 AND owner = $2 AND first = $3`
)

// unlink takes a member off a list, and says whether it was there. A row that has
// become empty goes.
func (l lists) unlink(ctx context.Context, t transaction, relation string, owner, member Key) (bool, error) {
	first, members, _, err := l.chunk(ctx, t, relation, owner, member)
	if err != nil {
		return false, err
	}
	place, found := slices.BinarySearch(members, member)
	if !found {
		return false, nil
	}
	if len(members) == 1 {
		statement := fmt.Sprintf(`DELETE FROM %s WHERE relation = $1 AND owner = $2 AND first = $3`, l)
		return true, t.execute(ctx, statement, relation, owner, first)
	}
	return true, l.write(ctx, t, replaceChunk, relation, owner, first, slices.Delete(members, place, place+1))
}

// write runs a statement in which %s stands for the table.
func (l lists) write(ctx context.Context, t transaction, statement, relation string, owner, first Key, members []Key) error {
	value, err := encodeMembers(members)
	if err != nil {
		return err
	}
	return t.execute(ctx, fmt.Sprintf(statement, l), relation, owner, first, value)
}

// A row is encoded as its number of members followed by the gaps between them, all
// as unsigned varints. Members of a sub-collection lie close together, so that most
// take a byte, and a school's 50,000 enrollments are read at once.

func encodeMembers(members []Key) ([]byte, error) {
	b := binary.AppendUvarint(make([]byte, 0, len(members)+8), uint64(len(members)))
	previous := Key(-1)
	for _, m := range members {
		if m <= previous {
			return nil, notAscending(m, previous)
		}
		b = binary.AppendUvarint(b, uint64(m-previous))
		previous = m
	}
	return b, nil
}

func notAscending(member, after Key) error {
	return fmt.Errorf("members are not strictly ascending: %d after %d", member, after)
}

var errDamagedList = errors.New("the stored list is damaged; load the data again")

func decodeMembers(b []byte) ([]Key, error) { return appendMembers(nil, b) }

func appendMembers(members []Key, b []byte) ([]Key, error) {
	n, w := binary.Uvarint(b)
	// Each member takes at least a byte, which bounds what is allocated.
	if w <= 0 || n > uint64(len(b)) {
		return nil, errDamagedList
	}
	b = b[w:]
	members = slices.Grow(members, int(n))
	previous := int64(-1)
	for range n {
		gap, w := binary.Uvarint(b)
		if w <= 0 || gap == 0 || gap > 1<<31 || previous+int64(gap) > 1<<31-1 {
			return nil, errDamagedList
		}
		previous += int64(gap)
		members = append(members, Key(previous))
		b = b[w:]
	}
	return members, nil
}
