package district

import (
	"context"
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/competency"
	"github.com/rollcall-edu/rollcall/reference/fault/casefault"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// CaseOptions say how the reference's CASE server is run. The zero value lets everybody read
// on a free port of 127.0.0.1.
type CaseOptions struct {
	Listen  string // zero: 127.0.0.1:0
	BaseURL string // what addresses begin with, where clients reach it by another name
	Token   string // lets in who presents it, and nobody else; empty: everybody
	Faults  []string
	TLS     *security.SelfMade // nil: plain http
	// Around is put around everything that is served; nil is nothing.
	Around func(http.Handler) http.Handler
}

// Case is a running CASE server.
type Case struct {
	Origin string
	URL    string // of CASE 1.1: what stands before /CFItems
	Old    string // of CASE 1.0
	server *web.Server
}

// StartCase serves the frameworks that assessments are aligned to, until Close, or until ctx
// ends.
func StartCase(ctx context.Context, o CaseOptions) (*Case, error) {
	bent, err := casefault.Kind.Of(o.Faults...)
	if err != nil {
		return nil, err
	}
	s, err := competency.New(bent.Bend(competency.Config{BaseURL: o.BaseURL, Token: o.Token}))
	if err != nil {
		return nil, err
	}
	listen := o.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	server, err := bind(ctx, listen, o.TLS)
	if err != nil {
		return nil, err
	}
	handler := bent.Wrap(s)
	if o.Around != nil {
		handler = o.Around(handler)
	}
	server.Serve(ctx, handler)
	c := &Case{Origin: server.Origin, server: server}
	base := o.BaseURL
	if base == "" {
		base = c.Origin
	}
	c.URL, c.Old = base+competency.V1p1.BasePath(), base+competency.V1p0.BasePath()
	return c, nil
}

// Wait returns when the server has ended.
func (c *Case) Wait() error { return c.server.Wait() }

// Close ends the server.
func (c *Case) Close() error { return c.server.Close() }
