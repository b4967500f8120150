package rest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// Most objects are as the standard has them, to the letter, and needn't be made fit: what would be taken
// apart and put together again is looked over instead, which takes a tenth of the time. Where anything
// is otherwise, fit has to look at it.

// plan is what a value has to be like.
type plan struct {
	kind    planKind
	members map[string]*plan // of an object
	element *plan            // of a list
}

type planKind byte

const (
	planText planKind = iota
	planNumber
	planDate
	planDateTime
	planReference
	planList
	planObject
	planAny // an object of which nobody knows more
)

// plans are those of the objects of 1.2.
var plans = func() map[store.Collection]*plan {
	out := map[store.Collection]*plan{}
	for c, shape := range shapes {
		out[c] = planOf(shape)
	}
	return out
}()

func planOf(shape reflect.Type) *plan {
	if shape.Kind() == reflect.Pointer {
		return planOf(shape.Elem())
	}
	switch shape {
	case numberType:
		return &plan{kind: planNumber}
	case dateType:
		return &plan{kind: planDate}
	case dateTimeType:
		return &plan{kind: planDateTime}
	case referenceType:
		return &plan{kind: planReference}
	}
	switch shape.Kind() {
	case reflect.String:
		return &plan{kind: planText}
	case reflect.Slice:
		return &plan{kind: planList, element: planOf(shape.Elem())}
	case reflect.Struct:
		p := &plan{kind: planObject, members: map[string]*plan{}}
		p.gather(shape)
		return p
	}
	return &plan{kind: planAny}
}

func (p *plan) gather(shape reflect.Type) {
	for i := range shape.NumField() {
		field := shape.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			p.gather(field.Type)
			continue
		}
		p.members[name] = planOf(field.Type)
	}
}

// exact reads an object that is as the standard has it; is says whether it is.
func exact(c store.Collection, raw json.RawMessage) (o sync.Object, is bool) {
	p := plans[c]
	if p == nil || p.kind != planObject {
		return o, false
	}
	s := overlook{b: raw}
	if !s.object(p, true) || s.id == nil || s.status == nil || s.modified == nil {
		return o, false
	}
	at, err := time.Parse(oneroster.TimestampLayout, string(s.modified))
	status := string(s.status)
	if err != nil || len(s.id) == 0 || status != sync.Active && status != sync.ToBeDeleted {
		return o, false
	}
	return sync.Object{Collection: c, SourcedID: string(s.id), Status: status, Modified: at, Body: raw}, true
}

// overlook goes through JSON, of which it is known that it is valid.
type overlook struct {
	b []byte
	i int

	id, status, modified []byte // of the object itself
}

func (s *overlook) space() {
	for s.i < len(s.b) && (s.b[s.i] == ' ' || s.b[s.i] == '\n' || s.b[s.i] == '\t' || s.b[s.i] == '\r') {
		s.i++
	}
}

// next says whether a byte is next, and goes behind it.
func (s *overlook) next(b byte) bool {
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != b {
		return false
	}
	s.i++
	return true
}

// text reads a string. plain says that it has nothing written by a backslash.
func (s *overlook) text() (value []byte, plain, is bool) {
	if !s.next('"') {
		return nil, false, false
	}
	first := s.i
	plain = true
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '"':
			s.i++
			return s.b[first : s.i-1], plain, true
		case '\\':
			plain = false
			s.i++
		}
		s.i++
	}
	return nil, false, false
}

// value says whether the next value is as planned.
func (s *overlook) value(p *plan) bool {
	switch p.kind {
	case planText:
		_, _, is := s.text()
		return is
	case planNumber:
		return s.number()
	case planDate:
		text, plain, is := s.text()
		_, err := time.Parse(time.DateOnly, string(text))
		return is && plain && err == nil
	case planDateTime:
		text, plain, is := s.text()
		_, err := time.Parse(oneroster.TimestampLayout, string(text))
		return is && plain && err == nil
	case planReference:
		return s.reference()
	case planList:
		return s.list(p.element)
	case planObject:
		return s.object(p, false)
	}
	return s.anyObject()
}

// numberMost is how many characters a number may have that comes out as it went in.
const numberMost = 15

// number takes a number that is written in the one way in which fit writes it.
func (s *overlook) number() bool {
	s.space()
	first, point := s.i, -1
	for s.i < len(s.b) && (s.b[s.i] >= '0' && s.b[s.i] <= '9' || s.b[s.i] == '.') {
		if s.b[s.i] == '.' {
			point = s.i
		}
		s.i++
	}
	if s.i == first || s.i-first > numberMost || point >= 0 && s.b[s.i-1] == '0' {
		return false
	}
	return s.i >= len(s.b) || bytes.IndexByte([]byte(",]} \n\t\r"), s.b[s.i]) >= 0
}

func (s *overlook) reference() bool {
	if !s.next('{') || s.next('}') {
		return false
	}
	seen := map[string]bool{}
	for {
		name, plain, is := s.text()
		if !is || !plain || !s.next(':') {
			return false
		}
		value, _, is := s.text()
		if !is || seen[string(name)] {
			return false
		}
		switch string(name) {
		case "sourcedId":
			if len(value) == 0 {
				return false
			}
		case "href", "type":
		default:
			return false
		}
		seen[string(name)] = true
		if s.next(',') {
			continue
		}
		return s.next('}') && seen["sourcedId"]
	}
}

func (s *overlook) list(element *plan) bool {
	if !s.next('[') {
		return false
	}
	if s.next(']') {
		return true
	}
	for {
		if !s.value(element) {
			return false
		}
		if s.next(',') {
			continue
		}
		return s.next(']')
	}
}

// object says whether an object has members that are planned, each once. whole is it for an object of
// the service.
func (s *overlook) object(p *plan, whole bool) bool {
	if !s.next('{') || s.next('}') {
		return false
	}
	var had [32]*plan // few have more members, and those are for fit
	n := 0
	for {
		name, plain, is := s.text()
		if !is || !plain || !s.next(':') {
			return false
		}
		of := p.members[string(name)]
		if of == nil || n == len(had) {
			return false
		}
		for _, before := range had[:n] {
			if before == of {
				return false
			}
		}
		had[n] = of
		n++
		s.space()
		first := s.i
		if !s.value(of) {
			return false
		}
		if whole {
			s.common(string(name), s.b[first:s.i])
		}
		if s.next(',') {
			continue
		}
		return s.next('}')
	}
}

// common notes the members that all objects have, where they are plain.
func (s *overlook) common(name string, value []byte) {
	if len(value) < 2 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return
	}
	value = value[1 : len(value)-1]
	switch name {
	case "sourcedId":
		s.id = value
	case "status":
		s.status = value
	case "dateLastModified":
		s.modified = value
	}
}

// anyObject goes behind an object, whatever it has.
func (s *overlook) anyObject() bool {
	s.space()
	if s.i >= len(s.b) || s.b[s.i] != '{' {
		return false
	}
	depth := 0
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case '"':
			if _, _, is := s.text(); !is {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.i++
		if depth == 0 {
			return true
		}
	}
	return false
}
