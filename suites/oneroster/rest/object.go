package rest

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// The objects as the judge reads them. Decoding is lenient: a member of the wrong type is
// left empty here, and is the schema's to report.

// Ref is a GUIDRef.
type Ref struct {
	Href      string `json:"href"`
	SourcedID string `json:"sourcedId"`
	Type      string `json:"type"`
}

// ID gives the sourcedId of an optional reference.
func (r *Ref) ID() string {
	if r == nil {
		return ""
	}
	return r.SourcedID
}

// Base is what all objects have.
type Base struct {
	SourcedID        string `json:"sourcedId"`
	Status           string `json:"status"`
	DateLastModified string `json:"dateLastModified"`
}

// decode reads object into v as far as types allow.
func decode(object []byte, v any) error {
	err := json.Unmarshal(object, v)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return nil
	}
	return err
}

// Read decodes an object as far as types allow.
func Read[T any](object []byte) (v T) {
	_ = decode(object, &v)
	return v
}

// Placed is a GUIDRef with the JSON pointer at which it stands, array indexes
// replaced by *.
type Placed struct {
	At   string // e.g. /roles/*/org
	Want string // kind of object it must refer to
	Ref  Ref
}

// References lists the references of an object of the given kind, by the places that the schema
// has for them.
func References(kind *service.Kind, object []byte) []Placed {
	var out []Placed
	members := objectOf(object)
	for _, m := range kind.References() {
		eachAt(members, m.Path, func(found json.RawMessage) {
			out = append(out, Placed{m.At, m.Refers, Read[Ref](found)})
		})
	}
	return out
}

// objectOf reads the members of an object; none where it is something else.
func objectOf(raw json.RawMessage) (members map[string]json.RawMessage) {
	_ = decode(raw, &members)
	return members
}

// eachAt visits what stands at a place within an object. As Go decodes JSON, a name is
// known in any case, what is null is as good as absent, and in a list it is something
// without members.
func eachAt(members map[string]json.RawMessage, path []string, visit func(json.RawMessage)) {
	found, there := members[path[0]]
	if !there {
		for name, value := range members {
			if strings.EqualFold(name, path[0]) {
				found, there = value, true
			}
		}
	}
	path = path[1:]
	switch {
	case !there || string(found) == "null":
	case len(path) == 0:
		visit(found)
	case path[0] == "*":
		var list []json.RawMessage
		_ = decode(found, &list)
		for _, one := range list {
			if len(path) == 1 {
				visit(one)
			} else {
				eachAt(objectOf(one), path[1:], visit)
			}
		}
	default:
		eachAt(objectOf(found), path, visit)
	}
}

// oddHref says what is wrong with the href of a reference on its face.
func oddHref(r Ref) string {
	u, err := url.Parse(r.Href)
	switch {
	case r.Href == "":
		return "is missing"
	case err != nil || !u.IsAbs() || u.Host == "":
		return "is not an absolute URL"
	}
	last := u.EscapedPath()[strings.LastIndexByte(u.EscapedPath(), '/')+1:]
	if id, err := url.PathUnescape(last); err == nil && r.SourcedID != "" && id != r.SourcedID && !strings.HasSuffix(u.Path, "/"+r.SourcedID) {
		return "does not end in the sourcedId"
	}
	return ""
}
