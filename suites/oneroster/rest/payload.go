package rest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// payloadRule is a requirement on payloads that the validation in the crawl decides:
// which members it is about, by kind, so that a pass means that such were met.
type payloadRule struct {
	requirement string // below the service
	title       string
	about       map[string][]string // kind to pointers; "" is the object itself
}

func every(s *service.Service, about ...string) map[string][]string {
	out := map[string][]string{}
	for _, c := range s.Collections {
		if c.Derived() == "" {
			out[c.Kind] = about
		}
	}
	return out
}

// ofTypes gives the members of some types, by kind, but for those that a requirement is
// about alone.
func ofTypes(s *service.Service, types ...service.Type) map[string][]string {
	out := map[string][]string{}
	for name, kind := range s.Kinds {
		out[name] = slices.DeleteFunc(kind.Pointers(types...), func(at string) bool { return ruled(s, name, "", at) != "" })
	}
	return out
}

func one(kind string, at ...string) map[string][]string { return map[string][]string{kind: at} }

func payloadRules(s *service.Service) []payloadRule {
	list := []payloadRule{
		{"payload.json", "Every object is well-formed JSON", every(s, "")},
		{"payload.utf8", "Every object is well-formed UTF-8", every(s, "")},
		{"payload.no-duplicate-members", "No object names a member twice", every(s, "")},
		{"payload.text", "Texts are JSON strings", ofTypes(s, service.Text)},
		{"payload.numbers", "Numbers are JSON numbers", ofTypes(s, service.Number)},
		{"payload.lists", "Lists are JSON arrays", ofTypes(s, service.List)},
		{"payload.objects", "Structures are JSON objects", ofTypes(s, service.Structure, service.Reference)},
		{"payload.metadata", "metadata is an object", every(s, "/metadata")},
		{"payload.no-null", "No member is null", every(s, "")},
		{"payload.no-empty-text", "Required texts are not empty", every(s, "")},
		{"payload.dates", "Dates are written YYYY-MM-DD", ofTypes(s, service.Date)},
		{"payload.date-times", "dateLastModified is a date-time with a zone", ofTypes(s, service.DateTime)},
		{"payload.unknown-members", "Objects have the standard's members only", every(s, "")},
		{"vocabulary.status", "status is active or tobedeleted", every(s, "/status")},
	}
	for _, rule := range s.Payload {
		about := rule.At
		if rule.Keyword == "additionalProperties" {
			about = []string{""} // what there shouldn't be can't be looked at
		}
		list = with(list, payloadRule{rule.Requirement, rule.Title, one(rule.Kind, about...)})
	}
	extensible := map[string][]string{}
	for _, c := range s.Whole() {
		list = append(list, payloadRule{requiredOf(c.Kind), "Every object of /" + c.Name + " has its required members", one(c.Kind, "")})
		kind := s.Kinds[c.Kind]
		for at, name := range kind.Vocabularies {
			list = with(list, payloadRule{"vocabulary." + name, at[1:] + " of " + kind.Article() + " is of the vocabulary", one(c.Kind, at)})
			if member, _ := kind.Member(at); member.Extensible {
				extensible[c.Kind] = append(extensible[c.Kind], at)
			}
		}
	}
	list = append(list, payloadRule{"vocabulary.extension-form", "Extension terms are well formed", extensible})
	spared := nothingFor(s)
	list = slices.DeleteFunc(list, func(r payloadRule) bool { return spared[r.requirement] })
	slices.SortStableFunc(list, func(a, b payloadRule) int { return strings.Compare(a.requirement, b.requirement) })
	return list
}

// with adds a rule, or what it is about to the one of the same requirement.
func with(list []payloadRule, r payloadRule) []payloadRule {
	i := slices.IndexFunc(list, func(o payloadRule) bool { return o.requirement == r.requirement })
	if i < 0 {
		return append(list, r)
	}
	for kind, at := range r.about {
		list[i].about[kind] = append(list[i].about[kind], at...)
	}
	return list
}

