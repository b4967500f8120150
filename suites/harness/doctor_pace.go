package harness

import (
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// requestsPerCheck is how many requests a check comes to, over a whole run against
// a small district and its crawl. Larger ones take more by the page.
const requestsPerCheck = 5

// pace says what rate a run will keep, where the target tells one or the target file
// sets one, and how long it takes at that.
func (d *doctor) pace(checks int) {
	var slow policy
	by := ""
	if told, ok := d.session.client.paces.of(door(Request{})).slowest(); ok {
		slow, by = told, "as the target tells"
	}
	if rps := d.session.Target.Limits.RequestsPerSecond; rps > 0 && (by == "" || rps < slow.perSecond()) {
		slow, by = policy{int(rps * 60), time.Minute}, "as limits.requests_per_second says"
	}
	if by == "" || slow.requests < 1 {
		return
	}
	requests := checks * requestsPerCheck
	x := Diagnosis{
		Name: "pace",
		OK:   true,
		Detail: fmt.Sprintf("a run keeps to %d requests in %s, %s: about %d requests in %s", slow.requests, plainly(slow.window), by,
			requests, plainly(took(slow, requests))),
	}
	if patience := d.session.Target.budgets().Patience; requests > slow.requests && slow.window > patience {
		x.OK = false
		x.Detail += fmt.Sprintf("; it waits for no longer than %s at a time, and then leaves requirements unknown", plainly(patience))
		x.Remedy = fmt.Sprintf("Set limits.patience to %s, or let the product take more requests from the client of the tests.",
			plainly(slow.window))
	}
	d.say(x)
}

// took gives how long so many requests take: the first window's worth are sent at
// once, the rest as the quota is fresh again.
func took(p policy, requests int) time.Duration {
	windows := max(0, requests-1) / p.requests
	return max(time.Minute, (time.Duration(windows) * p.window).Round(time.Minute))
}

// plainly writes a duration without the parts that are nought.
func plainly(d time.Duration) string {
	switch {
	case d%time.Hour == 0 && d > 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0 && d > 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// checks counts the checks of a suite that a run against the target has a use for.
func (t *Target) checks(suite Suite) int {
	c, err := catalogue.Load()
	if err != nil {
		return len(suite.Checks)
	}
	plan, err := planFor(t, []Suite{suite}, c, nil)
	if err != nil {
		return len(suite.Checks)
	}
	return len(plan.Checks)
}
