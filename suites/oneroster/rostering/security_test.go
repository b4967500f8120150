package rostering

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// granted bends the answers of the token endpoint that grant one.
func granted(change func(a *reply)) func(*provider) {
	return func(s *provider) {
		s.change = func(a *reply) {
			if a.path == "/token" && a.status == 200 && a.raw == "" {
				change(a)
			}
		}
	}
}

// denied bends those that refuse.
func denied(change func(a *reply)) func(*provider) {
	return func(s *provider) {
		s.change = func(a *reply) {
			if a.path == "/token" && a.status >= 400 {
				change(a)
			}
		}
	}
}

func TestTokens(t *testing.T) {
	without := func(name string) func(*provider) { return granted(func(a *reply) { delete(a.body, name) }) }
	with := func(name string, v any) func(*provider) { return granted(func(a *reply) { a.body[name] = v }) }
	// lenient grants a token where when says so, whatever was asked.
	lenient := func(when func(a *reply) bool) func(*provider) {
		return func(s *provider) {
			s.ask = func(a *reply) {
				if a.path == "/token" && when(a) {
					a.header.Set("Cache-Control", "no-store")
					s.mu.Lock()
					s.tokens["given-away"] = grant{nil, time.Now().Add(time.Hour)}
					s.mu.Unlock()
					a.raw = `{"access_token":"given-away","token_type":"Bearer","expires_in":60}`
				}
			}
		}
	}
	posted := func(a *reply, name string) string { _ = a.r.ParseForm(); return a.r.PostForm.Get(name) }
	bent(t, "token", []row{
		{"201 for a token", granted(func(a *reply) { a.status = 201 }), []string{"token.issue"}},
		{"tokens as a page", granted(func(a *reply) { a.header.Set("Content-Type", "text/html") }), []string{"token.json"}},
		{"an empty token", with("access_token", ""), []string{"token.access-token", "token.official-scopes"}},
		{"no token_type", without("token_type"), []string{"token.token-type"}},
		{"a token_type of its own", with("token_type", "mac"), []string{"token.token-type"}},
		{"no expires_in", without("expires_in"), []string{"token.expires-in"}},
		{"expires_in in quotes", with("expires_in", "3600"), []string{"token.expires-in-number"}},
		{"tokens may be cached", granted(func(a *reply) { a.header.Set("Cache-Control", "max-age=60") }), []string{"token.no-store"}},
		{"a refresh token", with("refresh_token", "again"), []string{"token.no-refresh-token"}},
		{"no scope is named", without("scope"), nil},
		{"another scope is named", granted(func(a *reply) {
			if scope, _ := a.body["scope"].(string); !strings.Contains(scope, " ") {
				a.body["scope"] = service.Rostering().Scopes.Prefix + "other"
			}
		}), []string{"token.scope"}},
		{"one official scope is unknown", func(s *provider) {
			s.ask = func(a *reply) {
				if a.path == "/token" && posted(a, "scope") == service.Rostering().Scopes.Prefix+"roster.readonly" {
					a.status, a.body = 400, object{"error": "invalid_scope"}
				}
			}
		}, []string{"token.official-scopes"}},
		{"no authentication by Basic", func(s *provider) {
			s.ask = func(a *reply) {
				if a.path == "/token" && posted(a, "client_id") == "" {
					a.status, a.body = 401, object{"error": "invalid_client"}
					a.header.Set("WWW-Authenticate", "Basic")
				}
			}
		}, []string{"token.basic-auth", "token.issue"}},
		{"any secret will do", lenient(func(a *reply) bool {
			_, secret, basic := a.r.BasicAuth()
			return basic && secret != "hush-hush"
		}), []string{"token.invalid-client", "token.wrong-secret"}},
		{"any grant will do", lenient(func(a *reply) bool { return posted(a, "grant_type") != "client_credentials" && a.r.Method == "POST" }), []string{"token.unsupported-grant"}},
		{"an unknown scope is granted", lenient(func(a *reply) bool { return strings.Contains(posted(a, "scope"), "no-such") }), []string{"token.unknown-scope"}},
		{"an unknown scope breaks the server", func(s *provider) {
			s.ask = func(a *reply) {
				if a.path == "/token" && strings.Contains(posted(a, "scope"), "no-such") {
					a.status = 500
				}
			}
		}, []string{"token.unknown-scope"}},
		{"scopes with commas between them", func(s *provider) {
			s.change = func(a *reply) {
				if scope, is := a.body["scope"].(string); is {
					a.body["scope"] = strings.ReplaceAll(scope, " ", ",")
				}
			}
		}, []string{"token.scope"}},
		{"405 doesn't say that POST is taken", func(s *provider) {
			s.change = func(a *reply) {
				if a.status == 405 && a.header.Get("Allow") == "POST" {
					a.header.Set("Allow", "GET")
				}
			}
		}, []string{"token.method-status"}},
		{"GET is refused without 405", func(s *provider) {
			s.change = func(a *reply) {
				if a.status == 405 && a.header.Get("Allow") == "POST" {
					a.status = 400
				}
			}
		}, nil},
		{"GET gives tokens", lenient(func(a *reply) bool { return a.r.Method == http.MethodGet }), []string{"token.post-only"}},
		{"403 to a wrong secret", denied(func(a *reply) {
			if a.status == 401 {
				a.status = 403
			}
		}), []string{"token.invalid-client"}},
		{"401 without WWW-Authenticate", denied(func(a *reply) { a.header.Del("WWW-Authenticate") }), []string{"token.invalid-client"}},
		{"a wrong secret is a bad request", denied(func(a *reply) {
			if a.status == 401 {
				a.body = object{"error": "invalid_request"}
			}
		}), []string{"token.invalid-client"}},
		{"an unknown grant is a bad request", denied(func(a *reply) {
			if a.body["error"] == "unsupported_grant_type" {
				a.body = object{"error": "invalid_request"}
			}
		}), []string{"token.unsupported-grant"}},
		{"errors in words", denied(func(a *reply) { a.raw = "no" }), []string{"token.error-body", "token.invalid-client", "token.unsupported-grant"}},
		{"error codes of its own", denied(func(a *reply) { a.body = object{"error": "nope"} }), []string{"token.error-body", "token.invalid-client", "token.unsupported-grant"}},
		{"a token serves once", func(s *provider) {
			used := map[string]int{}
			s.change = func(a *reply) {
				// Only what the check on lifetimes asks, lest the crawl starve.
				token := a.r.Header.Get("Authorization")
				if a.op.ID != "getAllOrgs" || a.r.URL.RawQuery != "limit=1" {
					return
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				if used[token]++; used[token] > 1 {
					a.refuse(401, "unauthorisedrequest", "used")
				}
			}
		}, []string{"token.independent", "token.reusable"}},
		{"a new token ends the older", func(s *provider) {
			s.ask = func(a *reply) {
				if a.path == "/token" {
					s.mu.Lock()
					for token, g := range s.tokens {
						s.tokens[token] = grant{g.scopes, time.Time{}}
					}
					s.mu.Unlock()
				}
			}
		}, []string{"token.independent"}},
	})
}

// TestFormAuthentication looks at what may be lacking: it is noted, not accused.
func TestFormAuthentication(t *testing.T) {
	for _, refused := range []bool{false, true} {
		s := newProvider(t)
		s.ask = func(a *reply) {
			if _, _, basic := a.r.BasicAuth(); refused && a.path == "/token" && !basic {
				a.status, a.body = 401, object{"error": "invalid_client"}
			}
		}
		got := judged(t, s.fake, "", "or12.rostering.token.form-auth")["token.form-auth"]
		if got.Verdict != reports.Pass || len(got.Notes) > 0 != refused {
			t.Errorf("refused %v: %s, notes %v", refused, got.Verdict, got.Notes)
		}
	}
}

func TestAccess(t *testing.T) {
	// open lets a request in that when describes.
	open := func(when func(a *reply) bool) func(*provider) {
		return func(s *provider) {
			s.tokens["any"] = grant{[]string{service.Rostering().Scopes.Prefix + "roster.readonly", service.Rostering().Scopes.Prefix + "roster-demographics.readonly"}, time.Now().Add(time.Hour)}
			s.ask = func(a *reply) {
				if a.path != "/token" && when(a) {
					a.r.Header.Set("Authorization", "Bearer any")
				}
			}
		}
	}
	sent := func(a *reply) string { return a.r.Header.Get("Authorization") }
	refused := func(change func(a *reply)) func(*provider) {
		return func(s *provider) {
			s.change = func(a *reply) {
				if a.status == 401 && a.path != "/token" {
					change(a)
				}
			}
		}
	}
	bent(t, "access", []row{
		{"no token is needed", open(func(a *reply) bool { return sent(a) == "" }), []string{"access.every-operation", "access.missing", "access.no-data", "access.query-token"}},
		{"one operation needs no token", open(func(a *reply) bool { return a.op.ID == "getAllCourses" }), []string{"access.every-operation"}},
		{"anything is a token", open(func(a *reply) bool { return strings.HasPrefix(sent(a), "Bearer ") }), []string{"access.malformed", "access.no-data", "access.unknown"}},
		{"Bearer alone is enough", open(func(a *reply) bool { return sent(a) == "Bearer" }), []string{"access.malformed", "access.no-data"}},
		{"the client secret opens", open(func(a *reply) bool { return strings.HasPrefix(sent(a), "Basic ") }), []string{"access.no-data", "access.other-scheme"}},
		{"tokens in the query string", open(func(a *reply) bool { return a.q.Has("access_token") }), []string{"access.query-token"}},
		{"the scheme name in one case", func(s *provider) {
			s.ask = func(a *reply) {
				if head := sent(a); a.path != "/token" && !strings.HasPrefix(head, "Bearer") {
					a.r.Header.Del("Authorization")
				}
			}
		}, []string{"access.scheme-case"}},
		{"403 without a token", refused(func(a *reply) { a.status = 403 }), []string{"access.malformed", "access.missing", "access.other-scheme", "access.query-token", "access.unknown"}},
		{"a login page", refused(func(a *reply) { a.status = 302; a.header.Set("Location", "/login") }), []string{"access.malformed", "access.missing", "access.other-scheme", "access.query-token", "access.unknown"}},
		{"401 without WWW-Authenticate", refused(func(a *reply) { a.header.Del("WWW-Authenticate") }), []string{"access.www-authenticate"}},
		{"401 with half a quote", refused(func(a *reply) { a.header.Set("WWW-Authenticate", `Bearer realm="roster`) }), []string{"access.challenge"}},
		{"401 with data", refused(func(a *reply) { a.body["orgs"] = []object{{"sourcedId": "west"}} }), []string{"access.no-data"}},
		{"500 to a malformed header", refused(func(a *reply) {
			if sent(a) == "Bearer" {
				a.status = 500
			}
		}), []string{"access.malformed"}},
	})
}

// TestExpiredTokens needs tokens that live a second, which the check waits out.
func TestExpiredTokens(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		forever bool
		want    reports.Verdict
	}{{"tokens expire", false, reports.Pass}, {"tokens live on", true, reports.Fail}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newProvider(t)
			s.life = time.Second
			s.ask = func(a *reply) {
				if !test.forever {
					return
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				for token, g := range s.tokens {
					s.tokens[token] = grant{g.scopes, time.Now().Add(time.Hour)}
				}
			}
			if got := judged(t, s.fake, "", "or12.rostering.access.expired")["access.expired"]; got.Verdict != test.want {
				t.Errorf("%s, want %s: %s", got.Verdict, test.want, got.Reason)
			}
		})
	}
}

