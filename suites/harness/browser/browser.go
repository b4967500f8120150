package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Options say how Chromium is run.
type Options struct {
	Path     string // of Chromium; empty: $ROLLCALL_CHROMIUM, or as found
	TrustPEM []byte // authorities that this profile trusts, beside those of the system
	// Hosts are servers (host:port) that may have certificates of these authorities
	// and need not send the authority's own along.
	Hosts    []string
	Insecure bool // no certificate is checked
	Visible  bool // a window is shown, for a person to act in
}

// ErrNone says that there is no Chromium to run.
var ErrNone = errors.New("no Chromium was found")

// startLimit is how long Chromium may take to start.
const startLimit = time.Minute

// Browser is one running Chromium. It is safe for concurrent use.
type Browser struct {
	path string
	o    Options

	mu    sync.Mutex
	ctx   context.Context // of the process
	stop  func()
	dir   string
	free  []*room // that are swept
	Began int     // how often it was started: once, unless it died
}

// names are what Chromium is called, the quickest first: the shell without windows
// opens a page in a third of the time.
var names = []string{"chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser", "google-chrome",
	"google-chrome-stable"}

// Find gives the path of a Chromium.
func Find() (string, error) { return find(names) }

func find(names []string) (string, error) {
	if path := os.Getenv("ROLLCALL_CHROMIUM"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%w: ROLLCALL_CHROMIUM names %s, which isn't there", ErrNone, path)
		}
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNone
}

// New prepares a browser. It is started when the first page is opened, and again
// should it have died.
func New(o Options) (*Browser, error) {
	b := &Browser{o: o, path: o.Path}
	if b.path == "" {
		able := names
		if o.Visible {
			able = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return strings.HasSuffix(n, "-headless-shell") })
		}
		var err error
		if b.path, err = find(able); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// started gives the context of the running process.
func (b *Browser) started() (context.Context, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx != nil && b.ctx.Err() == nil && alive(b.ctx) {
		return b.ctx, nil
	}
	b.end()
	dir, err := os.MkdirTemp("", "rollcall-browser-")
	if err != nil {
		return nil, fmt.Errorf("making a profile for the browser: %w", err)
	}
	if err := allowCookies(dir); err != nil {
		_ = os.RemoveAll(dir) // what stays is in the temporary folder
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(b.path), chromedp.DisableGPU, chromedp.UserDataDir(dir),
		chromedp.WSURLReadTimeout(startLimit), chromedp.WindowSize(1100, 800),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("no-first-run", true),
		// One process for all frames of a page, so that one session sees them;
		// cookies and storage are partitioned all the same. The last ones are parts of
		// a window's frame, which nobody sees and each page would pay for.
		// Processes cost the most: none is kept ready for a page that may come, none is
		// for a card that isn't there, and a document that follows another of its site
		// stays in its process, as does the next page of a room. Whoever runs Rollcall wants
		// pages to get at this machine.
		chromedp.Flag("in-process-gpu", true), chromedp.Flag("renderer-process-limit", "1"),
		chromedp.Flag("disable-features", "LocalNetworkAccessChecks,SpareRendererForSitePerProcess,RenderDocument,BackForwardCache,IsolateOrigins,site-per-process,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,InitialWebUI,WebUIReloadButton,PreloadTopChromeWebUI,WebUIOmniboxPopup,WebUIToolbar,InitialWebUIWithoutExtensions"),
		chromedp.Flag("disable-site-isolation-trials", true))
	if unboxed() {
		options = append(options, chromedp.NoSandbox)
	}
	if b.o.Visible {
		options = append(options, chromedp.Flag("headless", false))
	}
	if b.o.Insecure {
		options = append(options, chromedp.IgnoreCertErrors)
	} else if pins := pins(b.o.TrustPEM, b.o.Hosts); pins != "" {
		options = append(options, chromedp.Flag("ignore-certificate-errors-spki-list", pins))
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	b.dir = dir
	b.stop = func() { stopBrowser(); stopAllocator() }
	began := make(chan error, 1)
	go func() { began <- chromedp.Do(ctx) }()
	select {
	case err = <-began:
	case <-time.After(startLimit):
		err = fmt.Errorf("it didn't start within %s", startLimit)
	}
	if err != nil {
		b.end()
		if !unboxed() {
			return nil, fmt.Errorf("starting %s: %w; where its sandbox can't work, as in many containers, set %s=1", b.path, err, noSandbox)
		}
		return nil, fmt.Errorf("starting %s: %w", b.path, err)
	}
	b.ctx = ctx
	b.Began++
	return ctx, nil
}

// noSandbox is the variable by which Chromium is run without its sandbox.
const noSandbox = "ROLLCALL_NO_SANDBOX"

// unboxed tells whether Chromium is run without its sandbox: as root it won't start
// with it, and elsewhere pages of foreign products are better kept in it.
func unboxed() bool { return os.Geteuid() == 0 || os.Getenv(noSandbox) != "" }

// allowCookies has a profile take cookies of other sites: pages are like private
// windows, which block them otherwise. PageOptions block them where that is wanted.
func allowCookies(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
		return fmt.Errorf("making a profile for the browser: %w", err)
	}
	settings := `{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}`
	if err := os.WriteFile(filepath.Join(dir, "Default", "Preferences"), []byte(settings), 0o600); err != nil {
		return fmt.Errorf("making a profile for the browser: %w", err)
	}
	return nil
}

