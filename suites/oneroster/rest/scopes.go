package rest

import (
	"context"
	"fmt"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// scopeChecks judge which operations each scope opens. What stands apart from the full scope
// has a name, by which its requirements are called.
func scopeChecks(s *service.Service) []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = scopeAt + requirements[i]
		}
		return Check{ID: "scope." + name, Title: title, Requirements: requirements, Labels: []string{"security", "scope"},
			Needs: append([]Need{tokenEndpoint(), {Text: "a client that can be granted less than everything, or core_client in target.yaml"}}, needs...),
			Body:  body}
	}
	var out []Check
	if s.Scopes.Core != s.Scopes.Full {
		out = append(out, c("core", "The core scope opens the core operations, and no others", nil, scopeCore, "core", "core-only", "status",
			"challenge"))
	}
	if other := s.Scopes.Other; other != "" {
		out = append(out, c("other", "The scope "+other+" opens nothing here", nil, scopeOther, "other", "status", "challenge"))
	}
	beside := s.Scopes.Beside
	if s.Scopes.Core == s.Scopes.Full {
		return append(out, c("full", "The one scope opens everything", nil, scopeFull, "full"))
	}
	if beside == "" {
		return append(out, c("full", "The full scope opens everything", beyondCore(s), scopeFull, "full"))
	}
	return append(out,
		c("full", "The full scope opens everything but "+beside, beyondCore(s), scopeFull, "full", beside+"-needed"),
		c(beside, fmt.Sprintf("The %s scope opens %s, and nothing else", beside, beside),
			[]Need{Covered(s.Collection(beside).ListID, beside)}, scopeApart, beside, beside+"-only"),
	)
}

// opens asks an operation with a token. It tells whether it was opened, and
// whether the answer tells at all: a provider that breaks down, or finds
// nothing, says nothing of scopes.
func opens(ctx context.Context, t *T, op service.Operation, token string) (r *harness.Response, opened, told bool) {
	ids, ok := parentIDs(t, op)
	if !ok {
		return nil, false, false
	}
	path := op.PathFor(ids...)
	if !op.Single {
		path += "?limit=1"
	}
	r = withToken(ctx, t, path, token)
	switch {
	case r.Problem == "" && r.Status == 200:
		if members, fault := membersOf(r.Body); fault == "" && len(members) > 0 {
			return r, true, true
		}
	case r.Problem == "" && r.Status >= 400 && r.Status < 500 && r.Status != 404 && r.Status != 429:
		// What nobody can open is shut by something else than a scope. A 403 says so
		// by itself, where the collection could be crawled: asking again with the
		// session's token would end this one where a new token ends the older.
		if _, shut := broken(t, rootOf(t, r)); r.Status == 403 && !shut {
			return r, false, true
		}
		if plain := control(ctx, t, r); !plain.OK() {
			r = plain.Response
			break
		}
		return r, false, true
	}
	t.Hinders(r) // an HTML page, nothing found, a broken server tell nothing of scopes
	return r, false, false
}

// judgeScopeAccess judges a token against all operations that a run covers: those that
// should opens must open, the rest must stay shut.
func judgeScopeAccess(
	ctx context.Context, t *T, token string, should func(service.Operation) bool, openID, shutID string, mayShut func(service.Operation) bool,
) {
	problems := 0
	for _, op := range t.Service.Operations {
		if !t.Session().Covers(op.ID) || problems > 2 {
			continue
		}
		if !should(op) && (shutID == "" || !mayShut(op)) {
			continue
		}
		r, opened, told := opens(ctx, t, op, token)
		if r != nil && r.Problem != "" {
			problems++
		}
		if !told {
			continue // the endpoint's own requirement judges that answer
		}
		shown := []*harness.Response{r}
		if should(op) {
			t.Assert(openID, opened, harness.Finding{Expected: "200", Seen: r.Summary(), Where: op.Path, Responses: shown})
			continue
		}
		t.Assert(shutID, !opened, harness.Finding{Expected: "a refusal", Seen: r.Summary(), Where: op.Path, Responses: shown})
		if !opened && r.Status != 200 && (shutID == scopeAt+"core-only" || shutID == scopeAt+"other") {
			t.Assert(scopeAt+"status", r.Status == 403, harness.Finding{Expected: "403", Seen: r.Summary(), Where: op.Path, Responses: shown})
			judgeChallenge(t, scopeAt+"challenge", r)
		}
	}
}

func unavailable(t *T, scope, why string) {
	t.NotTested(harness.Unconfigured(why, narrowRemedy(t, scope)))
}

