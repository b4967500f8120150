package service

import (
	"net/url"
	"regexp"
	"strings"
)

// Parameter finds the parameters of a path template.
var Parameter = regexp.MustCompile(`\{[^}]+\}`)

// Parameters counts the path parameters.
func (o Operation) Parameters() int { return len(Parameter.FindAllString(o.Path, -1)) }

// Segments takes the path apart.
func (o Operation) Segments() []string { return strings.Split(strings.Trim(o.Path, "/"), "/") }

// Root names the collection with which the path begins.
func (o Operation) Root() string { return o.Segments()[0] }

// Sub tells whether the operation is a collection below a parent.
func (o Operation) Sub() bool { return !o.Single && o.Parameters() > 0 }

// PathFor fills in the path parameters in order, percent-encoded as one segment each.
func (o Operation) PathFor(ids ...string) string {
	return Parameter.ReplaceAllStringFunc(o.Path, func(string) string {
		if len(ids) == 0 {
			return ""
		}
		id := ids[0]
		ids = ids[1:]
		return EscapeSegment(id)
	})
}

// EscapeSegment encodes an id as one path segment, reserved characters included.
func EscapeSegment(id string) string {
	return strings.ReplaceAll(url.PathEscape(id), "+", "%2B")
}

// Core tells whether the core scope opens the operation.
func (o Operation) Core() bool { return o.core }

// Apart tells whether the operation is opened by a scope that stands apart from the full
// one.
func (o Operation) Apart() bool { return o.apart }
