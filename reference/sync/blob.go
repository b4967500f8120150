package sync

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"
)

// What was staged is kept in documents of many steps each, compressed: one transaction a page,
// and no index that a million random ids go into.

// op is what a step does when it is committed.
type op byte

const (
	opSame   op = iota + 1 // nothing: the object is held as it came. It has a hash and no sourcedId
	opAdd                  // put, it wasn't held
	opChange               // put, it was held otherwise
	opFlag                 // put, it was held as active and is flagged
	opAgain                // came again: put if it is newer than what is there by then
	opUnfit                // can't be used: what is held of it stays
	opRefers               // refers to what wasn't there yet: collection and hash of it
	opGone                 // isn't in a full reading; what becomes of it shows when all is read
	opDelete               // isn't, and nothing refers to it
	opKeep                 // isn't, and is referred to: put flagged
	opsKnown = opKeep
)

// step is one of them.
type step struct {
	op   op
	to   int    // opRefers: which collection is referred to, by its place among all
	hash uint64 // opSame: of the sourcedId; opRefers: of that referred to
	id   string
	body []byte // as it is stored; opUnfit: why
}

// pack writes steps.
type pack struct {
	b     []byte
	count int
}

func (p *pack) add(s step) {
	p.b = append(p.b, byte(s.op))
	switch s.op {
	case opSame:
		p.b = binary.LittleEndian.AppendUint64(p.b, s.hash)
	case opRefers:
		p.b = append(p.b, byte(s.to))
		p.b = binary.LittleEndian.AppendUint64(p.b, s.hash)
		p.text(s.id)
	case opDelete, opGone:
		p.text(s.id)
	default:
		p.text(s.id)
		p.b = binary.AppendUvarint(p.b, uint64(len(s.body)))
		p.b = append(p.b, s.body...)
	}
	p.count++
}

func (p *pack) text(s string) {
	p.b = binary.AppendUvarint(p.b, uint64(len(s)))
	p.b = append(p.b, s...)
}

// packMost is how large a pack becomes before it is written.
const packMost = 1 << 20

func (p *pack) full() bool { return len(p.b) >= packMost }

// seal gives the pack as it is kept: the place of its collection, and the steps.
func (p *pack) seal(collection int) []byte {
	out := append([]byte{byte(collection)}, make([]byte, s2.MaxEncodedLen(len(p.b)))...)
	return out[:1+len(s2.Encode(out[1:], p.b))]
}

var errDamaged = errors.New("what was staged is damaged; begin anew")

// unpack reads a pack that was sealed. A step is valid during the call of visit, but for its strings.
func unpack(sealed []byte, visit func(collection int, s step) error) error {
	if len(sealed) < 1 {
		return errDamaged
	}
	// Nothing that was sealed is much larger than one page.
	if n, err := s2.DecodedLen(sealed[1:]); err != nil || n > 1<<30 {
		return errDamaged
	}
	b, err := s2.Decode(nil, sealed[1:])
	if err != nil {
		return errDamaged
	}
	r := unpacker{b: b}
	for len(r.b) > 0 {
		s := step{op: op(r.byte())}
		switch {
		case s.op == 0 || s.op > opsKnown:
			return errDamaged
		case s.op == opSame:
			s.hash = r.uint64()
		case s.op == opRefers:
			s.to, s.hash, s.id = int(r.byte()), r.uint64(), string(r.bytes())
		case s.op == opDelete, s.op == opGone:
			s.id = string(r.bytes())
		default:
			s.id = string(r.bytes())
			s.body = r.bytes()
		}
		if r.bad {
			return errDamaged
		}
		if err := visit(int(sealed[0]), s); err != nil {
			return err
		}
	}
	return nil
}

type unpacker struct {
	b   []byte
	bad bool
}

func (r *unpacker) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *unpacker) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *unpacker) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *unpacker) bytes() []byte {
	n, w := binary.Uvarint(r.b)
	if w <= 0 {
		r.b, r.bad = nil, true
		return nil
	}
	r.take(uint64(w))
	return r.take(n)
}

// packName is what the n-th pack is kept by. Names are used again by the next sync.
func packName(n int) string { return fmt.Sprintf("%08d", n) }
