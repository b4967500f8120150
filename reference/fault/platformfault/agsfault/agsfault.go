// Package agsfault makes the Assignment and Grade Services of the reference platform wrong on
// purpose, and odd within the law. What is said of each is data (ags-faults.yaml beside it).
package agsfault

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

// Behaviour is what one of them does to a platform.
type Behaviour = fault.Behaviour[platform.Config]

// behaviour is short for it.
type behaviour = Behaviour

// Behaviours gives what all of them do.
func Behaviours() map[string]Behaviour {
	return fault.Gather(gradeFaults(), bookFaults(), gradeOddities())
}

// What a platform gets wrong of Assignment and Grade Services is wrapped around its handler:
// requests are changed on their way in, answers on their way out.

// gradesClaim is the claim of the service.
const gradesClaim = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

// object is one of JSON.
type object = map[string]any

// gradesOf tells what a request asks of the service: list, create, read, put, delete, results,
// result or score, or "" where it asks something else.
func gradesOf(r *http.Request) string {
	_, rest, below := strings.Cut(r.URL.Path, "/lineitems")
	if !strings.HasPrefix(r.URL.Path, "/ags/") || !below {
		return ""
	}
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	at := "item"
	switch {
	case rest == "":
		at = "items"
	case len(parts) == 2:
		at = parts[1]
	case len(parts) == 3:
		at = "result"
	}
	return map[string]string{"items GET": "list", "items POST": "create", "item GET": "read", "item PUT": "put", "item DELETE": "delete",
		"results GET": "results", "result GET": "result", "scores POST": "score"}[at+" "+r.Method]
}

// grades makes a behaviour of those requests that ask one of some things; none: any.
func grades(handle bend.Handle, of ...string) behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asks := gradesOf(r); asks == "" || len(of) > 0 && !slices.Contains(of, asks) {
				next.ServeHTTP(w, r)
				return
			}
			handle(w, r, next)
		})
	}}
}

// answering changes answers.
func answering(change func(rec *httptest.ResponseRecorder, r *http.Request), of ...string) behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		change(rec, r)
		bend.Give(w, rec)
	}, of...)
}

// written puts another body into an answer.
func written(rec *httptest.ResponseRecorder, v any) {
	rec.Body.Reset()
	_ = json.NewEncoder(rec.Body).Encode(v) // a buffer never fails
}

// telling changes each line item or result that is told, by one or in a list.
func telling(change func(m object, r *http.Request), of ...string) behaviour {
	return answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
		var one object
		var many []object
		switch {
		case rec.Code >= 300:
		case json.Unmarshal(rec.Body.Bytes(), &many) == nil && many != nil:
			for _, m := range many {
				change(m, r)
			}
			written(rec, many)
		case json.Unmarshal(rec.Body.Bytes(), &one) == nil && one != nil:
			change(one, r)
			written(rec, one)
		}
	}, of...)
}

// bodyOf reads a body, and leaves it to be read again.
func bodyOf(r *http.Request) []byte {
	b, _ := io.ReadAll(r.Body) // what can't be read is refused by the platform itself
	again(r, b)
	return b
}

// again has a request be read with a body.
func again(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

// sent gives the object that a request sends; nil: none.
func sent(r *http.Request) (m object) {
	_ = json.Unmarshal(bodyOf(r), &m) // what is none is refused by the platform itself
	return m
}

// resent has a request send another object.
func resent(r *http.Request, m object) {
	b, err := json.Marshal(m)
	if err == nil {
		again(r, b)
	}
}

// taking changes what is sent.
func taking(change func(m object), of ...string) behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if m := sent(r); m != nil {
			change(m)
			resent(r, m)
		}
		next.ServeHTTP(w, r)
	}, of...)
}

// refusing answers requests in which something is found with a status.
func refusing(status int, found func(m object) bool, of ...string) behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if m := sent(r); m != nil && found(m) {
			http.Error(w, `{"error":"no"}`, status)
			return
		}
		next.ServeHTTP(w, r)
	}, of...)
}

