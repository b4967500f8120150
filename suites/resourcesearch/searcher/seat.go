package searcher

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher/catalog"
)

// The times that a page is given, and how far its pages are followed.
const (
	restTime    = 700 * time.Millisecond // without a call, until what is shown is what there is
	troubleTime = 4 * time.Second        // the same, where somebody may wait before they ask once more
	turnTime    = 10 * time.Second       // until another page is there
	mostTurns   = 30
	mostPrinted = 8 << 20 // bytes of JSON
)

// searched is what came of one search.
type searched struct {
	words, standard string
	names           []string // that are shown, all pages together
	failed          bool     // it is told to have failed
	said            string   // by what
	fault           error    // why the product could not be made to search: a *harness.ConfigError
	over            bool     // it didn't end in its time
	calls           []catalog.Call
	injected        bool // the page has an element in it that stands in the text of an item
	turns           int  // further pages that were looked at
}

// seat is where Rollcall sits as somebody who searches.
type seat struct {
	section *Section
	session *harness.Session
	catalog *catalog.Catalog
	http    *http.Client
	chrome  *browser.Browser
	page    *browser.Page
	works   bool // a search has shown something already: what can't be done then is the product's doing
}

func (t *seat) close() {
	t.http.CloseIdleConnections()
	if t.page != nil {
		t.page.Close()
	}
	if t.chrome != nil {
		t.chrome.Close()
	}
}

// values are what the words of the target file stand for.
func (t *seat) values(more map[string]string) map[string]string {
	c := t.catalog.Connection()
	text, _ := json.Marshal(c) // of texts
	out := map[string]string{"url": c.URL, "token_url": c.TokenURL, "client_id": c.ClientID, "client_secret": c.ClientSecret,
		"connection": string(text), "words": "", "standard": "", "title": "", "address": ""}
	maps.Copy(out, more)
	return out
}

func env(values map[string]string) (out []string) {
	for _, name := range []string{"url", "token_url", "client_id", "client_secret", "words", "standard"} {
		out = append(out, "ROLLCALL_"+strings.ToUpper(name)+"="+values[name])
	}
	return out
}

// connect tells the product where to search. The error is a *harness.ConfigError.
func (t *seat) connect(ctx context.Context) error {
	h, values := t.section.Connect, t.values(nil)
	limit := time.Duration(h.Timeout)
	switch {
	case h.Command != "":
		r, err := act.Run(ctx, key+".connect.command", h.Command, env(values), limit, nil)
		switch {
		case err != nil:
			return err
		case r.Over:
			return act.Fault(key+".connect", fmt.Sprintf("it doesn't end within %s", limit), "raise connect.timeout, or let the command end")
		case r.Code != 0:
			return act.Fault(key+".connect", fmt.Sprintf("it ends with %d: %s", r.Code, t.clean(act.OrNothing(r.Words))),
				"run it by hand, and let it end with 0")
		}
	case h.Webhook != nil:
		a := act.Send(ctx, t.http, h.Webhook, values, "$connection", limit, act.MostWords)
		if err := a.Fault(key+".connect.webhook", h.Webhook.URL, h.Webhook.Expect); err != nil {
			return err
		}
		if !a.Good(h.Webhook.Expect) {
			return act.Fault(key+".connect.webhook", fmt.Sprintf("it is answered %d: %s", a.Status, t.clean(act.OrNothing(a.Words))),
				"see what the product wants to be told, and list the status in expect where it means success")
		}
	}
	return nil
}

// clean takes secrets out of what somebody said.
func (t *seat) clean(text string) string { return t.session.Redactor().Text(text) }

