package harness

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func headers(lines ...string) http.Header {
	h := http.Header{}
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		h.Add(name, value)
	}
	return h
}

// TestQuotas reads the forms that drafts and products have given these fields.
func TestQuotas(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const date = "Date: Sun, 01 Mar 2026 12:00:00 GMT"
	minute := []policy{{100, time.Minute}}
	for name, c := range map[string]struct {
		sent      []string
		policies  []policy
		limit     int
		remaining int
		fresh     time.Duration
	}{
		"draft 11":                               {[]string{`RateLimit-Policy: "default";q=100;w=60`, `RateLimit: "default";r=0;t=30`}, minute, 0, 0, 30 * time.Second},
		"two policies, the scarcer counts":       {[]string{`RateLimit-Policy: "burst";q=100;w=60, "daily";q=1000;w=86400`, `RateLimit: "burst";r=50;t=30, "daily";r=3;t=7200`}, []policy{{100, time.Minute}, {1000, 24 * time.Hour}}, 0, 3, 2 * time.Hour},
		"a policy that counts bytes":             {[]string{`RateLimit-Policy: "b";q=65535;qu="content-bytes";w=10`, `RateLimit: "b";r=0;t=10`}, nil, 0, -1, 0},
		"names as tokens":                        {[]string{`RateLimit-Policy: default;q=100;w=60`, `RateLimit: default;r=7;t=3`}, minute, 0, 7, 3 * time.Second},
		"draft 07":                               {[]string{`RateLimit-Policy: 100;w=60`, `RateLimit: limit=100, remaining=0, reset=5`}, minute, 100, 0, 5 * time.Second},
		"draft 03":                               {[]string{`RateLimit-Limit: 100, 100;w=60`, `RateLimit-Remaining: 1`, `RateLimit-Reset: 12`}, minute, 100, 1, 12 * time.Second},
		"X-, seconds from now":                   {[]string{`X-RateLimit-Limit: 60`, `X-RateLimit-Remaining: 0`, `X-RateLimit-Reset: 42`}, nil, 60, 0, 42 * time.Second},
		"X-, an instant in seconds":              {[]string{date, `X-Rate-Limit-Limit: 60`, `X-Rate-Limit-Remaining: 0`, `X-Rate-Limit-Reset: 1772366442`}, nil, 60, 0, 42 * time.Second},
		"X-, an instant in milliseconds":         {[]string{date, `X-RateLimit-Remaining: 0`, `X-RateLimit-Reset: 1772366442500`}, nil, 0, 0, 42500 * time.Millisecond},
		"X-, a date":                             {[]string{date, `X-RateLimit-Remaining: 0`, `X-RateLimit-Reset: 2026-03-01T12:00:42Z`}, nil, 0, 0, 42 * time.Second},
		"X-, an instant by a clock that is fast": {[]string{"Date: Sun, 01 Mar 2026 13:00:00 GMT", `X-RateLimit-Remaining: 0`, `X-RateLimit-Reset: 1772370042`}, nil, 0, 0, 42 * time.Second},
		"by the minute":                          {[]string{`X-RateLimit-Limit-Minute: 100`, `X-RateLimit-Remaining-Minute: 0`}, minute, 0, 0, time.Minute},
		"nothing":                                {nil, nil, 0, -1, 0},
		"rubbish": {[]string{`RateLimit-Policy: "x";q=-5;w=60, "y";q=5;w=0, "z";q=99999999999999999999;w=1`, `RateLimit: ;;;`, `X-RateLimit-Limit: NaN`,
			`X-RateLimit-Remaining: -3`, `X-RateLimit-Reset: 1e400`}, nil, 0, -1, 0},
		"left, but until an impossible time": {[]string{`X-RateLimit-Remaining: 0`, `X-RateLimit-Reset: 99999999999999999999`}, nil, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := quotaOf(headers(c.sent...), now)
			if c.fresh > 0 {
				c.fresh += soonest
			}
			if !slices.Equal(got.policies, c.policies) || got.limit != c.limit || got.remaining != c.remaining || got.fresh != c.fresh {
				t.Errorf("got %+v, want %+v", got, c)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "37": 37 * time.Second, " 5 ": 5 * time.Second, "86400": 24 * time.Hour,
		"Sun, 01 Mar 2026 12:02:00 GMT":  2 * time.Minute,
		"Sunday, 01-Mar-26 12:02:00 GMT": 2 * time.Minute, // RFC 850, which recipients must understand
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"Sun, 01 Mar 2099 11:00:00 GMT":  -1,
		"86401":                          -1,
		"9223372036":                     -1, // overflows a time.Duration in nanoseconds
		"99999999999999999999":           -1,
		"-1":                             -1,
		"1.5":                            -1,
		"NaN":                            -1,
		"soon":                           -1,
		"":                               -1,
	} {
		got, ok := retryAfter(headers("Retry-After: "+value), now)
		if ok != (want >= 0) || ok && got != want+soonest {
			t.Errorf("Retry-After: %q waits %s (%t), want %s", value, got, ok, want)
		}
	}
}
