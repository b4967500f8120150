package district

import (
	"context"
	"errors"
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/fault/toolfault"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// ToolOptions say how the reference tool is run. The zero value listens on a free
// port of 127.0.0.1 and is seen as https://tool.localhost.
type ToolOptions struct {
	Listen    string
	Host      string // name under which browsers see it; tool.localhost by default
	Origin    string // as browsers see it, where that differs altogether
	Platforms []tool.Platform
	Faults    []string
	TLS       *security.SelfMade // nil: plain http
	TrustPEM  []byte             // authorities of platforms
	DB        string             // store DSN; empty: memory
	Catalog   *client.Catalog    // that those who pick content search; nil: there is none
	// Bend changes what the tool is made of, Around is put around everything that is served; nil is nothing.
	Bend   func(*tool.Config)              `json:"-"`
	Around func(http.Handler) http.Handler `json:"-"`
}

// Tool is a running reference tool.
type Tool struct {
	*tool.Tool
	Origin string
	server *web.Server
	store  store.Store
}

// StartTool serves the reference tool until Close, or until ctx ends.
func StartTool(ctx context.Context, o ToolOptions) (*Tool, error) {
	if o.Host == "" {
		o.Host = "tool.localhost"
	}
	bent, err := toolfault.Kind.Of(o.Faults...)
	if err != nil {
		return nil, err
	}
	kept, err := tool.OpenStore(ctx, o.DB)
	if err != nil {
		return nil, err
	}
	server, err := bind(ctx, o.Listen, o.TLS)
	if err != nil {
		kept.Close()
		return nil, err
	}
	if o.Origin == "" {
		o.Origin = server.Named(o.Host)
	}
	c := tool.Config{Origin: o.Origin, Platforms: o.Platforms, HTTP: security.LoopbackClient(o.TrustPEM), Store: kept}
	if o.Catalog != nil {
		if c.Catalog, err = client.New(*o.Catalog); err != nil {
			server.Close()
			kept.Close()
			return nil, err
		}
	}
	c = bent.Bend(c)
	if o.Bend != nil {
		o.Bend(&c)
	}
	t, err := tool.New(ctx, c)
	if err != nil {
		server.Close()
		kept.Close()
		return nil, err
	}
	handler := bent.Wrap(t.Handler())
	if o.Around != nil {
		handler = o.Around(handler)
	}
	server.Serve(ctx, handler)
	return &Tool{Tool: t, Origin: o.Origin, server: server, store: kept}, nil
}

// Wait returns when the tool has ended.
func (t *Tool) Wait() error { return t.server.Wait() }

// Close ends the tool and its store.
func (t *Tool) Close() error { return errors.Join(t.server.Close(), t.store.Close()) }
