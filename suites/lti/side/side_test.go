package side

import (
	"net/url"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
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
		d, exposed := exposure(harness.LTI{Listen: test.listen, PublicURL: test.public})
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
