package harness

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
)

// errCut ends a body that is broken off on purpose.
var errCut = errors.New("broken off on purpose")

// unbuffered is how much Go's client holds back of a request: what of a body is sent before
// the connection breaks must be on its way, and not in a buffer that is thrown away.
const unbuffered = 16

// breakOff sends a request over a connection of its own and breaks it off where r.Cut says.
// It is always HTTP/1.1, of which a connection has one request at a time. Nobody waits for an
// answer, so that there is none.
func (c *client) breakOff(ctx context.Context, response *Response, request *http.Request, r Request) {
	transport := c.http.Transport.(*http.Transport).Clone()
	transport.WriteBufferSize, transport.ForceAttemptHTTP2 = unbuffered, false
	transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if transport.TLSClientConfig != nil {
		transport.TLSClientConfig.NextProtos = nil
	}
	defer transport.CloseIdleConnections()
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	response.Problem = "the connection was broken off on purpose, in the midst of the body"
	if r.Cut == CutBody {
		request.Body, request.GetBody = io.NopCloser(&cutBody{rest: r.Body[:len(r.Body)/2]}), nil
	} else {
		response.Problem = "the connection was broken off on purpose, before the answer was read"
		request.GetBody = nil
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				leave(errCut)
			}
		}})
	}
	got, err := transport.RoundTrip(request.WithContext(ctx))
	switch {
	case err == nil: // it answered without having heard all, or sooner than we could leave
		response.Status, response.Proto, response.Header = got.StatusCode, got.Proto, got.Header
		_ = got.Body.Close()
	case !errors.Is(err, errCut) && !errors.Is(context.Cause(ctx), errCut) && ctx.Err() == nil:
		// A server may break off first: it has a body that it can't use. What can't be reached
		// heard nothing at all.
		if problem, gone := transportProblem(err); gone {
			response.Problem, response.Unreachable = problem, true
		}
	}
}

// cutBody is a body that breaks off.
type cutBody struct{ rest []byte }

func (b *cutBody) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		return 0, errCut
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
