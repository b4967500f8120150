package deeplinking

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// bad is an answer that must not be taken.
type bad struct {
	id, title string
	needs     []harness.Need
	// answers are what is tried, by what is sent; g is the good answer that was taken. Where
	// there is nothing to try why says so.
	answers func(ctx context.Context, t *harness.T, g tried) (all []wrong, why string)
}

// wrong is one answer that is wrong in one way.
type wrong struct {
	sent  string
	place *lti.Pick // nil: the first
	how   answer
}

func badAnswers() []bad {
	plain := func(id, title string, all ...wrong) bad {
		return bad{id: id, title: title, answers: func(context.Context, *harness.T, tried) ([]wrong, string) { return all, "" }}
	}
	set := func(name string, v any) answer {
		return answer{change: func(claims map[string]any, _ asked) {
			claims[name] = v
			if v == nil {
				delete(claims, name)
			}
		}}
	}
	hour := int64(time.Hour / time.Second)
	return []bad{
		plain("refuse.signature", "Refuses an answer that another key has signed", wrong{sent: "an answer by a foreign key, under the id of a published one", how: answer{foreign: true}},
			wrong{sent: "an answer whose signature has one bit turned", how: answer{way: mint.Corrupt}}),
		{id: "refuse.kid", title: "Refuses an answer by a key that nobody published", answers: func(_ context.Context, t *harness.T, _ tried) ([]wrong, string) {
			foreign := platform.Self(t).Foreign
			return []wrong{{sent: "an answer by a key that is not published", how: answer{foreign: true, header: map[string]any{"kid": foreign.ID}}},
				{sent: "an answer whose header brings the key", how: answer{foreign: true, header: map[string]any{"kid": foreign.ID, "jwk": foreign.JWK()}}}}, ""
		}},
		plain("refuse.none", "Refuses an answer that isn't signed by a key pair",
			wrong{sent: "an answer whose alg is none", how: answer{way: mint.None}},
			wrong{sent: "an answer signed by HS256 with the public key as the secret", how: answer{way: mint.HS256}}),
		{id: "refuse.iss", title: "Refuses an answer whose iss is another client",
			answers: func(_ context.Context, t *harness.T, _ tried) ([]wrong, string) {
				out := []wrong{{sent: "an answer whose iss is another client", how: set("iss", "somebody-else")}}
				if other := platform.Section(t).OtherClientID; other != "" { // which the platform knows, and has not asked
					out = append(out, wrong{sent: "an answer whose iss is another registration", how: set("iss", other)})
				}
				return out, ""
			}},
		plain("refuse.aud", "Refuses an answer whose aud is another platform",
			wrong{sent: "an answer whose aud is another platform", how: set("aud", "https://somewhere-else.example")}),
		{id: "refuse.expired", title: "Refuses an answer that has expired", answers: func(context.Context, *harness.T, tried) ([]wrong, string) {
			now := time.Now().Unix()
			return []wrong{{sent: "an answer that expired an hour ago",
				how: answer{claims: map[string]any{"iat": now - hour - 100, "exp": now - hour}}}}, ""
		}},
		plain("refuse.exp-missing", "Refuses an answer without exp", wrong{sent: "an answer without exp", how: set("exp", nil)}),
		{id: "refuse.replay", title: "Refuses an answer whose nonce was used", answers: func(_ context.Context, _ *harness.T, g tried) ([]wrong, string) {
			return []wrong{{sent: "an answer with the nonce of one that was taken", how: set("nonce", g.nonce)}}, ""
		}},
		plain("refuse.nonce", "Refuses an answer without a nonce", wrong{sent: "an answer without nonce", how: set("nonce", nil)}),
		plain("refuse.type", "Refuses an answer with another message type",
			wrong{sent: "an answer whose message_type is LtiDeepLinkingRequest", how: set(claim+"message_type", "LtiDeepLinkingRequest")},
			wrong{sent: "an answer without message_type", how: set(claim+"message_type", nil)}),
		plain("refuse.version", "Refuses an answer of another version",
			wrong{sent: "an answer of version 2.0.0", how: set(claim+"version", "2.0.0")}),
		plain("refuse.deployment", "Refuses an answer of another deployment",
			wrong{sent: "an answer of a deployment that there isn't", how: set(claim+"deployment_id", "never-issued")}),
		{id: "refuse.data", title: "Refuses an answer with other data than the request had", answers: func(_ context.Context, _ *harness.T, g tried) ([]wrong, string) {
			if g.asked.text("data") == "" {
				return nil, "the requests have no data, which is optional"
			}
			return []wrong{{sent: "an answer with other data", how: set(dlClaim+"data", "other data")},
				{sent: "an answer without data", how: set(dlClaim+"data", nil)}}, ""
		}},
		{id: "refuse.data-foreign", title: "Refuses an answer with the data of another request", answers: func(ctx context.Context, t *harness.T, g tried) ([]wrong, string) {
			if g.asked.text("data") == "" {
				return nil, "the requests have no data, which is optional"
			}
			other, _, ok := platform.Pick(ctx, t, platform.Section(t).Platform.Picks[0], false, nil, nil)
			data := askedOf(other.Claims).text("data")
			if !ok || data == g.asked.text("data") {
				return nil, "the data of two requests are the same"
			}
			return []wrong{{sent: "an answer with the data of another request", how: set(dlClaim+"data", data)}}, ""
		}},
		{id: "refuse.session", title: "Refuses an answer that comes by somebody else's browser", needs: []harness.Need{second()}, answers: func(_ context.Context, t *harness.T, g tried) ([]wrong, string) {
			users := platform.Section(t).Platform.Users
			i := slices.IndexFunc(users, func(u lti.User) bool { return u.Name != g.picked.User.Name })
			return []wrong{{sent: "a good answer, brought by the browser of " + users[i].Name, how: answer{by: &users[i]}}}, ""
		}},
		{id: "refuse.accepted", title: "Keeps no content of a type that it doesn't ask for", answers: func(ctx context.Context, t *harness.T, g tried) ([]wrong, string) {
			origin := platform.Self(t).Origin
			out := []wrong{{sent: "an item of a type that there isn't", how: answer{items: func(word string, _ asked) []any {
				return []any{map[string]any{"type": "https://rollcall.example/type", "title": word, "url": origin + "/target?picked=" + word}}
			}}}}
			for _, place := range platform.Section(t).Platform.Picks {
				taken := typesAt(ctx, t, place, g)
				if i := slices.IndexFunc(types, func(kind string) bool { return !slices.Contains(taken, kind) }); i >= 0 && len(taken) > 0 {
					out = append(out, wrong{sent: "an item of type " + types[i] + " at " + place.Name, place: &place,
						how: answer{items: func(word string, a asked) []any { return []any{a.item(types[i], word, origin)} }}})
					break
				}
			}
			return out, ""
		}},
		{id: "refuse.media", title: "Keeps no file of a media type that it doesn't ask for", answers: func(_ context.Context, t *harness.T,
			g tried) ([]wrong, string) {
			media, origin := g.asked.unwanted(), platform.Self(t).Origin
			switch {
			case !slices.Contains(g.asked.types(), "file"):
				return nil, "files are not taken"
			case media == "":
				return nil, "files of every media type are taken, or nothing is said of them (accept_media_types)"
			}
			return []wrong{{sent: "a file of the media type " + media, how: answer{items: func(word string, a asked) []any {
				item := a.item("file", word, origin)
				item["mediaType"] = media
				return []any{item}
			}}}}, ""
		}},
		{id: "refuse.single", title: "Keeps one item at most where it asks for one", answers: func(ctx context.Context, t *harness.T, _ tried) ([]wrong, string) {
			origin := platform.Self(t).Origin
			for _, place := range platform.Section(t).Platform.Picks {
				p, _, ok := platform.Pick(ctx, t, place, false, nil, nil)
				if a := askedOf(p.Claims); ok && a.settings["accept_multiple"] == false {
					return []wrong{{sent: "two items at " + place.Name, place: &place, how: answer{items: func(word string, a asked) []any {
						return []any{a.item(a.kindOf(), word+"-0", origin), a.item(a.kindOf(), word+"-1", origin)}
					}}}}, ""
				}
			}
			return nil, "no place of lti.platform.picks asks for one item alone"
		}},
		plain("refuse.field", "Refuses an answer in another field than JWT",
			wrong{sent: "an answer in the field id_token", how: answer{field: "id_token"}}),
		plain("refuse.get", "Refuses an answer that comes by GET", wrong{sent: "an answer in the address, by GET", how: answer{get: true}}),
	}
}

