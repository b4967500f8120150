package browser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Page is one tab with cookies and storage of its own. Its methods are called from
// one goroutine.
type Page struct {
	browser *Browser
	o       PageOptions
	ctx     context.Context
	stop    func()
	unhook  func() bool
	room    *room // in which it is one of many; nil: it has a context to itself

	frame    string            // in which steps are taken; empty: the page itself
	limit    time.Duration     // of a step; 0: stepLimit
	filled   []Step            // fields, since the last click
	followed map[string]bool   // windows
	opener   []context.Context // of the windows that steps went on from

	mu  sync.Mutex
	log []*Exchange
	// how many of the log are documents, and how many are not
	documents, others int

	requests map[network.RequestID]*chain
	status   map[cdp.FrameID]int    // of the document that a frame shows
	failed   map[cdp.FrameID]string // why the document of a frame didn't come
	loading  map[cdp.FrameID]bool   // frames that go from one document to another
	console  []string
	dialogs  []string
	popped   bool               // a window was opened that nobody has looked for
	pending  map[*Exchange]bool // requests that have not ended
	active   time.Time          // when something last happened
	moved    time.Time          // when a document or a frame last did
}

// The bounds of what is noted of a page.
const (
	maxExchanges = 200 // beside documents
	maxDocuments = 400
	maxLines     = 50
	maxBody      = 64 << 10
)

// note takes in an event. It is called from the loop that reads them and must not
// wait.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.active = time.Now()
		if e.RedirectResponse != nil {
			if old := p.requests[e.RequestID].last(); old != nil {
				old.answered(e.RedirectResponse)
				delete(p.pending, old)
			}
		}
		if strings.HasPrefix(e.Request.URL, "data:") {
			return
		}
		x := &Exchange{
			Started:  time.Now(),
			Method:   e.Request.Method,
			URL:      e.Request.URL,
			Request:  headers(e.Request.Headers),
			frame:    e.FrameID,
			id:       e.RequestID,
			Document: e.Type == network.ResourceTypeDocument,
		}
		for _, part := range e.Request.PostDataEntries {
			x.Body += string(part.Bytes)
		}
		x.Body = x.Body[:min(len(x.Body), maxBody)]
		c := p.requests[e.RequestID]
		if c == nil {
			c = &chain{}
			p.requests[e.RequestID] = c
		}
		c.items = append(c.items, x)
		c.complete()
		p.pending[x] = true
		if x.Document {
			p.moved = time.Now()
		}
		// A large page has hundreds of scripts and pictures, and must not crowd out the
		// documents that come after it.
		kept, most := &p.others, maxExchanges
		if x.Document {
			kept, most = &p.documents, maxDocuments
		}
		if *kept < most {
			*kept++
			p.log = append(p.log, x)
		}
	case *network.EventRequestWillBeSentExtraInfo:
		p.extra(e.RequestID).sent = append(p.extra(e.RequestID).sent, headers(e.Headers))
		p.extra(e.RequestID).complete()
	case *network.EventResponseReceived:
		p.active = time.Now()
		if x := p.requests[e.RequestID].last(); x != nil {
			x.answered(e.Response)
			x.came = time.Now()
			if x.Document {
				p.moved = time.Now()
				p.status[e.FrameID] = x.Status
				delete(p.failed, e.FrameID)
			}
		}
	case *network.EventResponseReceivedExtraInfo:
		p.extra(e.RequestID).came = append(p.extra(e.RequestID).came, e)
		p.extra(e.RequestID).complete()
	case *network.EventLoadingFinished:
		p.finished(e.RequestID, "")
	case *network.EventLoadingFailed:
		p.finished(e.RequestID, e.ErrorText)
	case *page.EventFrameStartedLoading:
		p.active, p.moved = time.Now(), time.Now()
		p.loading[e.FrameID] = true
	case *page.EventFrameStoppedLoading:
		p.active, p.moved = time.Now(), time.Now()
		delete(p.loading, e.FrameID)
	case *page.EventFrameDetached:
		p.active, p.moved = time.Now(), time.Now()
		delete(p.loading, e.FrameID)
	case *page.EventWindowOpen:
		p.active = time.Now()
		p.popped = true
	case *page.EventFrameNavigated, *page.EventFrameAttached:
		p.active, p.moved = time.Now(), time.Now()
	case *page.EventJavascriptDialogOpening:
		p.active = time.Now()
		p.dialogs = append(p.dialogs, string(e.Type)+": "+cut(e.Message))
		go func() { _ = do(p, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true}) }() // the page may be gone
	case *fetch.EventRequestPaused:
		p.active = time.Now()
		go p.instead(e)
	case *runtime.EventConsoleAPICalled:
		text := string(e.Type) + ":"
		for _, a := range e.Args {
			text += " " + strings.Trim(string(a.Value), `"`)
			if len(a.Value) == 0 {
				text += a.Description
			}
		}
		p.line(text)
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		p.line("exception: " + text)
	}
}

