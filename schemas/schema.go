package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

// Schema judges one kind of document. It is immutable and may be used from
// several goroutines.
type Schema struct {
	name   string
	object []string // where the objects stand that fields selects from; "*" for any index
	noNull bool
	root   *node
	words  func() (*gojsonschema.Schema, error) // the same, for what is wrong
	hints  *hints
}

// Name gives the name the schema is loaded by.
func (s *Schema) Name() string { return s.name }

// Validate says what is wrong with a document: bytes as they came, of any size.
// No finding means that it keeps the standard. Findings are sorted by pointer; a
// document that is no JSON is a finding, and the only one where nothing more can
// be said. The error tells of trouble in this package alone.
func (s *Schema) Validate(doc []byte) ([]Finding, error) {
	w := walkers.Get().(*walker)
	defer w.release()
	w.doc, w.noNull = string(doc), s.noNull
	if !w.document(s.root) {
		return settle(w.findings, w.dropped, w.worst), nil
	}
	if w.offences == 0 {
		return settle(w.findings, w.dropped, w.worst), nil
	}
	found, err := s.judge(bytes.TrimPrefix(doc, []byte(byteOrderMark)), w)
	if err != nil {
		return nil, fmt.Errorf("judging a document by %s: %w", s.name, err)
	}
	return settle(append(w.findings, found...), w.dropped, w.worst), nil
}

// ValidateSelected is Validate for an answer to a request with the fields
// parameter: a required member may be missing if it was not selected. A selection
// names members of the object, however deep ("roles", "school.sourcedId"); with
// none, it is Validate.
func (s *Schema) ValidateSelected(doc []byte, fields []string) ([]Finding, error) {
	findings, err := s.Validate(doc)
	if err != nil || len(fields) == 0 {
		return findings, err
	}
	kept := findings[:0]
	for _, f := range findings {
		if f.Keyword != "required" || s.demanded(f.Pointer, fields) {
			kept = append(kept, f)
		}
	}
	return kept, nil
}

// demanded says whether a missing member was selected, or is none that a
// selection speaks of.
func (s *Schema) demanded(pointer string, fields []string) bool {
	tokens := strings.Split(pointer, "/")[1:]
	if len(tokens) <= len(s.object) {
		return true // the wrapper
	}
	var members []string
	for _, t := range tokens[len(s.object):] {
		if !isIndex(t) {
			members = append(members, t)
		}
	}
	missing := strings.Join(members, ".") + "."
	for _, f := range fields {
		f = strings.TrimSpace(f) + "."
		if strings.HasPrefix(missing, f) || strings.HasPrefix(f, missing) {
			return true
		}
	}
	return false
}

// walkers keeps the paths and buffers of walkers between documents.
var walkers = sync.Pool{New: func() any { return &walker{path: make([]step, 0, 16)} }}

// release forgets the document, so that the pool holds no data of anyone.
func (w *walker) release() {
	path, scratch := w.path[:cap(w.path)], w.scratch[:cap(w.scratch)]
	clear(path)
	clear(scratch)
	*w = walker{path: path[:0], scratch: scratch[:0]}
	walkers.Put(w)
}

// judge lets gojsonschema say what is wrong. The document is known to be JSON.
func (s *Schema) judge(doc []byte, w *walker) ([]Finding, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("decoding what was read once already: %w", err)
	}
	if w.extreme {
		value = tame(value)
	}
	if w.offences > maxOffences {
		budget := maxOffences / 4 // an empty object offends several times
		value = prune(value, s.root, &budget)
		w.dropped += w.offences - maxOffences
		if w.grave {
			w.worst = Error
		} else if w.worst == "" {
			w.worst = Note
		}
	}
	words, err := s.words()
	if err != nil {
		return nil, err
	}
	result, err := words.Validate(gojsonschema.NewRawLoader(value))
	if err != nil {
		return nil, err
	}
	return s.explain(result.Errors()), nil
}

// tame replaces numbers that gojsonschema could choke on; they have a finding
// already.
func tame(value any) any {
	switch v := value.(type) {
	case json.Number:
		if !isDouble(string(v)) {
			return json.Number("0")
		}
	case []any:
		for i := range v {
			v[i] = tame(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = tame(v[name])
		}
	}
	return value
}

// maxOffences bounds what gojsonschema is asked to judge: it keeps some 500 bytes
// for each offence, so that a body of 50 MiB made to offend would fill memory.
const maxOffences = 100_000

// prune cuts a document that offends too often down to about budget values. Lists
// keep their first entry and objects the members that the schema names, lest the
// cut itself offend.
func prune(value any, n *node, budget *int) any {
	*budget--
	if n == nil {
		return value
	}
	switch v := value.(type) {
	case []any:
		for i := range v {
			if i > 0 && *budget <= 0 {
				return v[:i]
			}
			v[i] = prune(v[i], n.items, budget)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if p := n.props[name]; p != nil {
				v[name] = prune(v[name], p.node, budget)
			} else if n.rest != nil && *budget > 0 {
				v[name] = prune(v[name], n.rest, budget)
			} else if *budget--; *budget < 0 {
				delete(v, name)
			}
		}
	}
	return value
}
