package harness

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// ways are the forms in which token endpoints take a request. The first two are the
// standard's (RFC 6749 §2.3.1 and §4.4.2): client credentials by HTTP Basic or in the
// form, parameters in the form. The others are what products are seen to want instead;
// the doctor tries them, so that the rest of such a product can be judged.
var ways = []string{"basic", "form", rawBasic, "query-basic", "query", "json-basic", "json"}

// rawBasic is HTTP Basic with credentials that are not form-encoded before: what those
// who don't decode them want, where they hold reserved characters.
const rawBasic = "basic-raw"

// wayText says in words what a way is.
var wayText = map[string]string{
	"basic": "client credentials by HTTP Basic", "form": "client credentials in the form",
	rawBasic:      "client credentials by HTTP Basic that are not form-encoded",
	"query-basic": "parameters in the query string, client credentials by HTTP Basic", "query": "parameters and client credentials in the query string",
	"json-basic": "parameters as JSON, client credentials by HTTP Basic", "json": "parameters and client credentials as JSON",
}

// TokenWay tells how the token endpoint takes requests; standard is false where the
// standard has no such way, and the run goes on with it all the same.
func (s *Session) TokenWay() (text string, standard bool) {
	way := cmp.Or(s.way(), s.credentials().Method)
	return wayText[way], way == "basic" || way == "form" || way == rawBasic // which is judged by itself
}

// tokens asks for a token with all scopes. Where that fails the other ways are tried,
// and each scope alone: what the product does wrong is a finding of the run, which then
// goes on with what works; only where nothing works is the set-up at fault.
func (d *doctor) tokens(ctx context.Context) {
	s := d.session
	auth := s.credentials()
	if s.Signs() {
		d.say(Diagnosis{Name: "token", OK: true, Detail: "requests are signed by " + auth.OAuth1.Method + " (" + s.keyOf("oauth1") +
			"); no token endpoint is judged"})
		return
	}
	if auth.Bearer != "" {
		d.say(Diagnosis{
			Name:   "token",
			OK:     true,
			Detail: "the target file's own is sent (" + s.keyOf("bearer") + "); no token endpoint is judged",
		})
		return
	}
	ask := func(way string, scopes []string) (*Token, *Response) {
		return s.requestToken(ctx, TokenRequest{Method: way, Scopes: scopes}, nil)
	}
	token, first := ask(auth.Method, s.Scopes)
	if token != nil {
		many := map[bool]string{false: "s"}[len(s.Scopes) == 1]
		d.say(Diagnosis{Name: "token", OK: true, Detail: fmt.Sprintf("granted for %d scope%s", len(s.Scopes), many)})
		return
	}
	refused := []*Response{first}
	if worthTrying(first) {
		for _, way := range ways {
			if way == auth.Method || way == rawBasic && !auth.Reserved() {
				continue
			}
			got, r := ask(way, s.Scopes)
			if got != nil {
				d.otherWay(way, first)
				return
			}
			refused = append(refused, r)
		}
	}
	if code, _ := oauthError(first); code != "invalid_client" && worthTrying(first) {
		var alone []string
		for _, scope := range s.Scopes {
			if got, _ := ask(auth.Method, []string{scope}); got != nil {
				alone = append(alone, scope)
			}
		}
		if x, partly := d.scopes(first, alone); partly {
			d.say(x)
			return
		}
	}
	d.say(d.noToken(refused))
}

// worthTrying tells whether another way of asking may lead to another answer.
func worthTrying(r *Response) bool {
	switch {
	case r.Problem != "", r.Status >= 300 && r.Status < 400, isPage(r):
		return false
	case r.Status == 404, r.Status == 405, r.Status == 410, r.Status == 429, r.Status > 500:
		return false
	}
	return r.Status >= 400
}

// otherWay notes a way that works where the one that was configured doesn't.
func (d *doctor) otherWay(way string, first *Response) {
	s := d.session
	s.found(way)
	x := Diagnosis{Name: "token", Detail: fmt.Sprintf("granted for %s alone; with %s the token endpoint answered %s%s. The run goes on so, and judges it",
		wayText[way], wayText[s.credentials().Method], first.Summary(), quotedError(first))}
	if way == rawBasic {
		x.Remedy = "Let the token endpoint decode both parts of HTTP Basic as it decodes a form (RFC 6749 §2.3.1), or give the client a secret of letters and digits."
	} else if way == "basic" || way == "form" {
		x.Remedy = "Write `method: " + way + "` below " + s.keyOf("") + ", unless the product should take the other."
	} else {
		x.Remedy = "Let the token endpoint read application/x-www-form-urlencoded from the body (RFC 6749 §4.4.2)."
	}
	d.say(x)
}

// scopes tells which scopes are refused, where not all are.
func (d *doctor) scopes(first *Response, alone []string) (Diagnosis, bool) {
	all := d.session.Scopes
	x := Diagnosis{Name: "token", Fatal: true, Detail: "the token endpoint answered " + first.Summary() + quotedError(first)}
	switch {
	case len(alone) == 0 || len(all) < 2:
		return x, false
	case len(alone) == len(all):
		// The run needs one token for all.
		x.Detail += "; each scope alone is granted, all together are refused"
		x.Remedy = "Let the client have all scopes in one token: " + strings.Join(all, " ")
	default:
		refused := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(alone, s) })
		x.Detail += "; refused: " + strings.Join(refused, ", ")
		x.Remedy = "Grant the client these scopes, or take the profile that needs them out of target.yaml."
	}
	return x, true
}

