package platform

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// What the platform remembers is in a store, so that a restart takes nothing from
// anybody: who is signed in stays so, what was used once isn't good again, and its keys
// sign on.

const (
	sessionsKept   store.Collection = "platformSessions"
	launchesKept   store.Collection = "platformLaunches"
	assertionsKept store.Collection = "platformAssertions"
	tokensKept     store.Collection = "platformTokens"
	toolsKept      store.Collection = "platformTools" // registered by hand
	keysKept       store.Collection = "platformKeys"
	peopleKept     store.Collection = "platformPeople" // who came to courses and left them, beyond the SIS
)

// OpenStore opens a store for a platform and for what its services keep, by a DSN as
// store.Open takes it. Other roles may have the same.
func OpenStore(ctx context.Context, dsn string, services ...store.Collection) (store.Store, error) {
	return store.Open(ctx, dsn, append(services, sessionsKept, launchesKept, assertionsKept, tokensKept, toolsKept, keysKept, peopleKept)...)
}

// registerKept registers the tools that were registered by hand. Of one that the platform
// was given as well only the deployments are taken.
func (p *Platform) registerKept(ctx context.Context) error {
	err := p.c.Store.Scan(ctx, toolsKept, 0, 1<<31-1, func(_ store.Key, body []byte) error {
		var kept Registration
		if err := json.Unmarshal(body, &kept); err != nil {
			return err
		}
		t, given := p.tool(kept.ClientID)
		if !given {
			p.Register(kept)
			return nil
		}
		t.Deployments = slices.Clone(t.Deployments)
		for _, d := range kept.Deployments {
			if !slices.Contains(t.Deployments, d) {
				t.Deployments = append(t.Deployments, d)
			}
		}
		p.Register(t)
		return nil
	})
	if err != nil {
		return fmt.Errorf("registering the tools of the store: %w", err)
	}
	return nil
}

// keepTool has a tool that was registered by hand stay.
func (p *Platform) keepTool(ctx context.Context, t Registration) error {
	body, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("writing a registration: %w", err)
	}
	return p.c.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.Put(toolsKept, store.Document{SourcedID: t.ClientID, Body: body})
		return err
	})
}

// forgetful says that the store can't be reached. What is wrong with it is nobody's
// business who asks.
func (p *Platform) forgetful(w http.ResponseWriter) {
	p.problem(w, http.StatusServiceUnavailable, forgetfulText)
}

const forgetfulText = "The platform can't remember anything now; try again."
