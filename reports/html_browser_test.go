package reports

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browser is a tab of a headless Chromium that notes what a page should not do.
type browser struct {
	ctx context.Context

	mu       sync.Mutex
	requests []string // other than the file itself
	errors   []string // console errors, exceptions, refusals by the content security policy
}

// newBrowser starts Chromium, or skips the test where there is none.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := os.Getenv("ROLLCALL_CHROMIUM")
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path == "" {
			path, _ = exec.LookPath(name)
		}
	}
	if path == "" {
		t.Skip("no Chromium found: install chromium, or name one in ROLLCALL_CHROMIUM")
	}
	if testing.Short() {
		t.Skip("starting a browser is left out with -short")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(time.Minute), chromedp.WindowSize(1280, 1000))
	// The limit is there for a browser that hangs; it measures nothing.
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	b := &browser{ctx: ctx}
	listen := func(event any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; !strings.HasPrefix(u, "file:") && !strings.HasPrefix(u, "data:") {
				b.requests = append(b.requests, u)
			}
		case *runtime.EventExceptionThrown:
			text := e.ExceptionDetails.Text
			if x := e.ExceptionDetails.Exception; x != nil {
				text += ": " + x.Description
			}
			b.errors = append(b.errors, text)
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError {
				b.errors = append(b.errors, fmt.Sprintf("console.error: %s", e.Args[0].Value))
			}
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == cdplog.EntryLevelError {
				b.errors = append(b.errors, e.Entry.Text)
			}
		}
	}
	if err := chromedp.Listen(ctx, listen); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	b.do(t, call(network.Enable, network.EnableParams{}), call(cdplog.Enable, cdp.Empty{}))
	return b
}

// call makes an action of a command of the protocol.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// script runs a statement in the page, poll waits until an expression is true.
func script(s string) chromedp.Action[chromedp.Void] { return chromedp.Evaluate[chromedp.Void](s) }
func poll(s string) chromedp.Action[chromedp.Void] {
	return chromedp.Poll[chromedp.Void](s, chromedp.WithPollingTimeout(2*time.Minute))
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// open shows a report from a file, as somebody does who got it by mail.
func (b *browser) open(t *testing.T, r *Report, fragment string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := HTML(f, r); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), Fragment: fragment}
	b.do(t, chromedp.Navigate(u.String()))
}

// eval gives the value of an expression in the page.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("evaluating %s: %v", expression, err)
	}
	return v
}

func (b *browser) want(t *testing.T, expression, want string) {
	t.Helper()
	if got := eval[string](t, b, "String("+expression+")"); got != want {
		t.Errorf("%s is %q, want %q", expression, got, want)
	}
}

// quiet fails the test if the page asked for anything or complained.
func (b *browser) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) > 0 {
		t.Errorf("the page asked the network for %q", b.requests)
	}
	if len(b.errors) > 0 {
		t.Errorf("the page complained: %q", b.errors)
	}
}

const (
	shownItems = `[...document.querySelectorAll('.req')].filter(e => e.checkVisibility()).map(e => e.id).join(' ')`
	openItems  = `[...document.querySelectorAll('.req[open]')].map(e => e.id).join(' ')`
)

