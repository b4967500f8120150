package rostering

import (
	"context"
	"fmt"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// scopeChecks judge which operations each scope opens.
func scopeChecks() []Check {
	c := func(name, title string, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = scopeAt + requirements[i]
		}
		return Check{ID: "scope." + name, Title: title, Requirements: requirements, Labels: []string{"security", "scope"},
			Needs: "a client that can be granted less than everything, or core_client in target.yaml", Body: body}
	}
	return []Check{
		c("core", "The core scope opens the core operations, and no others", scopeCore, "core", "core-only", "status", "challenge"),
		c("full", "The full scope opens everything but demographics", scopeFull, "full", "demographics-needed"),
		c("demographics", "The demographics scope opens demographics, and nothing else", scopeDemographics, "demographics", "demographics-only"),
	}
}

// opens asks an operation with a token. It tells whether it was opened, and
// whether the answer tells at all: a provider that breaks down, or finds
// nothing, says nothing of scopes.
func opens(ctx context.Context, t *T, op Operation, token string) (r *harness.Response, opened, told bool) {
	ids, ok := parentIDs(roster(t), op)
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

// matrix judges a token against all operations that a run covers: those that
// should opens must open, the rest must stay shut.
func matrix(ctx context.Context, t *T, token string, should func(Operation) bool, openID, shutID string, mayShut func(Operation) bool) {
	problems := 0
	for _, op := range t.service.Operations {
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
		if !opened && r.Status != 200 && shutID == scopeAt+"core-only" {
			t.Assert(scopeAt+"status", r.Status == 403, harness.Finding{Expected: "403", Seen: r.Summary(), Where: op.Path, Responses: shown})
			judgeChallenge(t, scopeAt+"challenge", r)
		}
	}
}

func unavailable(t *T, scope, why string) {
	t.NotTested(harness.Unconfigured(why, narrowRemedy(t, scope)))
}

func scopeCore(ctx context.Context, t *T) {
	if t.NoTokenEndpoint() {
		return
	}
	token, why := narrow(ctx, t, "roster-core.readonly")
	if token == "" {
		unavailable(t, "roster-core.readonly", why)
		return
	}
	const core, only = scopeAt + "core", scopeAt + "core-only"
	matrix(ctx, t, token, Operation.Core, core, only, func(op Operation) bool { return op.Sub() })
	lacks(t, "no core operation is covered by the profiles of this run, or there is nothing to read", "Load some objects.", core)
	if !t.Session().Covers("getClassesForSchool") {
		outside(t, "sub-collections", only)
	}
	lacks(t, "there is nothing that more than the core scope would open", "Load classes and enrollments.", only)
	// Demographics tell the status of a refusal too, where nothing else does.
	var open *harness.Response
	if r, opened, told := opens(ctx, t, t.service.Operation("getAllDemographics"), token); told && opened {
		open = r
	} else if told {
		t.Assert(scopeAt+"status", r.Status == 403, harness.Finding{Expected: "403", Seen: r.Summary(), Where: "/demographics", Responses: []*harness.Response{r}})
		judgeChallenge(t, scopeAt+"challenge", r)
	}
	if !hindered(t, scopeAt+"status") {
		settle(t, t.BlockedBy(only, "nothing is refused for want of a scope", open), scopeAt+"status")
	}
	unchallenged(t, scopeAt+"challenge")
}

func scopeFull(ctx context.Context, t *T) {
	if t.NoTokenEndpoint() {
		return
	}
	const full, needed = scopeAt + "full", scopeAt + "demographics-needed"
	if !t.Session().Covers("getStudentsForClass") && !t.Session().Covers("getAllDemographics") && !t.Wants(full) {
		outside(t, "what the full scope opens")
		return
	}
	token, why := narrow(ctx, t, "roster.readonly")
	if token == "" {
		unavailable(t, "roster.readonly", why)
		return
	}
	matrix(ctx, t, token, func(op Operation) bool { return !op.Apart() }, full, needed, Operation.Apart)
	lacks(t, "there is nothing to read", "Load some objects.", full)
	if !t.Session().Covers("getAllDemographics") {
		outside(t, "demographics", needed)
	}
	lacks(t, "there are no demographics to read", "Load a demographics record.", needed)
}

func scopeDemographics(ctx context.Context, t *T) {
	if t.NoTokenEndpoint() {
		return
	}
	const opened, only = scopeAt + "demographics", scopeAt + "demographics-only"
	if !t.Session().Covers("getAllDemographics") {
		outside(t, "demographics")
		return
	}
	token, why := narrow(ctx, t, "roster-demographics.readonly")
	if token == "" {
		unavailable(t, "roster-demographics.readonly", why)
		return
	}
	matrix(ctx, t, token, Operation.Apart, opened, only, func(op Operation) bool { return !op.Apart() })
	lacks(t, "there are no demographics to read", "Load a demographics record.", opened)
	if r, open, told := opens(ctx, t, t.service.Operation("getAllOrgs"), token); told {
		t.Assert(only, !open, harness.Finding{Expected: "a refusal", Seen: fmt.Sprint(r.Summary()), Where: "/orgs", Responses: []*harness.Response{r}})
	}
	lacks(t, "there is nothing else to read", "Load some objects.", only)
}
