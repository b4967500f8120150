package reports

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"time"
)

// stream writes a JSON document part by part, so that a large one is never in memory
// as text. It looks as if encoded whole.
type stream struct {
	w      io.Writer
	indent string
	err    error
	buffer bytes.Buffer
}

func (s *stream) raw(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, text)
	}
}

// value writes one value whose first line stands at a depth of indentation already.
func (s *stream) value(v any, depth int) {
	if s.err != nil {
		return
	}
	s.buffer.Reset()
	e := json.NewEncoder(&s.buffer)
	e.SetEscapeHTML(false)
	e.SetIndent(strings.Repeat(s.indent, depth), s.indent)
	if s.err = e.Encode(v); s.err == nil {
		_, s.err = s.w.Write(bytes.TrimSuffix(s.buffer.Bytes(), []byte("\n")))
	}
}

// list writes an array, element by element.
func (s *stream) list(n int, at func(int) any, depth int) {
	if n == 0 {
		s.raw("[]")
		return
	}
	inner := "\n" + strings.Repeat(s.indent, depth+1)
	s.raw("[")
	for i := range n {
		if i > 0 {
			s.raw(",")
		}
		s.raw(inner)
		s.part(reflect.ValueOf(at(i)), depth+1)
	}
	s.raw("\n" + strings.Repeat(s.indent, depth) + "]")
}

// part writes a value, and of structs and lists of structs their parts in turn.
func (s *stream) part(v reflect.Value, depth int) {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		s.object(v, depth)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && !v.IsNil():
		s.list(v.Len(), func(i int) any { return v.Index(i).Addr().Interface() }, depth)
	default:
		s.value(v.Interface(), depth)
	}
}

// object writes the members of a struct.
func (s *stream) object(v reflect.Value, depth int) {
	inner := "\n" + strings.Repeat(s.indent, depth+1)
	first := true
	s.raw("{")
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		field := v.Field(i)
		if strings.Contains(options, "omitempty") && (field.IsZero() && field.Kind() != reflect.Struct ||
			field.Kind() == reflect.Slice && field.Len() == 0) {
			continue
		}
		if !first {
			s.raw(",")
		}
		first = false
		s.raw(inner + `"` + name + `": `)
		s.part(field, depth+1)
	}
	if !first {
		s.raw("\n" + strings.Repeat(s.indent, depth))
	}
	s.raw("}")
}
