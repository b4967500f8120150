package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const fieldsAt = "fields."

// fieldsChecks judge field selection.
func fieldsChecks(of *service.Service) []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = fieldsAt + requirements[i]
		}
		return Check{ID: "fields." + name, Title: title, Requirements: requirements, Labels: []string{"fields"}, Needs: needs, Body: body}
	}
	unknown := c("unknown", "An unknown field is refused with 400", nil, fieldsUnknown, "unknown")
	if of.Warns {
		unknown = c("unknown", "An unknown field is answered with the data, a blank selection with 400", anObject(), fieldsUnknown, "unknown", "blank")
	}
	return []Check{
		c("collection", "fields supplies what it names, as it is, and nothing else", inBody("any objects"), fieldsCollection, "selected",
			"others-left-out", "values", "nested-objects", "same-objects", "comma-list"),
		c("single", "fields works on single objects", inBody("any object"), fieldsSingle, "single"),
		c("sub-collections", "fields works on sub-collections", sampled(of, "a", selectedSub), fieldsSub, "sub-collections"),
		unknown,
		c("repeated", "fields may be repeated", anObject(), fieldsRepeated, "repeated"),
	}
}

func fieldsCollection(ctx context.Context, t *T) {
	const selected, others, values, nested, same, comma = fieldsAt + "selected", fieldsAt + "others-left-out", fieldsAt + "values",
		fieldsAt + "nested-objects", fieldsAt + "same-objects", fieldsAt + "comma-list"
	problems := 0
	var refused *harness.Response
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if c.Derived() != "" || raw == nil || raw.Len() == 0 || problems > 1 {
			continue
		}
		plain := part(ctx, t, c, 0, 20)
		if plain.Problem != "" {
			problems++
		}
		if !plain.OK() {
			t.Hinders(plain.Response) // judged as an endpoint
			continue
		}
		wanted := t.Service.Kinds[c.Kind].Select
		for _, names := range [][]string{wanted.Plain, wanted.Structures} {
			if len(names) == 0 {
				continue
			}
			p := part(ctx, t, c, 0, 20, "fields", strings.Join(names, ","))
			shown := []*harness.Response{p.Response, plain.Response}
			if !p.OK() && !t.ItsOwn(ctx, p.Response, comma) {
				continue
			}
			if !t.Assert(comma, p.Status == 200 && p.Problem == "",
				harness.Finding{Expected: "200 and the fields named", Seen: p.Summary(), Responses: shown}) || !p.OK() {
				refused = p.Response
				continue
			}
			whole := t.counterparts(p.Objects, plain.Objects, names)
			want, got := Set(plain.IDs), Set(p.IDs)
			if t.Service.Content { // what is left of an object doesn't tell it from others
				got = map[string]bool{}
				for _, full := range whole {
					if full != nil {
						got[t.id(full)] = true
					}
				}
			}
			total := p.Total == plain.Total || p.Total < 0 || plain.Total < 0
			t.Assert(same, difference(want, got) == "" && len(p.Objects) == len(plain.Objects) && total,
				harness.Finding{Expected: "the same objects and total as without fields",
					Seen: strings.TrimPrefix(difference(want, got)+fmt.Sprintf(", total %d and not %d", p.Total, plain.Total), ", "), Responses: shown})
			for i, o := range p.Objects {
				full := whole[i]
				if full == nil {
					continue
				}
				judgeSelected(t, o, full, names, shown, selected, others, values, nested)
			}
		}
	}
	if refused != nil {
		t.Settle(t.BlockedBy(comma, "no selection is answered with objects", refused))
	}
	t.Lacks("no collection answers with objects", "Load some objects.")
}

// byID gives objects by what tells them apart.
func (t *T) byID(objects []json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, o := range objects {
		out[t.id(o)] = o
	}
	return out
}

func byID(objects []json.RawMessage) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for _, o := range objects {
		out[SourcedID(o)] = o
	}
	return out
}