func scopeCore(ctx context.Context, t *T) {
	token, why := narrow(ctx, t, t.Service.Scopes.Core)
	if token == "" {
		unavailable(t, t.Service.Scopes.Core, why)
		return
	}
	const core, only = scopeAt + "core", scopeAt + "core-only"
	judgeScopeAccess(ctx, t, token, service.Operation.Core, core, only, func(op service.Operation) bool { return op.Sub() })
	t.Lacks("no core operation is covered by the profiles of this run, or there is nothing to read", "Load some objects.", core)
	if !t.Session().Covers(t.Service.Samples.Sub.Operation) {
		t.Outside("sub-collections", only)
	}
	t.Lacks("there is nothing that more than the core scope would open", t.Service.Words.BeyondLoad, only)
	if t.Service.Scopes.Beside == "" && !t.Session().Covers(t.Service.Samples.Sub.Operation) {
		t.Outside("what the core scope doesn't open", scopeAt+"status", scopeAt+"challenge")
		return
	}
	open := statusApart(ctx, t, token)
	if !t.Blocked(scopeAt + "status") {
		t.Settle(t.BlockedBy(only, "nothing is refused for want of a scope", open), scopeAt+"status")
	}
	unchallenged(t, scopeAt+"challenge")
}

// scopeOther asks with a token that opens operations of another service below the same base
// URL, and none of this one.
func scopeOther(ctx context.Context, t *T) {
	const only = scopeAt + "other"
	other := t.Service.Scopes.Other
	token, why := narrow(ctx, t, other)
	if token == "" {
		unavailable(t, other, why)
		return
	}
	nothing := func(service.Operation) bool { return false }
	judgeScopeAccess(ctx, t, token, nothing, "", only, func(op service.Operation) bool { return !op.Sub() })
	t.Lacks("there is nothing to read", "Load some objects.", only)
	if !t.Blocked(scopeAt + "status") {
		t.Settle(t.BlockedBy(only, "nothing is refused for want of a scope"), scopeAt+"status")
	}
	unchallenged(t, scopeAt+"challenge")
}

// statusApart asks for what stands apart with a token for the core alone: it tells the
// status of a refusal too, where nothing else does. It gives the answer of what was open
// all the same.
func statusApart(ctx context.Context, t *T, token string) (open *harness.Response) {
	beside := t.Service.Scopes.Beside
	if beside == "" {
		return nil
	}
	apart := t.Service.Collection(beside).List
	r, opened, told := opens(ctx, t, apart, token)
	switch {
	case told && opened:
		return r
	case told:
		t.Assert(scopeAt+"status", r.Status == 403,
			harness.Finding{Expected: "403", Seen: r.Summary(), Where: apart.Path, Responses: []*harness.Response{r}})
		judgeChallenge(t, scopeAt+"challenge", r)
	}
	return nil
}

// beyondCore needs a profile that covers more than the core scope opens.
func beyondCore(s *service.Service) []Need {
	return []Need{{
		Text: "a profile that covers what the full scope opens",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			beside := s.Scopes.Beside
			covered := t.Session().Covers(s.Samples.Sub.Operation) || beside != "" && t.Session().Covers(s.Collection(beside).ListID)
			return uncovered("what the full scope opens"), !covered && !t.Wants(scopeAt+"full")
		},
	}}
}

func scopeFull(ctx context.Context, t *T) {
	const full = scopeAt + "full"
	beside, needed, covered := t.Service.Scopes.Beside, "", false
	if beside != "" {
		needed, covered = scopeAt+beside+"-needed", t.Session().Covers(t.Service.Collection(beside).ListID)
	}
	token, why := narrow(ctx, t, t.Service.Scopes.Full)
	if token == "" {
		unavailable(t, t.Service.Scopes.Full, why)
		return
	}
	judgeScopeAccess(ctx, t, token, func(op service.Operation) bool { return !op.Apart() }, full, needed, service.Operation.Apart)
	t.Lacks("there is nothing to read", "Load some objects.", full)
	if beside == "" {
		return
	}
	if !covered {
		t.Outside(beside, needed)
	}
	t.Lacks("there are no "+beside+" to read", "Load a "+beside+" record.", needed)
}

func scopeApart(ctx context.Context, t *T) {
	beside := t.Service.Scopes.Beside
	opened, only := scopeAt+beside, scopeAt+beside+"-only"
	token, why := narrow(ctx, t, t.Service.Scopes.Apart)
	if token == "" {
		unavailable(t, t.Service.Scopes.Apart, why)
		return
	}
	judgeScopeAccess(ctx, t, token, service.Operation.Apart, opened, only, func(op service.Operation) bool { return !op.Apart() })
	t.Lacks("there are no "+beside+" to read", "Load a "+beside+" record.", opened)
	named := t.Service.Collection(t.Service.Samples.Collection).List // whatever the profiles of the run cover
	if r, open, told := opens(ctx, t, named, token); told {
		t.Assert(only, !open,
			harness.Finding{Expected: "a refusal", Seen: r.Summary(), Where: named.Path, Responses: []*harness.Response{r}})
	}
	t.Lacks("there is nothing else to read", "Load some objects.", only)
}
