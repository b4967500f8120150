package client_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

// A target that is written as the standard has it is read as it is, whatever is in it.
func FuzzLinksThatAreRight(f *testing.F) {
	f.Add("next", "/users?offset=10&filter=a%3D%27b%27")
	f.Fuzz(func(t *testing.T, relation, target string) {
		target = url.PathEscape(target)
		relation = url.PathEscape(strings.ToLower(relation))
		if relation == "" {
			return
		}
		got := client.Links(http.Header{"Link": {`<first>; rel=other-, <` + target + `>; title="a, b"; rel="` + relation + `"`}})
		if got[strings.ToLower(relation)] != target {
			t.Errorf("%q of %q is %q", target, relation, got)
		}
	})
}