func judgeSelected(t *T, got, full json.RawMessage, names []string, shown []*harness.Response, selected, others, values, nested string) {
	has, whole := Read[map[string]any](got), Read[map[string]any](full)
	id := t.whereOf(full)
	for _, name := range names {
		want, there := whole[name]
		if !there || want == nil {
			continue // a null is judged by itself, and as good as absent
		}
		if !t.Assert(selected, has[name] != nil,
			harness.Finding{Expected: name + ", which was asked for and which the object has", Seen: "no such member", Where: id + " /" + name,
				Responses: shown}) {
			continue
		}
		judged := values
		switch want.(type) {
		case map[string]any, []any:
			judged = nested
		}
		t.Assert(judged, reflect.DeepEqual(unordered(has[name]), unordered(want)),
			harness.Finding{Expected: name + " as without fields", Seen: "another value", Where: id + " /" + name, Responses: shown})
	}
	var extra []string
	for name := range has {
		if !slices.Contains(names, name) && (name != "sourcedId" || t.Service.Content) {
			extra = append(extra, name)
		}
	}
	slices.Sort(extra)
	// What the standard requires of every object some send in any case; more
	// than that means that the selection is not applied.
	t.Assert(others, len(extra) == 0, harness.Finding{Expected: "only " + strings.Join(names, ", "), Seen: "also " + Examples(extra),
		Where: id, Responses: shown})
}

func fieldsSingle(ctx context.Context, t *T) {
	const id = fieldsAt + "single"
	problems := 0
	for _, c := range t.Service.Collections {
		raw := crawl(t).Raw(c.Name)
		if c.Derived() != "" || raw == nil || raw.Len() == 0 || !t.Session().Covers(c.Read.ID) || problems > 1 {
			continue
		}
		x, full, err := raw.At(0)
		if err != nil || x == "" {
			continue
		}
		op := c.Read
		names := t.Service.Kinds[c.Kind].Select.Plain
		r := t.Get(ctx, op.PathFor(x), Query("fields", strings.Join(names, ",")))
		if r.Problem != "" {
			problems++
		}
		if r.Status != 200 || r.Problem != "" {
			if plain := t.Get(ctx, op.PathFor(x), ""); plain.Status != 200 || plain.Problem != "" {
				t.Hinders(plain) // judged as an endpoint
				continue
			}
			if !t.ItsOwn(ctx, r, id) {
				continue
			}
		}
		shown := []*harness.Response{r}
		if !t.Assert(id, r.Status == 200 && r.Problem == "",
			harness.Finding{Expected: "200 and the fields named", Seen: r.Summary(), Responses: shown}) {
			continue
		}
		object, fault := takeSingle(r, op.Wrapper)
		if fault != "" {
			t.Hinders(r) // the wrapper is judged by itself
			continue
		}
		has, whole := Read[map[string]any](object), Read[map[string]any](full)
		var wrong []string
		for name := range has {
			if !slices.Contains(names, name) && name != "sourcedId" {
				wrong = append(wrong, "also "+name)
			}
		}
		for _, name := range names {
			if whole[name] != nil && has[name] == nil {
				wrong = append(wrong, "no "+name)
			}
		}
		slices.Sort(wrong)
		t.Assert(id, len(wrong) == 0, harness.Finding{Expected: "exactly " + strings.Join(names, ", "), Seen: Examples(wrong), Where: x,
			Responses: shown})
	}
	t.Lacks("no single object answers", "Load some objects.", id)
}

// selectedSub tells whether a parent has a member that fields are tried on.
func selectedSub(m Members) bool { return len(m.Must) > 0 }

func fieldsSub(ctx context.Context, t *T) {
	const id = fieldsAt + "sub-collections"
	op, parents := sampleSub(t)
	field := t.Service.Samples.Sub.Field
	for _, m := range parents {
		key := m.Parent
		if !selectedSub(m) {
			continue
		}
		p := t.List(ctx, op.PathFor(key), op.Wrapper, Query("limit", "20", "fields", "sourcedId,"+field))
		if !p.OK() && !subAnswers(ctx, t, op.PathFor(key), op, p, id) {
			return
		}
		var extra []string
		for _, o := range p.Objects {
			for name := range Read[map[string]any](o) {
				if name != "sourcedId" && name != field && !slices.Contains(extra, name) {
					extra = append(extra, name)
				}
			}
		}
		slices.Sort(extra)
		t.Assert(id, p.OK() && len(p.Objects) > 0 && len(extra) == 0,
			harness.Finding{Expected: "the members with sourcedId and " + field + " alone", Seen: p.Summary() + ", also " + Examples(extra),
				Where: key, Responses: []*harness.Response{p.Response}})
		return
	}
}

