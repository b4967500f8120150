package schemas

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xeipuuv/gojsonschema"
)

// parting separates tokens where gojsonschema gives a context; no member named in
// a schema holds it, and it descends into no other.
const parting = "\x00"

// keywords maps the error types of gojsonschema to those of JSON Schema.
var keywords = map[string]string{
	"required":                        "required",
	"invalid_type":                    "type",
	"additional_property_not_allowed": "additionalProperties",
	"number_any_of":                   "enum",
	"enum":                            "enum",
	"pattern":                         "pattern",
	"format":                          "format",
	"array_min_items":                 "minItems",
	"string_gte":                      "minLength",
	"number_gte":                      "minimum",
	"number_gt":                       "exclusiveMinimum",
}

// explain puts results into words. gojsonschema reports a failed vocabulary as
// the anyOf and again as its nearest alternative; only the first is kept.
func (s *Schema) explain(results []gojsonschema.ResultError) []Finding {
	vocabulary := map[string]bool{}
	for _, r := range results {
		if r.Type() == "number_any_of" {
			vocabulary[r.Context().String(parting)] = true
		}
	}
	findings := make([]Finding, 0, len(results))
	for _, r := range results {
		context := r.Context().String(parting)
		if vocabulary[context] && r.Type() != "number_any_of" {
			continue
		}
		findings = append(findings, s.finding(r, strings.Split(context, parting)[1:]))
	}
	return findings
}

func (s *Schema) finding(r gojsonschema.ResultError, tokens []string) Finding {
	n := s.root.descend(tokens)
	if n == nil {
		n = &node{}
	}
	keyword, known := keywords[r.Type()]
	if !known {
		keyword = r.Type()
	}
	f := Finding{Keyword: keyword, Severity: Error, Seen: render(r.Value())}
	switch keyword {
	case "required", "additionalProperties":
		member, _ := r.Details()["property"].(string)
		tokens = append(tokens[:len(tokens):len(tokens)], member)
		if keyword == "required" {
			s.missing(&f, n, member)
		} else {
			s.unknown(&f, n, member)
		}
	case "type":
		f.Expected = withArticle(n.typ)
		f.Message = "This should be " + f.Expected + "." + typeHint(n, r.Value())
	case "enum":
		s.outside(&f, n, r.Value())
	case "format":
		f.Expected = formatWords[n.format]
		f.Message = "This should be " + f.Expected + "." + formatHint(n.format, r.Value())
	case "pattern":
		f.Expected = "text that fits " + n.pattern.String()
		f.Message = "This holds characters that it must not, or is not the word wanted."
	case "minItems":
		f.Expected = fmt.Sprintf("at least %d", n.minItems)
		f.Message = "The list has too few entries: " + f.Expected + " must be there."
	case "minLength":
		f.Severity = Warning
		f.Expected = "text that is not empty"
		f.Message = "A required text is empty. The type allows it, yet no reader can use it."
	case "minimum":
		f.Expected = fmt.Sprintf("at least %v", *n.minimum)
		f.Message = "The number is too small."
	case "exclusiveMinimum":
		f.Expected = fmt.Sprintf("more than %v", *n.above)
		f.Message = "The number is too small."
	default: // a keyword that our files do not use
		f.Expected, f.Message = r.Description(), "The schema does not allow this."
	}
	if severity := n.severity[keyword]; severity != "" {
		f.Severity = severity
	}
	f.Pointer = pointerTo(tokens)
	return f
}

func (s *Schema) missing(f *Finding, n *node, member string) {
	f.Seen, f.Expected = "nothing", "the member "+member
	if p := n.props[member]; p != nil && p.node.typ != "" {
		f.Expected += ", " + withArticle(p.node.typ)
	}
	f.Message = "A required member is missing."
	if severity := n.severity["required/"+member]; severity != "" {
		f.Severity = severity
		f.Message = "A member is missing that readers rely on."
	}
}

func (s *Schema) unknown(f *Finding, n *node, member string) {
	f.Severity = Note
	f.Expected = "no such member"
	f.Message = "The standard knows no such member here."
	if hint := s.hints.member(n, member); hint != "" {
		f.Message += " " + hint
	} else {
		f.Message += " Extensions belong into metadata, where there is one."
	}
}

