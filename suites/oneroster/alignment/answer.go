package alignment

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// kind is what an answer of a CASE server comes to.
type kind int

const (
	unusable kind = iota // nothing can be said
	found
	unknown // the server says in the standard's words that it knows no such object
)

// answer is what came of one question.
type answer struct {
	kind     kind
	object   json.RawMessage
	why      string // why it is unusable
	quirk    string // what the server gets wrong of an object that can be used all the same
	response *harness.Response
}

// statusInfo is the body by which a CASE server refuses. Some leave an x out of names.
type statusInfo struct {
	Major string `json:"imsx_codeMajor"`
	Minor struct {
		Fields []struct {
			Value string `json:"imsx_codeMinorFieldValue"`
			Short string `json:"ims_codeMinorFieldValue"`
		} `json:"imsx_codeMinorField"`
	} `json:"imsx_codeMinor"`
}

func (s statusInfo) minor() string {
	for _, f := range s.Minor.Fields {
		return f.Value + f.Short
	}
	return ""
}

// understand takes an answer apart. wrapper is the member in which some servers put the
// object though the standard has none: it is taken off.
func understand(r *harness.Response, wrapper string) answer {
	a := answer{response: r}
	text, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var info statusInfo
	object, is := members(r.Body)
	if is {
		_ = json.Unmarshal(r.Body, &info) // of members of another type nothing is known
	}
	switch {
	case r.Problem != "":
		a.why = "was answered with " + r.Summary()
	case r.Status == http.StatusNotFound && info.minor() == "unknownobject":
		a.kind = unknown
	case r.Status == http.StatusNotFound && strings.ReplaceAll(info.minor(), "_", "") == "invaliduuid":
		a.why = "was answered with 404, invalid_uuid, though the identifier is a UUID"
	case r.Status == http.StatusNotFound:
		a.why = "was answered with 404, but not in CASE's words, so that the address may be wrong"
	case r.Status != http.StatusOK:
		a.why = "was answered with " + r.Summary()
	case !is && strings.Contains(text, "html"):
		a.why = "was answered with a page of HTML"
	case !is:
		a.why = "was answered with something else than a JSON object"
	case info.Major != "":
		a.why = "was answered with 200 and a failure: " + info.Major + " " + info.minor()
	default:
		a.kind = found
		a.object, a.quirk = unwrapped(r.Body, object, wrapper)
	}
	return a
}

// members reads a JSON object; ok is false where the text is none.
func members(text []byte) (object map[string]json.RawMessage, ok bool) {
	return object, json.Unmarshal(text, &object) == nil && object != nil
}

// unwrapped takes a wrapper off, if there is one: an object, or a list of one, in a member.
func unwrapped(text []byte, object map[string]json.RawMessage, wrapper string) (inner json.RawMessage, quirk string) {
	if _, bare := object["identifier"]; bare || wrapper == "" {
		return text, ""
	}
	for _, name := range []string{wrapper, wrapper + "s"} {
		value, wrapped := object[name]
		if !wrapped {
			continue
		}
		var list []json.RawMessage
		if json.Unmarshal(value, &list) == nil && len(list) == 1 {
			value = list[0]
		}
		if _, is := members(value); is {
			return value, fmt.Sprintf("it wraps the object in %s, which the standard doesn't", name)
		}
	}
	return text, ""
}

// link is a reference of CASE.
type link struct {
	Identifier string `json:"identifier"`
	Title      string `json:"title"`
}

// node is what is read of a CFItem or CFDocument.
type node struct {
	Identifier string `json:"identifier"`
	Statement  string `json:"fullStatement"`
	Title      string `json:"title"`
	Code       string `json:"humanCodingScheme"`
	Ended      string `json:"statusEndDate"`
	Status     string `json:"adoptionStatus"`
	Document   link   `json:"CFDocumentURI"`
}

// name is what people call it.
func (n node) name() string {
	name := n.Statement + n.Title
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	if n.Code != "" {
		return fmt.Sprintf("%s (%s)", n.Code, name)
	}
	return name
}

// nodeOf reads an object that was asked for by its identifier. Where it is another one
// nothing is known of what was asked for.
func nodeOf(a answer, key string) (n node, why string) {
	if n = decode[node](a.object); n.Identifier == "" {
		return n, "was answered with an object that has no identifier"
	}
	if got, _ := Key(n.Identifier); got != key {
		return n, "was answered with an object of another identifier"
	}
	return n, ""
}

// association is one edge of the graph of a framework.
type association struct {
	Type        string `json:"associationType"`
	Origin      link   `json:"originNodeURI"`
	Destination link   `json:"destinationNodeURI"`
}

// edges are the associations of one item.
type edges struct {
	Associations []association `json:"CFAssociations"`
}

// parents lists those that an item is a child of, and successors those that took its place.
func (e edges) to(kind, key string) (out []link) {
	for _, a := range e.Associations {
		if got, _ := Key(a.Origin.Identifier); a.Type == kind && got == key {
			out = append(out, a.Destination)
		}
	}
	return out
}

// hasChildren tells whether something is a child of the item.
func (e edges) hasChildren(key string) bool {
	for _, a := range e.Associations {
		if got, _ := Key(a.Destination.Identifier); a.Type == "isChildOf" && got == key {
			return true
		}
	}
	return false
}

// decode reads as far as types allow.
func decode[T any](text json.RawMessage) (v T) {
	_ = json.Unmarshal(text, &v) // a member of another type is left empty
	return v
}
