package oneroster

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Reading members out of stored documents. A filter or a sort over a million
// objects must not decode each of them, so these functions walk the bytes. They
// rely on what EncodeDocument writes: valid JSON without blanks.

// eachMember calls visit with the name and the raw value of every member of an
// object, until visit returns false.
func eachMember(object []byte, visit func(name, value []byte) bool) {
	i := 1 // after the brace
	for i < len(object) && object[i] == '"' {
		end := skipValue(object, i)
		name := text(object[i:end])
		i = end + 1 // after the colon
		end = skipValue(object, i)
		if !visit(name, object[i:end]) {
			return
		}
		i = end + 1 // after the comma or the brace
	}
}

// eachElement calls visit with every element of an array, until it returns false.
func eachElement(array []byte, visit func(value []byte) bool) {
	i := 1
	for i < len(array) && array[i] != ']' {
		end := skipValue(array, i)
		if !visit(array[i:end]) {
			return
		}
		i = end + 1
	}
}

// skipValue returns the index after the value that begins at i.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':':
			i++
			continue
		default: // a number, true, false
			for i < len(b) && !strings.ContainsRune(`,]}`, rune(b[i])) {
				i++
			}
		}
		if depth <= 0 {
			return i
		}
	}
	return i
}

func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		next := bytes.IndexByte(b[i:], '"')
		if next < 0 {
			return len(b)
		}
		i += next
		backslashes := 0
		for b[i-1-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 {
			return i + 1
		}
	}
	return i
}

// text returns a raw scalar as text: a string without its quotes and escapes,
// anything else as it stands. It is a part of what it was given, if it can be.
func text(raw []byte) []byte {
	if len(raw) < 2 || raw[0] != '"' {
		return raw
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var decoded string
	if json.Unmarshal(bytes.ReplaceAll(raw, []byte{baseMark}, nil), &decoded) != nil {
		return inner
	}
	return []byte(decoded)
}

// eachValue calls visit with every scalar that the dotted path leads to, going
// through the elements of arrays. A member name may hold dots itself, as those of
// metadata do. A value is only valid during the call.
func eachValue(value []byte, path string, visit func(value []byte) bool) bool {
	if len(value) == 0 {
		return true
	}
	switch value[0] {
	case '[':
		more := true
		eachElement(value, func(element []byte) bool {
			more = eachValue(element, path, visit)
			return more
		})
		return more
	case '{':
		if path == "" {
			return true
		}
		more := true
		eachMember(value, func(name, member []byte) bool {
			switch n := len(name); {
			case n > len(path) || string(name) != path[:n]:
			case n == len(path):
				more = eachValue(member, "", visit)
			case path[n] == '.':
				more = eachValue(member, path[n+1:], visit)
			}
			return more
		})
		return more
	default:
		if path != "" {
			return true
		}
		return visit(text(value))
	}
}

// selectMembers appends the object with only those of its top-level members that
// are wanted, in the order in which they stand.
func selectMembers(dst, object []byte, wanted map[string]bool) []byte {
	dst = append(dst, '{')
	first := true
	i := 1
	for i < len(object) && object[i] == '"' {
		from := i
		i = skipValue(object, i)
		name := text(object[from:i])
		i = skipValue(object, i+1)
		if wanted[string(name)] {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(dst, object[from:i]...)
		}
		i++
	}
	return append(dst, '}')
}