// search has the product search, once, and looks at what it shows: beyond the first page where all is wanted.
func (t *seat) search(ctx context.Context, words, standard string, all, trouble bool) searched {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(t.section.Search.Timeout))
	defer cancel()
	out := searched{words: words, standard: standard}
	mark := t.catalog.Mark()
	values := t.values(map[string]string{"words": words, "standard": standard})
	switch s := t.section.Search; s.way() {
	case "command":
		var printed bytes.Buffer
		r, err := act.Run(ctx, key+".search.command", s.Command, env(values), time.Duration(s.Timeout), &bounded{to: &printed, most: mostPrinted})
		switch {
		case err != nil:
			out.fault = err
		case r.Over:
			out.over = true
		case r.Code != 0:
			out.failed, out.said = true, fmt.Sprintf("exit code %d: %s", r.Code, t.clean(act.OrNothing(r.Words)))
		default:
			out.names, out.fault = t.read(printed.Bytes(), "command")
		}
	case "webhook":
		a := act.Send(ctx, t.http, s.Webhook, values, "", time.Duration(s.Timeout), mostPrinted)
		switch err := a.Fault(key+".search.webhook", s.Webhook.URL, s.Webhook.Expect); {
		case a.Over:
			out.over = true
		case err != nil && (a.Problem != nil || t.catalog.Mark() == mark):
			out.fault = err
		case !a.Good(s.Webhook.Expect):
			out.failed, out.said = true, fmt.Sprintf("%d: %s", a.Status, t.clean(act.OrNothing(a.Words)))
		default:
			out.names, out.fault = t.read(a.Body, "webhook")
		}
	case "steps":
		t.look(ctx, &out, values, all, trouble)
	default:
		out.fault = act.Fault(key+".search", "nothing says how the product is made to search",
			"add one of command, webhook and steps: docs/judging-a-searcher.md has an example of each")
	}
	out.calls = t.catalog.Calls(mark)
	return out
}

// bounded takes no more than so many bytes.
type bounded struct {
	to   *bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.to.Len()+len(p) > b.most {
		return 0, act.Fault(key+".search.command", fmt.Sprintf("it prints more than %d MB", b.most>>20),
			"let it print what was found, and no more")
	}
	return b.to.Write(p)
}

// read takes the names out of JSON: objects, one a line, or a list, or an object with one.
func (t *seat) read(text []byte, way string) ([]string, error) {
	var values []any
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var v any
		if err := d.Decode(&v); err != nil {
			if len(bytes.TrimSpace(text)) > 0 && d.More() || len(values) == 0 && len(bytes.TrimSpace(text)) > 0 {
				return nil, act.Fault(key+".search."+way, "what it gives is no JSON: "+act.Shortened(t.clean(string(text))),
					"let it give an object a line, a list of objects, or an object with a list; a search that fails is told by an exit code, or a status")
			}
			break
		}
		values = append(values, v)
	}
	if len(values) == 1 {
		values = listIn(values[0])
	}
	out := []string{}
	for _, v := range values {
		o, is := v.(map[string]any)
		if !is {
			continue
		}
		name, _ := o[t.section.Search.Shows.Name].(string)
		for _, member := range []string{"name", "title"} {
			if text, is := o[member].(string); is && name == "" && t.section.Search.Shows.Name == "" {
				name = text
			}
		}
		if name == "" {
			return nil, act.Fault(key+".search.shows.name", "what was found has no name, but "+strings.Join(slices.Sorted(maps.Keys(o)), ", "),
				"say which member has it")
		}
		out = append(out, name)
	}
	return out, nil
}

// listIn finds the list of what was found: the value itself, or the first list in it. An object without one is an item.
func listIn(v any) []any {
	switch x := v.(type) {
	case []any:
		return x
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(x)) {
			if l, is := x[name].([]any); is && (len(l) == 0 || isObject(l[0])) {
				if _, named := x["name"].(string); !named {
					return l
				}
			}
		}
	}
	return []any{v}
}

func isObject(v any) bool {
	_, is := v.(map[string]any)
	return is
}

// sit opens a page, and signs in there, once.
func (t *seat) sit(ctx context.Context) error {
	if t.page != nil {
		return nil
	}
	var trust []byte
	var err error
	if file := t.session.Target.TLS.CAFile; file != "" {
		if trust, err = os.ReadFile(file); err != nil {
			return act.Fault("tls.ca_file", err.Error(), "give the path of a PEM file")
		}
	}
	if t.chrome, err = browser.New(browser.Options{TrustPEM: trust, Hosts: append(t.section.hosts(), lti.Of(t.session.Target).Hosts()...),
		Insecure: t.session.Target.TLS.Insecure}); err != nil {
		return act.Fault("browser", err.Error(),
			"install Chromium (apt-get install chromium-headless-shell, or chromium where there is none), or name one in ROLLCALL_CHROMIUM")
	}
	page, err := t.chrome.Open(context.WithoutCancel(ctx), browser.PageOptions{})
	if err != nil {
		return fmt.Errorf("opening a page: %w", err)
	}
	if err := page.Run(ctx, t.section.SignIn); err != nil {
		page.Close()
		return act.Fault(key+".sign_in", t.clean(err.Error()), "take the steps by hand, and correct the one that is named")
	}
	t.page = page
	return nil
}

