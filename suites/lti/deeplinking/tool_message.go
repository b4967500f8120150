package deeplinking

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// formOf reads the form of an answer, be it in the body or the address.
func formOf(c tool.Call) url.Values {
	text := string(c.Body)
	if c.Method != http.MethodPost {
		text = c.Query
	}
	v, _ := url.ParseQuery(text) // what can be read of it
	return v
}

// opens looks whether the picker opens in a frame, and how its answer comes (LTI Deep Linking
// 2.0 §4.5).
func opens(ctx context.Context, t *harness.T) {
	p := pick(ctx, t, base)
	f := harness.Finding{Sent: "a deep linking request by somebody who teaches", Where: p.acted.Where, Exchanges: p.acted.Exchanges}
	blocked := func(owner, why string, ids ...string) {
		for i := range ids {
			ids[i] = toolPrefix + ids[i]
		}
		t.NotTested(harness.BlockedBy(owner, why).Seen(p.acted.Exchanges...), ids...)
	}
	switch {
	case p.acted.Refused != "":
		f.Expected, f.Seen = "the picker opens", "it did not open; the tool showed "+p.acted.Refused
		t.Fail(reqOpens, f)
		blocked(reqOpens, "the picker did not open", "response.sent", "response.field", "response.post", "response.query")
		return
	case !p.ok:
		t.NotTested(p.obstacle)
		return
	}
	t.Examined(reqOpens, 1)
	if p.call == nil {
		f.Expected, f.Seen = "a form post to deep_link_return_url", "no request came there once the steps had been taken"
		t.Fail(reqSent, f)
		blocked(reqSent, "no answer came from the picker", "response.field", "response.post", "response.query")
		return
	}
	t.Examined(reqSent, 1)
	media, _, _ := mime.ParseMediaType(p.call.Header.Get("Content-Type")) // none, then
	f.Expected, f.Seen = "POST, application/x-www-form-urlencoded", p.call.Method+", "+media
	t.Assert(toolPrefix+"response.post", p.call.Method == http.MethodPost && media == "application/x-www-form-urlencoded", f)
	query, _ := url.ParseQuery(p.call.Query) // what can be read of it
	f.Expected, f.Seen = "the query of deep_link_return_url, course=1&section=a%20b", "the query "+p.call.Query
	t.Assert(toolPrefix+"response.query", query.Get("course") == "1" && query.Get("section") == "a b", f)
	f.Expected, f.Seen = "one field JWT with a message in it", "the fields "+strings.Join(slices.Sorted(maps.Keys(p.form)), ", ")
	if len(p.form["JWT"]) > 0 {
		f.Seen = fmt.Sprintf("%d fields JWT, of which the first has no message that can be read", len(p.form["JWT"]))
	}
	t.Assert(reqField, p.claims != nil && len(p.form["JWT"]) == 1, f)
}

// asymmetric are the algorithms that messages may be signed by (Security Framework 1.0 §5.1.2).
var asymmetric = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"}

// most is how long a message should be good for.
const most = time.Hour

// skew is how far clocks may be apart.
const skew = time.Minute

// message looks at all of an answer but what was picked (LTI Deep Linking 2.0 §4.5; Security
// Framework 1.0 §5.2).
func message(ctx context.Context, t *harness.T) {
	if !standing(ctx, t) {
		return
	}
	p := pick(ctx, t, base)
	section := tool.Section(t)
	say := func(id string, ok bool, expected, seen, where string) bool {
		return t.Assert(toolPrefix+id, ok, harness.Finding{Sent: "a deep linking request", Expected: expected, Seen: seen, Where: where,
			Exchanges: p.acted.Exchanges})
	}
	signed(ctx, t, p)
	broken := shaped(t, p)
	at := p.call.At
	say("token.iss", p.claims["iss"] == section.ClientID, "the tool's client id, "+section.ClientID, shown(p.claims["iss"]), "/iss")
	aud, isText := texts(p.claims["aud"])
	say("token.aud", slices.Contains(aud, section.PublicURL), "the platform's issuer, "+section.PublicURL, shown(p.claims["aud"]), "/aud")
	say("token.aud-text", isText, "one text", shown(p.claims["aud"]), "/aud")
	_, named := p.claims["azp"]
	say("token.azp", len(aud) < 2 || named, "azp, as there are several in aud", "none", "/azp")
	if !broken["token.exp"] {
		exp, _ := p.claims["exp"].(float64)
		say("token.exp", date(exp).After(at.Add(-skew)), "a time that isn't over", shownTime(exp), "/exp")
		iat, _ := p.claims["iat"].(float64)
		say("token.life", broken["token.iat"] || date(exp).Sub(date(iat)) <= most, "an hour at most", date(exp).Sub(date(iat)).String(), "/exp")
	} else {
		t.NotTested(harness.BlockedBy(toolPrefix+"token.exp", "the message doesn't say when it ends").Seen(p.acted.Exchanges...),
			toolPrefix+"token.life")
	}
	if iat, is := p.claims["iat"].(float64); is {
		say("token.iat", !date(iat).After(at.Add(skew)) && date(iat).After(at.Add(-most)), "a time within the last hour", shownTime(iat), "/iat")
	}
	nonces(ctx, t, p, say)
	if d, is := p.claims[claim+"deployment_id"].(string); is {
		say("message.deployment", d == section.Deployments[0], section.Deployments[0]+", as in the request", d, "/deployment_id")
	}
	dataBack(t, toolPrefix+"message.data", p)
	odd := strange(p.claims)
	say("message.names", len(odd) == 0, "claims by the names of the standard", strings.Join(odd, ", "), "/")
	t.Examined(toolPrefix+"message.texts", 1)
}

