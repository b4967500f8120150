package rostering

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A payload is taken apart without copying it: members and objects share the bytes
// of the body, whatever its size.

const (
	// maxEnvelope bounds the members of an envelope and of what is like one. The
	// standard has one; a body of a million costs many times its length as a map.
	maxEnvelope = 1000
	// maxObject bounds one object. An org with 10,000 children comes to 1.5 MB.
	maxObject = 8 << 20
	// denseObject and valueSize bound the values of one object: some, and beyond
	// that one for so many bytes. References come to 40 bytes a value; what is
	// denser is no roster, and costs twenty times its length once it is decoded.
	denseObject = 1000
	valueSize   = 8
	// maxNames bounds the names that are told of an envelope with the wrong ones.
	maxNames = 10
)

// membersOf takes a JSON object apart. A member that comes twice counts as it came
// last. fault says why it can't be.
func membersOf(body []byte) (members map[string]json.RawMessage, fault string) {
	var whole struct{}
	if err := json.Unmarshal(body, &whole); err != nil {
		return nil, "the body is no JSON object: " + err.Error()
	}
	i := blank(body, 0)
	if i == len(body) || body[i] != '{' {
		return nil, "" // null
	}
	members = map[string]json.RawMessage{}
	for i = blank(body, i+1); body[i] != '}'; {
		end, _ := value(body, i)
		name := body[i+1 : end-1]
		i = blank(body, blank(body, end)+1)
		end, _ = value(body, i)
		members[plain(name)] = json.RawMessage(body[i:end])
		if len(members) > maxEnvelope {
			return nil, fmt.Sprintf("the body is an object with more than %d members", maxEnvelope)
		}
		if i = blank(body, end); body[i] == ',' {
			i = blank(body, i+1)
		}
	}
	return members, ""
}

// elements takes a JSON array apart that is known to be valid. fault says why it
// can't be, or why Rollcall won't.
func elements(array []byte) (list []json.RawMessage, fault string) {
	if len(array) == 0 || array[0] != '[' {
		return nil, "is no array"
	}
	for i := blank(array, 1); array[i] != ']'; {
		end, values := value(array, i)
		switch size := end - i; {
		case size > maxObject:
			return nil, fmt.Sprintf("holds an object of %d bytes, at index %d; Rollcall reads up to %d", size, len(list), maxObject)
		case values > denseObject+size/valueSize:
			return nil, fmt.Sprintf("holds an object of %d values in %d bytes, at index %d, which is no roster", values, size, len(list))
		}
		list = append(list, json.RawMessage(array[i:end]))
		if i = blank(array, end); array[i] == ',' {
			i = blank(array, i+1)
		}
	}
	return list, ""
}

// plain reads the text between the quotes of a member's name.
func plain(name []byte) string {
	if bytes.IndexByte(name, '\\') < 0 && utf8.Valid(name) {
		return string(name)
	}
	var text string
	_ = json.Unmarshal(slices.Concat([]byte{'"'}, name, []byte{'"'}), &text)
	return text
}

// blank skips white space.
func blank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// value finds the end of the JSON value that begins at i of valid JSON, and how
// many values it comes to with all that is inside.
func value(b []byte, i int) (end, values int) {
	depth := 0
	values = 1
	for i < len(b) {
		switch c := b[i]; c {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			i++
		case '{', '[':
			depth++
			values++
			i++
		case '}', ']':
			depth--
			i++
		case ',':
			values++
			i++
		case ':', ' ', '\n', '\t', '\r':
			i++
		default: // a number or a literal
			for i < len(b) && strings.IndexByte(",]} \n\t\r", b[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i, values
		}
	}
	return i, values
}

// unwrap takes the array out of a collection payload.
func unwrap(body []byte, wrapper string) ([]json.RawMessage, string) {
	envelope, fault := membersOf(body)
	if fault != "" {
		return nil, fault
	}
	inner, found := envelope[wrapper]
	if envelope != nil && len(envelope) == 0 {
		return nil, "" // an empty list may lack its key: judged with payloads
	}
	if !found {
		return nil, fmt.Sprintf("the body has no member %q but %s", wrapper, named(envelope))
	}
	objects, fault := elements(inner)
	if fault != "" && !bytes.Equal(inner, []byte("null")) {
		return nil, fmt.Sprintf("member %q %s", wrapper, fault)
	}
	return objects, ""
}

// named lists the first names of members.
func named(members map[string]json.RawMessage) string {
	var names []string
	for name := range members {
		if len(name) > 60 {
			name = name[:60] + "…"
		}
		names = append(names, strconv.Quote(name))
	}
	slices.Sort(names)
	if len(names) > maxNames {
		names = append(names[:maxNames], fmt.Sprintf("%d more", len(members)-maxNames))
	}
	return strings.Join(names, ", ")
}

// unwrapSingle takes the object out of a single payload.
func unwrapSingle(body []byte, wrapper string) (json.RawMessage, string) {
	envelope, fault := membersOf(body)
	if fault != "" {
		return nil, fault
	}
	inner, found := envelope[wrapper]
	if !found {
		return nil, fmt.Sprintf("the body has no member %q", wrapper)
	}
	if inner[0] != '{' {
		return nil, fmt.Sprintf("member %q is no object", wrapper)
	}
	if _, values := value(inner, 0); len(inner) > maxObject || values > denseObject+len(inner)/valueSize {
		return nil, fmt.Sprintf("member %q has %d bytes and %d values, more than Rollcall reads", wrapper, len(inner), values)
	}
	return inner, ""
}
