package store

import (
	"slices"
	"testing"
)

func FuzzDecodeMembers(f *testing.F) {
	for _, members := range [][]int32{nil, {0}, {0, 1, 2}, {5, 1 << 20, 1<<31 - 1}} {
		encoded, err := encodeMembers(members)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		members, err := decodeMembers(b)
		if err != nil {
			return
		}
		encoded, err := encodeMembers(members)
		if err != nil {
			t.Fatalf("decoded what cannot be encoded: %v", err)
		}
		again, err := decodeMembers(encoded)
		if err != nil || !slices.Equal(again, members) {
			t.Fatalf("%v came back as %v, %v", members, again, err)
		}
	})
}
