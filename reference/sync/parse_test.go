package sync

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// What was packed is unpacked as it was.
func TestPack(t *testing.T) {
	steps := []step{
		{op: opSame, hash: 1<<63 + 5}, {op: opAdd, id: "a", body: []byte("body")}, {op: opChange, id: "ß", body: []byte{}},
		{op: opFlag, id: "b", body: bytes.Repeat([]byte("x"), 1000)}, {op: opAgain, id: "a", body: []byte("other")},
		{op: opUnfit, id: "", body: []byte("why")}, {op: opRefers, to: 7, hash: 3, id: "who"}, {op: opDelete, id: "gone"},
		{op: opKeep, id: "kept", body: []byte("k")},
	}
	p := packer{collection: 4}
	for _, s := range steps {
		p.add(s)
	}
	sealed := p.all()
	if len(sealed) != 1 {
		t.Fatalf("%d packs", len(sealed))
	}
	var got []step
	err := unpack(sealed[0], func(c int, s step) error {
		if c != 4 {
			t.Errorf("the collection is %d", c)
		}
		got = append(got, s)
		return nil
	})
	if err != nil || fmt.Sprint(got) != fmt.Sprint(steps) {
		t.Errorf("%v, %v", got, err)
	}
	stop := errors.New("stop")
	if err := unpack(sealed[0], func(int, step) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of visit became %v", err)
	}
}

// Packs are cut.
func TestPacker(t *testing.T) {
	p := packer{}
	for range 5 {
		p.add(step{op: opAdd, id: "a", body: make([]byte, packMost/2)})
	}
	if n := len(p.all()); n != 3 {
		t.Errorf("%d packs", n)
	}
}

// Whatever is kept in the place of a pack is unpacked, or damaged, and no more than that.
func FuzzUnpack(f *testing.F) {
	p := pack{}
	p.add(step{op: opAdd, id: "a", body: []byte("body")})
	p.add(step{op: opRefers, to: 1, hash: 2, id: "b"})
	f.Add(p.seal(3))
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3})
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var again pack
		collection := 0
		err := unpack(b, func(c int, s step) error {
			collection = c
			again.add(s)
			return nil
		})
		if err != nil {
			if !errors.Is(err, errDamaged) {
				t.Errorf("%v", err)
			}
			return
		}
		var third pack
		if err := unpack(again.seal(collection), func(_ int, s step) error { third.add(s); return nil }); err != nil || !bytes.Equal(again.b, third.b) {
			t.Errorf("it isn't the same again: %v", err)
		}
	})
}

func TestIDSet(t *testing.T) {
	var s idset
	var none *idset
	if s.has(0) || s.has(5) || none.has(0) || none.has(5) {
		t.Error("an empty set has something")
	}
	for i := range uint64(10_000) {
		if !s.add(i * 0x9e3779b97f4a7c15) {
			t.Fatalf("%d was there", i)
		}
	}
	for i := range uint64(10_000) {
		if s.add(i*0x9e3779b97f4a7c15) || !s.has(i*0x9e3779b97f4a7c15) {
			t.Fatalf("%d isn't there", i)
		}
	}
	if s.has(12345) {
		t.Error("it has what wasn't added")
	}
}

func TestHashes(t *testing.T) {
	seen := map[uint64]string{}
	for i := range 300_000 {
		id := fmt.Sprintf("enrollment-%d", i)
		h := hashOf(id)
		if other, there := seen[h]; there {
			t.Fatalf("%s and %s have one hash", id, other)
		}
		seen[h] = id
	}
	if hashOf("a") != 0x82a2a958a9bece5b { // what is staged by one version is gone on with by the next
		t.Errorf("the hash is another than it was: %x", hashOf("a"))
	}
}

