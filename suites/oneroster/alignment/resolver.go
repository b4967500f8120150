package alignment

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// What a CASE server may cost. A framework has some hundred items, and an assessment is
// aligned to a few of them.
const (
	// maxQuestions bounds the requests of one check.
	maxQuestions = 900
	// patience is how long all of them may take, and quick one.
	patience = 2 * time.Minute
	quick    = 10 * time.Second
	// maxAnswer bounds an answer, in bytes: an item has a page of text at most, and some
	// hundred associations.
	maxAnswer = 2 << 20
	// maxTrouble is after how many answers in a row that nobody can use an operation is
	// asked no more.
	maxTrouble = 2
	// maxMoves bounds the redirects of one question, each within the server.
	maxMoves = 3
	// maxDepth bounds the way from an item up to its document.
	maxDepth = 12
)

// resolver asks a CASE server for what identifiers name. It is for one goroutine.
type resolver struct {
	base    *url.URL
	ask     func(ctx context.Context, r harness.Request) *harness.Response
	token   string
	until   time.Time
	left    int // questions
	trouble map[string]int
	answers map[string]answer // by operation and identifier
	failed  *answer           // the first that nobody could use
	quirks  []string
}

func newResolver(base *url.URL, token string, ask func(context.Context, harness.Request) *harness.Response) *resolver {
	return &resolver{
		base: base, ask: ask, token: token, until: time.Now().Add(patience), left: maxQuestions,
		trouble: map[string]int{}, answers: map[string]answer{},
	}
}

// get asks an operation for one object, or remembers what it said.
func (r *resolver) get(ctx context.Context, operation, key, wrapper string) answer {
	place := operation + "/" + key
	if known, met := r.answers[place]; met {
		r.quirk(known.quirk)
		return known
	}
	a := answer{why: "was not asked for any more"}
	if r.trouble[operation] < maxTrouble && r.left > 0 && time.Now().Before(r.until) {
		a = r.question(ctx, r.base.JoinPath(place), wrapper)
		r.keep(operation, &a)
	}
	r.answers[place] = a
	return a
}

// keep notes what an answer shows of the server: that an operation is of no use, or what it
// gets wrong.
func (r *resolver) keep(operation string, a *answer) {
	if a.kind == unusable {
		r.fails(*a)
		r.trouble[operation]++
		return
	}
	r.trouble[operation] = 0
	r.quirk(a.quirk)
}

func (r *resolver) fails(a answer) {
	if r.failed == nil {
		r.failed = &a
	}
}

func (r *resolver) quirk(text string) {
	for _, known := range r.quirks {
		if known == text {
			return
		}
	}
	if text != "" && len(r.quirks) < 8 {
		r.quirks = append(r.quirks, text)
	}
}

// question sends a request, and follows where the server moves it within itself.
func (r *resolver) question(ctx context.Context, address *url.URL, wrapper string) answer {
	for moves := 0; ; moves++ {
		r.left--
		header := http.Header{}
		if r.token != "" {
			header.Set("Authorization", "Bearer "+r.token)
		}
		response := r.ask(ctx, harness.Request{URL: address.String(), Header: header, Most: maxAnswer, Quick: quick})
		if response.Status < 300 || response.Status > 399 || response.Problem != "" {
			return understand(response, wrapper)
		}
		next, err := address.Parse(response.Header.Get("Location"))
		switch {
		case err != nil || response.Header.Get("Location") == "":
			return answer{response: response, why: "was answered with " + response.Summary()}
		case !sameOrigin(next, r.base):
			return answer{response: response, why: "was answered with a redirect to another server, which Rollcall doesn't follow"}
		case moves == maxMoves || r.left <= 0:
			return answer{response: response, why: fmt.Sprintf("was answered with more than %d redirects", moves)}
		}
		address = next
	}
}

func sameOrigin(a, b *url.URL) bool {
	port := func(u *url.URL) string {
		return cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)])
	}
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// item finds a learning objective.
func (r *resolver) item(ctx context.Context, key string) (node, answer) {
	return r.node(ctx, "CFItems", key, "CFItem")
}

// document finds a framework.
func (r *resolver) document(ctx context.Context, key string) (node, answer) {
	return r.node(ctx, "CFDocuments", key, "CFDocument")
}

func (r *resolver) node(ctx context.Context, operation, key, wrapper string) (node, answer) {
	a := r.get(ctx, operation, key, wrapper)
	if a.kind != found {
		return node{}, a
	}
	n, why := nodeOf(a, key)
	if why != "" {
		a.kind, a.why = unusable, why
		r.fails(a)
	}
	return n, a
}

// edges finds what hangs on an item; ok is false where the server can't tell.
func (r *resolver) edges(ctx context.Context, key string) (e edges, ok bool) {
	a := r.get(ctx, "CFItemAssociations", key, "")
	if a.kind != found {
		return edges{}, false
	}
	return decode[edges](a.object), true
}

// above lists an item and all that it is below, up to its document; ok is false where the
// server can't tell.
func (r *resolver) above(ctx context.Context, key string) (within map[string]bool, ok bool) {
	within = map[string]bool{key: true}
	next := []string{key}
	for range maxDepth {
		var parents []string
		for _, at := range next {
			e, known := r.edges(ctx, at)
			if !known {
				return nil, false
			}
			for _, parent := range e.to("isChildOf", at) {
				if up, is := Key(parent.Identifier); is && !within[up] {
					within[up] = true
					if _, a := r.item(ctx, up); a.kind == found { // a document is a child of nothing
						parents = append(parents, up)
					}
				}
			}
		}
		if next = parents; len(next) == 0 {
			break
		}
	}
	return within, true
}

// obstacle says what keeps alignments from being resolved, and what to do; is is false where
// nothing does.
func (r *resolver) obstacle() (o harness.Obstacle, is bool) {
	server := "the CASE server at " + r.base.Scheme + "://" + r.base.Host
	if r.failed == nil {
		if r.left > 0 && time.Now().Before(r.until) {
			return o, false
		}
		return harness.Unconfigured(fmt.Sprintf("%s was asked %d questions, or for %s, and no more", server, maxQuestions, patience),
			"Nothing: the rest would be like what was looked at."), true
	}
	return harness.Unconfigured(fmt.Sprintf("%s is of no use: %s %s", server, r.failed.response.Line(), r.failed.why), r.failed.remedy()).
		Seen(r.failed.response.Evidence), true
}

// remedy says what to do about an answer that nobody can use.
func (a answer) remedy() string {
	switch a.response.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "Give Rollcall a token that this server has issued (oneroster.case.token), and run again."
	case http.StatusNotFound, http.StatusOK:
		return "Look at the address: oneroster.case.url ends in the version, such as /ims/case/v1p1. If it is right, the server is wrong, " +
			"and not the product."
	case http.StatusTooManyRequests:
		return "Run again when it isn't busy. Nothing is held against the product for it."
	}
	return "Start it or name another one (oneroster.case.url), and run again. Nothing is held against the product for it."
}