// second needs a second user.
func second() harness.Need {
	return platform.Setting("a second user in lti.platform.users", harness.Unconfigured("there is no second user whose browser could bring an answer",
		"Add a second user to lti.platform.users."), func(l *lti.Section) bool { return len(l.Platform.Users) < 2 })
}

// typesAt gives the types that are taken at a place.
func typesAt(ctx context.Context, t *harness.T, place lti.Pick, g tried) []string {
	if place.Name == platform.Section(t).Platform.Picks[0].Name {
		return g.asked.types()
	}
	p, _, _ := platform.Pick(ctx, t, place, false, nil, nil)
	return askedOf(p.Claims).types()
}

// refuses judges answers that must not be taken.
func refuses(ctx context.Context, t *harness.T, b bad) {
	stood := grounded
	if b.id == "refuse.replay" {
		stood = lately
	}
	g, ok := stood(ctx, t)
	if !ok {
		return
	}
	id := platformPrefix + b.id
	all, why := b.answers(ctx, t, g)
	if len(all) == 0 {
		t.NotApplicable(id, why)
		t.NotApplicable(reqStatus, "nothing was refused here")
		return
	}
	for _, w := range all {
		place := platform.Section(t).Platform.Picks[0]
		if w.place != nil {
			place = *w.place
		}
		x, o, ok := try(ctx, t, place, true, w.how)
		if !ok {
			t.NotTested(o)
			return
		}
		if x.picked.Answer == nil {
			t.NotTested(harness.BlockedBy(reqStatus, w.sent+": no answer came, which is no refusal").Seen(x.picked.Exchanges...), id)
			t.Fail(reqStatus, x.finding(w.sent, "an answer below 500", "none"))
			continue
		}
		t.Assert(reqStatus, x.picked.Answer.Status < 500,
			x.finding(w.sent, "an answer below 500: it is the answer that is wrong", describe(x.picked)))
		if b.id == "refuse.single" {
			page := strings.Join(x.pages, "\n")
			both := strings.Contains(page, x.word+"-0") && strings.Contains(page, x.word+"-1")
			t.Assert(id, !both, x.finding(w.sent, "one item at most on the page that shows what was picked", "both"))
			continue
		}
		t.Assert(id, !x.shown, x.finding(w.sent, "nothing on the page that shows what was picked", "it is there: "+describe(x.picked)))
	}
}