// Each rule breaks at its limit and not before it.
func TestRules(t *testing.T) {
	well := Staged{Mode: Full, Read: 100, Total: -1, First: -1, Active: 100, Before: 100, After: 100}
	with := func(change func(*Staged)) Staged { s := well; change(&s); return s }
	for _, c := range []struct {
		name   string
		staged Staged
		broken []string
	}{
		{"all is well", well, nil},
		{"as many as the total", with(func(s *Staged) { s.First, s.Total = 100, 100 }), nil},
		{"more than the total", with(func(s *Staged) { s.First, s.Total = 99, 99 }), nil},
		{"one is missing", with(func(s *Staged) { s.First, s.Total = 101, 101 }), []string{"complete"}},
		{"what can't be used came too", with(func(s *Staged) { s.First, s.Total, s.Unfit = 101, 101, 1 }), nil},
		{"it grew", with(func(s *Staged) { s.First, s.Total = 99, 100 }), nil},
		{"it shrank", with(func(s *Staged) { s.First, s.Total = 101, 100 }), []string{"steady"}},
		{"five can't be used", with(func(s *Staged) { s.Read, s.Unfit = 1, 5 }), nil},
		{"six can't be used", with(func(s *Staged) { s.Read, s.Unfit = 94, 6 }), []string{"usable"}},
		{"six of many can't be used", with(func(s *Staged) { s.Read, s.Unfit = 114, 6 }), nil},
		{"all are gone", with(func(s *Staged) { s.Read, s.Active, s.Lost = 0, 0, 100 }), []string{"guard.empty", "guard.share"}},
		{"all are flagged", with(func(s *Staged) { s.Active, s.Lost = 0, 100 }), []string{"guard.empty", "guard.share"}},
		{"a delta with nothing in it", with(func(s *Staged) { s.Mode, s.Read, s.Active = Delta, 0, 0 }), nil},
		{"two of two are gone", with(func(s *Staged) { s.Read, s.Active, s.Before, s.Lost = 0, 0, 2, 2 }), nil},
		{"three of three are gone", with(func(s *Staged) { s.Read, s.Active, s.Before, s.Lost = 0, 0, 3, 3 }), []string{"guard.empty"}},
		{"ten of twelve are gone", with(func(s *Staged) { s.Before, s.Lost = 12, 10 }), nil},
		{"eleven of fifty", with(func(s *Staged) { s.Before, s.Lost = 50, 11 }), []string{"guard.share"}},
		{"a fifth", with(func(s *Staged) { s.Lost = 20 }), nil},
		{"more than a fifth", with(func(s *Staged) { s.Lost = 21 }), []string{"guard.share"}},
		{"what wasn't offered", with(func(s *Staged) { s.Left, s.Lost, s.Total = true, 100, 900 }), nil},
	} {
		var got []string
		for _, b := range breaches(Rules(), c.staged, func(Rule) bool { return true }) {
			got = append(got, b.Rule)
			if b.Text == "" {
				t.Errorf("%s: %s says nothing", c.name, b.Rule)
			}
		}
		if !slices.Equal(got, c.broken) {
			t.Errorf("%s: %v are broken", c.name, got)
		}
	}
}

// The status of a stored object is that of its second member, whatever texts it has.
func TestIsActive(t *testing.T) {
	for body, active := range map[string]bool{
		`{"sourcedId":"a","status":"active","x":1}`:                                true,
		`{"sourcedId":"a","status":"tobedeleted","x":1}`:                           false,
		`{"sourcedId":"a\",\"status\":\"active\"","status":"tobedeleted"}`:         false,
		`{"sourcedId":"a","status":"tobedeleted","m":{"a":"b","status":"active"}}`: false,
		`{"sourcedId":"a","status":"active","m":{"a":"b","status":"tobedeleted"}}`: true,
		`{"file":"x","columns":[]}`:                                                true,
	} {
		if isActive([]byte(body)) != active {
			t.Errorf("%s: %v", body, !active)
		}
	}
	if got := string(flagged([]byte(`{"sourcedId":"a","status":"active","m":{"x":"","status":"active"}}`))); got !=
		`{"sourcedId":"a","status":"tobedeleted","m":{"x":"","status":"active"}}` {
		t.Error(got)
	}
}
