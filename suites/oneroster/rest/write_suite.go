package rest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const writeAt = "write."

// WriteSuite makes the suite that judges what a service does with PUT, POST and DELETE. It
// is one of its own, so that it comes when those that read are through: what they compute
// from a crawl would be wrong where somebody writes meanwhile.
func WriteSuite(p Provider) harness.Suite {
	of := p.Service
	access := oneroster.Access()
	access.Signed = of.Signed
	suite := harness.Suite{
		ID:       "oneroster." + of.Name + "-push",
		Title:    p.Title,
		Role:     "provider",
		Profiles: p.Profiles,
		Section:  oneroster.New,
		Access:   access,
		Service:  harness.ServiceURL(of.Key, p.Address),
		Owner:    func(s *harness.Session, r *harness.Response) string { return of.Requirement(owner(of, s, s.Base, r)) },
		Scopes:   scopes,
		Doctor:   func(ctx context.Context, s *harness.Session) []harness.Diagnosis { return writeDoctor(ctx, of, s) },
	}
	for _, c := range writeChecks(of) {
		suite.Checks = append(suite.Checks, c.of(of))
	}
	return suite
}

// writeChecks lists the checks of what a service writes.
func writeChecks(of *service.Service) []Check {
	c := func(name, title string, body func(context.Context, *desk), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = writeAt + requirements[i]
		}
		return Check{ID: "write." + name, Title: title, Requirements: requirements, Labels: []string{"write"},
			Needs: []Need{writesAllowed()}, Body: atDesk(body)}
	}
	created := []string{"put-accepted", "put-status", "stored", "references", "listed"}
	if slices.ContainsFunc(of.Operations, service.Operation.Sub) {
		created = append(created, "sub-listed")
	}
	list := []Check{
		c("create", "What is put can be read again", createdByPut, created...),
		c("replace", "What is put again is replaced whole", replacedByPut, "replace-accepted", "replace-status", "replaced", "replaced-whole",
			"idempotent", "modified"),
		c("invalid", "What can't be is refused, and nothing of it is stored", refusedWrites, "unknown-member", "missing-member",
			"impossible-value", "foreign-reference", "id-mismatch", "truncated", "not-stored", "served-valid", "refusal-status",
			"refusal-info", "server-error"),
		c("concurrent", "Twenty writers at once lose nothing", concurrentPuts, "concurrent", "concurrent-same"),
		c("interrupted", "A write that breaks off is done whole or not at all, and can be done again", interruptedWrites, "interrupted-whole",
			"interrupted-again"),
		c("delete", "What is deleted is gone", deleted, "delete-accepted", "delete-status", "deleted", "delete-unknown", "delete-in-use"),
		c("scope", "Each scope opens what it is for", writeScopes, "scope-opens", "scope-denied", "scope-status", "token-needed"),
	}
	some := func(has func(*service.Kind) []service.Member) bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(of.Kinds)), func(k *service.Kind) bool { return len(has(k)) > 0 })
	}
	if some(extensible) && !slices.Contains(of.Without, "write.terms") {
		list = append(list, c("terms", "What is put with a term of one's own can be read again", termsByPut, "terms"))
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(of.Kinds)), func(kind string) bool { return len(moves(of, kind)) > 0 }) {
		list = append(list, c("moved", "What refers to another object goes over to its sub-collection", movedByPut, "moved"))
	}
	if some(sets) {
		list = append(list, c("sets", "What is put of lists within an object can be read again", setsByPut, "sets", "stored"))
	}
	if of.Scopes.Post != "" {
		list = append(list, c("post", "What is posted is stored under the ids that are told", postedSets, "post-accepted", "post-pairs",
			"post-stored", "post-session", "post-unknown-parent"))
	}
	return list
}

// writesAllowed needs leave to write.
func writesAllowed() Need {
	return Need{
		Text: "writes: true in target.yaml, and a class that may be written to",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			o := harness.Unconfigured("the target file doesn't allow that anything is written",
				"Set oneroster.writes to true, and oneroster.writable.class to a class that may be written to.")
			return o, !oneroster.Of(t.Session().Target).Writes
		},
	}
}

// writeDoctor reads one of the collections that are written to.
func writeDoctor(ctx context.Context, of *service.Service, s *harness.Session) []harness.Diagnosis {
	op := of.Collection(of.Samples.Written).List
	page := TakeApart(s.Do(ctx, harness.Request{URL: address(s.Base, op.Path, Query("limit", "1"))}), op.Wrapper)
	d := harness.Diagnosis{Name: "to be written to: " + op.Path, OK: true, Detail: "can be read"}
	if !page.OK() {
		d.OK, d.Detail = false, page.Why()
		d.Remedy = fmt.Sprintf("Open %s with a token of your own and look; what is written can't be read back.", page.URL)
	}
	if fault, nothing := s.Everywhere("collection", of.Words.Data+" objects", of.Path, []*harness.Response{page.Response}); nothing {
		return []harness.Diagnosis{fault}
	}
	return []harness.Diagnosis{d}
}

// writeOwner names the requirement that governs the answer to a method that writes.
func writeOwner(method string) string {
	switch method {
	case "POST":
		return writeAt + "post-accepted"
	case "DELETE":
		return writeAt + "delete-accepted"
	}
	return writeAt + "put-accepted"
}