// signed looks at the header, and whether a published key has signed.
func signed(ctx context.Context, t *harness.T, p *picked) {
	alg, _ := p.header["alg"].(string)
	kid, _ := p.header["kid"].(string)
	f := harness.Finding{Sent: "a deep linking request", Exchanges: p.acted.Exchanges}
	f.Expected, f.Seen, f.Where = "RS256", shown(p.header["alg"]), "alg"
	t.Assert(toolPrefix+"token.alg", slices.Contains(asymmetric, alg), f)
	f.Expected, f.Seen, f.Where = "the id of the key", shown(p.header["kid"]), "kid"
	t.Assert(toolPrefix+"token.kid", kid != "", f)
	if !t.Met(toolPrefix + "token.signature") {
		return
	}
	r := t.Do(ctx, harness.Request{URL: tool.Section(t).Tool.JWKSURL, Auth: harness.AuthNone, Owner: toolPrefix + "token.kid-published"})
	found, good := platform.SignedBy(p.token, r.Body)
	f.Responses = []*harness.Response{r}
	f.Expected, f.Seen, f.Where = "a key that is published at lti.tool.jwks_url", "none of this id: "+shown(p.header["kid"]), "kid"
	if !platform.IsKeySet(r.Body) {
		f.Seen = "what is published there is no set of keys: an object whose member keys is a list"
	}
	if kid == "" {
		t.NotTested(harness.BlockedBy(toolPrefix+"token.kid", "the header names no key").Seen(p.acted.Exchanges...),
			toolPrefix+"token.kid-published")
		found = good
	} else {
		t.Assert(toolPrefix+"token.kid-published", found, f)
	}
	if !found && kid != "" {
		t.NotTested(harness.BlockedBy(toolPrefix+"token.kid-published", "the key is not published").Seen(p.acted.Exchanges...),
			toolPrefix+"token.signature")
		return
	}
	f.Expected, f.Seen, f.Where = "a signature by that key", "another", ""
	t.Assert(toolPrefix+"token.signature", good, f)
}

// nonces compares the nonce with that of the request and of another answer.
func nonces(ctx context.Context, t *harness.T, p *picked, say func(id string, ok bool, expected, seen, where string) bool) {
	nonce, _ := p.claims["nonce"].(string)
	if nonce == "" {
		t.NotTested(harness.BlockedBy(toolPrefix+"token.nonce", "there is no nonce").Seen(p.acted.Exchanges...), toolPrefix+"token.nonce-fresh",
			toolPrefix+"token.nonce-own")
		return
	}
	say("token.nonce-own", nonce != p.acted.Nonce, "a nonce of the tool's own", "that of the request", "/nonce")
	if again := pick(ctx, t, way{id: "again"}); again.answered(t, toolPrefix+"token.nonce-fresh") {
		say("token.nonce-fresh", again.claims["nonce"] != nonce, "another nonce than in the answer before", "the same", "/nonce")
	}
}

// parts say which requirement speaks of the form of a claim.
var parts = []struct{ pointer, id string }{{"/iss", "token.iss"}, {"/azp", "token.azp"}, {"/aud", "token.aud"},
	{"/exp", "token.exp"}, {"/iat", "token.iat"},
	{"/nonce", "token.nonce"}, {"/message_type", "message.type"}, {"/version", "message.version"}, {"/deployment_id", "message.deployment"},
	{"/data", "message.data"}, {"/msg", "message.texts"}, {"/log", "message.texts"}, {"/errormsg", "message.texts"}, {"/errorlog", "message.texts"},
	{"/content_items", "content.list"}}

