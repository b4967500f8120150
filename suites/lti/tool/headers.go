package tool

import (
	"context"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// headers is the check of keys that the header of a token leads to.
func headers() []harness.Check {
	return []harness.Check{{ID: "tool.key-addresses", Title: "Fetches no key from an address that the token names", Needs: opening(),
		Body: keyAddresses, Requirements: refusals("refuse.key-in-header", "refuse.header-fetched")}}
}

// keyAddresses signs with a key that nobody published, and has the header lead to it:
// a tool must not use it, and had better not ask for it, for the address may be one
// that only the tool can reach.
func keyAddresses(ctx context.Context, t *harness.T) {
	j, control := controlled(ctx, t)
	if control == nil {
		return
	}
	for _, x := range []struct{ name, form string }{{"jku", "keys"}, {"x5u", "certificate"}} {
		l := Launch{
			ID:     "header." + x.name,
			Title:  x.name + " leads to the key",
			User:   "learner",
			Key:    "unpublished",
			Header: map[string]any{x.name: "$issuer/stolen/$hint/" + x.form},
		}
		s := j.launch(ctx, l)
		j.judgeRefusal(t, Prefix+"refuse.key-in-header", l, s, control)
		id := Prefix + "refuse.header-fetched"
		if !s.answered() {
			t.NotTested(j.halted(t, s, l.Title), id)
			continue
		}
		s.attempt.mu.Lock()
		fetched := s.attempt.fetched
		s.attempt.mu.Unlock()
		t.Assert(id, fetched == 0, harness.Finding{
			Sent:     "launch: " + l.Title,
			Expected: "nobody asks for the address",
			Seen:     "the tool asked for it",
			Where:    x.name + " in the header of the token",
		})
	}
}
