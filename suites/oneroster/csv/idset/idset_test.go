package idset

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTable(t *testing.T) {
	var table Table
	if _, found := table.Find(7); found {
		t.Error("an empty table holds something")
	}
	random := rand.New(rand.NewPCG(1, 2))
	want := map[uint64]uint32{0: 0}
	table.Insert(0)
	for range 50_000 {
		h := random.Uint64()
		place, fresh := table.Insert(h)
		if !fresh || int(place) != len(want) {
			t.Fatalf("hash %d got place %d, new %v", h, place, fresh)
		}
		want[h] = place
	}
	for h, place := range want {
		if got, found := table.Find(h); !found || got != place {
			t.Fatalf("hash %d is at %d, %v; want %d", h, got, found, place)
		}
		if again, fresh := table.Insert(h); fresh || again != place {
			t.Fatalf("hash %d came again as %d, new %v", h, again, fresh)
		}
	}
	if table.Len() != len(want) {
		t.Errorf("%d of %d", table.Len(), len(want))
	}
}

func TestPlaces(t *testing.T) {
	var places Places
	if _, found := places.Find(7); found {
		t.Error("an empty set holds something")
	}
	random := rand.New(rand.NewPCG(1, 2))
	hashes := []uint64{0, 1 << 63, ^uint64(0)} // the last belongs to the last slot
	for range 50_000 {
		hashes = append(hashes, random.Uint64())
	}
	places.Reserve(len(hashes))
	for i, h := range hashes {
		if place, fresh := places.Insert(h); !fresh || int(place) != i {
			t.Fatalf("hash %d got place %d, new %v; want %d", h, place, fresh, i)
		}
	}
	for i, h := range hashes {
		if got, found := places.Find(h); !found || int(got) != i {
			t.Fatalf("hash %d is at %d, %v; want %d", h, got, found, i)
		}
		if again, fresh := places.Insert(h); fresh || int(again) != i {
			t.Fatalf("hash %d came again as %d, new %v", h, again, fresh)
		}
		if _, found := places.Find(random.Uint64()); found {
			t.Fatal("a hash is found that never came")
		}
	}
	if places.Len() != len(hashes) {
		t.Errorf("%d of %d", places.Len(), len(hashes))
	}
}

func TestSink(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var a, b Sink
	var all []uint64
	for i := range 100_000 {
		h := random.Uint64()
		all = append(all, h)
		if i%2 == 0 {
			a.Add(h)
		} else {
			b.Add(h)
		}
	}
	twice := []uint64{all[5], all[77], all[99_999]}
	for _, h := range twice {
		b.Add(h)
	}
	b.Add(all[77])
	a.Join(&b, &a)
	if a.Len() != len(all)+4 {
		t.Errorf("%d hashes", a.Len())
	}
	again, some := a.Repeated(10)
	for i, h := range twice {
		twice[i] = Trim(h)
	}
	slices.Sort(twice)
	if again != 4 || !slices.Equal(some, twice) {
		t.Errorf("%d again: %v, want %v", again, some, twice)
	}
}

func TestSinkHas(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var s Sink
	all := []uint64{0, ^uint64(0)}
	for range 100_000 {
		all = append(all, random.Uint64())
	}
	for _, h := range all {
		s.Add(h)
	}
	s.Sort()
	for _, h := range all {
		if !s.Has(h) {
			t.Fatalf("hash %d is missing", h)
		}
		if s.Has(random.Uint64()) {
			t.Fatal("there is a hash that never came")
		}
	}
}

func BenchmarkTableInsert(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	hashes := make([]uint64, 1<<20)
	for i := range hashes {
		hashes[i] = random.Uint64()
	}
	b.ReportMetric(0, "ns/op")
	for b.Loop() {
		var t Table
		for _, h := range hashes {
			t.Insert(h)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(hashes)), "ns/hash")
}

func BenchmarkSink(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	hashes := make([]uint64, 1<<20)
	for i := range hashes {
		hashes[i] = random.Uint64()
	}
	for b.Loop() {
		var s Sink
		for _, h := range hashes {
			s.Add(h)
		}
		s.Repeated(10)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(hashes)), "ns/hash")
}

func BenchmarkPlacesFind(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	hashes := make([]uint64, 1<<20)
	var t Places
	t.Reserve(len(hashes))
	for i := range hashes {
		hashes[i] = random.Uint64()
		t.Insert(hashes[i])
	}
	random.Shuffle(len(hashes), func(i, j int) { hashes[i], hashes[j] = hashes[j], hashes[i] })
	var sum uint32
	for b.Loop() {
		for _, h := range hashes {
			p, _ := t.Find(h)
			sum += p
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(hashes)), "ns/hash")
}

func TestShort(t *testing.T) {
	var a, b Short
	for k := range uint64(50_000) {
		a.Add(k * 7919)
	}
	b.Add(7919 * 3)
	b.Add(7919*49_999 + 1)
	b.Add(7919 * 42)
	a.Join(&b)
	if a.Len() != 50_003 || b.Len() != 0 {
		t.Errorf("%d and %d keys", a.Len(), b.Len())
	}
	if got := a.Repeated(10); len(got) != 2 || !got[7919*3] || !got[7919*42] {
		t.Errorf("came again: %v", got)
	}
}