// payloadChecks read what the validation of every crawled object found.
func payloadChecks(s *service.Service) []Check {
	var out []Check
	for _, x := range payloadRules(s) {
		id := x.requirement
		out = append(out, Check{ID: id, Title: x.title, Requirements: []string{id}, Labels: []string{DataLabel, topicOf(id)},
			Needs: inBody("objects that have the members in question"), Body: func(_ context.Context, t *T) { judgePayloadRule(t, x, id) }})
	}
	if s.Reads() || slices.ContainsFunc(s.Operations, service.Operation.Sub) {
		out = append(out, elsewhereCheck(s))
	}
	return append(out,
		Check{ID: "payload.date-time-utc", Title: "dateLastModified is given in UTC", Requirements: []string{"payload.date-time-utc"},
			Labels: []string{DataLabel, "payload"}, Needs: inBody("any object"), Body: inUTC},
		Check{ID: "payload.normalized-text", Title: "Labels hold no line breaks and tabs", Requirements: []string{"payload.normalized-text"},
			Labels: []string{DataLabel, "payload"}, Needs: inBody("any object"), Body: normalizedText},
		Check{ID: "payload.empty-list", Title: "An empty collection is the wrapper with an empty list",
			Requirements: []string{"payload.empty-list"},
			Labels:       []string{"payload"}, Needs: nil, Body: emptyList},
	)
}

func judgePayloadRule(t *T, s payloadRule, id string) {
	looked := 0
	for _, c := range t.Service.Collections {
		at, concerned := s.about[c.Kind]
		if c.Derived() != "" || !concerned || crawl(t).Raw(c.Name) == nil {
			continue
		}
		facts := crawl(t).Facts(c.Name)
		for _, f := range facts.Faults {
			if requirementFor(t.Service, c.Kind, f) == s.requirement {
				looked++
				failFromCrawl(t, id, c.Name, f, facts.Validated)
			}
		}
		looked += judgeDerived(t, s, id, c)
		for _, pointer := range at {
			n := facts.Members[pointer]
			if pointer == "" {
				n = facts.Validated
			}
			if n > 0 {
				looked += n
				t.Examined(id, n)
			}
		}
	}
	if looked == 0 {
		s.idle(t, id)
	}
}

// idle says of a shape that no object had such a member: where there are objects
// the members may be absent, else there is nothing to read.
func (s payloadRule) idle(t *T, id string) {
	var about []string
	objects := 0
	for _, c := range t.Service.Collections {
		if s.about[c.Kind] != nil && c.Derived() == "" && crawl(t).Raw(c.Name) != nil {
			about = append(about, "/"+c.Name)
			objects += crawl(t).Raw(c.Name).Len()
		}
	}
	for _, name := range about {
		if o, is := broken(t, name[1:]); is {
			t.NotTested(o, id)
			return
		}
	}
	switch {
	case len(about) == 0:
		t.Outside("such objects", id)
	case objects == 0:
		t.NotTested(harness.NoData(strings.Join(about, " and ")+" is empty", "Load an object."), id)
	default:
		t.NotApplicable(id, "no object of "+strings.Join(about, ", ")+" has such a member")
	}
}

// failFromCrawl reports a fault that the crawl met in a collection.
func failFromCrawl(t *T, id, name string, f Fault, of int) {
	t.Fail(id, harness.Finding{Sent: "GET /" + name + " (the crawl)", Expected: f.Expected,
		Seen:  fmt.Sprintf("%s, in %d of %d", f.Seen, f.Count, of),
		Where: fmt.Sprintf("%s %s", f.SourceID, f.Pointer), Cause: f.Message, Exchanges: t.CrawlEvidence(name, f.Object)})
}

// judgeDerived reports what the derived collections of a whole one show beyond
// it: another serialiser may write them. It gives how many faults it reported.
func judgeDerived(t *T, s payloadRule, id string, whole service.Collection) (found int) {
	for _, c := range t.Service.Collections {
		if c.Derived() != whole.Name || crawl(t).Raw(c.Name) == nil {
			continue
		}
		facts := crawl(t).Facts(c.Name)
		for _, f := range facts.Faults {
			if requirementFor(t.Service, c.Kind, f) == s.requirement && !met(crawl(t).Facts(whole.Name).Faults, f) {
				found++
				failFromCrawl(t, id, c.Name, f, facts.Validated)
			}
		}
	}
	return found
}

