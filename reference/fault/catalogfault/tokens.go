package catalogfault

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// ledger issues tokens, and remembers what they stood for and which was the last of a client.
type ledger struct {
	security.Tokens
	judge func(l *ledger, token string, grant security.Grant, err error) (security.Grant, error)

	mu     sync.Mutex
	grants map[string]security.Grant
	last   map[string]string // by client
}

// Issue makes a token.
func (l *ledger) Issue(ctx context.Context, client security.Client, scopes []string) (string, security.Grant, error) {
	token, grant, err := l.Tokens.Issue(ctx, client, scopes)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grants[token], l.last[client.ID] = grant, token
	return token, grant, err
}

// Inspect tells what a token stands for, as it is judged here.
func (l *ledger) Inspect(ctx context.Context, token string) (security.Grant, error) {
	grant, err := l.Tokens.Inspect(ctx, token)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.judge(l, token, grant, err)
}

// judging has tokens judged otherwise.
func judging(judge func(l *ledger, token string, grant security.Grant, err error) (security.Grant, error)) func(*catalog.Config) {
	return func(c *catalog.Config) {
		c.Tokens = &ledger{Tokens: security.NewTokens(security.TokenOptions{TTL: c.TokenTTL}), judge: judge,
			grants: map[string]security.Grant{}, last: map[string]string{}}
	}
}

// configured are what a catalogue is made of otherwise.
func configured() map[string]func(*catalog.Config) {
	return map[string]func(*catalog.Config){
		"catalog-expired-taken": judging(func(l *ledger, token string, grant security.Grant, err error) (security.Grant, error) {
			if errors.Is(err, security.ErrExpiredToken) {
				return l.grants[token], nil
			}
			return grant, err
		}),
		"catalog-token-ends-others": judging(func(l *ledger, token string, grant security.Grant, err error) (security.Grant, error) {
			for _, last := range l.last {
				if last == token {
					return grant, err
				}
			}
			return security.Grant{}, errors.Join(security.ErrUnknownToken, err)
		}),
		"catalog-base-elsewhere": func(c *catalog.Config) { c.BasePath = "/search" },
	}
}

// grants are token endpoints that know a client otherwise than they should.
func grants() map[string]bend.Wrapper {
	return map[string]bend.Wrapper{
		"catalog-basic-refused": bend.At("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r = r.Clone(r.Context())
			r.Header.Del("Authorization")
			next.ServeHTTP(w, r)
		}),
		"catalog-secret-unread": func(next http.Handler) http.Handler {
			var mu sync.Mutex
			secrets := map[string]string{}
			return bend.At("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.ParseForm() != nil {
					next.ServeHTTP(w, r)
					return
				}
				id, secret, basic := r.BasicAuth()
				rec := bend.Answered(next, r)
				mu.Lock()
				if rec.Code == http.StatusOK && basic {
					secrets[id] = secret
				}
				good := secrets[id]
				mu.Unlock()
				if rec.Code == http.StatusUnauthorized && good != "" {
					r.SetBasicAuth(id, good)
					rec = bend.Answered(next, r)
				}
				bend.Give(w, rec)
			})(next)
		},
	}
}

// shared are mistakes in what every such service has.
func shared() map[string]bend.Wrapper {
	return map[string]bend.Wrapper{
		"catalog-last-negative": changed(func(a *reply) {
			if !a.is(resourcesPath) || a.Header().Get("X-Total-Count") != "0" {
				return
			}
			a.Header().Set("Link", linkForm.ReplaceAllStringFunc(a.Header().Get("Link"), func(link string) string {
				m := linkForm.FindStringSubmatch(link)
				u, err := url.Parse(m[1])
				if err != nil || m[2] != "last" {
					return link
				}
				q := u.Query()
				q.Set("offset", strconv.Itoa(-number(q, "limit", 100)))
				u.RawQuery = q.Encode()
				return "<" + u.String() + `>; rel="last"`
			}))
		}),
		"catalog-trailing-comment": changed(func(a *reply) {
			if a.is(subjectsPath) {
				a.text(a.Body.String() + "// end of the subjects")
			}
		}),
		"catalog-subject-numbered": func(next http.Handler) http.Handler {
			var reads atomic.Int64
			return tree(func(nodes []any) []any {
				read := reads.Add(1)
				for _, one := range nodes {
					if o, is := one.(object); is {
						o["name"], _ = o["name"].(string)
						o["name"] = o["name"].(string) + " (" + strconv.FormatInt(read, 10) + ")"
					}
				}
				return nodes
			})(next)
		},
		"catalog-empty-500": turned(func(r *http.Request) bool {
			q := r.URL.Query()
			return q.Has("filter") && q.Get("filter") == ""
		}, http.StatusInternalServerError, broke),
		"catalog-order-of-parameters": turned(func(r *http.Request) bool { return strings.HasPrefix(r.URL.RawQuery, "orderBy=asc&sort") },
			http.StatusBadRequest, func() any { return failed("invalidqueryparameter", "limit comes first") }),
	}
}
