package schemas

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds nesting. The deepest payload of the standard is 8; the rest is
// for metadata.
const maxDepth = 512

// walker reads a document once, along a schema. It collects what only the bytes
// tell (findings) and how often the schema may have been broken (offences); it
// leaves the judgement of those to gojsonschema.
type walker struct {
	doc      string // so that its parts can be used without copying
	pos      int
	depth    int
	path     []step
	scratch  []byte
	findings []Finding
	offences int      // against the schema, of any weight; 0 means a clean document
	grave    bool     // one of them may be an error
	dropped  int      // findings beyond maxKept
	worst    Severity // of those dropped
	extreme  bool     // a number that gojsonschema must not be given
	noNull   bool
}

// maxKept bounds what a walker keeps, of which settle keeps the gravest.
const maxKept = 2 * MaxFindings

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\xEF\xBB\xBF"

type step struct {
	name  string
	index int // -1 for a name
}

// document walks a whole document; false means that it is not JSON, which is
// then the last of findings.
func (w *walker) document(n *node) bool {
	if strings.HasPrefix(w.doc, byteOrderMark) {
		w.pos = len(byteOrderMark)
		w.add(Finding{Keyword: KeywordEncoding, Severity: Error, Expected: "JSON that starts with its value",
			Seen: "a byte order mark", Message: "A byte order mark must not stand before JSON (RFC 8259 section 8.1)."})
	}
	w.space()
	if w.pos == len(w.doc) {
		return w.broken("The body is empty.")
	}
	if w.doc[w.pos] == '<' {
		return w.broken("This looks like HTML or XML: perhaps an error page or a login page.")
	}
	if !w.value(n) {
		return false
	}
	if w.space(); w.pos < len(w.doc) {
		return w.broken("Something follows the end of the JSON value.")
	}
	return true
}

func (w *walker) add(f Finding) {
	if len(w.findings) >= maxKept && f.Keyword != KeywordJSON {
		w.dropped++
		if rank(f.Severity) > rank(w.worst) {
			w.worst = f.Severity
		}
		return
	}
	f.Pointer = w.pointer()
	w.findings = append(w.findings, f)
}

func (w *walker) pointer() string {
	tokens := make([]string, len(w.path))
	for i, s := range w.path {
		if s.index < 0 {
			tokens[i] = strings.ToValidUTF8(s.name, string(utf8.RuneError))
		} else {
			tokens[i] = strconv.Itoa(s.index)
		}
	}
	return pointerTo(tokens)
}

// broken notes that the document is not JSON from here on.
func (w *walker) broken(why string) bool {
	seen := "the end of the document"
	if w.pos < len(w.doc) {
		if r, size := utf8.DecodeRuneInString(w.doc[w.pos:]); r == utf8.RuneError && size < 2 {
			seen = "byte 0x" + strconv.FormatUint(uint64(w.doc[w.pos]), 16)
		} else {
			seen = strconv.QuoteRune(r)
		}
		seen += " at byte " + strconv.Itoa(w.pos)
	}
	w.add(Finding{Keyword: KeywordJSON, Severity: Error, Expected: "one JSON value (RFC 8259)", Seen: seen, Message: why})
	return false
}

func (w *walker) space() {
	for w.pos < len(w.doc) {
		switch w.doc[w.pos] {
		case ' ', '\n', '\r', '\t':
			w.pos++
		default:
			return
		}
	}
}

// value walks one value; n is nil where the schema is silent.
func (w *walker) value(n *node) bool {
	if w.space(); w.pos >= len(w.doc) {
		return w.broken("The document ends where a value should stand.")
	}
	switch c := w.doc[w.pos]; c {
	case '{':
		return w.nested(n.unless(w, kindObject), (*walker).object)
	case '[':
		return w.nested(n.unless(w, kindArray), (*walker).array)
	case '"':
		return w.str(n.unless(w, kindString))
	case 't':
		n.unless(w, kindBoolean)
		return w.literal("true")
	case 'f':
		n.unless(w, kindBoolean)
		return w.literal("false")
	case 'n':
		if n != nil {
			w.offend()
		} else if w.noNull {
			w.add(Finding{Keyword: KeywordNull, Severity: Warning, Expected: "a value, or no member at all", Seen: "null",
				Message: "The standard knows no null: leave the member out instead."})
		}
		return w.literal("null")
	default:
		if c == '-' || '0' <= c && c <= '9' {
			return w.number(n.unless(w, kindNumber|kindInteger))
		}
		return w.broken("No JSON value starts so.")
	}
}

// unless gives n if it takes one of the kinds, and else notes a break and gives
// nil: below a value of the wrong kind the schema says nothing.
func (n *node) unless(w *walker, k kinds) *node {
	if n == nil || n.kinds == 0 || n.kinds&k != 0 {
		return n
	}
	w.offend()
	return nil
}

// offend notes that the schema may have been broken here.
func (w *walker) offend() {
	w.offences++
	w.grave = true
}

