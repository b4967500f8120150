package browser

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
)

// Some browsers keep no cookie at all for a site in a frame, not even one of its own for
// that frame. Chromium has no such setting, so a page is made so: requests go out by Fetch,
// which has no cookies, and what comes back is shown without those that it sets.

// Cookieless has a page keep cookies of one site alone.
type Cookieless struct {
	Own string // address of the site whose cookies are kept
	// Fetch makes a request, and follows no redirect.
	Fetch func(ctx context.Context, method, address string, header http.Header, body []byte) (
		status int, answer http.Header, content []byte, err error)
}

func (p *Page) withoutCookies() error {
	return first(
		func() error {
			return do(p, emulation.SetDocumentCookieDisabled, emulation.SetDocumentCookieDisabledParams{Disabled: true})
		},
		func() error {
			return do(p, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "http*"}}})
		})
}

// ownHeaders are headers that belong to a connection, or that Fetch makes itself.
var ownHeaders = []string{"Cookie", "Accept-Encoding", "Content-Length", "Host", "Connection"}

// notShown are headers that a page without cookies doesn't get, or that were true of the
// content as it came.
var notShown = []string{"Set-Cookie", "Content-Encoding", "Content-Length", "Transfer-Encoding", "Connection"}

// instead makes a request that the page waits for.
func (p *Page) instead(e *fetch.EventRequestPaused) {
	c := p.o.Cookieless
	if strings.HasPrefix(e.Request.URL, c.Own+"/") {
		_ = do(p, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID}) // the page may be gone
		return
	}
	header := headers(e.Request.Headers)
	for _, name := range ownHeaders {
		header.Del(name)
	}
	var body []byte
	for _, part := range e.Request.PostDataEntries {
		body = append(body, part.Bytes...)
	}
	address, _, _ := strings.Cut(e.Request.URL, "#")
	status, answer, content, err := c.Fetch(p.ctx, e.Request.Method, address, header, body)
	if err != nil {
		_ = do(p, fetch.FailRequest, fetch.FailRequestParams{RequestID: e.RequestID,
			ErrorReason: network.ErrorReasonConnectionFailed}) // the page may be gone
		return
	}
	var shown []*fetch.HeaderEntry
	for name, values := range answer {
		if !slices.Contains(notShown, name) {
			for _, v := range values {
				shown = append(shown, &fetch.HeaderEntry{Name: name, Value: v})
			}
		}
	}
	_ = do(p, fetch.FulfillRequest, fetch.FulfillRequestParams{
		RequestID:       e.RequestID,
		ResponseCode:    int64(status),
		ResponseHeaders: shown,
		Body:            content,
	}) // the page may be gone
}
