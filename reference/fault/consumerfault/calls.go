package consumerfault

import (
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	stdsync "sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
)

type pauseTime = time.Duration

// drain reads an answer that nobody wants, so that its connection can be used again.
func drain(response *http.Response, err error) {
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, response.Body) // nobody wants it
	_ = response.Body.Close()
}

// crowd sends a request many times at once.
func crowd(r *http.Request, next http.RoundTripper, n int) {
	var all stdsync.WaitGroup
	for range n {
		all.Go(func() { drain(next.RoundTrip(r.Clone(r.Context()))) })
	}
	all.Wait()
}

// added is a query with one parameter more.
func added(r *http.Request, pair string) {
	if r.URL.RawQuery != "" {
		pair = "&" + pair
	}
	r.URL.RawQuery += pair
}

// once does something before the first read only.
func once(do func(r *http.Request, next http.RoundTripper)) behaviour {
	var done stdsync.Once
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if r.Method == http.MethodGet && !forToken(r) {
			done.Do(func() { do(r.Clone(r.Context()), next) })
		}
		return next.RoundTrip(r)
	})
}

func callFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-page-parameter": asking(func(r *http.Request) { added(r, "page=1&pageSize=1000") }),
		"consumer-limit-zero": once(func(r *http.Request, next http.RoundTripper) {
			r.URL.RawQuery = "limit=0"
			drain(next.RoundTrip(r))
		}),
		"consumer-offset-negative": once(func(r *http.Request, next http.RoundTripper) {
			r.URL.RawQuery = "limit=100&offset=-1"
			drain(next.RoundTrip(r))
		}),
		"consumer-order-capital": asking(func(r *http.Request) { added(r, "sort=sourcedId&orderBy=ascending") }),
		"consumer-sort-unknown":  asking(func(r *http.Request) { added(r, "sort=lastModifiedOn") }),
		"consumer-own-path": once(func(r *http.Request, next http.RoundTripper) {
			r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path.Dir(r.URL.Path)+"/ping", "", ""
			drain(next.RoundTrip(r))
		}),
		"consumer-double-slash": once(func(r *http.Request, next http.RoundTripper) {
			r.URL.Path, r.URL.RawPath = path.Dir(r.URL.Path)+"//"+path.Base(r.URL.Path), ""
			drain(next.RoundTrip(r))
		}),
		"consumer-post-reads": once(func(r *http.Request, next http.RoundTripper) {
			r.Method = http.MethodPost
			drain(next.RoundTrip(r))
		}),
		"consumer-signed-query": signing(func(r *http.Request) { added(r, "sort=sourcedId") }),
		"consumer-signed-blanks": signing(func(r *http.Request) {
			if !strings.Contains(r.URL.RawQuery, "filter=") {
				added(r, "filter=familyName%3D%27van%20Buren%27")
			}
		}),
		"consumer-accepts-xml": asking(func(r *http.Request) { r.Header.Set("Accept", "application/xml") }),
		"consumer-gzip-unread": asking(func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }),
	}
}

// signing makes a call beside the first that is signed, which was changed once it had its signature.
func signing(change func(*http.Request)) behaviour {
	return once(func(r *http.Request, next http.RoundTripper) {
		change(r)
		drain(next.RoundTrip(r))
	})
}

// filtered writes the filter of a delta in another way.
func filtered(since func(at time.Time) string) behaviour {
	return reading(func(c *rest.Config) { c.Manners.Since = since })
}

const fromOn = "dateLastModified>="

func stamp(at time.Time) string { return at.UTC().Format(oneroster.TimestampLayout) }

func filterFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-filter-raw": reading(func(c *rest.Config) {
			c.Manners.Query = func(parameters []rest.Parameter) string {
				var pairs []string
				for _, p := range parameters {
					pairs = append(pairs, p.Name+"="+p.Value)
				}
				return strings.Join(pairs, "&")
			}
		}),
		"consumer-filter-unquoted": filtered(func(at time.Time) string { return fromOn + stamp(at) }),
		"consumer-filter-double":   filtered(func(at time.Time) string { return fromOn + `"` + stamp(at) + `"` }),
		"consumer-filter-sql": filtered(func(at time.Time) string {
			return "dateLastModified GREATER THAN '" + stamp(at) + "'"
		}),
		"consumer-filter-join": filtered(func(at time.Time) string {
			return fromOn + "'" + stamp(at) + "' and status='active'"
		}),
		"consumer-filter-date":  filtered(func(at time.Time) string { return fromOn + rest.Quoted(at.UTC().Format(time.DateOnly)) }),
		"consumer-filter-local": filtered(func(at time.Time) string { return fromOn + rest.Quoted(at.UTC().Format("2006-01-02T15:04:05")) }),
		"consumer-filter-week-year": filtered(func(at time.Time) string {
			at = at.UTC()
			year, _ := at.ISOWeek()
			return fromOn + rest.Quoted(stamp(time.Date(year, at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)))
		}),
		"consumer-filter-active": filtered(func(at time.Time) string {
			return fromOn + rest.Quoted(stamp(at)) + " AND status='active'"
		}),
		// The hours of the wall clock, an hour or two off, with a Z behind.
		"consumer-filter-zone": filtered(func(at time.Time) string { return fromOn + rest.Quoted(stamp(at.Add(10*time.Hour))) }),
		"consumer-filter-unknown": filtered(func(at time.Time) string {
			return "modifiedSince>=" + rest.Quoted(stamp(at))
		}),
		"consumer-no-delta": filtered(func(time.Time) string { return "" }),
	}
}

// asksToken changes requests for tokens.
func asksToken(change func(r *http.Request, form url.Values)) behaviour {
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if !forToken(r) {
			return next.RoundTrip(r)
		}
		r, form, err := form(r)
		if err != nil {
			return nil, err
		}
		change(r, form)
		written(r, form.Encode())
		return next.RoundTrip(r)
	})
}

// form reads the form of a request for a token, of a copy of it.
func form(r *http.Request) (*http.Request, url.Values, error) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return r, nil, err
	}
	copied := r.Clone(r.Context())
	written(copied, string(text))
	values, err := url.ParseQuery(string(text))
	return copied, values, err
}

func written(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(body)), nil }
}

// before makes another request before each for a token.
func before(change func(r *http.Request, form url.Values)) behaviour {
	return sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if !forToken(r) {
			return next.RoundTrip(r)
		}
		good, values, err := form(r)
		if err != nil {
			return nil, err
		}
		bad := good.Clone(r.Context())
		written(bad, values.Encode())
		change(bad, values)
		drain(next.RoundTrip(bad))
		return next.RoundTrip(good)
	})
}

func tokenFaults() map[string]behaviour {
	const all = oneroster.ScopePrefix + "roster-core.readonly " + oneroster.ScopePrefix + "roster.readonly " +
		oneroster.ScopePrefix + "roster-demographics.readonly " + oneroster.ScopePrefix + "resource.readonly " +
		oneroster.ScopePrefix + "gradebook.createput " + oneroster.ScopePrefix + "gradebook.delete"
	return map[string]behaviour{
		"consumer-token-in-query": asking(func(r *http.Request) {
			added(r, "access_token="+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		}),
		"consumer-token-each-call": reading(func(c *rest.Config) { c.Manners.Renews = func(_, _ time.Time) bool { return true } }),
		"consumer-token-late": sending(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if r.Method == http.MethodGet && !forToken(r) {
				bare := r.Clone(r.Context())
				bare.Header.Del("Authorization")
				drain(next.RoundTrip(bare))
			}
			return next.RoundTrip(r)
		}),
		"consumer-scopes-all": asksToken(func(_ *http.Request, form url.Values) {
			form.Set("scope", form.Get("scope")+" "+all)
		}),
		"consumer-scopes-own": asksToken(func(_ *http.Request, form url.Values) { form.Set("scope", form.Get("scope")+" rostering.all") }),
		"consumer-scopes-commas": before(func(r *http.Request, form url.Values) {
			form.Set("scope", oneroster.ScopePrefix+"roster-core.readonly,"+oneroster.ScopePrefix+"roster.readonly")
			written(r, form.Encode())
		}),
		"consumer-token-json": before(func(r *http.Request, form url.Values) {
			r.Header.Set("Content-Type", "application/json")
			written(r, `{"grant_type":"client_credentials","scope":"`+form.Get("scope")+`"}`)
		}),
		"consumer-token-get": before(func(r *http.Request, form url.Values) {
			r.Method, r.URL.RawQuery = http.MethodGet, form.Encode()
			r.Header.Del("Content-Type")
			written(r, "")
		}),
		"consumer-token-password": before(func(r *http.Request, form url.Values) {
			form.Set("grant_type", "password")
			written(r, form.Encode())
		}),
		"consumer-trusts-redirects": reading(func(c *rest.Config) { c.Manners.Trusts = func(_, _ *url.URL) bool { return true } }),
		"consumer-no-verify":        around(func(next http.RoundTripper) http.RoundTripper { return unverified(next) }),
	}
}