// forgiving has what is refused by a status be changed and tried once more.
func forgiving(status int, change func(m object), of ...string) behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		m := sent(r)
		rec := bend.Answered(next, r)
		if rec.Code == status && m != nil {
			change(m)
			resent(r, m)
			rec = bend.Answered(next, r)
		}
		bend.Give(w, rec)
	}, of...)
}

// restated answers with another status.
func restated(from func(code int) bool, to int, of ...string) behaviour {
	return answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
		if from(rec.Code) {
			rec.Code = to
		}
	}, of...)
}

func is(codes ...int) func(int) bool {
	return func(code int) bool { return slices.Contains(codes, code) }
}

// shown sends another media type.
func shown(kind string, of ...string) behaviour {
	return answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
		if rec.Code < 300 {
			rec.Header().Set("Content-Type", kind)
		}
	}, of...)
}

// failing answers with a failure.
func failing(of ...string) behaviour {
	return grades(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		http.Error(w, "not yet", http.StatusNotImplemented)
	}, of...)
}

// asking changes what is asked for by parameters.
func asking(change func(q url.Values), of ...string) behaviour {
	return grades(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		q := r.URL.Query()
		change(q)
		r.URL.RawQuery = q.Encode()
		next.ServeHTTP(w, r)
	}, of...)
}

// claims changes the claims of launches.
func claims(change func(c map[string]any, l *platform.Pending)) behaviour {
	return behaviour{Bend: func(c *platform.Config) { c.Claims = bend.Then(c.Claims, change) }}
}

// claiming changes the claim of launches.
func claiming(change func(c object)) behaviour {
	return claims(func(c map[string]any, _ *platform.Pending) {
		if m, is := c[gradesClaim].(object); is {
			change(m)
		}
	})
}

// bearer is what is known of the token of a request.
type bearer struct {
	asks   string // what the request asks for
	token  string // "" none
	known  bool   // it was issued here
	scope  string
	client string
}

// tokens watches who is given which token, for a behaviour that looks at them: lets has
// whoever is refused be let in by the token of somebody who may, shuts refuses whoever may.
func tokens(lets, shuts func(b bearer) bool) behaviour {
	var mu sync.Mutex
	issued, good := map[string]bearer{}, map[string]string{}
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asks := gradesOf(r)
			if r.URL.Path != "/token" && asks == "" {
				next.ServeHTTP(w, r)
				return
			}
			body := bodyOf(r)
			rec := bend.Answered(next, r)
			mu.Lock()
			defer mu.Unlock()
			if asks == "" {
				var t struct {
					Token string `json:"access_token"`
				}
				if json.Unmarshal(rec.Body.Bytes(), &t) == nil && t.Token != "" {
					issued[t.Token] = bearer{token: t.Token, known: true, scope: r.PostForm.Get("scope"),
						client: subjectOf(r.PostForm.Get("client_assertion"))}
				}
				bend.Give(w, rec)
				return
			}
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			b := issued[token]
			b.asks, b.token = asks, token
			switch {
			case rec.Code < 300 && shuts != nil && shuts(b):
				http.Error(w, `{"error":"insufficient_scope"}`, http.StatusForbidden)
				return
			case rec.Code < 300:
				good[asks] = token
			case is(http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound)(rec.Code) && good[asks] != "" && lets != nil && lets(b):
				r.Header.Set("Authorization", "Bearer "+good[asks])
				again(r, body)
				rec = bend.Answered(next, r)
			}
			bend.Give(w, rec)
		})
	}}
}

// subjectOf reads who an assertion is from.
func subjectOf(assertion string) string {
	var c struct {
		Subject string `json:"sub"`
	}
	if parts := strings.Split(assertion, "."); len(parts) == 3 {
		raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(raw, &c) // the platform has read it before
	}
	return c.Subject
}

const agsScope = "https://purl.imsglobal.org/spec/lti-ags/scope/"

