package store

import "testing"

// A row that is damaged is refused, or gives some values.
func FuzzDecodeBlock(f *testing.F) {
	for _, n := range []int{0, 3, 300} {
		x := &block{known: map[string]uint16{}}
		for i := range n {
			x.texts = append(x.texts, []byte{byte(i), byte(i >> 8)})
			x.numbers[i] = uint16(i + 1)
		}
		encoded := x.encode()
		f.Add(encoded)
		var back decoded
		if err := back.decode(encoded); err != nil {
			f.Fatal(err)
		}
		for i := range blockLength {
			v, err := back.value(i)
			if err != nil || (v != nil) != (i < n) || v != nil && (v[0] != byte(i) || v[1] != byte(i>>8)) {
				f.Fatalf("of %d values no. %d is %v, %v", n, i, v, err)
			}
		}
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		var x decoded
		if x.decode(b) != nil {
			return
		}
		for i := range blockLength {
			_, _ = x.value(i)
		}
	})
}
