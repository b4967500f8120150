package harness

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestDoctorTellsThePace reads what the doctor says of a target that has told its
// limit by then.
func TestDoctorTellsThePace(t *testing.T) {
	for name, c := range map[string]struct {
		told   []string
		limits Limits
		want   string
		ok     bool
	}{
		"nothing told":        {nil, Limits{}, "", true},
		"a policy":            {[]string{`RateLimit-Policy: "default";q=100;w=60`}, Limits{}, "100 requests in 1m, as the target tells: about 1000 requests in 9m", true},
		"the slower of two":   {[]string{`RateLimit-Policy: "b";q=100;w=1, "m";q=500;w=60`}, Limits{}, "500 requests in 1m, as the target tells: about 1000 requests in 1m", true},
		"a window not told":   {[]string{"X-RateLimit-Limit: 100", "X-RateLimit-Remaining: 7", "X-RateLimit-Reset: 42"}, Limits{}, "100 requests in 1m, as", true},
		"the target file":     {nil, Limits{RequestsPerSecond: 2}, "120 requests in 1m, as limits.requests_per_second says: about 1000 requests in 8m", true},
		"by the hour":         {[]string{`RateLimit-Policy: "h";q=500;w=3600`}, Limits{}, "waits for no longer than 5m at a time", false},
		"by the hour, waited": {[]string{`RateLimit-Policy: "h";q=500;w=3600`}, Limits{Patience: Duration(time.Hour)}, "500 requests in 1h, as the target tells: about 1000 requests in 1h", true},
		"enough by the hour":  {[]string{`RateLimit-Policy: "h";q=5000;w=3600`}, Limits{}, "5000 requests in 1h, as the target tells: about 1000 requests in 1m", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Session{Target: &Target{Limits: c.limits}, client: testClient(t, tight), redactor: testRedactor(t)}
			s.client.paces.of(door(Request{})).hear(headers(c.told...), time.Now())
			d := &doctor{session: s}
			d.pace(1000 / requestsPerCheck)
			if c.want == "" {
				if len(d.found) > 0 {
					t.Errorf("said %+v", d.found)
				}
				return
			}
			if len(d.found) != 1 || !strings.Contains(d.found[0].Detail, c.want) || d.found[0].OK != c.ok || d.found[0].Fatal {
				t.Errorf("said %s", fmt.Sprintf("%+v", d.found))
			}
		})
	}
}
