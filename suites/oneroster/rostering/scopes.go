package rostering

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// scopeChecks judge which operations each scope opens.
func scopeChecks() []harness.Check {
	c := func(name, title string, body func(context.Context, *harness.T), requirements ...string) harness.Check {
		for i := range requirements {
			requirements[i] = scopeAt + requirements[i]
		}
		return harness.Check{ID: "rostering.scope." + name, Title: title, Requirements: requirements, Labels: []string{"security", "scope"},
			Needs: "a client that can be granted less than everything, or core_client in target.yaml", Body: body}
	}
	return []harness.Check{
		c("core", "The core scope opens the core operations, and no others", scopeCore, "core", "core-only", "status"),
		c("full", "The full scope opens everything but demographics", scopeFull, "full", "demographics-needed"),
		c("demographics", "The demographics scope opens demographics, and nothing else", scopeDemographics, "demographics", "demographics-only"),
	}
}

// opens asks an operation with a token. It tells whether it was opened, and
// whether the answer tells at all: a provider that breaks down, or finds
// nothing, says nothing of scopes.
func opens(ctx context.Context, t *harness.T, op Operation, token string) (r *harness.Response, opened, told bool) {
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
	case r.Problem != "" || r.Status >= 500 || r.Status == 404:
		return r, false, false
	case r.Status == 200:
		_, fault := unwrapAny(r.Body)
		return r, fault == "", fault == "" // an HTML page or {} tells nothing
	case r.Status == 204 || r.Status >= 300 && r.Status < 400:
		return r, false, false
	}
	return r, false, true
}

// unwrapAny looks whether a body is a JSON object at all.
func unwrapAny(body []byte) (map[string]json.RawMessage, string) {
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, err.Error()
	}
	return envelope, ""
}

// matrix judges a token against all operations that a run covers: those that
// should opens must open, the rest must stay shut.
func matrix(ctx context.Context, t *harness.T, token string, should func(Operation) bool, openID, shutID string, mayShut func(Operation) bool) {
	problems := 0
	for _, op := range Operations() {
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
		if !opened && r.Status != 200 && t.Check().ID == "rostering.scope.core" {
			t.Assert(scopeAt+"status", r.Status == 403, harness.Finding{Expected: "403", Seen: r.Summary(), Where: op.Path, Responses: shown})
		}
	}
}

func unavailable(t *harness.T, why string) {
	for _, id := range t.Check().Requirements {
		t.Unsorted(id, why, narrowRemedy)
	}
}

func scopeCore(ctx context.Context, t *harness.T) {
	if t.NoTokenEndpoint() {
		return
	}
	token, why := narrow(ctx, t, "roster-core.readonly")
	if token == "" {
		unavailable(t, why)
		return
	}
	const core, only = scopeAt + "core", scopeAt + "core-only"
	matrix(ctx, t, token, Operation.Core, core, only, func(op Operation) bool { return op.Sub() })
	t.Unsorted(core, "no core operation answers", "Mend them first.")
	t.Unsorted(only, "no profile of this run covers sub-collections", "Add the profile or12-rostering-provider to target.yaml.")
	// Demographics tell the status of a refusal too, where nothing else does.
	if r, opened, told := opens(ctx, t, operation("getAllDemographics"), token); told && !opened {
		t.Assert(scopeAt+"status", r.Status == 403, harness.Finding{Expected: "403", Seen: r.Summary(), Where: "/demographics", Responses: []*harness.Response{r}})
	}
	t.Unsorted(scopeAt+"status", "nothing is refused for want of a scope", "Enforce scopes; it is listed as failed where it can be told.")
}

func scopeFull(ctx context.Context, t *harness.T) {
	if t.NoTokenEndpoint() {
		return
	}
	const full, needed = scopeAt + "full", scopeAt + "demographics-needed"
	if !t.Session().Covers("getStudentsForClass") && !t.Session().Covers("getAllDemographics") && !t.Session().Wants(full) {
		unavailable(t, "no profile of this run asks for the full scope")
		return
	}
	token, why := narrow(ctx, t, "roster.readonly")
	if token == "" {
		unavailable(t, why)
		return
	}
	matrix(ctx, t, token, func(op Operation) bool { return !op.Demographics() }, full, needed, Operation.Demographics)
	t.Unsorted(full, "no operation answers", "Mend them first.")
	t.Unsorted(needed, "demographics do not answer, or no profile of this run covers them", "Add the profile or12-demographics-provider to target.yaml.")
}

func scopeDemographics(ctx context.Context, t *harness.T) {
	if t.NoTokenEndpoint() {
		return
	}
	const opened, only = scopeAt + "demographics", scopeAt + "demographics-only"
	if !t.Session().Covers("getAllDemographics") {
		unavailable(t, "no profile of this run covers demographics")
		return
	}
	token, why := narrow(ctx, t, "roster-demographics.readonly")
	if token == "" {
		unavailable(t, why)
		return
	}
	matrix(ctx, t, token, Operation.Demographics, opened, only, func(op Operation) bool { return !op.Demographics() })
	t.Unsorted(opened, "demographics do not answer", "Mend them first.")
	if r, open, told := opens(ctx, t, operation("getAllOrgs"), token); told {
		t.Assert(only, !open, harness.Finding{Expected: "a refusal", Seen: fmt.Sprint(r.Summary()), Where: "/orgs", Responses: []*harness.Response{r}})
	}
	t.Unsorted(only, "no other operation answers", "Mend them first.")
}
