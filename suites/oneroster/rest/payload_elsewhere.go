package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// elsewhereCheck holds the objects of single reads and of sub-collections to the
// same shapes as the listed ones: products often write them by other code.
func elsewhereCheck(s *service.Service) Check {
	var requirements []string
	for _, x := range payloadRules(s) {
		requirements = append(requirements, x.requirement)
	}
	return Check{
		ID: "payload.elsewhere", Title: "Objects read singly and in sub-collections have the form of the listed ones",
		Requirements: requirements, Labels: []string{"payload"}, Needs: inBody("objects, and parents with members"), Body: judgeElsewhere,
	}
}

// elsewhereLimit is how many objects of a sub-collection are looked at.
const elsewhereLimit = 25

func judgeElsewhere(ctx context.Context, t *T) {
	seen := map[string]*crawler{} // by kind, to count the members that were met
	problems := 0
	for _, op := range t.Service.Operations {
		if !t.Session().Covers(op.ID) || !op.Single && !op.Sub() || problems > 1 {
			continue
		}
		ids, ok := parentIDs(t, op)
		if !ok {
			continue
		}
		q := Query("limit", fmt.Sprint(elsewhereLimit))
		if op.Single {
			q = ""
		}
		response := t.Get(ctx, op.PathFor(ids...), q)
		if response.Problem != "" {
			problems++
		}
		objects := objectsOf(response, op)
		if seen[op.Kind] == nil {
			seen[op.Kind] = &crawler{}
		}
		for _, object := range objects[:min(len(objects), elsewhereLimit)] {
			seen[op.Kind].countMembers("", Read[map[string]any](object))
			seen[op.Kind].facts.Validated++
			judgeObject(t, op, response, object)
		}
	}
	for _, s := range payloadRules(t.Service) {
		looked := 0
		for kind, at := range s.about {
			c := seen[kind]
			if c == nil {
				continue
			}
			for _, pointer := range at {
				if pointer == "" {
					looked += c.facts.Validated
				} else {
					looked += c.facts.Members[pointer]
				}
			}
		}
		if id := s.requirement; looked > 0 {
			t.Examined(id, looked)
		} else {
			t.NotApplicable(id, "no object read singly or in a sub-collection has such a member")
		}
	}
}

// objectsOf takes the objects out of an answer; none where it is not usable,
// which is judged with the endpoints.
func objectsOf(response *harness.Response, op service.Operation) []json.RawMessage {
	if response.Problem != "" || response.Status != 200 {
		return nil
	}
	if !op.Single {
		objects, _ := takeList(response, op.Wrapper)
		return objects
	}
	object, fault := takeSingle(response, op.Wrapper)
	if fault != "" {
		return nil
	}
	return []json.RawMessage{object}
}

// judgeObject reports what is wrong with an object, unless the crawl showed the
// same wherever such objects are listed.
func judgeObject(t *T, op service.Operation, response *harness.Response, object []byte) {
	schema, err := schemas.Load(t.Service.Schema(op.Kind))
	if err != nil {
		panic(err) // embedded data; the crawl read it before
	}
	findings, err := schema.Validate(object)
	if err != nil {
		return
	}
	for _, f := range findings {
		fault := faultOf(t.Session().Redactor(), f)
		id := requirementFor(t.Service, op.Kind, fault)
		if !slices.Contains(t.Requirements(), id) || met(crawl(t).Facts(t.Service.CollectionOf(op.Kind).Name).Faults, fault) {
			continue
		}
		where := f.Pointer
		if !op.Single {
			where = SourcedID(object) + " " + f.Pointer
		}
		t.Fail(id, harness.Finding{Expected: f.Expected, Seen: fault.Seen + ", which /" + t.Service.CollectionOf(op.Kind).Name + " doesn't show",
			Where: where, Cause: f.Message,
			Responses: []*harness.Response{response}})
	}
}