func fieldsUnknown(ctx context.Context, t *T) {
	const id = fieldsAt + "unknown"
	if t.Service.Warns {
		fieldsUnknownWarned(ctx, t)
		return
	}
	sample := t.sample()
	r := t.Get(ctx, sample.List.Path, Query("limit", "5", "fields", "noSuchField"))
	mixed := t.Get(ctx, sample.List.Path, Query("limit", "5", "fields", "sourcedId,noSuchField"))
	for _, x := range []*harness.Response{r, mixed} {
		if x.Status == 400 || t.ItsOwn(ctx, x, id) {
			t.Assert(id, x.Status == 400, harness.Finding{Expected: "400", Seen: x.Summary(), Responses: []*harness.Response{x}})
		}
	}
	if raw := crawl(t).Raw(sample.Name); raw != nil && raw.Len() > 0 {
		if x, _, err := raw.At(0); err == nil {
			s := t.Get(ctx, sample.Read.PathFor(x), Query("fields", "noSuchField"))
			if plain := t.Get(ctx, sample.Read.PathFor(x), ""); !t.Ready(plain, 200, id) || Between(s) {
				return // what single reads answer is judged with the endpoints
			}
			t.Assert(id, s.Status == 400, harness.Finding{Expected: "400", Seen: s.Summary(), Responses: []*harness.Response{s}})
		}
	}
}

// fieldsUnknownWarned judges the same where the data come all the same: as without fields, or
// with what was named and is there.
func fieldsUnknownWarned(ctx context.Context, t *T) {
	const id = fieldsAt + "unknown"
	const blank = fieldsAt + "blank"
	c, _ := pageable(t, 1)
	plain := part(ctx, t, c, 0, 5)
	if !t.ReadyPage(plain, id, blank) {
		return
	}
	for _, names := range []string{"noSuchField", t.key() + ",noSuchField"} {
		p := part(ctx, t, c, 0, 5, "fields", names)
		if !p.OK() && p.Status != http.StatusBadRequest && !t.ItsOwn(ctx, p.Response, id) {
			continue
		}
		t.Assert(id, p.OK() && len(p.Objects) == len(plain.Objects) && !emptied(p, plain),
			harness.Finding{Expected: "200 with the objects", Seen: p.Summary(), Where: "fields=" + names,
				Responses: []*harness.Response{p.Response, plain.Response}})
	}
	r := t.Get(ctx, c.List.Path, blankSelection)
	if r.Status == http.StatusBadRequest || t.ItsOwn(ctx, r, blank) {
		t.Assert(blank, r.Status == http.StatusBadRequest,
			harness.Finding{Expected: "400", Seen: r.Summary(), Where: "fields=", Responses: []*harness.Response{r}})
	}
}

// blankSelection names nothing at all, which is refused where an unknown name isn't.
const blankSelection = "limit=5&fields="

// emptied tells whether a page holds objects of which nothing is left.
func emptied(p, plain *Page) bool {
	for i, o := range p.Objects {
		if len(Read[map[string]any](o)) == 0 && len(Read[map[string]any](plain.Objects[i])) > 0 {
			return true
		}
	}
	return false
}

func fieldsRepeated(ctx context.Context, t *T) {
	const id = fieldsAt + "repeated"
	c, _ := pageable(t, 1)
	names := t.Service.Kinds[c.Kind].Select.Plain
	q := "limit=" + strconv.Itoa(5)
	for _, n := range names {
		q += "&" + Query("fields", n)
	}
	op := c.List
	p := t.List(ctx, op.Path, op.Wrapper, q)
	plain := part(ctx, t, c, 0, 5)
	if !t.ReadyPage(plain, id) {
		return
	}
	whole := t.counterparts(p.Objects, plain.Objects, names)
	shown := []*harness.Response{p.Response}
	if !p.OK() && !t.ItsOwn(ctx, p.Response, id) {
		return
	}
	if !t.Assert(id, p.OK(), harness.Finding{Expected: "200 and all fields named", Seen: p.Why(), Responses: shown}) {
		return
	}
	for i, o := range p.Objects {
		full := whole[i]
		if full == nil {
			continue
		}
		for _, n := range names {
			if Read[map[string]any](full)[n] != nil {
				t.Assert(id, Read[map[string]any](o)[n] != nil,
					harness.Finding{Expected: "every field named, " + n + " too", Seen: "no such member", Where: t.whereOf(full), Responses: shown})
			}
		}
	}
	t.Settle(t.BlockedBy(pagingAt+"repeatable", "the page with fields holds other objects", p.Response), id)
}
