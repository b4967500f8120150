package rest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// property is a single-valued member by which a collection may be filtered and
// sorted, with its values as the crawl saw them.
type property struct {
	name   string
	kind   string            // text, date, date-time, vocabulary, boolean, number
	values map[string]string // by sourcedId; objects without it are absent
	all    map[string]bool   // every sourcedId
	counts map[string]int    // objects by value

	garbled bool // a value has bytes that are no UTF-8
}

// eachStructured visits the properties that hold lists and objects, in the collections
// that a run covers. Nothing says that one can be sorted or filtered on them; a breakdown
// is no answer all the same.
func eachStructured(t *T, visit func(path, property string)) {
	for _, c := range t.Service.Whole() {
		for _, name := range t.Service.Kinds[c.Kind].Structured {
			if t.Session().Covers(c.List.ID) && !c.List.Unpaged {
				visit(c.List.Path, name)
			}
		}
	}
}

// computeMost bounds the collections for which whole answers are computed.
const computeMost = 5000

// filterSample is a collection for which answers are computed from the crawl.
type filterSample struct {
	service.Collection
	kind    *service.Kind
	objects map[string]map[string]any // by sourcedId
	of      *T
	garbled map[string]bool // objects with bytes that are no UTF-8: nobody can ask for what stands there
}

// filterSamples are the collections that were crawled whole and are of a size to
// compute with, largest first.
func filterSamples(t *T) []filterSample {
	var out []filterSample
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if c.Derived() != "" || c.List.Unpaged || raw == nil || !raw.Complete || raw.Len() == 0 || raw.Len() > computeMost {
			continue
		}
		s := filterSample{Collection: c, kind: t.Service.Kinds[c.Kind], of: t}
		s.objects, s.garbled = crawl(t).decoded.objects(c.Name, raw)
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b filterSample) int { return len(b.objects) - len(a.objects) })
	return out
}

// decoded keeps the objects of small collections as they were taken apart: some twenty checks
// ask for them. Nobody may change them.
type decoded struct {
	mu    sync.Mutex
	known map[string]decodedCollection
}

type decodedCollection struct {
	objects map[string]map[string]any
	garbled map[string]bool
}

// decodedMost bounds the collections that are kept: an object takes some 3 KiB.
const decodedMost = 1000

func (d *decoded) objects(name string, raw *corpus.Collection) (objects map[string]map[string]any, garbled map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known, is := d.known[name]; is {
		return known.objects, known.garbled
	}
	objects, garbled = map[string]map[string]any{}, map[string]bool{}
	_ = raw.Each(func(_ int, id string, object []byte) bool {
		objects[id] = Read[map[string]any](object)
		if !utf8.Valid(object) {
			garbled[id] = true
		}
		return true
	})
	if raw.Len() <= decodedMost {
		if d.known == nil {
			d.known = map[string]decodedCollection{}
		}
		d.known[name] = decodedCollection{objects, garbled}
	}
	return objects, garbled
}

// property reads one property of every object, following dots.
func (s filterSample) property(name, kind string) property {
	p := property{name: name, kind: kind, values: map[string]string{}, all: map[string]bool{}, counts: map[string]int{}}
	for id, o := range s.objects {
		p.all[id] = true
		var v any = o
		for _, part := range strings.Split(name, ".") {
			m, isObject := v.(map[string]any)
			if !isObject {
				v = nil
				break
			}
			v = m[part]
		}
		if number, is := v.(float64); is && kind == "number" {
			v = strconv.FormatFloat(number, 'f', -1, 64)
		}
		if text, isText := v.(string); isText {
			p.garbled = p.garbled || s.garbled[id] && strings.ContainsRune(text, utf8.RuneError)
			p.values[id] = text
			p.counts[text]++
		}
	}
	return p
}

// properties gives the properties of a sample that are of one of the kinds, but for those of
// which nobody can tell what some values were to be.
func (s filterSample) properties(kinds ...string) []property {
	var out []property
	kind := s.kind
	for _, name := range kind.Probed {
		if of := string(kind.TypeOf(name)); slices.Contains(kinds, of) {
			p := s.property(name, of)
			if p.garbled {
				s.of.garble(s.Collection)
				continue
			}
			out = append(out, p)
		}
	}
	return out
}

// numbers gives the properties of a sample that are numbers.
func (s filterSample) numbers() []property {
	var out []property
	for _, m := range s.kind.Members {
		if m.Type == service.Number && len(m.Path) == 1 {
			out = append(out, s.property(m.Path[0], "number"))
		}
	}
	return out
}

