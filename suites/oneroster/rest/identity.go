package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// identityChecks judge whether an object is one and the same wherever it is met.
func identityChecks(of *service.Service) []Check {
	const at = "identity."
	list := []Check{
		{ID: "identity.unique", Title: "No sourcedId stands twice in a collection", Requirements: []string{at + "unique"},
			Labels: []string{DataLabel, "identity"}, Needs: inBody("any collection with two objects"), Body: uniqueIDs},
		{ID: "identity.sub-collections", Title: "An object is the same in a sub-collection and in the whole", Requirements: []string{at + "same-object"},
			Labels: []string{"identity", "sub"}, Needs: []Need{coveredSubs(), {Text: "parents with members"}}, Body: sameInSubCollections},
		{ID: "identity.single", Title: "The single read of an object yields what its collection holds", Requirements: []string{at + "single"},
			Labels: []string{"identity"}, Needs: inBody("any object"), Body: singleAsListed},
	}
	if slices.ContainsFunc(of.Collections, func(c service.Collection) bool { return c.Derived() != "" }) {
		list = append(list, Check{ID: "identity.same-object", Title: "An object is the same in a derived collection and in the whole",
			Requirements: []string{at + "same-object"},
			Labels:       []string{DataLabel, "identity"}, Needs: inBody("an object in a derived collection"), Body: sameObject})
	}
	return list
}

func uniqueIDs(ctx context.Context, t *T) {
	const id = "identity.unique"
	for _, c := range t.Service.Collections {
		op := c.List
		if !t.Session().Covers(c.List.ID) {
			continue
		}
		// One page, for between pages a repeated object is a fault of paging.
		page := t.List(ctx, op.Path, op.Wrapper, Query("limit", strconv.Itoa(PageSize(t))))
		if !t.ReadyPage(page, id) {
			continue
		}
		seen := map[string]bool{}
		for _, x := range page.IDs {
			if x == "" {
				continue
			}
			t.Assert(id, !seen[x], harness.Finding{Expected: "each sourcedId once", Seen: x + " comes twice on one page", Where: "/" + c.Name,
				Responses: []*harness.Response{page.Response}})
			seen[x] = true
		}
	}
	t.Lacks("every collection is empty", "Load some objects.", id)
}

// normal decodes a JSON object for comparison: member order and spacing don't
// matter, numbers are compared as written.
func normal(object []byte) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return string(object)
	}
	return v
}

// differs names the first member in which two objects differ; "" when they are
// the same. The order of lists of references is free.
func differs(a, b []byte) string {
	x, okX := normal(a).(map[string]any)
	y, okY := normal(b).(map[string]any)
	if !okX || !okY {
		if bytes.Equal(a, b) {
			return ""
		}
		return "/"
	}
	var members []string
	for name := range x {
		members = append(members, name)
	}
	for name := range y {
		if _, both := x[name]; !both {
			members = append(members, name)
		}
	}
	slices.Sort(members)
	for _, name := range members {
		if !reflect.DeepEqual(unordered(x[name]), unordered(y[name])) {
			return "/" + name
		}
	}
	return ""
}

// unordered sorts lists by their text, so that order does not count; an empty
// List is the same as none.
func unordered(v any) any {
	list, isList := v.([]any)
	if !isList {
		return v
	}
	if len(list) == 0 {
		return nil
	}
	var texts []string
	for _, x := range list {
		text, _ := json.Marshal(x)
		texts = append(texts, string(text))
	}
	slices.Sort(texts)
	return strings.Join(texts, "\n")
}

func sameObject(_ context.Context, t *T) {
	const id = "identity.same-object"
	r := crawl(t)
	for _, c := range t.Service.Collections {
		if c.Derived() == "" || r.Raw(c.Name) == nil || r.Raw(c.Derived()) == nil || !r.Raw(c.Derived()).Complete {
			continue
		}
		tried := 0
		_ = r.Raw(c.Name).Each(func(i int, x string, object []byte) bool {
			at := r.Raw(c.Derived()).Find(x)
			if at < 0 {
				return true // judged with the derived collections
			}
			_, whole, err := r.Raw(c.Derived()).At(at)
			if err != nil {
				return true
			}
			member := differs(whole, object)
			if changedMeanwhile(whole, object) {
				return true
			}
			var shown []string
			if member != "" {
				shown = slices.Concat(t.CrawlEvidence(c.Derived(), at), t.CrawlEvidence(c.Name, i))
			}
			t.Assert(id, member == "", harness.Finding{Sent: fmt.Sprintf("GET /%s and GET /%s (the crawl)", c.Derived(), c.Name),
				Expected: "the same object in both",
				Seen:     "they differ at " + member, Where: x, Exchanges: shown})
			tried++
			return tried < 500
		})
	}
	t.Lacks("no object stands in two collections", t.Service.Words.TwiceLoad, id)
}