var responseSchema = sync.OnceValue(func() *schemas.Schema { return schemas.MustLoad("lti/dl/2.0/response") })

// shaped holds the claims of an answer to their schema, says so for each requirement of the
// check, and gives those that are broken.
func shaped(t *harness.T, p *picked) (broken map[string]bool) {
	broken = map[string]bool{}
	findings, err := responseSchema().Validate(payloadOf(p.token))
	if err != nil {
		t.NotTested(harness.BlockedBy(reqField, "the claims can't be read as JSON: "+err.Error()).Seen(p.acted.Exchanges...))
		return broken
	}
	short := strings.NewReplacer("/"+strings.ReplaceAll(claim, "/", "~1"), "/", "/"+strings.ReplaceAll(dlClaim, "/", "~1"), "/")
	for _, f := range findings {
		at := short.Replace(f.Pointer)
		for _, part := range parts {
			if at != part.pointer || !slices.Contains(t.Check().Requirements, toolPrefix+part.id) {
				continue
			}
			broken[part.id] = true
			t.Fail(toolPrefix+part.id, harness.Finding{Sent: "a deep linking request", Expected: f.Expected, Seen: f.Message, Where: at,
				Exchanges: p.acted.Exchanges})
		}
	}
	for _, part := range parts {
		if id := toolPrefix + part.id; !broken[part.id] && slices.Contains(t.Check().Requirements, id) {
			t.Examined(id, 1)
		}
	}
	return broken
}

// dataBack looks whether data came back byte for byte.
func dataBack(t *harness.T, id string, p *picked) {
	sent, is := p.way.data.(string)
	if !is {
		sent = plainData
	}
	got, there := p.claims[dlClaim+"data"]
	seen := "other data"
	switch text, is := got.(string); {
	case !there:
		seen = "none"
	case !is:
		seen = "no text"
	default:
		seen = fmt.Sprintf("other data, of %d bytes", len(text))
	}
	t.Assert(id, got == sent, harness.Finding{Sent: fmt.Sprintf("a deep linking request with data of %d bytes", len(sent)),
		Expected: "the same, byte for byte",
		Seen:     seen, Where: "/data", Exchanges: p.acted.Exchanges})
}

// noData looks whether data came of which the request had none.
func noData(t *harness.T, id string, p *picked) {
	got, there := p.claims[dlClaim+"data"]
	seen := shown(got)
	if got == nil {
		seen = "the claim, with null"
	}
	t.Assert(id, !there, harness.Finding{Sent: "a deep linking request without data", Expected: "no such claim", Seen: seen, Where: "/data",
		Exchanges: p.acted.Exchanges})
}

// known are the claims that an answer may have of LTI's.
var known = []string{claim + "message_type", claim + "version", claim + "deployment_id", dlClaim + "content_items", dlClaim + "data",
	dlClaim + "msg",
	dlClaim + "log", dlClaim + "errormsg", dlClaim + "errorlog"}

// strange lists claims that were meant to be of LTI's, and are called otherwise.
func strange(claims map[string]any) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		plain := strings.ToLower(strings.TrimSpace(name))
		meant := strings.HasPrefix(plain, dlClaim) || slices.ContainsFunc(known, func(k string) bool {
			return k == plain || strings.HasSuffix(k, "/"+plain) || strings.Replace(k, "https:", "http:", 1) == plain
		})
		if meant && !slices.Contains(known, name) {
			out = append(out, fmt.Sprintf("%q", name))
		}
	}
	return out
}

// texts gives the entries of aud; one tells whether it is one text.
func texts(v any) (all []string, one bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case []any:
		for _, x := range v {
			if s, is := x.(string); is {
				all = append(all, s)
			}
		}
	}
	return all, false
}

func date(seconds float64) time.Time { return time.Unix(int64(seconds), 0) }

func shownTime(seconds float64) string {
	if seconds > 1e11 {
		return fmt.Sprintf("%.0f, which are milliseconds", seconds)
	}
	return date(seconds).UTC().Format(time.RFC3339)
}

// shown words a value of a claim.
func shown(v any) string {
	if v == nil {
		return "none"
	}
	text, _ := json.Marshal(v) // it was JSON before
	if len(text) > 200 {
		return fmt.Sprintf("%s of %d bytes", reflect.TypeOf(v).Kind(), len(text))
	}
	return string(text)
}

// payloadOf gives the claims of a token as they were sent.
func payloadOf(token string) []byte {
	pieces := strings.Split(token, ".")
	if len(pieces) != 3 {
		return nil
	}
	b, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(pieces[1], "=")) // it was decoded before
	return b
}