// noToken says why no token can be had; the first answer is that to the request as it
// is configured.
func (d *doctor) noToken(refused []*Response) Diagnosis {
	auth := d.session.credentials()
	r := refused[0]
	x := Diagnosis{Name: "token", Fatal: true, Detail: "the token endpoint answered " + r.Summary() + quotedError(r)}
	code, _ := oauthError(r)
	client := func(r *Response) bool {
		code, _ := oauthError(r)
		return code == "invalid_client" || code == "" && r.Status == http.StatusUnauthorized
	}
	switch {
	case r.Status == 0:
		x.Detail = "the token endpoint gave no answer: " + r.Problem
		x.Remedy = "See whether the product's log shows the request, and try token_url with curl from this machine."
	case r.Status >= 300 && r.Status < 400:
		x.Detail = fmt.Sprintf("the token endpoint redirects (%d) to %s", r.Status, locationOf(r))
		x.Remedy = "A token request isn't sent on: write the address that answers it into token_url. Where this leads to a page for signing in, token_url is no token endpoint."
	case r.Status == 404 || r.Status == 410:
		x.Detail = fmt.Sprintf("there is nothing at %s (%d)", auth.TokenURL, r.Status)
		x.Remedy = "Correct token_url: the product's documentation names it, and often a discovery document (/.well-known/openid-configuration, token_endpoint)."
	case r.Status == 405:
		x.Detail = fmt.Sprintf("%s takes no POST (405, Allow: %s)", auth.TokenURL, orNothing(r.Header.Get("Allow")))
		x.Remedy = "This is another endpoint, such as that for authorization: name the token endpoint in token_url."
	case r.Status == 429:
		x.Detail = "the token endpoint answers 429 (too many requests)"
		x.Remedy = "Wait until the client may ask again, and let the product allow it some requests a minute."
	case r.Status > 500:
		x.Detail = fmt.Sprintf("the token endpoint is out of service (%d)", r.Status)
		x.Remedy = "Start the product's authorisation server, or wait for the end of its maintenance, and run again."
	case isPage(r):
		x.Detail = fmt.Sprintf("the token endpoint answers with a page for people (%d, HTML%s)", r.Status, titleOf(r))
		x.Remedy = "token_url names a page, such as one for signing in, or a proxy answers instead of the product: name the token endpoint."
	case r.Status == 200:
		x.Detail = "the token endpoint answers 200 without an access_token: " + membersOf(r)
		x.Remedy = "A token response is a JSON object with access_token (RFC 6749 §5.1): mend that first, or correct token_url where it names something else."
	case code == "unauthorized_client":
		x.Remedy = "Allow the client " + auth.ClientID + " the grant client_credentials in the product's client registration."
	case code == "unsupported_grant_type":
		x.Remedy = "Enable the grant client_credentials at the authorisation server, or name the right token endpoint: the standard has no other."
	case code == "invalid_scope":
		x.Detail += "; asked for " + d.asked()
		x.Remedy = "Grant the client these scopes, or take the profile that needs them out of target.yaml. Where the issuer has names of its own, set " + d.session.keyOf("scope") + "."
	case code == "invalid_request":
		x.Remedy = "See what it misses; what an issuer wants beside the standard (audience, resource) goes into " + d.session.keyOf("parameters") + "."
	case !slices.ContainsFunc(refused, func(r *Response) bool { return !client(r) }):
		x.Detail += fmt.Sprintf("; the client is refused in each of %d ways to ask", len(refused))
		x.Remedy = "Check client_id and client_secret against the product's client registration, and that they are of this system and not of another (staging, production)."
	case r.Status == 500:
		x.Detail = "the token endpoint breaks down over a token request (500)"
		x.Remedy = "Look for the request in the product's log: it was a POST of a form with " + wayText[auth.Method] + "."
	default:
		x.Remedy = "Check client_id, client_secret and method in target.yaml against the product's client registration."
	}
	return x
}

// asked names the scopes of the session's own token.
func (d *doctor) asked() string {
	if own := d.session.credentials().Scope; own != "" {
		return own
	}
	return strings.Join(d.session.Scopes, " ")
}

// oauthError gives the error code of RFC 6749 §5.2 and its description, if the body
// holds them.
func oauthError(r *Response) (code, description string) {
	var e struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(r.Body, &e) != nil {
		return "", ""
	}
	return e.Error, e.Description
}

// quotedError puts them into brackets, for the end of a sentence.
func quotedError(r *Response) string {
	code, description := oauthError(r)
	switch {
	case code == "":
		return ""
	case description == "":
		return " (" + shortened(code) + ")"
	}
	return " (" + shortened(code) + ": " + shortened(description) + ")"
}

// membersOf lists what a JSON object has instead of what was wanted.
func membersOf(r *Response) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(r.Body, &members) != nil {
		return r.Summary()
	}
	var names []string
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "an empty object"
	}
	return shortened("it has " + strings.Join(names, ", "))
}