// alive asks the browser for its version.
func alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := chromedp.CallBrowser(ctx, cdpbrowser.GetVersion, cdp.Empty{})
	return err == nil
}

// running tells whether the process is up; it doesn't start one.
func (b *Browser) running() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ctx != nil && b.ctx.Err() == nil && alive(b.ctx)
}

// end must be called with the lock held.
func (b *Browser) end() {
	if b.stop != nil {
		b.stop()
		b.stop, b.ctx, b.free = nil, nil, nil
	}
	if b.dir != "" {
		_ = os.RemoveAll(b.dir) // of a dead process; what stays is in the temporary folder
		b.dir = ""
	}
}

// Close ends Chromium.
func (b *Browser) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.end()
}

// PageOptions say what is special about a page.
type PageOptions struct {
	BlockThirdParty bool        // cookies of other sites than the top one's are blocked
	Cookieless      *Cookieless // no cookies are kept, but for one origin
}

// Open opens an empty page with no cookies and no storage.
func (b *Browser) Open(ctx context.Context, o PageOptions) (*Page, error) {
	parent, err := b.started()
	if err != nil {
		return nil, err
	}
	return b.page(ctx, parent, o, chromedp.WithNewBrowserContext())
}

// Beside opens another tab with the same cookies and storage.
func (p *Page) Beside(ctx context.Context) (*Page, error) {
	return p.browser.page(ctx, p.ctx, p.o)
}

func (b *Browser) page(ctx, parent context.Context, o PageOptions, options ...chromedp.ContextOption) (*Page, error) {
	tab, stop := chromedp.NewContext(parent, options...)
	p := &Page{
		browser:  b,
		o:        o,
		ctx:      tab,
		stop:     stop,
		status:   map[cdp.FrameID]int{},
		failed:   map[cdp.FrameID]string{},
		loading:  map[cdp.FrameID]bool{},
		requests: map[network.RequestID]*chain{},
		pending:  map[*Exchange]bool{},
		active:   time.Now(),
		moved:    time.Now(),
	}
	p.unhook = context.AfterFunc(ctx, stop)
	if err := chromedp.Listen(tab, p.note); err != nil {
		p.Close()
		return nil, fmt.Errorf("opening a page: %w", err)
	}
	err := first(
		func() error { return do(p, network.Enable, network.EnableParams{}) },
		func() error { return do(p, page.Enable, page.EnableParams{}) },
		func() error { return do(p, runtime.Enable, cdp.Empty{}) },
		func() error {
			if !o.BlockThirdParty {
				return nil
			}
			return do(p, cookieControls, cookieSettings{Restrict: true})
		},
		func() error {
			if o.Cookieless == nil {
				return nil
			}
			return p.withoutCookies()
		})
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("opening a page: %w", err)
	}
	return p, nil
}

// cookieControls is Network.setCookieControls with the parameters that older
// versions of Chromium insist on.
var cookieControls = cdp.Command[cookieSettings, cdp.Empty]{Method: network.CommandSetCookieControls}

type cookieSettings struct {
	Restrict   bool `json:"enableThirdPartyCookieRestriction"`
	Metadata   bool `json:"disableThirdPartyCookieMetadata"`
	Heuristics bool `json:"disableThirdPartyCookieHeuristics"`
}

func first(steps ...func() error) error {
	for _, s := range steps {
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

// do runs a command whose result is of no interest.
func do[P, R any](p *Page, command cdp.Command[P, R], params P) error {
	_, err := call(p, command, params)
	return err
}

// call runs a command, within bounds.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(p.ctx, commandLimit)
	defer cancel()
	r, err := chromedp.Call(ctx, command, params)
	if err != nil && ctx.Err() != nil && p.ctx.Err() == nil {
		err = ErrDeaf
	} else if err != nil {
		err = p.ended(err)
	}
	return r, err
}

// ErrDeaf says that the browser was asked for something and didn't answer in time: the
// machine has too much else to do, or a script of the page never ends.
var ErrDeaf = fmt.Errorf("the browser did not answer within %s", commandLimit)

// commandLimit bounds one command of the protocol: a page that hangs must not
// hang the judge.
const commandLimit = 6 * time.Second
