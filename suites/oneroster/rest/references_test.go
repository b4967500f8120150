package rest

import (
	"net/url"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

func TestInnerAddress(t *testing.T) {
	tests := []struct {
		base, href string
		inner      bool
	}{
		{"https://sis.example.org/or", "https://sis.example.org/or/orgs/1", false},
		{"https://sis.example.org/or", "https://resources.example.com/or/orgs/1", false},
		{"https://sis.example.org/or", "http://sis.example.org/or/orgs/1", true},
		{"https://127.0.0.1:8443/or", "http://127.0.0.1:8080/or/orgs/1", true},
		{"https://sis.example.org/or", "https://localhost:8080/or/orgs/1", true},
		{"https://sis.example.org/or", "https://10.1.2.3/or/orgs/1", true},
		{"https://sis.example.org/or", "http://app-7/or/orgs/1", true},
		{"https://sis.example.org/or", "https://sis.internal/or/orgs/1", true},
		{"http://127.0.0.1:8080/or", "http://localhost:8080/or/orgs/1", false},
		{"http://sis/or", "http://10.1.2.3/or/orgs/1", false},
	}
	for _, test := range tests {
		base, _ := url.Parse(test.base)
		href, _ := url.Parse(test.href)
		if got := innerAddress(base, href); (got != "") != test.inner {
			t.Errorf("%s within %s: %q", test.href, test.base, got)
		}
	}
}

func TestStandardAddress(t *testing.T) {
	base, _ := url.Parse("https://sis.example.org/tenant/or")
	for href, want := range map[string]bool{
		"https://sis.example.org/tenant/or/orgs/a%2Fb":    true,
		"https://sis.example.org/tenant/or/schools/a%2Fb": true,
		"https://sis.example.org/tenant/or/users/a%2Fb":   false,
		"https://sis.example.org/or/orgs/a%2Fb":           false,
		"https://sis.example.org/tenant/or/orgs/a":        false,
	} {
		u, _ := url.Parse(href)
		if got := standardAddress(service.Rostering(), base, u, "org", "a/b"); got != want {
			t.Errorf("%s: %v", href, got)
		}
	}
}