// markup has texts picked that mean something to a page (LTI Deep Linking 2.0 §3).
func markup(ctx context.Context, t *harness.T) {
	g, ok := grounded(ctx, t)
	if !ok {
		return
	}
	origin := platform.Self(t).Origin
	place := platform.Section(t).Platform.Picks[0]
	tryItem := func(id, kind string, members func(word string) map[string]any, judge func(x tried)) {
		if !slices.Contains(g.asked.types(), kind) {
			t.NotApplicable(platformPrefix+id, "the type "+kind+" is not taken")
			return
		}
		x, o, ok := try(ctx, t, place, false, answer{items: func(word string, a asked) []any {
			item := a.item(kind, word, origin)
			for name, v := range members(word) {
				item[name] = v
			}
			return []any{item}
		}})
		if !ok {
			t.NotTested(o, platformPrefix+id)
			return
		}
		judge(x)
	}
	// What has become an element stands in the document as one, and text as text.
	tryItem("accept.text", g.asked.kindOf(), func(word string) map[string]any {
		return map[string]any{"title": word + `<img id="` + element + `" src="x">`}
	}, func(x tried) {
		became := slices.ContainsFunc(x.pages, func(p string) bool { return strings.Contains(p, `<img id="`+element+`"`) })
		t.Assert(platformPrefix+"accept.text", !became, x.finding("a title with markup in it", "text, shown as text or not at all", "an element of the page: scripts could come in the same way"))
	})
	tryItem("accept.html", "html", func(word string) map[string]any {
		return map[string]any{"html": "<p>" + word + `</p><img src="x" onerror="` + turned + `"><script>` + turned + `</script>`}
	}, func(x tried) {
		// In a frame that is nobody's a script may run.
		ran := len(x.pages) > 0 && strings.Contains(x.pages[0][:min(len(x.pages[0]), 300)], `dir="4711"`)
		t.Assert(platformPrefix+"accept.html", !ran,
			x.finding("HTML with a script in it", "HTML without its script", "the script ran on the page"))
	})
	for _, scheme := range []string{"javascript", "JavaScript"} { // schemes have no case (RFC 3986 §3.1)
		tryItem("refuse.script", "link", func(word string) map[string]any {
			return map[string]any{"url": scheme + ":void('" + word + "')"}
		}, func(x tried) {
			leads := slices.ContainsFunc(x.pages, func(p string) bool {
				return strings.Contains(strings.ToLower(p), `="javascript:void('`+strings.ToLower(x.word))
			})
			t.Assert(platformPrefix+"refuse.script", !leads,
				x.finding("a link whose url begins with "+scheme+":", "a refusal, or no link to it", "a link that runs it"))
		})
	}
}

