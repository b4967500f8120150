package harness

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
)

const (
	// farthest is the longest wait that is believed: quotas are counted by the day
	// at most. What lies beyond is a mistake, and counts as if nothing were said.
	farthest = 24 * time.Hour
	// soonest is added to each wait that a target names in whole seconds, for its
	// clock and ours don't tick together.
	soonest = 50 * time.Millisecond
)

// quota is what the header fields of an answer tell of how much a target will take.
type quota struct {
	policies  []policy
	limit     int           // of a window that isn't told; 0 when it is, or nothing was said
	remaining int           // requests that are left; -1 when that isn't told
	fresh     time.Duration // until there are more; 0 when that isn't told
}

// policy is so many requests in any window of so long.
type policy struct {
	requests int
	window   time.Duration
}

// perSecond gives the rate that a policy comes to.
func (p policy) perSecond() float64 { return float64(p.requests) / p.window.Seconds() }

// quotaOf reads the fields by which targets tell their limits. There is no standard
// yet: the drafts of the IETF (draft-ietf-httpapi-ratelimit-headers, up to 11) have
// changed their form three times, and products send what they had before.
//
//	RateLimit-Policy: "default";q=100;w=60      since draft 08; 100;w=60 before
//	RateLimit: "default";r=50;t=30              since draft 08
//	RateLimit: limit=100, remaining=50, reset=5 draft 07
//	RateLimit-Limit: 100, 100;w=60              up to draft 06, with -Remaining and -Reset
//	X-RateLimit-Limit, X-Rate-Limit-Limit, X-RateLimit-Limit-Minute and their like
//
// What can't be read counts as not said.
func quotaOf(h http.Header, now time.Time) quota {
	q := quota{remaining: -1}
	now = theirs(h, now)
	other := map[string]bool{} // policies that count something else than requests
	list, _ := httpsfv.UnmarshalList(h.Values("RateLimit-Policy"))
	for _, member := range list {
		item, ok := member.(httpsfv.Item)
		if !ok {
			continue
		}
		if unit, said := item.Params.Get("qu"); said && text(unit) != "requests" {
			other[text(item.Value)] = true
			continue
		}
		count, said := item.Params.Get("q")
		if !said {
			count = item.Value
		}
		q.keep(count, item.Params)
	}
	if list, err := httpsfv.UnmarshalList(h.Values("RateLimit")); err == nil {
		for _, member := range list {
			if item, ok := member.(httpsfv.Item); ok && !other[text(item.Value)] {
				left, _ := item.Params.Get("r")
				reset, _ := item.Params.Get("t")
				q.left(text(left), text(reset), now)
			}
		}
	} else if d, err := httpsfv.UnmarshalDictionary(h.Values("RateLimit")); err == nil {
		of := func(key string) string {
			if member, ok := d.Get(key); ok {
				if item, ok := member.(httpsfv.Item); ok {
					return text(item.Value)
				}
			}
			return ""
		}
		q.limit = max(q.limit, number(of("limit")))
		q.left(of("remaining"), of("reset"), now)
	}
	q.older(h, now)
	return q
}

// older reads the fields that stand for one number each.
func (q *quota) older(h http.Header, now time.Time) {
	for _, prefix := range []string{"RateLimit-", "X-RateLimit-", "X-Rate-Limit-"} {
		for unit, window := range map[string]time.Duration{"": 0, "-Second": time.Second, "-Minute": time.Minute, "-Hour": time.Hour,
			"-Day": 24 * time.Hour} {
			if list, err := httpsfv.UnmarshalList(h.Values(prefix + "Limit" + unit)); err == nil {
				for i, member := range list {
					item, ok := member.(httpsfv.Item)
					if !ok {
						continue
					}
					q.keep(item.Value, item.Params)
					if i == 0 && window > 0 {
						q.add(number(text(item.Value)), window)
					} else if i == 0 {
						q.limit = max(q.limit, number(text(item.Value)))
					}
				}
			}
			left, reset := h.Get(prefix+"Remaining"+unit), h.Get(prefix+"Reset"+unit)
			if reset == "" && window > 0 {
				reset = h.Get("RateLimit-Reset")
			}
			if reset == "" && window > 0 && left != "" {
				reset = text(int64(window.Seconds())) // by then at the latest
			}
			q.left(left, reset, now)
		}
	}
}

// keep adds a policy whose window is the parameter w.
func (q *quota) keep(count any, params *httpsfv.Params) {
	if w, said := params.Get("w"); said {
		if window := number(text(w)); window > 0 && window <= int(farthest.Seconds()) {
			q.add(number(text(count)), time.Duration(window)*time.Second)
		}
	}
}

// maxPolicies bounds the policies that are followed at once.
const maxPolicies = 8

func (q *quota) add(requests int, window time.Duration) {
	if requests > 0 && len(q.policies) < maxPolicies {
		q.policies = append(q.policies, policy{requests, window})
	}
}

// left takes in how many requests are left, and when there are more. Of several
// quotas the one with the fewest left counts, and of those the one that lasts longest.
func (q *quota) left(remaining, reset string, now time.Time) {
	n, err := strconv.Atoi(strings.TrimSpace(remaining))
	if err != nil || n < 0 {
		return
	}
	fresh, _ := until(reset, now)
	if q.remaining < 0 || n < q.remaining || n == q.remaining && fresh > q.fresh {
		q.remaining, q.fresh = n, fresh
	}
}

// text renders a bare item.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case httpsfv.Token:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// number reads a count; 0 when it is none.
func number(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// theirs gives the time by the target's own clock, by which it reckons dates.
func theirs(h http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return now
}

// retryAfter reads Retry-After: seconds or a date (RFC 9110 §10.2.3). ok is false
// where there is none, or none that can be believed.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return believed(float64(seconds))
	}
	if date, err := http.ParseTime(value); err == nil {
		return believed(max(0, date.Sub(theirs(h, now)).Seconds()))
	}
	return 0, false
}

// until reads when a quota is fresh again: in seconds from now, or as an instant in
// seconds or milliseconds since 1970, or as a date.
func until(value string, now time.Time) (wait time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		for _, layout := range []string{http.TimeFormat, time.RFC3339Nano} {
			if at, err := time.Parse(layout, value); err == nil {
				return believed(max(0, at.Sub(now).Seconds()))
			}
		}
		return 0, false
	}
	epoch := float64(now.UnixMilli()) / 1000
	for _, at := range []float64{n, n / 1000} {
		if math.Abs(at-epoch) <= farthest.Seconds() {
			return believed(max(0, at-epoch))
		}
	}
	return believed(n)
}

// believed turns seconds into a wait, unless no product can mean them.
func believed(seconds float64) (time.Duration, bool) {
	if !(seconds >= 0 && seconds <= farthest.Seconds()) { // NaN is neither
		return 0, false
	}
	return time.Duration(seconds*float64(time.Second)) + soonest, true
}
