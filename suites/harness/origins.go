package harness

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
)

// origin gives the origin of an address: scheme, host and port (RFC 6454 §4),
// with the port written out. It is empty where the address has none.
func origin(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname())
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[scheme]
	}
	if host == "" || port == "" {
		return ""
	}
	return scheme + "://" + host + ":" + port
}

// origins lists the origins of all addresses that the target file names, wherever
// in its sections they stand, but for those of others: credentials go there and nowhere else.
func (t *Target) origins() map[string]bool {
	named := map[string]bool{}
	t.walk(func(v reflect.Value) {
		if v.Kind() != reflect.String || v.Type() == reflect.TypeFor[Elsewhere]() {
			return
		}
		if u, err := url.Parse(v.String()); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
			if o := origin(u); o != "" {
				named[o] = true
			}
		}
	})
	return named
}

// foreign tells whether an address belongs to none of the origins that the target
// file names. A client that knows of none (in tests) trusts every one.
func (c *client) foreign(u *url.URL) bool { return c.origins != nil && !c.origins[origin(u)] }

// withhold takes everything off a request that only the target may see: a bearer
// token or Basic credentials, cookies, the target file's own headers, and the
// address from which a redirect came, which may hold people's data.
func (c *client) withhold(r *http.Request) {
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie", "Referer"} {
		r.Header.Del(name)
	}
	for name := range c.headers {
		r.Header.Del(name)
	}
}

// secretive tells whether a request carries what withhold would take off, or a body
// that must not be seen.
func (c *client) secretive(r Request) bool {
	return r.Auth == AuthSession && (c.token != nil || c.sign != nil) || r.Secret || len(c.headers) > 0 ||
		r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != ""
}
