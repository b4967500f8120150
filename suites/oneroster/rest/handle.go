package rest

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// T is the handle of a check of a OneRoster service: that of the harness with the service
// that is judged. Requirements are named below the service, as paging.limit, so that the
// same check judges another one.
type T struct {
	*harness.T
	Service *service.Service

	spared  map[string]bool   // requirements that the service has nothing for
	alone   *harness.Obstacle // why the parents of a sub-collection are not known, where another service has them
	garbled *harness.Obstacle // that texts of a collection are no UTF-8, where that kept the check from trying them
}

// Check is one check of a service. Its id and its requirements are named below the service.
type Check struct {
	ID           string
	Title        string
	Requirements []string
	Labels       []string
	Needs        []Need
	Body         func(ctx context.Context, t *T)
}

// nothingFor lists the requirements that can't be broken, nor kept, by a service that has
// nothing of what they are about.
func nothingFor(s *service.Service) map[string]bool {
	out := map[string]bool{}
	without := func(absent bool, names ...string) {
		for _, name := range names {
			out[name] = absent
		}
	}
	derived := slices.ContainsFunc(s.Collections, func(c service.Collection) bool { return c.Part != nil })
	without(!derived, filterAt+"or-confined")
	without(!s.Has(service.Reference), filterAt+"nested", "references.members", "references.type", "references.href-absolute",
		"references.href-resolves", "references.href-object")
	without(!s.Has(service.Reference, service.Structure), "payload.objects")
	without(!s.Has(service.Date), filterAt+"date", "payload.dates")
	without(!s.Has(service.Boolean), filterAt+"boolean")
	without(!s.Has(service.Number), "payload.numbers")
	without(!s.Has(service.List), "payload.lists")
	subs := slices.ContainsFunc(s.Operations, service.Operation.Sub)
	without(!subs, pagingAt+"sub-collections", sortAt+"sub-collections", filterAt+"sub-collections", fieldsAt+"sub-collections",
		errorsAt+"unknown-parent")
	without(!subs && !derived, "identity.same-object")
	without(s.Scopes.Core == s.Scopes.Full, scopeAt+"core", scopeAt+"core-only")
	without(len(s.Writes) > 0, errorsAt+"write-refused")
	without(!s.Reads(), errorsAt+"unknown-object", errorsAt+"invalid-id", errorsAt+"code-unknown-object", errorsAt+"text-unknown-object",
		"identity.single", fieldsAt+"single", robustAt+"reserved-ids", robustAt+"encoded-ids")
	without(s.Content, filterAt+"sourced-id", filterAt+"date-time", filterAt+"date-time-forms", filterAt+"bare-date", "identity.unique",
		"payload.date-times", "payload.date-time-utc", "payload.metadata", "vocabulary.status", "lifecycle.delta", "lifecycle.delta-deleted",
		"lifecycle.modified-stable", "lifecycle.modified-not-future", "lifecycle.deleted-reachable", "lifecycle.deleted-listed")
	without(s.Most > 0, pagingAt+"limit-large", pagingAt+"end-visible")
	without(true, s.Without...)
	return out
}

// of makes the check one of a service.
func (c Check) of(s *service.Service) harness.Check {
	out := harness.Check{ID: s.Checks + "." + c.ID, Title: c.Title, Labels: c.Labels}
	spared := nothingFor(s)
	for _, name := range c.Requirements {
		if !spared[name] {
			out.Requirements = append(out.Requirements, s.Requirement(name))
		}
	}
	for _, n := range c.Needs {
		if need, concerns := n.of(s, spared); concerns {
			out.Needs = append(out.Needs, need)
		}
	}
	out.Body = func(ctx context.Context, t *harness.T) { c.Body(ctx, &T{T: t, Service: s, spared: spared}) }
	return out
}

// below takes the service's part off the ids of requirements.
func below(s *service.Service, ids []string) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = strings.TrimPrefix(id, s.Requirements+".")
	}
	return names
}