// met tells whether a fault of that kind is among others.
func met(others []Fault, f Fault) bool {
	return slices.ContainsFunc(others, func(o Fault) bool {
		return o.Pointer == f.Pointer && o.Keyword == f.Keyword && o.Severity == f.Severity
	})
}

func inUTC(_ context.Context, t *T) {
	const id = "payload.date-time-utc"
	shown := 0 // finding the page an object came on costs a pass over the pages
	for _, c := range t.Service.Collections {
		if c.Derived() != "" || crawl(t).Raw(c.Name) == nil {
			continue
		}
		_ = crawl(t).Raw(c.Name).Each(func(i int, x string, object []byte) bool {
			text := Read[Base](object).DateLastModified
			at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
			if err != nil {
				return true // judged by its form
			}
			_, offset := at.Zone()
			if offset == 0 {
				t.Examined(id, 1)
			} else {
				shown++
				t.Fail(id, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Expected: "a time in UTC: Z or +00:00",
					Seen: text[max(0, len(text)-6):], Where: x + " /dateLastModified",
					Exchanges: t.CrawlEvidenceIf(shown <= 3, c.Name, x)})
			}
			return true
		})
	}
	t.Lacks("no object has a dateLastModified that can be read", "Load some objects.", id)
}

func normalizedText(_ context.Context, t *T) {
	const id = "payload.normalized-text"
	for _, c := range t.Service.Collections {
		if c.Derived() != "" || crawl(t).Raw(c.Name) == nil || t.Service.Kinds[c.Kind].Labels == nil {
			continue
		}
		_ = crawl(t).Raw(c.Name).Each(func(i int, x string, object []byte) bool {
			members := Read[map[string]any](object)
			for _, name := range t.Service.Kinds[c.Kind].Labels {
				text, isText := members[name].(string)
				if !isText {
					continue
				}
				if !strings.ContainsAny(text, "\n\r\t") {
					t.Examined(id, 1)
					continue
				}
				t.Fail(id, harness.Finding{Sent: "GET /" + c.Name + " (the crawl)", Expected: "a label on one line, without tabs",
					Seen: "a line break or tab", Where: x + " /" + name,
					Exchanges: t.CrawlEvidence(c.Name, i)})
			}
			return i < memberSample
		})
	}
	t.Lacks("no object has a label", "Load some objects.", id)
}

func emptyList(ctx context.Context, t *T) {
	const id = "payload.empty-list"
	problems := 0
	for _, c := range t.Service.Collections {
		if !t.Session().Covers(c.List.ID) || c.List.Unpaged || problems > 1 {
			continue
		}
		op := c.List
		response := t.Get(ctx, op.Path, Query("limit", "10", "offset", "100000000"))
		if response.Problem != "" {
			problems++
		}
		if response.Status == http.StatusNoContent && response.Problem == "" {
			t.Fail(id, harness.Finding{Expected: fmt.Sprintf(`200 and {%q: []}`, op.Wrapper), Seen: "204 without a body", Where: "/" + op.Wrapper,
				Responses: []*harness.Response{response}})
			continue
		}
		if response.Status != 200 || response.Problem != "" {
			if t.ItsOwn(ctx, response, id) {
				t.NotTested(t.BlockedBy(pagingAt+"offset-past-end", response.Line()+": "+response.Summary(), response), id)
			}
			continue
		}
		objects, fault := takeList(response, op.Wrapper)
		if len(objects) > 0 || fault != "" {
			by := t.BlockedBy(pagingAt+"offset-past-end", response.Line()+" is not empty", response)
			if fault != "" {
				by = t.BlockedAt(response, fault)
			}
			t.NotTested(by, id)
			continue
		}
		envelope, _ := membersOf(response.Body)
		list := strings.TrimSpace(string(envelope[op.Wrapper]))
		t.Assert(id, strings.HasPrefix(list, "["),
			harness.Finding{Expected: fmt.Sprintf(`{%q: []}`, op.Wrapper), Seen: cmp.Or(list, "{}"), Where: "/" + op.Wrapper,
				Responses: []*harness.Response{response}})
	}
}
