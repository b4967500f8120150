package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Watch tells of the calls of the product, as Rollcall's provider sees them.
type Watch interface {
	// Mark counts the calls that came so far.
	Mark() int
	// Idle is how long ago the last of them ended.
	Idle() time.Duration
}

// Driver makes one product act, and reads what it holds. It is for one thing at a time.
type Driver struct {
	section *Section
	session *harness.Session
	watch   Watch
	http    *http.Client

	mu     sync.Mutex
	chrome *browser.Browser
	page   *browser.Page // of the holder's pages, where somebody is signed in
	reader *harness.Session
}

// New prepares the driver of the session's target. watch may be nil where the product calls
// nothing, as it reads bundles.
func New(s *harness.Session, watch Watch) *Driver {
	return &Driver{section: Of(s.Target), session: s, watch: watch, http: act.Client(s.TLSConfig())}
}

// Close ends what is kept between one act and the next: the browser, and connections.
func (d *Driver) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.http.CloseIdleConnections()
	if d.reader != nil {
		d.reader.Close()
	}
	if d.page != nil {
		d.page.Close()
	}
	if d.chrome != nil {
		d.chrome.Close()
	}
}

// Sync drops the bundle of the occasion, if it has one and the product takes bundles, and has
// the product sync.
func (d *Driver) Sync(ctx context.Context, o Occasion) Outcome {
	began, mark := time.Now(), d.mark()
	if o.Bundle != "" && d.section.Drop.Set() {
		if err := d.drop(ctx, o); err != nil {
			var refused *refusedError
			if errors.As(err, &refused) {
				return Outcome{Told: Failure, Words: d.clean(o, refused.Error()), Waited: time.Since(began)}
			}
			return Outcome{Fault: err, Waited: time.Since(began)}
		}
		if s := d.section.Sync; !s.Set() && s.Done.Command == "" && s.Done.Quiet == 0 { // it is taken in as it comes
			return Outcome{Told: Success, Waited: time.Since(began)}
		}
	}
	o.What = cmp.Or(o.What, map[string]string{Full: "sync all of its roster", Delta: "sync what has changed"}[o.Mode], "sync")
	return d.act(ctx, "consumer.sync", d.section.Sync, o, mark)
}

// Push has the product send what it has to tell of grades.
func (d *Driver) Push(ctx context.Context, o Occasion) Outcome {
	o.What = cmp.Or(o.What, "send its grades")
	return d.act(ctx, "consumer.push", d.section.Push, o, d.mark())
}

// Connect tells the product where to read from: from a service, or, where no calls of it are watched, from where bundles
// are dropped. Without a hook for that nothing is done.
func (d *Driver) Connect(ctx context.Context, o Occasion) Outcome {
	if d.watch == nil {
		return d.hook(ctx, "consumer.drop.connect", d.section.Drop.Connect, o)
	}
	return d.hook(ctx, "consumer.connect", d.section.Connect, o)
}

// Reset makes the product empty. Without a hook for that nothing is done.
func (d *Driver) Reset(ctx context.Context, o Occasion) Outcome {
	return d.hook(ctx, "consumer.reset", d.section.Reset, o)
}

func (d *Driver) mark() int {
	if d.watch == nil {
		return 0
	}
	return d.watch.Mark()
}

// called tells whether calls came since a mark.
func (d *Driver) called(mark int) bool { return d.watch != nil && d.watch.Mark() > mark }

func (d *Driver) hook(ctx context.Context, where string, h Hook, o Occasion) Outcome {
	if !h.Set() {
		return Outcome{}
	}
	t := Trigger{Command: h.Command, Webhook: h.Webhook, Timeout: h.Timeout}
	return d.act(ctx, where, t, o, d.mark())
}