const (
	element = "rollcall-picked"
	turned  = "document.dir=4711"
)

// launches opens a resource link that was picked (LTI Deep Linking 2.0 §3.2).
func launches(ctx context.Context, t *harness.T) {
	g, ok := grounded(ctx, t)
	if !ok {
		return
	}
	if g.asked.kindOf() != "ltiResourceLink" {
		for _, id := range t.Check().Requirements {
			t.NotApplicable(id, "resource links are not taken")
		}
		return
	}
	place := platform.Section(t).Platform.Picks[0]
	var item map[string]any
	x, o, ok := try(ctx, t, place, false, answer{stays: true, items: func(word string, a asked) []any {
		item = a.item("ltiResourceLink", word, platform.Self(t).Origin)
		item["custom"] = map[string]any{"rollcall_picked": word, userParameter: "$User.id"}
		if a.takesLineItems() {
			item["lineItem"] = map[string]any{"label": word + " of Rollcall", "scoreMaximum": 7, "resourceId": word, "tag": pickedTag}
		}
		return []any{item}
	}})
	if !ok {
		t.NotTested(o)
		return
	}
	defer x.clean(ctx, t, place)
	if !x.shown {
		t.NotTested(harness.BlockedBy(reqAccept, "what was picked is not there: "+describe(x.picked)).Seen(x.picked.Exchanges...))
		return
	}
	l, o, ok := platform.OpenPicked(ctx, t, place, x.word)
	f := harness.Finding{Sent: l.User.Name + " opens what was picked", Exchanges: l.Exchanges}
	if !ok && o.Owner() == "" {
		t.NotTested(o.Seen(l.Exchanges...))
		return
	}
	opens := platformPrefix + "launch.opens"
	f.Expected, f.Seen = "a launch with a token", o.Reason()
	if !t.Assert(opens, ok, f) {
		for _, id := range t.Check().Requirements {
			if id != opens {
				t.NotTested(harness.BlockedBy(opens, "what was picked does not open").Seen(l.Exchanges...), id)
			}
		}
		return
	}
	say := func(id string, ok bool, expected, seen, where string) {
		f.Expected, f.Seen, f.Where = expected, seen, where
		t.Assert(platformPrefix+id, ok, f)
	}
	custom, _ := l.Claims[claim+"custom"].(map[string]any)
	say("launch.custom", custom["rollcall_picked"] == x.word, "custom with rollcall_picked="+x.word,
		"rollcall_picked="+fmt.Sprint(custom["rollcall_picked"]), "/custom")
	substituted(t, l, custom, say)
	target, _ := l.Claims[claim+"target_link_uri"].(string)
	say("launch.target", target == item["url"], fmt.Sprint(item["url"]), target, "/target_link_uri")
	d := l.Claims[claim+"deployment_id"]
	say("launch.deployment", d == x.asked.claims[claim+"deployment_id"],
		"that of the request, "+platform.Words(x.asked.claims[claim+"deployment_id"]), platform.Words(d), "/deployment_id")
	link, _ := l.Claims[claim+"resource_link"].(map[string]any)
	own, _ := link["id"].(string)
	other, _ := platform.First(t).Claims[claim+"resource_link"].(map[string]any)
	say("launch.link", own != "" && own != other["id"], "a resource_link.id of its own", platform.Words(link["id"]), "/resource_link/id")
	x.lineItem(ctx, t, l, own)
}

// userParameter is a parameter of what is picked that asks who launches.
const userParameter = "rollcall_user"

