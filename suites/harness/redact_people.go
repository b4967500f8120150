package harness

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"sync"
)

const (
	// maxPeople bounds the values that are remembered for good, to 16 MB: those of some
	// 200,000 people. Later ones are remembered until maxRecent others came.
	maxPeople = 1 << 20
	// maxRecentPeople is how many of the latest values are remembered beyond that: those of
	// the exchanges that a check looks at together.
	maxRecentPeople = 1 << 15
	// maxWords is how many words of a value are compared; what begins like it is it.
	maxWords = 8
	// shortestName is the least number of letters of a value that is looked for wherever
	// it stands: shorter ones are a part of anything.
	shortestName = 4
	// shortestNumber is the same for a number: a year, a grade and a page are no person.
	shortestNumber = 5
)

// people remembers personal values that a target sent, to know them where no name of a
// member tells of them. It keeps salted hashes alone, of each value by the words that it
// consists of: one for each beginning, and one for the whole.
type people struct {
	mu     sync.RWMutex
	salt   uint64
	table  []uint64 // open addressing; 0 is free
	n      int
	recent [2]map[uint64]bool // the younger, the older
}

func newPeople(salt []byte) *people {
	sum := sha256.Sum256(append([]byte("people\x00"), salt...))
	return &people{salt: binary.LittleEndian.Uint64(sum[:])}
}

// The lowest bit of an entry says what it is.
const (
	begins = 0
	whole  = 1
)

// step takes one more byte into a hash (FNV-1a, from a salt).
func step(h uint64, c byte) uint64 { return (h ^ uint64(c)) * 0x100000001B3 }

// entry mixes a hash for the table.
func entry(h uint64, kind uint64) uint64 {
	h ^= h >> 32
	h *= 0x9E3779B97F4A7C15
	h ^= h >> 29
	return (h|2)&^1 | kind
}

func (p *people) has(e uint64) bool {
	if n := uint64(len(p.table)); n > 0 {
		for i := (e >> 8) & (n - 1); p.table[i] != 0; i = (i + 1) & (n - 1) {
			if p.table[i] == e {
				return true
			}
		}
	}
	return p.recent[0][e] || p.recent[1][e]
}

func (p *people) put(e uint64) {
	if p.has(e) {
		return
	}
	if p.n >= maxPeople {
		if p.recent[0] == nil || len(p.recent[0]) >= maxRecentPeople {
			p.recent[1], p.recent[0] = p.recent[0], map[uint64]bool{}
		}
		p.recent[0][e] = true
		return
	}
	if 2*(p.n+1) > len(p.table) {
		old := p.table
		p.table = make([]uint64, max(1024, 2*len(old)))
		for _, x := range old {
			if x != 0 {
				p.insert(x)
			}
		}
	}
	p.insert(e)
	p.n++
}

func (p *people) insert(e uint64) {
	n := uint64(len(p.table))
	i := (e >> 8) & (n - 1)
	for p.table[i] != 0 {
		i = (i + 1) & (n - 1)
	}
	p.table[i] = e
}

// empty tells whether nobody is known yet.
func (p *people) empty() bool { return p.n == 0 }

// knows tells whether a value is remembered already, as most are.
func (p *people) knows(f *flat) bool {
	h, words := p.salt, 0
	for i, c := range f.text {
		if f.start[i] && i > 0 {
			if words++; words == maxWords {
				break
			}
		}
		h = step(h, c)
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.has(entry(h, whole))
}

// learn remembers a value, given in its comparable form.
func (p *people) learn(f *flat) {
	h, words := p.salt, 0
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range f.text {
		if f.start[i] && i > 0 {
			if words++; words == maxWords {
				break
			}
			p.put(entry(h, begins))
		}
		h = step(h, c)
	}
	p.put(entry(h, whole))
}

// find adds the places of f where somebody's value stands, whole words only.
func (p *people) find(f *flat, out []span) []span {
	for i := 0; i < len(f.text); {
		end, h, last := i, p.salt, 0
		for words := 0; words < maxWords && end < len(f.text); words++ {
			for first := end; end < len(f.text) && (end == first || !f.start[end]); end++ {
				h = step(h, f.text[end])
			}
			if p.has(entry(h, whole)) {
				last = end
			}
			if !p.has(entry(h, begins)) {
				break
			}
		}
		if last > 0 {
			out = append(out, span{from: int(f.from[i]), to: int(f.to[last-1])})
			i = last
			continue
		}
		for i++; i < len(f.text) && !f.start[i]; i++ {
		}
	}
	return out
}

// save writes what is remembered, for the other processes of a run: hashes alone.
func (p *people) save(path string) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	b := make([]byte, 0, 8*p.n)
	for _, x := range p.table {
		if x != 0 {
			b = binary.LittleEndian.AppendUint64(b, x)
		}
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return fmt.Errorf("writing down whose values are to be hidden: %w", err)
	}
	return nil
}

// load reads what another process of the run has saved; no file is nobody.
func (p *people) load(path string) error {
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading whose values are to be hidden: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for ; len(b) >= 8; b = b[8:] {
		p.put(binary.LittleEndian.Uint64(b))
	}
	return nil
}
