package district

import (
	"context"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/web"
)

// bind listens for a role that browsers see, with its certificate if it has one.
func bind(ctx context.Context, address string, made *security.SelfMade) (*web.Server, error) {
	if made == nil {
		return web.Bind(ctx, address, nil)
	}
	return web.Bind(ctx, address, security.ServerTLS(made.Certificate))
}
