package district

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"

	"github.com/rollcall-edu/rollcall/reference/security"
)

// silent swallows what the HTTP server says of connections that browsers break.
var silent = log.New(io.Discard, "", 0)

func listen(ctx context.Context, address string, made *security.SelfMade) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	if made != nil {
		l = tls.NewListener(l, security.ServerTLS(made.Certificate))
	}
	return l, nil
}
