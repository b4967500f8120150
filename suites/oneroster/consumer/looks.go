package consumer

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
)

// looks are what is decided of one phase by its calls, by the requirement below the service.
var looks = map[string]func(j *judge, t *harness.T, id string, s *occasion){
	"trouble.retry-after":     retryAfter,
	"trouble.backs-off":       backsOff,
	"trouble.retries-bounded": retriesBounded,
	"token.kept":              tokenKept,
	"delta.year":              func(j *judge, t *harness.T, id string, _ *occasion) { years(j, t, id) },
	"delta.mark":              func(j *judge, t *harness.T, id string, _ *occasion) { marks(j, t, id) },
}

// early is how much sooner than it was told to a product may call again: clocks and networks differ.
const early = 300 * time.Millisecond

// apart is by how much the product's clock may differ from ours where an instant is told.
const apart = 2 * time.Second

// toldWait is for how long at least a product has to wait after a call, by Retry-After in either form (RFC 9110
// §10.2.3), and the same in words; said is false where nothing is told.
func toldWait(c provider.Call) (least time.Duration, words string, said bool) {
	text := c.Response.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(seconds)*time.Second - early, fmt.Sprintf("%d s are over", seconds), true
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(c.Ended) - apart, fmt.Sprintf("it is %s, give or take %s for clocks that differ", text, apart), true
	}
	return 0, "", false
}

// retryAfter looks whether no call came before the time that a 429 told.
func retryAfter(_ *judge, t *harness.T, id string, s *occasion) {
	looked := 0
	for i, c := range s.calls {
		least, told, said := toldWait(c)
		if c.Status != http.StatusTooManyRequests || !said {
			continue
		}
		looked++
		for _, next := range s.calls[i+1:] {
			if next.URL != c.URL || next.Started.Before(c.Ended) {
				continue
			}
			waited := next.Started.Sub(c.Ended)
			t.Assert(id, waited >= least, harness.Finding{
				Expected: "no call of the same before " + told + ", as Retry-After says",
				Seen:     fmt.Sprintf("it came after %s", waited.Round(time.Millisecond)), Where: "header Retry-After", Exchanges: watch(t, c, next)})
			break
		}
	}
	if looked == 0 {
		t.NotTested(harness.NoData("no call was answered 429 with Retry-After", "Have the product sync while Rollcall looks."), id)
		return
	}
	t.Examined(id, looked)
}

// backsOff looks whether a product that is told that the provider is busy makes a pause.
func backsOff(_ *judge, t *harness.T, id string, s *occasion) {
	busy := 0
	for _, c := range s.calls {
		if c.Status == http.StatusTooManyRequests {
			busy++
		}
	}
	if busy == 0 {
		t.NotTested(harness.NoData("no call was answered 429", "Have the product sync while Rollcall looks."), id)
		return
	}
	quick := 0
	turned := map[string]provider.Call{} // the call of an address before, where that was answered 429
	var shown []provider.Call
	for _, c := range s.calls {
		// A machine that has much to do is slow to answer, and to ask again.
		if last, again := turned[c.URL]; again && c.Started.Sub(last.Ended) < 50*time.Millisecond+last.Ended.Sub(last.Started) {
			quick++
			shown = append(shown, c)
		}
		if delete(turned, c.URL); c.Status == http.StatusTooManyRequests {
			turned[c.URL] = c
		}
	}
	t.Assert(id, quick < 3, harness.Finding{Expected: "a pause before a call that was answered 429 is made again",
		Seen: fmt.Sprintf("%d times the same call came again at once", quick), Exchanges: watch(t, shown...)})
}

// retriesBounded looks how often a call that fails was made in one sync.
func retriesBounded(_ *judge, t *harness.T, id string, s *occasion) {
	failed := map[string][]provider.Call{}
	for _, c := range s.calls {
		if c.Status >= http.StatusInternalServerError {
			failed[c.URL] = append(failed[c.URL], c)
		}
	}
	if len(failed) == 0 {
		t.NotTested(harness.NoData("no call was answered 500", "Have the product sync while Rollcall looks."), id)
		return
	}
	for _, calls := range failed {
		t.Assert(id, len(calls) <= mostRetries, harness.Finding{Expected: fmt.Sprintf("the same call %d times at most in one sync", mostRetries),
			Seen: fmt.Sprintf("%d times", len(calls)), Sent: calls[0].Method + " " + t.Where(calls[0].URL), Exchanges: watch(t, calls[:min(2,
				len(calls))]...)})
	}
}

// elsewhere is the trouble of calls that came to another host.
const elsewhere = "elsewhere"

// tokenKept looks whether a call that was redirected to another host took the token along.
func tokenKept(_ *judge, t *harness.T, id string, s *occasion) {
	redirected := 0
	for _, c := range s.calls {
		switch {
		case c.Status >= 300 && c.Status < 400:
			redirected++
		case c.Trouble == elsewhere:
			t.Assert(id, c.Header.Get("Authorization") == "", harness.Finding{Expected: "no token in a call of another host",
				Seen: "the header Authorization went along to " + t.Where(c.URL), Where: "header Authorization", Exchanges: watch(t, c)})
		}
	}
	if redirected == 0 {
		t.NotTested(harness.NoData("no call could be redirected", "Have the product read users while Rollcall looks."), id)
		return
	}
	t.Examined(id, redirected)
}
