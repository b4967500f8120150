package browser

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
)

// Exchange is one request that the page made, as far as it has come.
type Exchange struct {
	Started  time.Time
	Ended    time.Time
	Method   string
	URL      string
	Request  http.Header
	Body     string // of the request
	Status   int    // 0: no answer came
	Response http.Header
	Document bool   // it is a document, of the page or of a frame
	Problem  string // why no answer came
	Blocked  []string
	came     time.Time // when an answer began that is no redirect
	frame    cdp.FrameID
	id       network.RequestID
}

// chain is a request with its redirects: they share one id. What the network stack
// tells besides (cookies, headers as they went over the wire) comes in the same
// order, but at any time.
type chain struct {
	items []*Exchange
	sent  []http.Header
	came  []*network.EventResponseReceivedExtraInfo
	done  [2]int // how many of sent and came were put into items
}

func (c *chain) last() *Exchange {
	if c == nil || len(c.items) == 0 {
		return nil
	}
	return c.items[len(c.items)-1]
}

// complete puts what came besides where it belongs.
func (c *chain) complete() {
	for ; c.done[0] < min(len(c.sent), len(c.items)); c.done[0]++ {
		x := c.items[c.done[0]]
		for name, values := range c.sent[c.done[0]] {
			x.Request[name] = values
		}
	}
	for ; c.done[1] < min(len(c.came), len(c.items)); c.done[1]++ {
		c.items[c.done[1]].cookies(c.came[c.done[1]])
	}
}

// cookies notes what a response wanted to set, and what the browser kept it from.
func (x *Exchange) cookies(e *network.EventResponseReceivedExtraInfo) {
	if set := headers(e.Headers)["Set-Cookie"]; len(set) > 0 {
		if x.Response == nil {
			x.Response = http.Header{}
		}
		x.Response["Set-Cookie"] = set
	}
	for _, b := range e.BlockedCookies {
		var why []string
		for _, r := range b.BlockedReasons {
			why = append(why, string(r))
		}
		name, _, _ := strings.Cut(b.CookieLine, "=")
		x.Blocked = append(x.Blocked, name+": "+strings.Join(why, ", "))
	}
}

func (x *Exchange) answered(r *network.Response) {
	x.Status = int(r.Status)
	old := x.Response
	x.Response = headers(r.Headers)
	if set := old["Set-Cookie"]; len(set) > 0 {
		x.Response["Set-Cookie"] = set
	}
	if x.Ended.IsZero() && x.Status >= 300 && x.Status < 400 {
		x.Ended = time.Now()
	}
}

// circle is how often a page asks for one address, by one method, before that has no end:
// tests of cookies and storage come back twice or three times.
const circle = 8

// Circling gives what the page has asked for again and again by itself since a time, such
// as a form that posts itself to where it came from; "" when there is nothing of the kind.
func (p *Page) Circling(since time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := map[string]int{}
	for _, x := range p.log {
		if !x.Document || x.Started.Before(since) {
			continue
		}
		address, _, _ := strings.Cut(x.URL, "?")
		line := x.Method + " " + address
		if count[line]++; count[line] >= circle {
			return line
		}
	}
	return ""
}

func headers(h network.Headers) http.Header {
	out := http.Header{}
	for name, value := range h {
		text, ok := any(value).(string)
		if !ok {
			text = fmt.Sprint(value)
		}
		for _, v := range strings.Split(text, "\n") {
			out.Add(name, v)
		}
	}
	return out
}

func cut(s string) string {
	const most = 400
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