// telling picks a value that has others above or below it as a number which as a text it hasn't.
func (p property) telling() (string, bool) {
	for _, v := range p.sorted() {
		for other := range p.counts {
			if (p.compare(other, v) > 0) != (strings.Compare(other, v) > 0) {
				return v, true
			}
		}
	}
	return "", false
}

// sorted gives the distinct values in order.
func (p property) sorted() []string {
	var out []string
	for v := range p.counts {
		out = append(out, v)
	}
	slices.SortFunc(out, p.compare)
	return out
}

// compare orders two values as their kind demands; text by code point.
func (p property) compare(a, b string) int {
	if p.kind == "number" {
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		return cmp.Compare(x, y)
	}
	if p.kind == "date-time" {
		x, errX := time.Parse(time.RFC3339Nano, strings.ToUpper(a))
		y, errY := time.Parse(time.RFC3339Nano, strings.ToUpper(b))
		if errX == nil && errY == nil {
			return x.Compare(y)
		}
	}
	return strings.Compare(a, b)
}

// where gives the objects whose value satisfies want.
func (p property) where(want func(v string) bool) map[string]bool {
	out := map[string]bool{}
	for id, v := range p.values {
		if want(v) {
			out[id] = true
		}
	}
	return out
}

// Absent gives the objects that lack the property.
func (p property) absent() map[string]bool {
	out := map[string]bool{}
	for id := range p.all {
		if _, has := p.values[id]; !has {
			out[id] = true
		}
	}
	return out
}

// orders are the orders of text that a provider may sanely follow: by code point,
// by code point without case, and collations of Unicode, with and without
// regard to punctuation and case.
func orders() map[string]func(a, b string) int {
	out := map[string]func(a, b string) int{
		"code point":               strings.Compare,
		"code point without case":  func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) },
		"code point in upper case": func(a, b string) int { return strings.Compare(strings.ToUpper(a), strings.ToUpper(b)) },
		"UTF-16":                   compareUTF16,
	}
	for name, options := range map[string][]collate.Option{
		"collation":                    nil,
		"collation without case":       {collate.IgnoreCase},
		"collation without diacritics": {collate.IgnoreDiacritics, collate.IgnoreCase},
		"loose collation":              {collate.Loose},
		"collation, digits as numbers": {collate.Numeric},
	} {
		c := collate.New(language.Und, options...)
		out[name] = func(a, b string) int { return c.CompareString(a, b) }
		stripped := func(s string) string {
			return strings.Map(func(r rune) rune {
				if strings.ContainsRune(" -'._,@/&()", r) {
					return -1
				}
				return r
			}, s)
		}
		out[name+", punctuation ignored"] = func(a, b string) int { return c.CompareString(stripped(a), stripped(b)) }
	}
	return out
}

func compareUTF16(a, b string) int {
	x, y := []rune(a), []rune(b)
	for i := 0; i < len(x) && i < len(y); i++ {
		if x[i] != y[i] {
			// Surrogates stand below the private and compatibility areas.
			highX, highY := x[i] > 0xFFFF, y[i] > 0xFFFF
			if highX != highY && (x[i] >= 0xE000 && x[i] <= 0xFFFF || y[i] >= 0xE000 && y[i] <= 0xFFFF) {
				if highX {
					return -1
				}
				return 1
			}
			return int(x[i]) - int(y[i])
		}
	}
	return len(x) - len(y)
}

// inOrder tells whether values rise (or fall) by some sane order. Absent values,
// given as nil, may stand at either end.
func inOrder(values []*string, falling bool, compare func(a, b string) int) bool {
	var present []string
	for i, v := range values {
		if v == nil {
			continue
		}
		// All present values stand together.
		if n := len(present); n > 0 && values[i-1] == nil {
			return false
		}
		present = append(present, *v)
	}
	for i := 1; i < len(present); i++ {
		c := compare(present[i-1], present[i])
		if falling {
			c = -c
		}
		if c > 0 {
			return false
		}
	}
	return true
}

// texts gives a property of the objects of a page, nil where absent.
func texts(objects []json.RawMessage, name string) []*string {
	var out []*string
	for _, o := range objects {
		if v, isText := Read[map[string]any](o)[name].(string); isText {
			out = append(out, &v)
		} else {
			out = append(out, nil)
		}
	}
	return out
}
