package harness

import (
	"context"
	"net/http"
)

// Elsewhere is an address in a section of the target file that belongs to somebody whom
// nobody judges, and who is asked for what the product refers to. Its origin is none of the
// product's: nothing that the product is to see goes there.
type Elsewhere string

// Elsewhere sends a request to such an address and records the exchange as evidence of this
// check. The request carries what its own Header has, and nothing else: no token of the
// session, none of the target file's own headers. It follows no redirect, waits for nobody
// who is busy, and asks once; what goes wrong there says nothing of the target. It never
// returns nil.
func (t *T) Elsewhere(ctx context.Context, r Request) *Response {
	r.Auth, r.Follow = AuthNone, false
	return t.session.elsewhere.once(ctx, r, t.kept)
}

// Elsewhere sends such a request outside of any check, for the doctor; the exchange is not kept.
func (s *Session) Elsewhere(ctx context.Context, r Request) *Response {
	r.Auth, r.Follow = AuthNone, false
	return s.elsewhere.once(ctx, r, nil)
}

// elsewhereClient makes the client for those requests: its evidence is that of the session.
func (s *Session) elsewhereClient() *client {
	budgets := s.client.budgets
	budgets.Patience = 0
	return &client{
		http:     &http.Client{Transport: s.client.http.Transport},
		budgets:  budgets,
		headers:  http.Header{},
		recorder: s.client.recorder,
	}
}
