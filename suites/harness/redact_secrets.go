package harness

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
)

const (
	// shortestSecret is the least length of a secret that is looked for: shorter ones
	// would eat ordinary words of the report.
	shortestSecret = 6
	// seed is how many bytes of a secret point at it. Eight fit into one word of the
	// machine; six find the shortest secret.
	seed = 6
	// fragment is the least length of a part of a secret that counts as the secret:
	// products cut what they echo, and half a token is half as hard to guess.
	fragment = 8
	// maxPointers bounds the index, to some 40 MB. A product may grant a new token to
	// each request; the oldest are forgotten first, never those of the target file.
	maxPointers = 1 << 20
	// samePointers bounds the places that one seed points at: tokens of one issuer
	// begin alike, and differ where others of their seeds point.
	samePointers = 8
)

// secrets finds known secrets in texts, in whatever form they were written. Escapes may
// stand for any letter of a secret, so the forms can't be listed for a matcher of many
// words (Aho-Corasick): instead escapes are taken off the text (see flat), and a few bytes
// at every third place of a secret point at where they come from. That finds parts of a
// secret as well as the whole, in one pass.
type secrets struct {
	mu      sync.RWMutex
	known   map[string]bool // as they were given
	order   []string        // of those that may be forgotten
	forms   []form
	first   map[uint64]int32 // by seed: index of its first pointer
	points  []pointer
	sieve   []uint64 // says of most seeds at once that they point nowhere
	literal []string // of whose letters too little is left to compare
	learned func(secret string)
}

// form is one way to write a secret.
type form struct {
	text   string
	run    bool   // base64: the letters beside it hold the rest
	secret string // what it is a form of
	pinned bool
}

type pointer struct {
	form, off, next int32
}

const sieveBits = 18

func sieveAt(key uint64) (int, uint64) {
	h := key * 0x9E3779B97F4A7C15 >> (64 - sieveBits)
	return int(h >> 6), 1 << (h & 63)
}

// add makes a secret known. Pinned ones are never forgotten.
func (s *secrets) add(secret string, pinned bool) {
	if len(secret) < shortestSecret {
		return
	}
	s.mu.Lock()
	fresh := !s.known[secret]
	if fresh {
		if s.known == nil {
			s.known = map[string]bool{}
		}
		s.known[secret] = true
		if !pinned {
			s.order = append(s.order, secret)
		}
		s.index(secret, pinned)
		if len(s.points) > maxPointers && len(s.order) > 1 {
			s.forget()
		}
	}
	learned := s.learned
	s.mu.Unlock()
	if fresh && learned != nil {
		learned(secret)
	}
}

// forget drops the older half of what may be forgotten.
func (s *secrets) forget() {
	for _, old := range s.order[:len(s.order)/2] {
		delete(s.known, old)
	}
	s.order = slices.Clone(s.order[len(s.order)/2:])
	var pinned []string
	for _, f := range s.forms {
		if f.pinned && !slices.Contains(pinned, f.secret) {
			pinned = append(pinned, f.secret)
		}
	}
	s.forms, s.points, s.first, s.sieve, s.literal = nil, nil, nil, nil, nil
	for _, p := range pinned {
		s.index(p, true)
	}
	for _, o := range s.order {
		s.index(o, false)
	}
}

// index adds all forms of a secret.
func (s *secrets) index(secret string, pinned bool) {
	if s.first == nil {
		s.first, s.sieve = map[uint64]int32{}, make([]uint64, 1<<sieveBits/64)
	}
	seen := map[string]bool{}
	add := func(text string, run bool) {
		if len(text) < seed || seen[text] {
			return
		}
		seen[text] = true
		s.forms = append(s.forms, form{text: text, run: run, secret: secret, pinned: pinned})
		s.point(int32(len(s.forms) - 1))
	}
	for _, text := range comparable(secret) {
		add(text, false)
	}
	if len(seen) == 0 { // all signs
		s.forms = append(s.forms, form{secret: secret, pinned: pinned})
		s.literal = append(s.literal, secret)
	}
	for _, cased := range []string{secret, strings.ToLower(secret), strings.ToUpper(secret)} {
		add(strings.ToLower(hex.EncodeToString([]byte(cased))), false)
		for lead := range 3 {
			add(inner(cased, lead), true)
		}
	}
}

// inner gives what of the base64 of a secret depends on it alone, when lead bytes stand
// before it: 3 bytes are 4 letters, and those at the borders hold bits of the neighbours.
func inner(secret string, lead int) string {
	whole := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", lead) + secret))
	from := (lead*8 + 5) / 6
	to := (lead + len(secret)) * 8 / 6
	return asWritten(whole[from:to])
}

