package harness

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Auth says which credentials a request carries.
type Auth int

// The session's access token, or none. A request with other credentials sets
// the Authorization header itself and AuthNone.
const (
	AuthSession Auth = iota
	AuthNone
)

// Request is one HTTP request of a check.
type Request struct {
	Method string // GET when empty
	URL    string
	Header http.Header
	Body   []byte
	Auth   Auth
	// Scopes are those of the token to send, where it isn't the session's own: what lies
	// beside the service under test has others.
	Scopes []string
	Follow bool // follow redirects, within the budget
	// Plain sends no Accept-Encoding header; otherwise gzip is offered.
	Plain bool
	// Secret marks a body that must never be kept as evidence, such as a
	// token request with the client secret in it.
	Secret bool
	// Once keeps the client from asking once more where the request ends in 502,
	// 503, 504 or a broken connection: for checks that judge just that. Repeatable
	// lets it do so with other methods than GET and HEAD, where twice does no harm.
	Once       bool
	Repeatable bool
	// Cut breaks the connection off on purpose, where writes are judged that didn't come
	// through. Such a request is never sent again, and its response has a Problem.
	Cut Cut
	// Most lowers how long the answer's body may be, in bytes; 0 means the target's.
	// What is asked for many times at once has to be small.
	Most int64
	// Quick lowers the request budget; 0 means the target's.
	Quick time.Duration
	// Owner is the requirement that governs the answer. What stands on an answer
	// that can't be used is blocked by it; empty leaves it to Suite.Owner.
	Owner string
	// Told says that the target named the address itself, in what it signed: it is no
	// stranger's, though the target file doesn't name its origin.
	Told bool
}

// Cut says where a connection is broken off.
type Cut int

// Not at all, in the midst of the body, or behind it and before the answer is read.
const (
	CutNever Cut = iota
	CutBody
	CutAnswer
)

// Response is what came of a Request. Body is decoded (gunzipped) and whole
// unless Problem says otherwise.
type Response struct {
	Request     Request
	URL         string // after redirects
	Status      int    // 0 when none came
	Proto       string
	Header      http.Header
	Body        []byte
	TLS         *tls.ConnectionState
	Redirects   []string // URLs gone through
	Duration    time.Duration
	Problem     string // why there is no whole response; empty when there is
	Unreachable bool   // Problem lies in the network or in 429s: nothing is held against the target
	Evidence    string // id of the exchange in the report
	// Beyond says that the answer came whole and is more than Rollcall reads: a limit
	// of its own, that BodyLimit raises. Nothing is held against the target for it.
	Beyond bool
	// Room is how many times the default the target file lets Rollcall read.
	Room int
	// Withheld says that the request, or a redirect of it, went to an origin that the
	// target file doesn't name, and that credentials were left out there.
	Withheld bool

	lost bool // the connection broke before a response came
	// askedAgain is how often Go's client asked again by itself, for the connection broke.
	askedAgain int
	line       string
	token      string // the session's, where the request carried it
}

// Line renders the request as its first line, e.g. "GET https://…/users?limit=2".
func (r *Response) Line() string {
	if r == nil {
		return ""
	}
	return r.line
}

// Summary renders the response in a few words, e.g. "200 OK, application/json, 5120 bytes".
func (r *Response) Summary() string {
	if r.Withheld {
		return r.summary() + " (asked without credentials: the target file names no address at " + r.host() + ")"
	}
	return r.summary()
}

// host gives scheme, host and port of the address that answered.
func (r *Response) host() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return "this host"
	}
	return u.Scheme + "://" + u.Host
}

func (r *Response) summary() string {
	if r.Problem != "" {
		if r.Status == 0 {
			return r.Problem
		}
		return fmt.Sprintf("%d %s, then %s", r.Status, http.StatusText(r.Status), r.Problem)
	}
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		kind = "no Content-Type"
	}
	return fmt.Sprintf("%d %s, %s, %d bytes", r.Status, http.StatusText(r.Status), kind, len(r.Body))
}