func TestPageInBrowser(t *testing.T) {
	b := newBrowser(t)
	b.open(t, sample(), "")

	t.Run("filter", func(t *testing.T) {
		b.want(t, `document.querySelectorAll('.req').length`, "15")
		b.want(t, `document.querySelector('#shown').textContent`, "All 15 shown")
		b.do(t, chromedp.Click(chromedp.CSS(`.chip[data-key="fail"]`)))
		b.want(t, shownItems, "req-or12.paging.overlap req-or12.model.users req-or12.error.404 req-or12.error.405")
		b.want(t, `document.querySelector('.chip[data-key="fail"]').ariaPressed`, "true")
		b.do(t, chromedp.Click(chromedp.CSS(`.chip[data-key="waived"]`)))
		b.want(t, `document.querySelector('#shown').textContent`, "5 of 15 shown")
		b.do(t, chromedp.Click(chromedp.CSS("#clear")),
			script(`level.value = 'SHOULD'; level.dispatchEvent(new Event('input', {bubbles: true}))`))
		b.want(t, shownItems, "req-or12.paging.total")
		b.do(t, chromedp.Click(chromedp.CSS("#clear")))
		b.want(t, `document.querySelector('#shown').textContent`, "All 15 shown")
	})

	t.Run("search", func(t *testing.T) {
		b.do(t, chromedp.SendKeys(chromedp.CSS("#q"), "ENABLEDUSER vocabulary"))
		b.want(t, shownItems, "req-or12.model.users")
		b.do(t, chromedp.SendKeys(chromedp.CSS("#q"), " nowhere"))
		b.want(t, shownItems, "")
		b.want(t, `document.querySelector('#none').checkVisibility()`, "true")
		b.do(t, chromedp.Click(chromedp.CSS("#clear")))
	})

	t.Run("keyboard", func(t *testing.T) {
		b.do(t, chromedp.Focus(chromedp.CSS(`[id="req-or12.paging.overlap"] > summary`)), chromedp.KeyEvent(kb.Enter))
		b.want(t, openItems, "req-or12.paging.overlap")
		// From the summary the next stop is inside what was opened; the exchange
		// opens by the keyboard as well.
		b.do(t, chromedp.Focus(chromedp.CSS(`[id="req-or12.paging.overlap"] .exchange > summary`)), chromedp.KeyEvent(" "),
			poll(`document.querySelectorAll('[id="req-or12.paging.overlap"] .exchange[open] .fill pre').length === 4`))
		body := eval[string](t, b, `document.querySelectorAll('[id="req-or12.paging.overlap"] .exchange[open] .fill pre')[2].textContent`)
		for _, want := range []string{"\n      \"id\": 12345678901234567890,\n", `"empty": [],`, `"none": {}`, `"O'Brien"`} {
			if !strings.Contains(body, want) {
				t.Errorf("the body lacks %q:\n%s", want, body)
			}
		}
		b.do(t, chromedp.KeyEvent(kb.Tab))
		b.want(t, `document.activeElement.matches('.fill pre')`, "true")
		outline := eval[string](t, b, `getComputedStyle(document.activeElement).outlineStyle`)
		if outline == "none" {
			t.Error("the focus can't be seen")
		}
		b.do(t, chromedp.Click(chromedp.CSS("#close-all")))
		b.want(t, openItems, "")
	})

	t.Run("all exchanges of a check", func(t *testing.T) {
		const list = `[id="check-rostering_2fpaging"] details.all`
		b.do(t, chromedp.Click(chromedp.CSS(list+" > summary")),
			poll(`document.querySelectorAll('`+list+` .exchange').length === 3`))
		b.want(t, `document.querySelectorAll('`+list+` .exchange summary .result')[0].textContent`, "200 OK")
	})

	t.Run("theme", func(t *testing.T) {
		light := eval[string](t, b, `getComputedStyle(document.body).backgroundColor`)
		b.do(t, chromedp.Click(chromedp.CSS("#theme")), chromedp.Click(chromedp.CSS("#theme")))
		b.want(t, `document.documentElement.dataset.theme`, "dark")
		if dark := eval[string](t, b, `getComputedStyle(document.body).backgroundColor`); dark == light {
			t.Errorf("dark and light share the background %s", dark)
		}
		b.do(t, chromedp.Click(chromedp.CSS("#theme")))
	})

	t.Run("deep link", func(t *testing.T) {
		b.do(t, chromedp.Click(chromedp.CSS(`.chip[data-key="pass"]`)))
		b.do(t, script(`location.hash = '#req-or12.model.users'`),
			poll(`document.getElementById('req-or12.model.users').open`))
		b.want(t, `document.activeElement.parentElement.id`, "req-or12.model.users")
		b.want(t, `document.querySelector('#shown').textContent`, "All 15 shown")
		b.open(t, sample(), "req-or12.sort.default")
		b.want(t, openItems, "req-or12.sort.default")
	})

	t.Run("hostile data", func(t *testing.T) {
		b.do(t, chromedp.Click(chromedp.CSS("#open-all")),
			script(`for (const d of document.querySelectorAll('details')) d.open = true`),
			poll(`[...document.querySelectorAll('details.all')].every(d => d.dataset.done)`),
			script(`for (const d of document.querySelectorAll('details')) d.open = true`),
			poll(`[...document.querySelectorAll('details.exchange')].every(d => d.dataset.done)`))
		b.want(t, `window.pwned`, "undefined")
		b.want(t, `document.querySelectorAll('img, iframe, object, embed').length`, "0")
		b.want(t, `document.querySelectorAll('a[href^="javascript" i]').length`, "0")
		if eval[bool](t, b, `/[\u202a-\u202e\u2066-\u2069\u001b]/.test(document.body.innerText)`) {
			t.Error("a control character reached the eye")
		}
		if !eval[bool](t, b, `document.body.innerText.includes('⟨U+202E⟩ssap')`) {
			t.Error("the override isn't shown for what it is")
		}
	})

	t.Run("no sideways scrolling on a phone", func(t *testing.T) {
		b.do(t, chromedp.EmulateViewport(390, 844))
		b.want(t, `document.documentElement.scrollWidth <= document.documentElement.clientWidth`, "true")
	})

	t.Run("names for screen readers", func(t *testing.T) {
		b.want(t, `['header', 'nav', 'main', 'footer', 'h1'].map(s => document.querySelectorAll('body > ' + s + ', body > header > ' + s).length).join(' ')`, "1 1 1 1 1")
		b.want(t, `[...document.querySelectorAll('input, select')].every(e => e.labels.length === 1)`, "true")
		b.want(t, `[...document.querySelectorAll('[id]')].length === new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size`, "true")
		b.want(t, `[...document.querySelectorAll('button')].every(e => e.textContent.trim() !== '')`, "true")
	})
	b.quiet(t)
}

