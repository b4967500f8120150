package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/suites/harness"
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

// ownBound ends what is said of a payload that is right in itself and more than Rollcall
// takes apart: nothing is held against the target for it.
const ownBound = ", the most that Rollcall takes apart (" + harness.BodyLimit + " raises it)"

// own marks the answer in which such a payload came. It gives the fault back.
func own(r *harness.Response, fault string) string {
	if strings.HasSuffix(fault, ownBound) && r.Problem == "" {
		r.Beyond, r.Problem = true, fault
	}
	return fault
}

// takeList takes the array out of a collection's answer, takeSingle the object out of a
// single read's, within the bounds that the target file sets.
func takeList(r *harness.Response, wrapper string) ([]json.RawMessage, string) {
	objects, fault := unwrapWithin(r.Body, wrapper, r.Room)
	return objects, own(r, fault)
}

func takeSingle(r *harness.Response, wrapper string) (json.RawMessage, string) {
	object, fault := unwrapSingleWithin(r.Body, wrapper, r.Room)
	return object, own(r, fault)
}

// unwrap and unwrapSingle do so with a body alone, within the bounds that hold by default.
func unwrap(body []byte, wrapper string) ([]json.RawMessage, string) {
	return unwrapWithin(body, wrapper, 1)
}

func unwrapSingle(body []byte, wrapper string) (json.RawMessage, string) {
	return unwrapSingleWithin(body, wrapper, 1)
}

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
	EachMember(body, func(name, value []byte) bool {
		members[Name(name)] = json.RawMessage(value)
		return len(members) <= maxEnvelope
	})
	if len(members) > maxEnvelope {
		return nil, fmt.Sprintf("the body is an object with more than %d members", maxEnvelope) + ownBound
	}
	return members, ""
}

// EachMember visits the members of a JSON object that is known to be valid, until visit says
// that it has seen enough. Names are what stands between the quotes; nothing is copied.
func EachMember(object []byte, visit func(name, value []byte) (more bool)) {
	i := blank(object, 0)
	if i == len(object) || object[i] != '{' {
		return
	}
	for i = blank(object, i+1); object[i] != '}'; {
		end, _ := value(object, i)
		name := object[i+1 : end-1]
		i = blank(object, blank(object, end)+1)
		end, _ = value(object, i)
		if !visit(name, object[i:end]) {
			return
		}
		if i = blank(object, end); object[i] == ',' {
			i = blank(object, i+1)
		}
	}
}

// elements takes a JSON array apart that is known to be valid. fault says why it
// can't be, or why Rollcall won't: room is how many times the default the target file
// lets it read.
func elements(array []byte, room int) (list []json.RawMessage, fault string) {
	if len(array) == 0 || array[0] != '[' {
		return nil, "is no array"
	}
	for i := blank(array, 1); array[i] != ']'; {
		end, values := value(array, i)
		if fault := tooLarge(end-i, values, room); fault != "" {
			return nil, fmt.Sprintf("holds at index %d %s", len(list), fault)
		}
		list = append(list, json.RawMessage(array[i:end]))
		if i = blank(array, end); array[i] == ',' {
			i = blank(array, i+1)
		}
	}
	return list, ""
}

// tooLarge tells that an object is more than Rollcall takes apart.
func tooLarge(size, values, room int) string {
	room = max(room, 1)
	switch {
	case size > room*maxObject:
		return fmt.Sprintf("an object of %d bytes, more than %d", size, room*maxObject) + ownBound
	case values > room*(denseObject+size/valueSize):
		return fmt.Sprintf("an object of %d values in %d bytes, more than %d", values, size, room*(denseObject+size/valueSize)) + ownBound
	}
	return ""
}

// Name reads the text between the quotes of a member's name.
func Name(name []byte) string {
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

// unwrapWithin takes the array out of a collection payload.
func unwrapWithin(body []byte, wrapper string, room int) ([]json.RawMessage, string) {
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
	objects, fault := elements(inner, room)
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

// unwrapSingleWithin takes the object out of a single payload.
func unwrapSingleWithin(body []byte, wrapper string, room int) (json.RawMessage, string) {
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
	_, values := value(inner, 0)
	if fault := tooLarge(len(inner), values, room); fault != "" {
		return nil, fmt.Sprintf("member %q is %s", wrapper, fault)
	}
	return inner, ""
}