// look takes the steps of a search, and reads what the page shows then.
func (t *seat) look(ctx context.Context, out *searched, values map[string]string, all, trouble bool) {
	if out.fault = t.sit(ctx); out.fault != nil {
		return
	}
	shows := t.section.Search.Shows
	if err := t.page.Run(ctx, act.Steps(t.section.Search.Steps, values)); err != nil {
		out.failed, out.said = t.problem(ctx)
		switch {
		case ctx.Err() != nil:
			out.over = true
		case !t.works:
			out.fault = act.Fault(key+".search.steps", t.clean(err.Error()), "take the steps by hand, and correct the one that is named")
		case !out.failed:
			out.said = t.clean(err.Error())
		}
		return
	}
	out.names = t.settled(ctx, out, nil, trouble)
	out.injected = t.injected(ctx)
	for all && !out.failed && shows.More != "" && out.turns < mostTurns {
		if there, err := t.page.Shows(ctx, shows.More); err != nil || !there {
			break
		}
		before, _ := t.page.Texts(ctx, shows.Items) // what can't be read was none
		if err := t.page.RunWithin(ctx, turnTime, []browser.Step{{Click: shows.More}}); err != nil {
			break // it is there, and can't be clicked: the end of most pages
		}
		now := t.settled(ctx, out, before, trouble)
		if slices.Equal(before, now) {
			break
		}
		out.turns++
		if len(now) >= len(before) && slices.Equal(now[:len(before)], before) { // more of it on the same page
			now = now[len(before):]
		}
		out.names = append(out.names, now...)
	}
	out.over = ctx.Err() != nil
}

// settled reads the names that a page shows, once it shows some that weren't there before, or a problem, or nothing has been
// asked for a while.
func (t *seat) settled(ctx context.Context, out *searched, before []string, trouble bool) []string {
	rest := restTime
	if trouble {
		rest = troubleTime
	}
	for began := time.Now(); ; {
		names := []string{}
		if t.section.Search.Shows.Items != "" {
			if texts, err := t.page.Texts(ctx, t.section.Search.Shows.Items); err == nil {
				names = texts
			}
		}
		out.failed, out.said = t.problem(ctx)
		if out.failed || len(names) > 0 && !slices.Equal(names, before) || ctx.Err() != nil {
			return names
		}
		if min(time.Since(began), t.catalog.Idle()) > rest {
			return names
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// problem tells whether the page says that the search failed.
func (t *seat) problem(ctx context.Context) (failed bool, said string) {
	what := t.section.Search.Shows.Problem
	if what == "" {
		return false, ""
	}
	if there, err := t.page.Shows(ctx, what); err != nil || !there {
		return false, ""
	}
	if !strings.Contains(what, "=") || strings.HasPrefix(what, "[") {
		if texts, err := t.page.Texts(ctx, what); err == nil {
			return true, t.clean(act.Shortened(strings.Join(texts, " ")))
		}
	}
	return true, t.clean(what)
}

// injected tells whether the page has something in it that stands in the text of an item.
func (t *seat) injected(ctx context.Context) bool {
	there, err := t.page.Shows(ctx, `img[src*="/canary/"]`)
	return err == nil && there
}

// choose puts an item into a course, from where a search ended, and opens it.
func (t *seat) choose(ctx context.Context, i catalog.Item) error {
	values := t.values(map[string]string{"title": i.Name, "address": i.Address, "words": i.Word})
	for _, x := range []struct {
		where string
		steps []browser.Step
	}{{"choose", t.section.Choose}, {"open", t.section.Open}} {
		if err := t.page.Run(ctx, act.Steps(x.steps, values)); err != nil {
			return act.Fault(key+"."+x.where, t.clean(err.Error()), "take the steps by hand, and correct the one that is named")
		}
	}
	return nil
}

// cause words a fault of the set-up.
func cause(err error) harness.Obstacle {
	var c *harness.ConfigError
	if errors.As(err, &c) {
		return harness.Unconfigured(strings.TrimPrefix(c.Key+": ", ": ")+c.Cause, c.Remedy)
	}
	return harness.Unconfigured(err.Error(), "Look at the section searcher of the target file; `rollcall doctor` tries it.")
}