// substituted looks whether a variable is substituted in the parameters of what was picked, where it is
// in those of the registration.
func substituted(t *harness.T, l platform.Launch, custom map[string]any, say func(id string, ok bool, expected, seen, where string)) {
	const id = "launch.variables"
	first := platform.First(t)
	known, _ := first.Claims[claim+"custom"].(map[string]any)
	works := false
	for name, v := range first.Link.Custom {
		works = works || v == "$User.id" && known[name] == first.Claims["sub"] && known[name] != nil
	}
	if !works {
		t.NotTested(harness.Unconfigured("no launch shows that the platform substitutes $User.id",
			"Give a parameter with $User.id to Rollcall's registration, and name it in lti.platform.links."), platformPrefix+id)
		return
	}
	if custom["rollcall_picked"] == nil {
		t.NotTested(harness.BlockedBy(platformPrefix+"launch.custom", "the launch has none of the parameters").Seen(l.Exchanges...),
			platformPrefix+id)
		return
	}
	seen := map[bool]string{true: "the name of the variable", false: "another value"}[custom[userParameter] == "$User.id"]
	say(id, custom[userParameter] == l.Claims["sub"], "the sub of the launch, for "+userParameter+"=$User.id", seen, "/custom/"+userParameter)
}

// pickedTag is the tag of line items that come with what is picked.
const pickedTag = "rollcall-picked"

// takesLineItems tells whether the platform says that it makes line items of what is picked.
func (a asked) takesLineItems() bool { return a.settings["accept_lineitem"] == true }

// lineItem looks for the line item that came with a link, in a launch of the link and where the
// launch says that it is.
func (x tried) lineItem(ctx context.Context, t *harness.T, l platform.Launch, link string) {
	const made, told = platformPrefix + "launch.line-item", platformPrefix + "launch.line-item-told"
	if !x.asked.takesLineItems() {
		t.NotApplicable(made, "the request doesn't say that line items are taken (accept_lineitem)")
		t.NotApplicable(told, "the request doesn't say that line items are taken (accept_lineitem)")
		return
	}
	endpoint, _ := l.Claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"].(map[string]any)
	address, _ := endpoint["lineitem"].(string)
	seen := "a claim without lineitem"
	if endpoint == nil {
		seen = "no such claim"
	}
	if !t.Assert(made, address != "", harness.Finding{Sent: l.User.Name + " opens what was picked with a line item",
		Expected: "lineitem in the claim of Assignment and Grade Services", Seen: seen, Where: "/endpoint/lineitem", Exchanges: l.Exchanges}) {
		t.NotTested(harness.BlockedBy(made, "no launch names the line item").Seen(l.Exchanges...), told)
		return
	}
	p := platform.Section(t).Platform
	const scopes = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
	i := slices.IndexFunc(p.Scopes, func(s string) bool { return s == scopes || s == scopes+".readonly" })
	if i < 0 || p.TokenURL == "" {
		t.NotTested(harness.Unconfigured("the target file names no token endpoint, or no scope by which line items are read",
			"Add token_url to lti.platform, and "+scopes+".readonly to lti.platform.scopes, where the platform grants it."), told)
		return
	}
	token, r := platform.AccessToken(ctx, t, p.Scopes[i])
	if token == "" {
		t.NotTested(harness.BlockedBy(platform.Issues, "no token is issued: "+platform.Refused(r), r), told)
		return
	}
	answer := platform.Do(ctx, t, token, harness.Request{URL: address,
		Header: http.Header{"Accept": {"application/vnd.ims.lis.v2.lineitem+json"}}})
	var item struct {
		Link     string `json:"resourceLinkId"`
		Resource string `json:"resourceId"`
		Tag      string `json:"tag"`
	}
	readable := answer.Status == http.StatusOK && json.Unmarshal(answer.Body, &item) == nil
	t.Assert(told, readable && item.Link == link && item.Resource == x.word && item.Tag == pickedTag, harness.Finding{
		Sent:     "GET of the line item that the launch names",
		Expected: fmt.Sprintf("resourceLinkId %s, resourceId %s, tag %s", link, x.word, pickedTag),
		Seen: fmt.Sprintf("%s: resourceLinkId %s, resourceId %s, tag %s", answer.Summary(), side.Word(item.Link), side.Word(item.Resource),
			side.Word(item.Tag)),
		Responses: []*harness.Response{answer}})
}