func (w *walker) literal(word string) bool {
	if end := w.pos + len(word); end <= len(w.doc) && w.doc[w.pos:end] == word {
		w.pos = end
		return true
	}
	return w.broken("No JSON value starts so.")
}

func (w *walker) nested(n *node, inside func(*walker, *node) bool) bool {
	if w.depth == maxDepth {
		w.add(Finding{Keyword: KeywordDepth, Severity: Error, Expected: "at most " + strconv.Itoa(maxDepth) + " levels",
			Seen: "more levels", Message: "The document is nested too deeply to be read."})
		return false
	}
	w.pos++
	w.depth++
	here := len(w.path)
	if !inside(w, n) {
		return false // the path stays, for it says where
	}
	w.depth--
	w.path = w.path[:here]
	return true
}

func (w *walker) array(n *node) bool {
	var items *node
	if n != nil {
		items = n.items
	}
	here := len(w.path)
	for count := 0; ; count++ {
		w.space()
		if count == 0 && w.pos < len(w.doc) && w.doc[w.pos] == ']' {
			w.pos++
			break
		}
		w.path = append(w.path[:here], step{index: count})
		if !w.value(items) {
			return false
		}
		end, ok := w.more(']')
		if !ok {
			return false
		}
		if end {
			if n != nil && count+1 < n.minItems {
				w.offend()
			}
			return true
		}
	}
	if n != nil && n.minItems > 0 {
		w.offend()
	}
	return true
}

// more reads a comma or the closing bracket.
func (w *walker) more(closing byte) (end, ok bool) {
	w.space()
	if w.pos < len(w.doc) {
		switch w.doc[w.pos] {
		case ',':
			w.pos++
			return false, true
		case closing:
			w.pos++
			return true, true
		}
	}
	return false, w.broken("A comma or a closing bracket should stand here.")
}

func (w *walker) object(n *node) bool {
	var seen uint64
	var others nameSet
	here := len(w.path)
	for first := true; ; first = false {
		w.path = w.path[:here] // until the next name is known
		w.space()
		if w.pos < len(w.doc) && first && w.doc[w.pos] == '}' {
			w.pos++
			break
		}
		if w.pos >= len(w.doc) || w.doc[w.pos] != '"' {
			return w.broken("A member name in double quotes should stand here.")
		}
		name, ok := w.text()
		if !ok {
			return false
		}
		w.path = append(w.path, step{name: name, index: -1})
		var child *node
		var twice bool
		if p := n.prop(name); p != nil {
			child, twice = p.node, seen&p.bit != 0
			seen |= p.bit
		} else {
			twice = others.add(name)
			if n != nil {
				child = n.rest
				if n.closed {
					w.offences++ // no grave one
				}
			}
		}
		if twice {
			w.add(Finding{Keyword: KeywordDuplicate, Severity: Error, Expected: "each member once", Seen: "the member again",
				Message: "The object has this member twice; readers differ in which of them they take (RFC 8259 section 4)."})
		}
		if w.space(); w.pos >= len(w.doc) || w.doc[w.pos] != ':' {
			return w.broken("A colon should stand here.")
		}
		w.pos++
		if !w.value(child) {
			return false
		}
		end, ok := w.more('}')
		if !ok {
			return false
		}
		if end {
			break
		}
	}
	if n != nil {
		if missing := bits.OnesCount64(n.required &^ seen); missing > 0 {
			w.offences += missing
			w.grave = w.grave || n.severity == nil
		}
	}
	return true
}

func (n *node) prop(name string) *prop {
	if n == nil {
		return nil
	}
	return n.props[name]
}

// nameSet is a set of member names, without allocation while it is small.
type nameSet struct {
	few  [8]string
	n    int
	many map[string]struct{}
}

// add says whether the name was there before.
func (s *nameSet) add(name string) bool {
	if s.many != nil {
		_, old := s.many[name]
		s.many[name] = struct{}{}
		return old
	}
	for _, f := range s.few[:s.n] {
		if f == name {
			return true
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return false
	}
	s.many = map[string]struct{}{name: {}}
	for _, f := range s.few {
		s.many[f] = struct{}{}
	}
	return false
}

func (w *walker) str(n *node) bool {
	text, ok := w.text()
	if ok && n != nil && !n.takes(text) {
		w.offences++
		w.grave = w.grave || text != "" || n.minLength == 0
	}
	return ok
}

// takes says whether a text certainly fits.
func (n *node) takes(text string) bool {
	if n.minLength > 0 && (len(text) == 0 || n.minLength > 1 && utf8.RuneCountInString(text) < n.minLength) {
		return false
	}
	if n.terms != nil && !n.terms[text] {
		return false
	}
	if n.pattern != nil && !n.pattern.MatchString(text) {
		return false
	}
	if n.judge != nil && !n.judge(text) {
		return false
	}
	if n.anyOf == nil {
		return true
	}
	for _, a := range n.anyOf {
		if a.takes(text) {
			return true
		}
	}
	return false
}
