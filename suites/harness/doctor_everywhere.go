package harness

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// sight is what the doctor makes of one answer of the service.
type sight string

// The kinds of answers that, where every place gives them, speak of the set-up. fine
// is an answer that the run can judge, right or wrong.
const (
	fine      sight = ""
	silent    sight = "no answer"
	moved     sight = "a redirect"
	strange   sight = "401"
	forbidden sight = "403"
	absent    sight = "404"
	noGet     sight = "405"
	throttled sight = "429"
	crashed   sight = "500"
	away      sight = "503"
	page      sight = "a page for people"
	odd       sight = "another error"
)

func see(r *Response) sight {
	switch {
	case r.Status == 0:
		return silent
	case r.Status >= 300 && r.Status < 400:
		return moved
	case r.Status == 401:
		return strange
	case r.Status == 403:
		return forbidden
	case r.Status == 404 || r.Status == 410:
		return absent
	case r.Status == 405:
		return noGet
	case r.Status == 429:
		return throttled
	case r.Status > 500:
		return away
	case r.Status == 500:
		return crashed
	case isPage(r):
		return page
	case r.Status >= 400:
		return odd
	}
	return fine
}

// Everywhere tells what is wrong with the set-up where no place of the service that
// the run stands on can be read: then not one place is at fault, and there is nothing
// to judge. Where one can, it is silent: what the others answer is for the run to
// judge. data is what is read there, path what base URLs of the service end in.
func (s *Session) Everywhere(what, data, path string, responses []*Response) (Diagnosis, bool) {
	kinds := map[sight]int{}
	for _, r := range responses {
		kinds[see(r)]++
	}
	if len(responses) == 0 || kinds[fine] > 0 {
		return Diagnosis{}, false
	}
	r := responses[0]
	x := Diagnosis{Name: "service", Fatal: true}
	if len(kinds) > 1 {
		var said []string
		for _, r := range responses[:min(len(responses), 4)] {
			said = append(said, r.Line()+" "+s.wordOf(r))
		}
		x.Detail = fmt.Sprintf("no %s can be read: %s", what, strings.Join(said, "; "))
		x.Remedy = "Open these with a token of your own and look: there is nothing that could be judged."
		if kinds[forbidden]+kinds[absent] == len(responses) && kinds[forbidden] > 0 {
			x.Remedy += " " + s.moreRights()
		}
		return x, true
	}
	every := fmt.Sprintf("every %s", what)
	x.Detail = fmt.Sprintf("%s answers %s (%d of %d, such as %s)", every, s.wordOf(r), len(responses), len(responses), r.Line())
	switch see(r) {
	case silent:
		x.Detail = fmt.Sprintf("%s ends without an answer: %s", every, r.Problem)
		x.Remedy = "See whether the product's log shows the requests, and try one with curl from this machine."
	case moved:
		x.Detail = fmt.Sprintf("%s redirects (%d) to %s", every, r.Status, locationOf(r))
		x.Remedy = "Write the address that answers into the base URL. A page for signing in means that no token is looked at there: name the address of the API."
	case strange:
		x.Detail += ", " + challengeOf(r)
		x.Remedy = s.whoseToken()
	case forbidden:
		x.Remedy = s.moreRights()
	case absent:
		x.Remedy = fmt.Sprintf("Correct the base URL: does it end in %s? What stands before that (a tenant, a prefix) is in the product's documentation.", path)
		if strings.HasSuffix(s.Base, path) {
			x.Remedy = fmt.Sprintf("Correct the base URL: it ends in %s as it should, so look at host and port, and at what the product wants between (a tenant, a prefix).", path)
		}
		x.Remedy += " If the product doesn't serve this at all, leave its profile out of the target file."
	case noGet:
		x.Remedy = fmt.Sprintf("Correct the base URL: something else than the service takes the requests. Does it end in %s?", path)
	case throttled:
		x.Remedy = "Wait until the client may ask again, let the product allow more, or set limits.requests_per_second and limits.patience."
	case away:
		x.Remedy = "Start the product, or wait for the end of its maintenance, and run again; a gateway that answers so finds nothing behind it."
	case crashed:
		x.Remedy = "Look for the requests in the product's log: all of them break down."
	case page:
		x.Remedy = fmt.Sprintf("Correct the base URL: it names a website, or a page for signing in, and not the service. Does it end in %s?", path)
	default:
		x.Remedy = fmt.Sprintf("Open one with a token of your own and look. Does the base URL end in %s?", path)
	}
	return x, true
}

// wordOf words an answer for a sentence.
func (s *Session) wordOf(r *Response) string {
	switch {
	case r.Status == 0:
		return r.Problem
	case isPage(r) && r.Status < 400:
		return fmt.Sprintf("%d with a page for people%s", r.Status, titleOf(r))
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)))
}

// moreRights says what to look at where a token is known and opens nothing.
func (s *Session) moreRights() string {
	return "Allow the client to read this in the product's client registration: the token is known and opens nothing. " +
		"Where the product has scopes of its own, name them in " + s.keyOf("scope") + "; the answer may say which it wants."
}

// whoseToken says what to look at where no token is taken.
func (s *Session) whoseToken() string {
	if s.credentials().Bearer != "" {
		return "Put a fresh token into the variable that " + s.keyOf("bearer") + " names: this one has expired, or is of another system."
	}
	return "See that token_url and the base URL are of one system (staging, production), and whether the product wants more in the token request (" + s.keyOf("scope") + ", parameters such as audience)."
}

func challengeOf(r *Response) string {
	if c := r.Header.Get("WWW-Authenticate"); c != "" {
		return "WWW-Authenticate: " + shortened(c)
	}
	return "without WWW-Authenticate"
}

// locationOf gives where a redirect leads, in full.
func locationOf(r *Response) string {
	where := r.Header.Get("Location")
	if where == "" {
		return "nowhere (there is no Location)"
	}
	base, err := url.Parse(r.URL)
	if err != nil {
		return where
	}
	if u, err := base.Parse(where); err == nil {
		where = u.String()
	}
	if r := []rune(where); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return where
}

func orNothing(s string) string { return cmp.Or(s, "nothing") }

// isPage tells a page for people from anything a program may have written. What the
// product calls it doesn't matter: JSON that is announced as HTML is for the run to judge.
func isPage(r *Response) bool {
	body := bytes.ToLower(bytes.TrimLeft(r.Body[:min(len(r.Body), 1<<10)], " \t\r\n\ufeff"))
	for _, start := range []string{"<!doctype html", "<html", "<head", "<body", "<h1", "<title", "<!--"} {
		if bytes.HasPrefix(body, []byte(start)) {
			return true
		}
	}
	return false
}

var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>\s*([^<]{1,80})`)

// titleOf quotes the title of a page.
func titleOf(r *Response) string {
	m := pageTitle.FindSubmatch(r.Body[:min(len(r.Body), 16<<10)])
	if m == nil {
		return ""
	}
	return fmt.Sprintf(" %q", strings.Join(strings.Fields(string(m[1])), " "))
}

// plainToTLS tells of a server that was spoken to in clear where it wants TLS: they
// answer 400 with one of these sentences.
func plainToTLS(r *Response) bool {
	body := bytes.ToLower(r.Body[:min(len(r.Body), 4<<10)])
	return r.Status == http.StatusBadRequest && (bytes.Contains(body, []byte("http request to an https server")) ||
		bytes.Contains(body, []byte("plain http request was sent to https port")) ||
		bytes.Contains(body, []byte("speaking plain http to an ssl-enabled server port")))
}
