package rest

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// writeScopes tries every operation with tokens for one scope alone: those of the service,
// and those of services beside it, which open nothing here.
func writeScopes(ctx context.Context, d *desk) {
	g := &scopeGrid{desk: d, parents: map[string]map[string]any{}, victims: map[string]string{}}
	for _, kind := range d.kinds() {
		_, object, r, ok := d.make(ctx, kind)
		if !ok {
			d.NotTested(d.refused(r))
			return
		}
		g.parents[kind] = object
	}
	_, _ = d.findSession(ctx) // without one nothing is posted below a session
	kind := d.kinds()[0]
	put := d.of(http.MethodPut, kind)
	bare := d.put(ctx, kind, newID(), g.parents[kind], "")
	if !Between(bare) {
		d.Assert(writeAt+"token-needed", bare.Status == http.StatusUnauthorized,
			harness.Finding{Expected: "401", Seen: bare.Summary(), Where: "PUT " + put.Path + " without a token", Responses: at(bare)})
	}
	own := d.Service.Scopes.All()
	for _, scope := range slices.Concat(own, service.ScopesBeside(d.Service)) {
		token, why := narrow(ctx, d.T, scope)
		if token == "" {
			if slices.Contains(own, scope) { // what the client isn't registered for beside it needn't be had
				d.NotTested(harness.Unconfigured(why, narrowRemedy(d.T, scope)), writeAt+"scope-opens", writeAt+"scope-denied", writeAt+"scope-status")
			}
			continue
		}
		if o, is := g.row(ctx, scope, token); is {
			d.NotTested(o)
			return
		}
	}
	d.rest(writeAt + "scope-denied")
}

// scopeGrid is each scope with each operation.
type scopeGrid struct {
	*desk
	parents map[string]map[string]any // an object of each kind, that tells what paths go through
	victims map[string]string         // one of each kind to which nothing refers, to be read and deleted
}

// row tries all operations with a token for one scope. It fails where the objects can't be
// made that it takes.
func (g *scopeGrid) row(ctx context.Context, scope, token string) (harness.Obstacle, bool) {
	for _, op := range slices.Concat(g.Service.Operations, g.Service.Writes) {
		object := g.parents[op.Kind]
		parents, known := g.parentsOf(op, object)
		if op.Sub() && !known {
			continue
		}
		opens := slices.Contains(op.Scopes, scope)
		var r *harness.Response
		switch {
		case op.Method == http.MethodPut:
			id := newID()
			r = g.put(ctx, op.Kind, id, g.object(op.Kind, id, true), token)
		case op.Method == http.MethodPost:
			r = g.post(ctx, op, parents, []map[string]any{g.object(op.Kind, "rollcall-1", true)}, token)
		case op.Sub() && opens: // what is read is for those who judge reads
			continue
		case !op.Single:
			r = withToken(ctx, g.T, op.PathFor(parents...)+"?limit=1", token)
		default:
			victim, refused := g.victim(ctx, op.Kind)
			if refused != nil {
				return g.refused(refused), true
			}
			if op.Method == http.MethodDelete {
				r = g.send(ctx, http.MethodDelete, op.PathFor(victim), nil, token)
				if accepted(r) {
					delete(g.victims, op.Kind)
				}
			} else {
				r = withToken(ctx, g.T, op.PathFor(victim), token)
			}
		}
		g.cell(op, scope, opens, r)
	}
	return fine()
}

// victim gives an object of a kind to which nothing refers.
func (g *scopeGrid) victim(ctx context.Context, kind string) (id string, refused *harness.Response) {
	if g.victims[kind] == "" {
		id, _, r, ok := g.make(ctx, kind)
		if !ok {
			return "", r
		}
		g.victims[kind] = id
	}
	return g.victims[kind], nil
}

// cell judges what one operation answered to a token for one scope.
func (g *scopeGrid) cell(op service.Operation, scope string, opens bool, r *harness.Response) {
	if Between(r) || r.Status >= 500 {
		g.Hinders(r)
		return
	}
	method := op.Method
	if method == "" {
		method = http.MethodGet
	}
	where := fmt.Sprintf("%s %s with %s", method, op.Path, scope)
	if opens {
		// What is refused for something else is none of the scope's.
		shut := r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden
		g.Assert(writeAt+"scope-opens", !shut, harness.Finding{Expected: "that " + scope + " opens it", Seen: r.Summary(), Where: where,
			Responses: at(r)})
		return
	}
	g.Assert(writeAt+"scope-denied", r.Status >= 300,
		harness.Finding{Expected: "a refusal, for the token has " + scope + " alone", Seen: r.Summary(), Where: where, Responses: at(r)})
	if r.Status >= 300 {
		g.Assert(writeAt+"scope-status", r.Status == http.StatusForbidden,
			harness.Finding{Expected: "403", Seen: r.Summary(), Where: where, Responses: at(r)})
	}
}
