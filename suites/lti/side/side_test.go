package side

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti"
)

func TestExposure(t *testing.T) {
	for _, test := range []struct {
		listen, public string
		exposed        bool
	}{
		{"127.0.0.1:9460", "http://127.0.0.1:9460", false},
		{"[::1]:9460", "https://platform.localhost:9460", false},
		{"localhost:9460", "http://localhost:9460", false},
		{"0.0.0.0:9460", "http://127.0.0.1:9460", true},
		{":9460", "http://127.0.0.1:9460", true},
		{"127.0.0.1:9460", "https://rollcall.example.org", true},
		{"127.0.0.1:9460", "https://localhost.example.org", true},
	} {
		d, exposed := exposure(lti.Section{Listen: test.listen, PublicURL: test.public})
		if exposed != test.exposed || exposed && (d.Fatal || d.OK || d.Remedy == "") {
			t.Errorf("%s as %s: %t, %+v", test.listen, test.public, exposed, d)
		}
	}
}

func TestJoined(t *testing.T) {
	if got := Joined("https://a.example/x?b=1", url.Values{"c": {"a b"}}); got != "https://a.example/x?b=1&c=a+b" {
		t.Error(got)
	}
}

// A request has ten seconds to come, its header and its body alike.
func TestSlowRequestsEnd(t *testing.T) {
	s, err := Serve(t.Context(), lti.Section{Listen: "127.0.0.1:0"}, http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	if s.ReadHeaderTimeout == 0 || s.ReadHeaderTimeout > 10*time.Second || s.ReadTimeout == 0 || s.ReadTimeout > 10*time.Second {
		t.Errorf("a header may take %s, a request %s", s.ReadHeaderTimeout, s.ReadTimeout)
	}
}
