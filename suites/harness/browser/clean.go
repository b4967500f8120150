package browser

import (
	"context"
	"fmt"
	"net/url"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// A browser context of its own for each page costs a process each, which is more than the
// page itself. A room is a context in which one page after the other is opened: between
// two it is swept, and one that isn't clean after that is given up.

// room is a browser context with an empty tab, which keeps its process alive.
type room struct {
	ctx  context.Context // of the empty tab
	stop func()
	at   target.ID // the empty tab
	id   cdp.BrowserContextID
}

// OpenSwept opens an empty page with no cookies and no storage, in a context in which
// others were before. It is for pages that stay by themselves; what opens frames of other
// sites or windows is better opened by Open, for storage that frames keep is found less
// surely.
func (b *Browser) OpenSwept(ctx context.Context) (*Page, error) {
	parent, err := b.started()
	if err != nil {
		return nil, err
	}
	r, err := b.room(parent)
	if err != nil {
		return nil, err
	}
	p, err := b.page(ctx, r.ctx, PageOptions{})
	if err != nil {
		r.stop()
		return nil, err
	}
	p.room = r
	return p, nil
}

// room gives one that is free, or a new one.
func (b *Browser) room(parent context.Context) (*room, error) {
	b.mu.Lock()
	for n := len(b.free); n > 0; n = len(b.free) {
		r := b.free[n-1]
		b.free = b.free[:n-1]
		if r.ctx.Err() == nil { // else it ended with a browser that died
			b.mu.Unlock()
			return r, nil
		}
	}
	b.mu.Unlock()
	ctx, stop := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	r := &room{ctx: ctx, stop: stop}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return nil, fmt.Errorf("opening a page: %w", err)
	}
	c := chromedp.FromContext(ctx)
	r.id, r.at = c.BrowserContextID, c.Target.TargetID
	return r, nil
}

// leave gives a room back once it is swept; one that can't be swept is given up.
func (b *Browser) leave(r *room, origins []string) {
	if err := r.sweep(origins); err != nil {
		r.stop()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free = append(b.free, r)
}

// errUnclean says that something is left in a room.
var errUnclean = fmt.Errorf("something is left of the page before")

// sweep forgets cookies, what was cached, and what the origins have stored.
func (r *room) sweep(origins []string) error {
	ctx, cancel := context.WithTimeout(r.ctx, commandLimit)
	defer cancel()
	if _, err := chromedp.CallBrowser(ctx, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: r.id}); err != nil {
		return fmt.Errorf("forgetting cookies: %w", err)
	}
	if _, err := chromedp.Call(ctx, network.ClearBrowserCache, cdp.Empty{}); err != nil {
		return fmt.Errorf("forgetting what was cached: %w", err)
	}
	for _, o := range origins {
		if _, err := chromedp.Call(ctx, storage.ClearDataForOrigin,
			storage.ClearDataForOriginParams{Origin: o, StorageTypes: "all"}); err != nil {
			return fmt.Errorf("forgetting what %s stored: %w", o, err)
		}
	}
	// Windows that the page opened are still there, and workers that outlive it.
	all, err := chromedp.CallBrowser(ctx, target.GetTargets, target.GetTargetsParams{})
	if err != nil {
		return fmt.Errorf("looking what is left: %w", err)
	}
	for _, t := range all.TargetInfos {
		if t.BrowserContextID == r.id && t.TargetID != r.at && t.Type != "tab" {
			return errUnclean
		}
	}
	left, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: r.id})
	if err != nil {
		return fmt.Errorf("looking what is left: %w", err)
	}
	if len(left.Cookies) > 0 {
		return errUnclean
	}
	return nil
}

// origins lists the sites whose documents and scripts a page has had.
func (p *Page) origins() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[string]bool{}
	var out []string
	for _, x := range p.log {
		u, err := url.Parse(x.URL)
		if err != nil || u.Host == "" {
			continue
		}
		if o := u.Scheme + "://" + u.Host; !seen[o] {
			seen[o] = true
			out = append(out, o)
		}
	}
	return out
}