func (p *Page) line(text string) {
	if len(p.console) < maxLines {
		p.console = append(p.console, cut(text))
	}
}

// extra gives the chain of an id, which may not have begun yet.
func (p *Page) extra(id network.RequestID) *chain {
	c := p.requests[id]
	if c == nil {
		c = &chain{}
		p.requests[id] = c
	}
	return c
}

func (p *Page) finished(id network.RequestID, problem string) {
	p.active = time.Now()
	x := p.requests[id].last()
	if x == nil || !x.Ended.IsZero() {
		return
	}
	x.Ended = time.Now()
	x.Problem = problem
	delete(p.pending, x)
	if x.Document {
		p.moved = time.Now()
	}
	if x.Document && problem != "" && problem != aborted {
		p.status[x.frame] = 0 // of the document before, which is no longer shown
		p.failed[x.frame] = problem
	}
}

// aborted is what a document ends with that is saved, or that another one replaces:
// the frame shows what it showed before.
const aborted = "net::ERR_ABORTED"

// Go begins to open an address; Settle waits for what comes of it. A document that
// doesn't come is waited for there too: how long is the caller's to say.
func (p *Page) Go(address string) error {
	type outcome struct {
		r   page.NavigateResult
		err error
	}
	came := make(chan outcome, 1)
	ctx, cancel := context.WithTimeout(p.ctx, navigationLimit)
	go func() {
		defer cancel()
		r, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: address})
		came <- outcome{r, err}
	}()
	select {
	case o := <-came:
		if err := p.ended(o.err); err != nil {
			return fmt.Errorf("opening %s: %w", address, err)
		}
		if text := o.r.ErrorText; text != "" && text != aborted {
			return &NavigationError{Address: address, At: p.stuck(), Why: text}
		}
	case <-time.After(answerTime):
		// The command ends when the first answer has come; none has, and Settle waits for it.
	case <-p.ctx.Done():
		return fmt.Errorf("opening %s: %w", address, p.ended(nil))
	}
	return nil
}

// NavigationError says that a document didn't come, and why, in Chromium's words. The
// page shows an error of the browser then.
type NavigationError struct {
	Address string // that was to be opened
	At      string // to which it led
	Why     string // such as net::ERR_CONNECTION_REFUSED
}

// Error words it.
func (e *NavigationError) Error() string {
	if e.At != "" && e.At != e.Address {
		return fmt.Sprintf("opening %s, which led to %s: %s", e.Address, Bare(e.At), e.Why)
	}
	return fmt.Sprintf("opening %s: %s", e.Address, e.Why)
}

// Bare is an address without what is in its query, which is long and may be secret.
func Bare(address string) string {
	before, _, cut := strings.Cut(address, "?")
	if cut {
		before += "?…"
	}
	return before
}

// answerTime is how long Go waits to be told that a document can't come at all.
const answerTime = time.Second

// navigationLimit bounds what is left of a navigation that nobody waits for any more.
const navigationLimit = 5 * time.Minute

// Stalled gives the address of a document that was asked for and has not come, "" when
// there is none.
func (p *Page) Stalled() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range slices.Backward(p.log) {
		if x.Document && x.Ended.IsZero() && x.Status == 0 {
			return x.URL
		}
	}
	return ""
}

// stuck gives the address of the last document that didn't come.
func (p *Page) stuck() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range slices.Backward(p.log) {
		if x.Document {
			return x.URL
		}
	}
	return ""
}

// ErrBusy says that a page went on loading; ErrGone that it closed itself, or was
// closed by another page.
var (
	ErrBusy = errors.New("the page didn't come to rest")
	ErrGone = errors.New("the page closed")
)

// ended says why nothing can be done with the page any more; nil where it can.
func (p *Page) ended(err error) error {
	switch {
	case err == nil && p.ctx.Err() == nil:
		return nil
	case err != nil && !errors.Is(err, chromedp.ErrTargetDetached) && p.ctx.Err() == nil:
		return err
	case p.browser.running():
		return ErrGone
	}
	return errEnded
}

var errEnded = errors.New("the browser has ended")

// frameTime is how long a frame is waited for that doesn't say it has stopped loading,
// though nothing is requested any more: it isn't always told.
const frameTime = time.Second

