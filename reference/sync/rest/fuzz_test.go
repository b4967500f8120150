package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sis"
)

func FuzzLinks(f *testing.F) {
	for _, s := range []string{`<https://a/b?c=d>; rel="next"`, `<a>;rel=next, <b>; title="x, <y>; rel=prev"; REL="last first"`, `<a>b'c>; rel=next`, `<`, `<>;`, `,,;="`,
		`<a>; rel="\"`, "<a\n>; rel=next"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		for relation, target := range client.Links(http.Header{"Link": {field}}) {
			if relation != strings.ToLower(relation) || strings.ContainsAny(relation, " \t") || !strings.Contains(field, target) {
				t.Errorf("%q: %q leads to %q", field, relation, target)
			}
		}
		first, _ := url.Parse("https://sis.example/users?limit=10&offset=0")
		next := Next(&Arrival{
			First: first, Asked: first, Header: http.Header{"Link": {field}}, Objects: 10, Read: 10, Total: 20, Limit: 10, Trusts: Usual().Trusts,
		})
		if to, err := url.Parse(next); err != nil || to.Host != first.Host || to.Scheme != first.Scheme {
			t.Errorf("%q leads to %q", field, next)
		}
	})
}

func FuzzPages(f *testing.F) {
	for _, s := range []string{`{"users":[{"sourcedId":"a","roles":[{}]}],"total":3}`, `[{"sourcedId":1}]`, `{"users":null}`, `{"users":[1,null,"a",[]]}`, `{"users":[{"metadata":{}`,
		"\xEF\xBB\xBF{\"users\":[]}", `{"users":[{"orgs":"a","role":"administrator"}]}`} {
		f.Add(s)
	}
	now, old := &Source{}, &Source{v11: true, known: map[string]string{"orgs/a": "district"}}
	f.Fuzz(func(t *testing.T, body string) {
		for _, s := range []*Source{now, old} {
			response := &http.Response{
				StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
				Request: &http.Request{URL: &url.URL{}},
			}
			_, err := decode(response, sis.Users, func(raw json.RawMessage) error {
				if s.v11 && strings.Contains(string(raw), "administrator") {
					return nil // it would ask for the org
				}
				o, err := s.object(context.Background(), sis.Users, raw)
				if err == nil && !json.Valid(o.Body) {
					err = fmt.Errorf("%q is no JSON", o.Body)
					t.Error(err)
				}
				return err
			})
			if err == nil && !json.Valid([]byte(strings.TrimPrefix(body, "\xEF\xBB\xBF"))) {
				t.Errorf("%q was taken", body)
			}
		}
	})
}