// act makes the product act, and waits until it has ended.
func (d *Driver) act(ctx context.Context, where string, t Trigger, o Occasion, mark int) Outcome {
	began := time.Now()
	var out Outcome
	switch t.Way() {
	case "command":
		out = d.byCommand(ctx, where, t, o)
	case "webhook":
		out = d.byWebhook(ctx, where, t, o, mark)
	case "steps":
		out = d.bySteps(ctx, where, t, o)
	case "person":
		if !d.session.Interactive() {
			out.Fault = act.Fault(where+".person", "somebody is to make the product act, and nobody is there",
				"run with --interactive, or give a command, a webhook, steps or a schedule")
			break
		}
		d.session.Ask(d.asking(t, o))
	case "schedule":
		d.session.Ask(fmt.Sprintf("Nothing is to be done: Rollcall waits until the product acts by its schedule (%s), for %s at most.",
			time.Duration(t.Schedule), time.Duration(t.Schedule)+time.Duration(t.Timeout)))
	case "":
		if o.Bundle != "" && d.section.Drop.Set() {
			break // it is taken in as it comes, and waited for
		}
		out.Fault = act.Fault(where, "nothing says how the product is made to act",
			"add one of command, webhook, steps, schedule and person to "+where)
	}
	if out.Fault == nil && !out.TimedOut && out.Told != Failure && (t.Done.Command != "" || t.Done.Quiet > 0) {
		d.await(ctx, where, t, o, mark, began, &out)
	}
	out.Idle = d.watch != nil && !d.called(mark)
	out.Waited = time.Since(began)
	out.Words = d.clean(o, out.Words)
	return out
}

// asking says what a person is to do, and how long Rollcall waits.
func (d *Driver) asking(t Trigger, o Occasion) string {
	text := "Have the product " + o.What
	if c := o.Connection; c.Rostering != "" || c.V1P1 != "" {
		text += " from " + cmp.Or(c.Rostering, c.V1P1)
	} else if o.Bundle != "" {
		text += " (the bundle " + o.Bundle + ")"
	}
	if t.Tell != "" {
		text += ": " + t.Tell
	}
	return fmt.Sprintf("%s. Rollcall waits for %s, and goes on by itself.", strings.TrimSuffix(text, "."), time.Duration(t.Timeout))
}

func (d *Driver) byCommand(ctx context.Context, where string, t Trigger, o Occasion) Outcome {
	r, err := act.Run(ctx, where+".command", t.Command, o.env(), time.Duration(t.Timeout), nil)
	switch {
	case err != nil:
		return Outcome{Fault: d.cleanFault(o, err)}
	case r.Over:
		return Outcome{TimedOut: true, Words: r.Words}
	case r.Code != 0:
		return Outcome{Told: Failure, Words: strings.TrimSpace(fmt.Sprintf("exit code %d. %s", r.Code, r.Words))}
	}
	return Outcome{Told: Success, Words: r.Words}
}

func (d *Driver) byWebhook(ctx context.Context, where string, t Trigger, o Occasion, mark int) Outcome {
	fallback := ""
	if where == "consumer.connect" {
		fallback = "$connection"
	}
	a := act.Send(ctx, d.http, t.Webhook, o.values(), fallback, time.Duration(t.Timeout), act.MostWords)
	if a.Over {
		return Outcome{TimedOut: true}
	}
	if err := a.Fault(where+".webhook", t.Webhook.URL, t.Webhook.Expect); err != nil && (a.Problem != nil || !d.called(mark)) {
		return Outcome{Fault: d.cleanFault(o, err)}
	}
	words := strings.TrimSpace(fmt.Sprintf("%d %s. %s", a.Status, http.StatusText(a.Status), a.Words))
	if !a.Good(t.Webhook.Expect) {
		return Outcome{Told: Failure, Words: words}
	}
	return Outcome{Told: Success, Words: words}
}

