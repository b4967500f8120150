package reports

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"reflect"
	"slices"
	"strings"
)

// maxPage is how large the page may become, in bytes: a browser opens it in a moment,
// and a mail carries it. What a target sends has no such limit.
const maxPage = 20 << 20

// budget bounds what a page holds. report.json holds it all.
type budget struct {
	text     int // bytes of one text
	findings int // of one requirement
	rows     int // of any other list
	evidence int // bytes of exchanges, as JSON
	pictures int // bytes of attachments
}

// budgets are tried in turn until the page is small enough: nearly every report fits
// the first.
var budgets = []budget{
	{text: 16 << 10, findings: 200, rows: 20_000, evidence: 12 << 20, pictures: 5 << 20},
	{text: 4 << 10, findings: 40, rows: 5_000, evidence: 8 << 20, pictures: 2 << 20},
	{text: 1 << 10, findings: 8, rows: 2_000, evidence: 4 << 20, pictures: 1 << 20},
	{text: 200, findings: 2, rows: 800},
	{text: 100, findings: 1, rows: 100},
}

// leftOut counts what a page leaves out, for the word that says so.
type leftOut struct {
	exchanges, pictures, texts, rows int
}

// words says what was left out; empty where nothing was.
func (l leftOut) words() string {
	var parts []string
	add := func(n int, one, many string) {
		if n > 0 {
			parts = append(parts, plural(n, one, many))
		}
	}
	add(l.exchanges, "exchange", "exchanges")
	add(l.pictures, "picture or text kept by a check", "pictures and texts kept by checks")
	add(l.rows, "entry of a long list", "entries of long lists")
	add(l.texts, "text in part", "texts in part")
	return strings.Join(parts, ", ")
}

// errLarge ends a rendering that has become too large.
var errLarge = errors.New("the page is too large")

// limited is a buffer that refuses to grow beyond the size of a page.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxPage {
		return 0, errLarge
	}
	return l.Buffer.Write(p)
}

// shrunk gives a copy of a report, without its exchanges and attachments, that keeps
// a budget. Requirements are cut worst last.
func shrunk(r *Report, b budget) (*Report, *leftOut) {
	out, left := *r, &leftOut{}
	out.Exchanges = nil
	if len(out.Requirements) > b.rows {
		out.Requirements = Sort(out.Requirements)
	}
	out.Requirements = slices.Clone(out.Requirements)
	for i := range out.Requirements {
		q := &out.Requirements[i]
		if n := len(q.Findings) - b.findings; n > 0 {
			q.Findings, left.rows = q.Findings[:b.findings], left.rows+n
		}
	}
	out.Checks = slices.Clone(out.Checks)
	for i := range out.Checks {
		// The page shows findings with their requirements, attachments on their own.
		out.Checks[i].Findings, out.Checks[i].Results, out.Checks[i].Attachments = nil, nil, nil
	}
	short := shortened(reflect.ValueOf(out), b, left).Interface().(Report)
	return &short, left
}

// shortened copies a value with every text and list within the budget.
func shortened(v reflect.Value, b budget, left *leftOut) reflect.Value {
	switch v.Kind() {
	case reflect.String:
		if v.Len() > b.text {
			left.texts++
			out := reflect.New(v.Type()).Elem()
			out.SetString(strings.ToValidUTF8(v.String()[:b.text], "") + "…")
			return out
		}
	case reflect.Slice:
		n := v.Len()
		if n > b.rows {
			left.rows += n - b.rows
			n = b.rows
		}
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), n, n)
		for i := range n {
			out.Index(i).Set(shortened(v.Index(i), b, left))
		}
		return out
	case reflect.Map:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeMap(v.Type())
		for i, k := range v.MapKeys() {
			if i == b.rows {
				left.rows += v.Len() - b.rows
				break
			}
			out.SetMapIndex(shortened(k, b, left), shortened(v.MapIndex(k), b, left))
		}
		return out
	case reflect.Pointer:
		if !v.IsNil() {
			out := reflect.New(v.Type().Elem())
			out.Elem().Set(shortened(v.Elem(), b, left))
			return out
		}
	case reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(shortened(v.Field(i), b, left))
			}
		}
		return out
	}
	return v
}

// telling ranks exchanges by what they show: what is broken, what blocks or is warned
// of, anything else; of these the later ones first.
func telling(r *Report) []int {
	rank := map[string]int{}
	put := func(ids []string, n int) {
		for _, id := range ids {
			rank[id] = max(rank[id], n)
		}
	}
	for _, q := range r.Requirements {
		n := 1
		if q.Verdict == Fail {
			n = 2
		}
		for _, f := range q.Findings {
			put(f.Exchanges, n)
		}
		if q.Blame != nil {
			put(q.Blame.Exchanges, 1)
		}
	}
	order := make([]int, len(r.Exchanges))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &r.Exchanges[a], &r.Exchanges[b]
		return cmp.Or(cmp.Compare(rank[y.ID], rank[x.ID]), y.Started.Compare(x.Started))
	})
	return order
}

// evidence encodes exchanges for the script, as many as the budget has room for, the
// telling first. Marshal writes <, > and & as escapes, so no element can be closed from
// within; characters that turn the order of text round are escaped too, for whoever
// reads the source.
func evidence(r *Report, b budget, left *leftOut) ([]viewExchange, error) {
	var out []viewExchange
	room := b.evidence
	for _, i := range telling(r) {
		e := r.Exchanges[i]
		for _, m := range []*Message{&e.Request, &e.Response} {
			if len(m.Body) > maxPageBody {
				m.Body, m.Cut = strings.ToValidUTF8(m.Body[:maxPageBody], ""), true
			}
		}
		inside := budget{text: maxPageBody, rows: maxHeaders}
		e = shortened(reflect.ValueOf(e), inside, left).Interface().(Exchange)
		encoded, err := json.Marshal(e)
		if err != nil {
			return nil, fmt.Errorf("encoding exchange %s: %w", e.ID, err)
		}
		if len(encoded) > room {
			left.exchanges++
			continue
		}
		room -= len(encoded)
		out = append(out, viewExchange{i, template.JS(escapeHidden(string(encoded)))})
	}
	slices.SortFunc(out, func(a, b viewExchange) int { return a.Index - b.Index })
	return out, nil
}

// maxHeaders is how many header fields of a message the page shows.
const maxHeaders = 200

// attachments makes those of all checks ready for the page, by check, those of what is
// not kept first.
func attachments(r *Report, b budget, left *leftOut) map[string][]viewAttachment {
	amiss := map[string]bool{}
	for _, q := range r.Requirements {
		for _, c := range q.Checks {
			amiss[c] = amiss[c] || q.Verdict != Pass && q.Verdict != NotApplicable
		}
	}
	out := map[string][]viewAttachment{}
	room := b.pictures
	for _, wanted := range []bool{true, false} {
		for _, c := range r.Checks {
			if amiss[c.ID] != wanted {
				continue
			}
			for _, a := range c.Attachments {
				if size := len(a.Data) + len(a.Text) + len(a.Title); size > room {
					left.pictures++
				} else {
					room -= size
					out[c.ID] = append(out[c.ID], attached(a)...)
				}
			}
		}
	}
	return out
}