// Without a script the verdicts, findings and reasons must still be there.
func TestPageWithoutScript(t *testing.T) {
	b := newBrowser(t)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := WriteFile(path, func(w io.Writer) error { return HTML(w, sample()) }); err != nil {
		t.Fatal(err)
	}
	b.do(t, call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Navigate("file://"+filepath.ToSlash(path)))
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Does not conform", "Incomplete", "the target holds no record with status tobedeleted", "No record stands on two pages", "fixed in 7.5, due in April"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	whole, err := chromedp.Run(b.ctx, chromedp.TextContent(chromedp.CSS("main")))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 records of the page before: u-099, u-100, u-101", "the offset is taken for a page number"} {
		if !strings.Contains(whole, want) {
			t.Errorf("the page doesn't hold the finding %q", want)
		}
	}
	b.quiet(t)
}

// Many requirements and exchanges must neither trouble the page nor be lost.
func TestLargePageInBrowser(t *testing.T) {
	b := newBrowser(t)
	b.open(t, large(250, 3000), "")
	b.want(t, `document.querySelectorAll('.req').length`, "250")
	b.want(t, `document.querySelectorAll('script[type="application/json"]').length`, "3000")
	b.do(t, chromedp.SendKeys(chromedp.CSS("#q"), "or12.large.0249"))
	b.want(t, shownItems, "req-or12.large.0249")
	b.do(t, chromedp.Click(chromedp.CSS("#clear")), chromedp.Click(chromedp.CSS("#open-all")))
	b.want(t, `document.querySelectorAll('.req[open]').length`, "250")
	// Opening requirements unfolds no exchange; that would cost the most.
	b.want(t, `document.querySelectorAll('.exchange[data-done]').length`, "0")
	const list = `[id="check-rostering_2flarge"] details.all`
	b.do(t, chromedp.Click(chromedp.CSS(list+" > summary")),
		poll(`document.querySelectorAll('`+list+` .exchange').length === 50`),
		chromedp.Click(chromedp.CSS(list+" .fill > button")),
		poll(`document.querySelectorAll('`+list+` .exchange').length === 100`))
	b.quiet(t)
	t.Logf("ready after %.0f ms by the browser's clock", eval[float64](t, b, `performance.getEntriesByType('navigation')[0].loadEventEnd`))
}