// whole gives the ids of requirements.
func (t *T) whole(names []string) []string {
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = t.Service.Requirement(name)
	}
	return ids
}

// kept leaves those requirements that the service has something for.
func (t *T) kept(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return t.spared[name] })
}

// Requirements are those of the check.
func (t *T) Requirements() []string { return below(t.Service, t.Check().Requirements) }

// Assert examines one thing, as harness.T does. What the service has nothing for is passed over, here
// and in what follows.
func (t *T) Assert(requirement string, ok bool, f harness.Finding) bool {
	if t.spared[requirement] {
		return ok
	}
	return t.T.Assert(t.Service.Requirement(requirement), ok, f)
}

// Examined adds n things that were looked at and found right.
func (t *T) Examined(requirement string, n int) {
	if t.spared[requirement] {
		return
	}
	t.T.Examined(t.Service.Requirement(requirement), n)
}

// Fail records a finding against requirement.
func (t *T) Fail(requirement string, f harness.Finding) {
	if t.spared[requirement] {
		return
	}
	t.T.Fail(t.Service.Requirement(requirement), f)
}

// NotApplicable says that the target doesn't claim the feature.
func (t *T) NotApplicable(requirement, reason string) {
	if t.spared[requirement] {
		return
	}
	t.T.NotApplicable(t.Service.Requirement(requirement), reason)
}

// Note adds a remark for the report that decides nothing.
func (t *T) Note(requirement, format string, args ...any) {
	if t.spared[requirement] {
		return
	}
	t.T.Note(t.Service.Requirement(requirement), format, args...)
}

// NotTested says that requirements could not be examined, and what they hang on; without
// any it speaks for all of the check.
func (t *T) NotTested(o harness.Obstacle, requirements ...string) {
	if kept := t.kept(requirements); len(kept) > 0 || len(requirements) == 0 {
		t.T.NotTested(o, t.whole(kept)...)
	}
}

// Met tells whether all is there that a requirement of the check needs.
func (t *T) Met(requirement string) bool { return t.T.Met(t.Service.Requirement(requirement)) }

// Ready tells whether a response that a check merely stands on is usable.
func (t *T) Ready(r *harness.Response, status int, requirements ...string) bool {
	return t.T.Ready(r, status, t.whole(t.kept(requirements))...)
}

// Looked tells whether anything was examined for a requirement.
func (t *T) Looked(requirement string) bool {
	return t.T.Looked(t.Service.Requirement(requirement))
}

// Wants tells whether the run asks for a requirement.
func (t *T) Wants(requirement string) bool {
	return t.Session().Wants(t.Service.Requirement(requirement))
}

// BlockedBy says that owner, another requirement of the service, is broken, and that
// nothing can be said of what stands on it.
func (t *T) BlockedBy(owner, reason string, responses ...*harness.Response) harness.Obstacle {
	return harness.BlockedBy(t.Service.Requirement(owner), reason, responses...)
}

// sample is the collection that is asked where any would do, other a second one: those that the
// description names, unless the profiles of the run cover others alone.
func (t *T) sample() service.Collection { return t.covered(t.Service.Samples.Collection, "") }
func (t *T) other() service.Collection {
	return t.covered(t.Service.Samples.Other, t.Service.Samples.Collection)
}

// covered gives the collection of that name where the run covers it, otherwise one that it does,
// but for the one called but, as far as there are others.
func (t *T) covered(name, but string) service.Collection {
	named := t.Service.Collection(name)
	if t.Session().Covers(named.ListID) {
		return named
	}
	spare := named
	for _, c := range t.Service.Collections {
		switch {
		case !t.Session().Covers(c.ListID):
		case c.Name != but:
			return c
		default:
			spare = c
		}
	}
	return spare
}

// property is one of the sample's that holds a text.
func (t *T) property() string {
	if t.sample().Name == t.Service.Samples.Collection {
		return t.Service.Samples.Property
	}
	return t.key() // which everything has
}