// await waits until what the product was made to do has ended.
func (d *Driver) await(ctx context.Context, where string, t Trigger, o Occasion, mark int, began time.Time, out *Outcome) {
	quiet, first := time.Duration(t.Done.Quiet), time.Duration(t.Done.Begins)
	limit := began.Add(time.Duration(t.Timeout) + time.Duration(t.Schedule))
	until := began.Add(first) // by which it has begun
	if t.Person || t.Schedule > 0 {
		until = limit
	}
	for {
		switch {
		case ctx.Err() != nil || time.Now().After(limit):
			out.TimedOut = true
			return
		case t.Done.Command != "":
			over, err := d.ended(ctx, where, t.Done.Command, o, time.Until(limit), out)
			if err != nil {
				out.Fault = err
				return
			}
			if over && (quiet == 0 || d.still(quiet)) {
				return
			}
		case d.watch == nil: // nothing tells but time
			if time.Since(began) >= quiet+time.Duration(t.Schedule) && !t.Person {
				return
			}
		case d.called(mark):
			if d.still(quiet) {
				return
			}
		case time.Now().After(until):
			out.TimedOut = t.Person || t.Schedule > 0
			return
		}
		pause(ctx, min(200*time.Millisecond, max(quiet/4, 5*time.Millisecond)))
	}
}

// still tells whether nothing was called for a time.
func (d *Driver) still(quiet time.Duration) bool { return d.watch == nil || d.watch.Idle() >= quiet }

// ended asks the command that knows whether the product has ended.
func (d *Driver) ended(ctx context.Context, where, command string, o Occasion, limit time.Duration, out *Outcome) (bool, error) {
	r, err := act.Run(ctx, where+".done.command", command, o.env(), limit, nil)
	switch {
	case err != nil:
		return false, d.cleanFault(o, err)
	case r.Over:
		return false, nil
	case r.Code == 1:
		pause(ctx, 500*time.Millisecond)
		return false, nil
	}
	out.Told, out.Words = Success, r.Words
	if r.Code != 0 {
		out.Told, out.Words = Failure, strings.TrimSpace(fmt.Sprintf("exit code %d. %s", r.Code, r.Words))
	}
	return true, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// bySteps takes the steps of a trigger in a page of their own.
func (d *Driver) bySteps(ctx context.Context, where string, t Trigger, o Occasion) Outcome {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(t.Timeout))
	defer cancel()
	b, err := d.browser()
	if err != nil {
		return Outcome{Fault: err}
	}
	page, err := b.Open(ctx, browser.PageOptions{})
	if err != nil {
		return Outcome{Fault: fmt.Errorf("%s: opening a page: %w", where, err)}
	}
	defer page.Close()
	if err := page.Run(ctx, act.Steps(t.Steps, o.values())); err != nil {
		if ctx.Err() != nil {
			return Outcome{TimedOut: true}
		}
		return Outcome{Fault: act.Fault(where+".steps", d.clean(o, err.Error()),
			"take the steps by hand and correct the one that is named: `rollcall doctor --target …` tries them")}
	}
	return Outcome{}
}

// browser gives the one browser of the driver.
func (d *Driver) browser() (*browser.Browser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.chrome != nil {
		return d.chrome, nil
	}
	t := d.session.Target
	var trust []byte
	if t.TLS.CAFile != "" {
		var err error
		if trust, err = os.ReadFile(t.TLS.CAFile); err != nil {
			return nil, act.Fault("tls.ca_file", err.Error(), "give the path of a PEM file")
		}
	}
	b, err := browser.New(browser.Options{TrustPEM: trust, Hosts: d.section.hosts(), Insecure: t.TLS.Insecure})
	if err != nil {
		return nil, act.Fault("browser", err.Error(),
			"install Chromium (apt-get install chromium-headless-shell, or chromium where there is none), or name one in ROLLCALL_CHROMIUM")
	}
	d.chrome = b
	return b, nil
}

// clean takes secrets out of what somebody said.
func (d *Driver) clean(o Occasion, text string) string {
	if secret := o.Connection.ClientSecret; len(secret) > 3 {
		text = strings.ReplaceAll(text, secret, "***")
		text = strings.ReplaceAll(text, url.QueryEscape(secret), "***")
	}
	return d.session.Redactor().Text(text)
}

func (d *Driver) cleanFault(o Occasion, err error) error {
	var c *harness.ConfigError
	if errors.As(err, &c) {
		c.Cause = d.clean(o, c.Cause)
	}
	return err
}