func (s *Schema) outside(f *Finding, n *node, value any) {
	terms, extension := n.vocabulary()
	f.Expected = "one of " + strings.Join(terms, ", ")
	if len(terms) == 1 {
		f.Expected = terms[0]
	}
	f.Message = "The term is not in the vocabulary, which is closed."
	text, _ := value.(string)
	if extension != nil {
		f.Expected += `, or "ext:" and a token of letters, digits, ".", "-" and "_"`
		f.Message = `The term is neither in the vocabulary nor an "ext:" term.`
		if extension.official != nil && extension.official.MatchString(text) {
			f.Severity = Warning
			f.Message = `The term only contains an "ext:" term. The official pattern lets that pass, for want of anchors; it is meant for the whole value.`
			return
		}
	}
	if hint := s.hints.value(n, text); hint != "" {
		f.Message += " " + hint
		return
	}
	for _, t := range terms {
		switch {
		case strings.EqualFold(t, text):
			f.Message += " It differs from a listed one by the case of letters alone."
			return
		case strings.EqualFold(t, strings.TrimSpace(text)):
			f.Message += " It differs from a listed one by blanks around it."
			return
		case strings.EqualFold(t+"s", text):
			f.Message += " It is the plural of a listed one."
			return
		}
	}
}

var formatWords = map[string]string{
	"date":      "a day of the calendar, YYYY-MM-DD",
	"date-time": "a date and time with a zone, as 2026-01-31T13:45:00.000Z (RFC 3339)",
	"uri":       "an absolute URI (RFC 3986)",

	"date-or-date-time": "a day of the calendar, YYYY-MM-DD, or a date and time with a zone (RFC 3339)",
}

func formatHint(format string, value any) string {
	text, _ := value.(string)
	switch {
	case text == "":
		return " It is empty."
	case format == "date" && isDateTime(text):
		return " It is a date with a time."
	case format == "date-time" && isDate(text):
		return " It is a date without a time."
	case format == "date-time" && isDateTime(text+"Z"):
		return " It lacks the zone."
	case format == "date-time" && isDateTime(strings.Replace(text, " ", "T", 1)):
		return ` It has a blank instead of the "T".`
	case format == "uri" && !strings.Contains(text, ":"):
		return " It is relative: scheme and host are missing."
	case format == "uri" && strings.ContainsAny(text, " \\"):
		return " It holds characters that must be percent-encoded."
	}
	return ""
}

func typeHint(n *node, value any) string {
	switch value.(type) {
	case nil:
		return " The standard knows no null: leave the member out instead."
	case bool:
		if n.terms["true"] {
			return ` The standard wants the text "true" or "false" here, not a boolean.`
		}
	case json.Number:
		if n.typ == "string" {
			return " Numbers stand in quotes here."
		}
	case string:
		switch n.typ {
		case "array":
			return " A list is not written as one text, and one entry is a list too."
		case "integer", "number":
			return " The number must not stand in quotes."
		case "object":
			if n.props["href"] != nil {
				return " A reference has the members href, sourcedId and type."
			}
		}
	}
	return ""
}

func withArticle(typ string) string {
	if typ != "" && strings.Contains("aeio", typ[:1]) {
		return "an " + typ
	}
	return "a " + typ
}

// maxSeen bounds what Seen shows of a scalar, in runes.
const maxSeen = 80

// render shows the type of a value and, of a scalar, its beginning. Of objects
// and lists it shows no content, since that could be personal under any name.
func render(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean " + strconv.FormatBool(v)
	case json.Number:
		return "number " + shorten(string(v))
	case string:
		return "string " + strconv.Quote(shorten(v))
	case []any:
		return count("array of ", len(v), "item")
	case map[string]any:
		return count("object with ", len(v), "member")
	}
	return fmt.Sprintf("%T", value)
}

func count(what string, n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return what + strconv.Itoa(n) + " " + of
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxSeen {
		return s
	}
	runes := []rune(s[:min(len(s), maxSeen*utf8.UTFMax)])[:maxSeen-1]
	for len(runes) > 0 && unicode.Is(unicode.Mn, runes[len(runes)-1]) {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