// gradeFaults are platforms whose grades are wrong.
func gradeFaults() map[string]behaviour {
	return faultsOf("platform-ags-", gradeClaims(), gradeAccess(), gradeItems(), gradeScores(), gradeResults())
}

// faultsOf puts a name before those of several topics.
func faultsOf(prefix string, topics ...map[string]behaviour) map[string]behaviour {
	out := map[string]behaviour{}
	for _, topic := range topics {
		for id, b := range topic {
			out[prefix+id] = b
		}
	}
	return out
}

func gradeClaims() map[string]behaviour {
	return map[string]behaviour{
		"claim-none": claims(func(c map[string]any, _ *platform.Pending) { delete(c, gradesClaim) }),
		"claim-path": claiming(func(c object) {
			u, _ := url.Parse(c["lineitems"].(string)) // it is ours
			c["lineitems"] = u.Path
		}),
		"claim-scope-text":   claiming(func(c object) { c["scope"] = strings.Join(c["scope"].([]string), " ") }),
		"claim-items-none":   claiming(func(c object) { delete(c, "lineitems") }),
		"claim-scope-odd":    claiming(func(c object) { c["scope"] = append(c["scope"].([]string), agsScope+"score.readonly") }),
		"claim-item-never":   claiming(func(c object) { delete(c, "lineitem") }),
		"claim-item-always":  claiming(func(c object) { c["lineitem"] = or(c["lineitem"], c["lineitems"].(string)+"/0") }),
		"claim-item-several": claimedFirst(),
	}
}

func or(v, instead any) any {
	if v == nil {
		return instead
	}
	return v
}

// claimedFirst tells of the first line item that was made for a link, whatever came after it.
func claimedFirst() behaviour {
	var mu sync.Mutex
	first := map[string]string{}
	b := answering(func(rec *httptest.ResponseRecorder, r *http.Request) {
		var m object
		mu.Lock()
		defer mu.Unlock()
		switch {
		case gradesOf(r) == "delete":
			maps.DeleteFunc(first, func(_, id string) bool { return strings.HasSuffix(id, r.URL.Path) })
		case json.Unmarshal(rec.Body.Bytes(), &m) == nil:
			id, _ := m["id"].(string)
			if link, _ := m["resourceLinkId"].(string); link != "" && first[link] == "" {
				first[link] = id
			}
		}
	}, "create", "delete")
	b.Bend = claims(func(c map[string]any, l *platform.Pending) {
		mu.Lock()
		defer mu.Unlock()
		if m, is := c[gradesClaim].(object); is && first[l.Link.ID] != "" {
			m["lineitem"] = first[l.Link.ID]
		}
	}).Bend
	return b
}

func gradeAccess() map[string]behaviour {
	// by lets tokens of a scope in to some things.
	by := func(scope string, to ...string) behaviour {
		return tokens(func(b bearer) bool { return b.scope == scope && slices.Contains(to, b.asks) }, nil)
	}
	return map[string]behaviour{
		"open":             tokens(func(b bearer) bool { return b.token == "" }, nil),
		"tokens-outlive":   TokensOutlive(),
		"token-unchecked":  tokens(func(b bearer) bool { return b.token != "" && !b.known }, nil),
		"readonly-deletes": by(agsScope+"lineitem.readonly", "delete"),
		"items-any-scope":  by(agsScope+"score", "list", "read"),
		"results-by-items": by(agsScope+"lineitem", "results"),
		"scores-by-items":  by(agsScope+"lineitem", "score"),
		"rosters-let-in":   tokens(func(b bearer) bool { return strings.Contains(b.scope, "/lti-nrps/") }, nil),
		"clients-unparted": tokens(func(b bearer) bool { return strings.HasSuffix(b.client, "-2") }, nil),
		"readonly-shut":    tokens(nil, func(b bearer) bool { return b.scope == agsScope+"lineitem.readonly" && b.asks == "read" }),
		"denied-by-404":    restated(is(http.StatusUnauthorized, http.StatusForbidden), http.StatusNotFound),
		"challenge-missing": answering(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			rec.Header().Del("WWW-Authenticate")
		}),
	}
}
