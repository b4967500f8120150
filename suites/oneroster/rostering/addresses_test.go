package rostering

import (
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
)

// What the addresses of a target say by themselves: no reference on loopback can
// show it, so it is proved here.
func TestAddresses(t *testing.T) {
	const service = "/ims/oneroster/rostering/v1p2"
	for _, test := range []struct {
		name, base, focus string
		want              []string
	}{
		{"plain http on another machine", "http://sis.invalid" + service, "rostering.transport.https", []string{"transport.https", "transport.no-plain-http", "transport.token-https"}},
		{"https on another machine", "https://sis.invalid" + service, "rostering.transport.https", []string{}},
		{"another base path", "https://sis.invalid/api/rostering", "rostering.endpoint.base-path", []string{"endpoint.base-path"}},
		{"a path before the base path", "https://sis.invalid/tenant-7" + service, "rostering.endpoint.base-path", []string{}},
	} {
		f := newFake(t)
		f.base = test.base
		got := judged(t, f, "limits: {request_timeout: 1s}\n", test.focus)
		if a := resttest.Accused(got); !slices.Equal(a, test.want) {
			t.Errorf("%s: accused %q, want %q", test.name, a, test.want)
		}
		for id, q := range got {
			if len(test.want) == 0 && q.Verdict != reports.Pass && !strings.Contains(id, "token-https") {
				t.Errorf("%s: %s is %s", test.name, id, q.Verdict)
			}
		}
	}
}