// point writes down where the seeds of a form come from: at every third place, so that a
// fragment holds one, and at every eighth of a long one.
func (s *secrets) point(index int32) {
	text := s.forms[index].text
	stride := fragment - seed + 1
	if len(text) > 96 {
		stride = 8
	}
	for off := 0; off+seed <= len(text); off += stride {
		s.pointAt(index, off)
	}
	if last := len(text) - seed; last%stride != 0 {
		s.pointAt(index, last)
	}
}

func (s *secrets) pointAt(index int32, off int) {
	key := uint64(0)
	for _, c := range []byte(s.forms[index].text[off : off+seed]) {
		key = key<<8 | uint64(c)
	}
	next, n := int32(-1), 0
	if at, there := s.first[key]; there {
		next = at
		for ; at >= 0; at = s.points[at].next {
			n++
		}
	}
	if n >= samePointers {
		return
	}
	s.points = append(s.points, pointer{index, int32(off), next})
	s.first[key] = int32(len(s.points) - 1)
	word, bit := sieveAt(key)
	s.sieve[word] |= bit
}

// span is a part of a text that must not be shown, and what stands in its place.
type span struct {
	from, to int
	with     string
	run      bool // what stands beside it without a break belongs to it
}

// find adds the places of f that hold a secret. common tells of a part of f that ordinary
// texts hold it too, said of a part of what a target keeps secret that the target file says
// it in clear.
func (s *secrets) find(f *flat, common func(f *flat, from, to int) bool, said func(part string) bool, out []span) []span {
	if len(s.points) == 0 || len(f.text) < seed {
		return out
	}
	key := uint64(0)
	for i := 0; i < len(f.text); i++ {
		key = (key<<8 | uint64(f.text[i])) & (1<<(8*seed) - 1)
		if i < seed-1 {
			continue
		}
		if word, bit := sieveAt(key); s.sieve[word]&bit == 0 {
			continue
		}
		at, there := s.first[key]
		if !there {
			continue
		}
		from, to, run := 0, 0, false
		for ; at >= 0; at = s.points[at].next {
			p := s.points[at]
			a, b, ok := s.accept(f, s.forms[p.form].text, i-seed+1, int(p.off), common)
			if form := s.forms[p.form]; ok && !form.pinned && b-a < len(form.text) && said(string(f.text[a:b])) {
				ok = false
			}
			if ok && b-a > to-from {
				from, to, run = a, b, s.forms[p.form].run
			}
		}
		if to == 0 {
			continue
		}
		out = append(out, span{from: int(f.from[from]), to: int(f.to[to-1]), with: "[redacted]", run: run})
		// Seeds of the next secret may begin within the last bytes of this one.
		if next := to - seed; next > i {
			i, key = next, 0
			for k := max(0, next-seed+1); k <= next; k++ {
				key = key<<8 | uint64(f.text[k])
			}
			key &= 1<<(8*seed) - 1
		}
	}
	return out
}

// accept widens a seed to the whole of what agrees with a form, and decides whether that
// is the secret: all of it, a fragment that is no ordinary word, or half of it at an end
// of the text, where somebody may have cut.
func (s *secrets) accept(f *flat, form string, at, off int, common func(f *flat, from, to int) bool) (from, to int, ok bool) {
	from, to = at, at+seed
	left, right := off, off+seed
	for from > 0 && left > 0 && f.text[from-1] == form[left-1] {
		from, left = from-1, left-1
	}
	for to < len(f.text) && right < len(form) && f.text[to] == form[right] {
		to, right = to+1, right+1
	}
	n := to - from
	switch part := form[left:right]; {
	case n == len(form):
		ok = true
	case !varied(part):
	case n >= fragment:
		ok = mixed(part) || !common(f, from, to)
	case (from == 0 && right == len(form) || to == len(f.text) && left == 0) && (2*n >= len(form) || mixed(part)):
		ok = !common(f, from, to)
	}
	return from, to, ok
}

// varied tells whether a text is more than a few characters over and over.
func varied(s string) bool {
	var seen [256]bool
	n := 0
	for i := range len(s) {
		if !seen[s[i]] {
			seen[s[i]] = true
			n++
		}
	}
	return n >= 5 || n == 4 && len(s) < fragment
}

// mixed tells whether letters and digits are mixed as in no ordinary word.
func mixed(s string) bool {
	digits := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	return digits >= 2 && len(s)-digits >= 2
}