// sameInSubCollections compares what sub-collections hold with the whole collections: products
// often write the two by other code. What has not the form that it should is judged with the
// payload.
func sameInSubCollections(ctx context.Context, t *T) {
	const id = "identity.same-object"
	r := crawl(t)
	problems := 0
	for _, op := range t.Service.Operations {
		if !op.Sub() || !t.Session().Covers(op.ID) || problems > 1 {
			continue
		}
		whole := t.Service.CollectionOf(op.Kind).Name
		ids, ok := parentIDs(t, op)
		if !ok || r.Raw(whole) == nil {
			continue
		}
		response := t.Get(ctx, op.PathFor(ids...), Query("limit", strconv.Itoa(elsewhereLimit)))
		if response.Problem != "" {
			problems++
		}
		objects := objectsOf(response, op)
		for _, object := range objects[:min(len(objects), elsewhereLimit)] {
			at := r.Raw(whole).Find(SourcedID(object))
			if at < 0 {
				continue // judged with the sub-collections
			}
			_, listed, err := r.Raw(whole).At(at)
			if err != nil || changedMeanwhile(listed, object) {
				continue
			}
			member := differs(listed, object)
			if member != "" && (!wellFormed(t, op.Kind, listed) || !wellFormed(t, op.Kind, object)) {
				continue
			}
			t.Assert(id, member == "", harness.Finding{
				Expected:  "the object as /" + whole + " lists it",
				Seen:      "they differ at " + member,
				Where:     SourcedID(object) + " " + member,
				Responses: []*harness.Response{response},
				Exchanges: t.CrawlEvidenceIf(member != "", whole, SourcedID(object)),
			})
		}
	}
	if t.alone != nil {
		t.Settle(*t.alone, id)
	}
	t.Lacks("no sub-collection holds an object that a collection lists", t.Service.Words.TwiceLoad, id)
}

// wellFormed tells whether an object satisfies its schema.
func wellFormed(t *T, kind string, object []byte) bool {
	schema, err := schemas.Load(t.Service.Schema(kind))
	if err != nil {
		panic(err) // embedded data; the crawl read it before
	}
	findings, err := schema.Validate(object)
	return err == nil && len(findings) == 0
}

// changedMeanwhile tells whether an object was modified between two readings.
func changedMeanwhile(a, b []byte) bool {
	x, y := Read[Base](a).DateLastModified, Read[Base](b).DateLastModified
	return x != y
}

const singlesTried = 3

func singleAsListed(ctx context.Context, t *T) {
	const id = "identity.single"
	r := crawl(t)
	problems := 0
	for _, c := range t.Service.Collections {
		raw := r.Raw(c.Name)
		if raw == nil || !t.Session().Covers(c.Read.ID) {
			continue
		}
		op := c.Read
		for _, i := range sample(raw.Len(), singlesTried, t.Session().Seed) {
			x, listed, err := raw.At(i)
			if err != nil || x == "" || problems > 1 {
				continue
			}
			response := t.Get(ctx, op.PathFor(x), "")
			if response.Problem != "" {
				problems++
			}
			object, fault := takeSingle(response, op.Wrapper)
			if response.Status != 200 || response.Problem != "" || fault != "" {
				t.Hinders(response)
				continue
			}
			if changedMeanwhile(listed, object) && SourcedID(object) == x && differsOnlyInTime(listed, object) {
				continue
			}
			member := differs(listed, object)
			t.Assert(id, member == "" && SourcedID(object) == x,
				harness.Finding{Expected: "the object as /" + c.Name + " lists it", Seen: "it differs at " + member, Where: x + " " + member,
					Responses: []*harness.Response{response}, Exchanges: t.CrawlEvidenceIf(member != "", c.Name, x)})
		}
	}
	t.Lacks("no object could be read singly", "Load some objects.", id)
}

// differsOnlyInTime tells whether dateLastModified is all that changed: a
// provider that makes it up is judged by the rules of the lifecycle.
func differsOnlyInTime(a, b []byte) bool {
	x, okX := normal(a).(map[string]any)
	y, okY := normal(b).(map[string]any)
	if !okX || !okY {
		return false
	}
	delete(x, "dateLastModified")
	delete(y, "dateLastModified")
	return reflect.DeepEqual(x, y)
}