// What goes on behind a page that is there already.
const (
	// bodyTime is how long a body counts that doesn't end though its answer has begun: it
	// may be a stream, and of one that no script reads the end is never told.
	bodyTime = time.Second
	// hangTime is how long a request without an answer counts while nothing else happens.
	hangTime = 3 * time.Second
	// standingTime is for how long a page stands, with its documents and frames, before it
	// has come to rest whatever its scripts go on asking for.
	standingTime = 8 * time.Second
)

// Settle waits until nothing was requested, loaded or navigated for a while, or
// until done says so. It gives ErrBusy after budget.
//
// What a page asks for by itself for ever (a poll, a stream) is no reason to wait for
// ever; a document that doesn't come is.
func (p *Page) Settle(ctx context.Context, quiet, budget time.Duration, done func() bool) error {
	end := time.Now().Add(budget)
	standing := min(standingTime, budget*2/3)
	for {
		p.mu.Lock()
		requests, loading := p.waiting()
		// Between an answer and the page that it makes, a frame still shows the page before.
		idle, stands, frames := time.Since(p.active), time.Since(p.moved), len(p.loading)
		p.mu.Unlock()
		switch {
		case done != nil && done(),
			!requests && frames == 0 && idle >= quiet,
			!requests && !loading && idle >= frameTime,
			!loading && idle >= max(10*quiet, hangTime),
			!loading && frames == 0 && stands >= max(standing, quiet):
			return nil
		case time.Now().After(end):
			return ErrBusy
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ctx.Done():
			return p.ended(nil)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// waiting tells whether the page waits for an answer, and whether for one with a document.
func (p *Page) waiting() (requests, loading bool) {
	for x := range p.pending {
		requests = requests || x.Document || x.came.IsZero() || time.Since(x.came) < bodyTime
		loading = loading || x.Document && x.Status == 0
	}
	return requests, loading
}

// Reset empties a tab for what comes next, and forgets what was noted of it; cookies and
// storage stay. It costs a tenth of a new tab.
func (p *Page) Reset() error {
	if err := do(p, page.Navigate, page.NavigateParams{URL: "about:blank"}); err != nil {
		return fmt.Errorf("emptying a tab: %w", err)
	}
	p.frame, p.filled = "", nil
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log, p.documents, p.others = nil, 0, 0
	p.console, p.dialogs, p.active, p.moved = nil, nil, time.Now(), time.Now()
	clear(p.pending)
	clear(p.requests)
	clear(p.status)
	clear(p.failed)
	clear(p.loading)
	return nil
}

// Log gives the requests so far, oldest first.
func (p *Page) Log() []Exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Exchange
	for _, x := range p.log {
		c := *x
		c.Request, c.Response = x.Request.Clone(), x.Response.Clone()
		out = append(out, c)
	}
	return out
}

// Console gives the lines of the console and the dialogs that opened.
func (p *Page) Console() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Concat(p.console, p.dialogs)
}

// Screenshot takes a picture of what a person would see, as JPEG.
func (p *Page) Screenshot(_ context.Context) ([]byte, error) {
	quality := int64(45)
	r, err := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatJpeg, Quality: &quality})
	if err != nil {
		return nil, fmt.Errorf("taking a picture of the page: %w", err)
	}
	return r.Data, nil
}

// Picture takes a picture of the whole page, as PNG: of what would be seen by scrolling too,
// down to a bound.
func (p *Page) Picture(_ context.Context) ([]byte, error) {
	size, err := call(p, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil || size.CSSContentSize == nil {
		return nil, fmt.Errorf("measuring the page: %w", cmp.Or(err, errNoSize))
	}
	yes := true
	clip := &page.Viewport{Width: size.CSSContentSize.Width, Height: min(size.CSSContentSize.Height, mostHeight), Scale: 1}
	r, err := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, Clip: clip,
		CaptureBeyondViewport: &yes})
	if err != nil {
		return nil, fmt.Errorf("taking a picture of the page: %w", err)
	}
	return r.Data, nil
}

// mostHeight bounds pictures of whole pages, in pixels: some pages never end.
const mostHeight = 3000

var errNoSize = errors.New("it has none")

// Resize has the page be as wide and as high as a window of that size.
func (p *Page) Resize(width, height int64) error {
	if err := do(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height,
		DeviceScaleFactor: 1}); err != nil {
		return fmt.Errorf("sizing a page: %w", err)
	}
	return nil
}

// Close closes the page and forgets its cookies.
func (p *Page) Close() {
	if p.unhook != nil {
		p.unhook()
	}
	p.stop()
	if r := p.room; r != nil {
		p.room = nil // a page may be closed twice
		if r.ctx.Err() == nil {
			p.browser.leave(r, p.origins())
		}
	}
}