func TestScopes(t *testing.T) {
	// read bends the scopes that a request is held to have.
	read := func(change func(scopes []string, a *reply) []string) func(*provider) {
		return func(s *provider) {
			s.ask = func(a *reply) {
				_, token, _ := strings.Cut(a.r.Header.Get("Authorization"), " ")
				s.mu.Lock()
				defer s.mu.Unlock()
				if g, ok := s.tokens[token]; ok && a.op.ID != "" {
					bent := "bent:" + token + a.path
					s.tokens[bent] = grant{change(slices.Clone(g.scopes), a), g.until}
					a.r.Header.Set("Authorization", "Bearer "+bent)
				}
			}
		}
	}
	alone := func(scopes []string, name string) bool {
		return len(scopes) == 1 && scopes[0] == service.Rostering().Scopes.Prefix+name
	}
	opening := func(name, more string) func(*provider) {
		return read(func(scopes []string, _ *reply) []string {
			if alone(scopes, name) {
				scopes = append(scopes, service.Rostering().Scopes.Prefix+more)
			}
			return scopes
		})
	}
	shutting := func(name string, path string) func(*provider) {
		return read(func(scopes []string, a *reply) []string {
			if alone(scopes, name) && strings.HasPrefix(a.path, path) {
				return nil
			}
			return scopes
		})
	}
	bent(t, "scope", []row{
		{"core opens everything of the roster", opening("roster-core.readonly", "roster.readonly"), []string{"scope.core-only"}},
		{"core does not open users", shutting("roster-core.readonly", "/users"), []string{"scope.core"}},
		{"the full scope opens demographics", opening("roster.readonly", "roster-demographics.readonly"), []string{"scope.demographics-needed"}},
		{"the full scope does not open terms", shutting("roster.readonly", "/terms"), []string{"scope.full"}},
		{"demographics open the roster", opening("roster-demographics.readonly", "roster.readonly"), []string{"scope.demographics-only"}},
		{"demographics do not open themselves", shutting("roster-demographics.readonly", "/demographics"), []string{"scope.demographics"}},
		{"401 for want of a scope", func(s *provider) {
			s.change = func(a *reply) {
				if a.status == 403 {
					a.status = 401
				}
			}
		}, []string{"scope.status"}},
	})
}
