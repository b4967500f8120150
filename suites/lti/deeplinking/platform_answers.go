package deeplinking

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// answer is what Rollcall, as the tool, answers: a good one, changed.
type answer struct {
	items   func(word string, a asked) []any // nil: one of a type that is taken
	claims  map[string]any                   // that are set, or removed where nil
	change  func(claims map[string]any, a asked)
	header  map[string]any
	foreign bool // signed by a key that nobody published
	way     mint.Signing
	field   string // instead of JWT
	get     bool
	by      *lti.User // who brings it
	stays   bool      // what is kept of it is taken away later
}

// tried is what came of an answer.
type tried struct {
	word   string // by which what was picked is known
	asked  asked
	picked platform.Picked
	nonce  string
	ends   time.Time // until then the answer is good, and its nonce is remembered
	shown  bool      // it is on the page that shows what was picked
	at     []int     // where on the page each item begins, -1: nowhere
	pages  []string  // documents of that page
}

// refused tells whether the platform answered that it doesn't take what was posted.
func (x tried) refused() bool { return x.picked.Answer == nil || x.picked.Answer.Status >= 400 }

// word is by which something that was picked is found again: it stands in titles, and in
// addresses.
func word() string { return "Rollcall-" + side.Random()[:12] }

// item makes a plain item of a type.
func (a asked) item(kind, word, origin string) map[string]any {
	address := origin + "/target?picked=" + word
	out := map[string]any{"type": kind, "title": word + " of Rollcall"}
	switch kind {
	case "html":
		out["html"] = "<p>" + word + "</p>"
	case "file":
		out["mediaType"] = a.media()
		out["url"] = origin + "/jwks?picked=" + word
	default:
		out["url"] = address
	}
	return out
}

// takesMedia tells whether files of a media type are taken (LTI Deep Linking 2.0 §4.4.1).
func (a asked) takesMedia(media string) bool {
	list := a.text("accept_media_types")
	return list == "" || slices.ContainsFunc(strings.Split(list, ","), func(pattern string) bool {
		pattern = strings.ToLower(strings.TrimSpace(pattern))
		is, err := path.Match(pattern, media)
		return err == nil && is || pattern == "*"
	})
}

// media is a media type of which files are taken: that of plain text where it is.
func (a asked) media() string {
	const plain = "text/plain"
	if a.takesMedia(plain) {
		return plain
	}
	for pattern := range strings.SplitSeq(a.text("accept_media_types"), ",") {
		kind, sub, has := strings.Cut(strings.ToLower(strings.TrimSpace(pattern)), "/")
		if strings.Contains(sub, "*") {
			sub = cmp.Or(map[string]string{"image": "png", "application": "json", "audio": "mpeg", "video": "mp4"}[kind], "plain")
		}
		if media := kind + "/" + sub; has && a.takesMedia(media) {
			return media
		}
	}
	return plain
}

// unwanted is a media type of which files are not taken; "": there is none.
func (a asked) unwanted() string {
	for _, media := range []string{"application/x-rollcall", "image/x-rollcall", "text/x-rollcall"} {
		if !a.takesMedia(media) {
			return media
		}
	}
	return ""
}

// kindOf is a type that is taken: a resource link where it is.
func (a asked) kindOf() string {
	taken := a.types()
	for _, kind := range append([]string{"ltiResourceLink"}, types...) {
		if slices.Contains(taken, kind) {
			return kind
		}
	}
	return "ltiResourceLink"
}

// try has something picked at a place, and looks whether it is shown. What is kept is taken away
// again; vain says that it isn't to be kept. Where it can't be tried o says why.
func try(ctx context.Context, t *harness.T, place lti.Pick, vain bool, how answer) (x tried, o harness.Obstacle, ok bool) {
	self := platform.Self(t)
	x.word = word()
	x.nonce = side.Random()
	x.picked, o, ok = platform.Pick(ctx, t, place, vain, func(claims map[string]any) platform.Reply {
		x.asked = askedOf(claims)
		if !x.asked.usable() {
			return platform.Reply{}
		}
		token, err := how.token(self, platform.Section(t).Platform.Issuer, &x)
		if err != nil {
			return platform.Reply{}
		}
		t.Session().Redactor().Secret(token)
		return platform.Reply{Action: x.asked.text("deep_link_return_url"), Form: url.Values{cmp.Or(how.field, "JWT"): {token}}, Get: how.get}
	}, how.by)
	switch {
	case !ok && x.picked.Idle != "":
		return x, harness.BlockedBy(reqBegun, "no deep linking request came: "+x.picked.Idle).Seen(x.picked.Exchanges...), false
	case !ok:
		return x, o, false
	case x.asked.settings == nil:
		return x, harness.BlockedBy(reqSettings, "the request has no settings").Seen(x.picked.Exchanges...), false
	case !x.asked.usable():
		return x, harness.BlockedBy(platformPrefix+"settings.return",
			"the request doesn't say where an answer goes").Seen(x.picked.Exchanges...), false
	}
	if vain && x.refused() {
		return x, harness.Obstacle{}, true // whoever says so hasn't kept it
	}
	if o, ok = x.look(ctx, t, place); !ok {
		return x, o, false
	}
	if !how.stays {
		x.clean(ctx, t, place)
	}
	return x, harness.Obstacle{}, true
}

// look looks for what was picked on the page that shows it.
func (x *tried) look(ctx context.Context, t *harness.T, place lti.Pick) (harness.Obstacle, bool) {
	pages, _, o, ok := platform.Shown(ctx, t, shows(t, place))
	x.pages = pages
	x.shown = slices.ContainsFunc(pages, func(p string) bool { return strings.Contains(p, x.word) })
	return o, ok
}

// shows gives the steps to the page of the first place to one that has none.
func shows(t *harness.T, place lti.Pick) lti.Pick {
	first := platform.Section(t).Platform.Picks[0]
	if len(place.Shows) == 0 {
		place.Shows = first.Shows
	}
	if len(place.Remove) == 0 {
		place.Remove = first.Remove
	}
	return place
}

// mostRemoved is how often what was picked is taken away under one word.
const mostRemoved = 6

// clean takes away what was picked; what stays the report names.
func (x *tried) clean(ctx context.Context, t *harness.T, place lti.Pick) {
	if !x.shown {
		return
	}
	place = shows(t, place)
	if len(place.Remove) > 0 {
		for range mostRemoved {
			pages, err := platform.RemovePicked(ctx, t, place, x.word)
			if err != nil {
				break // it can't be
			}
			if ok := true; pages == nil {
				if pages, _, _, ok = platform.Shown(ctx, t, place); !ok {
					break
				}
			}
			if !slices.ContainsFunc(pages, func(p string) bool { return strings.Contains(p, x.word) }) {
				return
			}
		}
	}
	t.Note(t.Check().Requirements[0], "content with %s in its title was left at the platform", t.Own(x.word))
}

const (
	// answerLife is how long an answer is good.
	answerLife = 5 * time.Minute
	// replayTime is how long it may take to bring an answer to a slow platform.
	replayTime = 3 * time.Minute
)

// spent tells whether a platform may have forgotten the nonce of an answer by the time that another
// one with it has come: it has to be remembered for as long as the answer is good.
func (x tried) spent(now time.Time) bool { return now.Add(replayTime).After(x.ends) }

// lately gives a good answer whose nonce no platform has forgotten: that on which all stand, or
// another where it is long ago.
func lately(ctx context.Context, t *harness.T) (tried, bool) {
	x, ok := grounded(ctx, t)
	if !ok || !x.spent(time.Now()) {
		return x, ok
	}
	x, o, ok := try(ctx, t, platform.Section(t).Platform.Picks[0], false, answer{})
	switch {
	case !ok:
		t.NotTested(o)
	case !x.shown:
		t.NotTested(harness.BlockedBy(reqAccept, "a good answer was not taken: "+describe(x.picked)).Seen(x.picked.Exchanges...))
	default:
		return x, true
	}
	return x, false
}

// token makes and signs the answer.
func (how answer) token(self platform.Identity, issuer string, x *tried) (string, error) {
	at := time.Now()
	now := at.Unix()
	x.ends = at.Add(answerLife)
	claims := map[string]any{"iss": self.ClientID, "aud": issuer, "iat": now, "exp": x.ends.Unix(), "nonce": x.nonce,
		claim + "message_type": "LtiDeepLinkingResponse", claim + "version": "1.3.0",
		claim + "deployment_id":   x.asked.claims[claim+"deployment_id"],
		dlClaim + "content_items": []any{x.asked.item(x.asked.kindOf(), x.word, self.Origin)}}
	if how.items != nil {
		items := how.items(x.word, x.asked)
		for _, item := range items {
			if m, is := item.(map[string]any); is {
				if path, is := m["url"].(string); is && strings.HasPrefix(path, "/") {
					m["url"] = self.Origin + path
				}
			}
		}
		claims[dlClaim+"content_items"] = items
	}
	if data, is := x.asked.settings["data"]; is && data != nil {
		claims[dlClaim+"data"] = data
	}
	maps.Copy(claims, how.claims)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	if how.change != nil {
		how.change(claims, x.asked)
	}
	header := map[string]any{"alg": how.way.Alg(), "typ": "JWT", "kid": self.Key.ID}
	key := self.Key
	if how.foreign {
		key = self.Foreign
	}
	maps.Copy(header, how.header)
	return mint.Sign(header, claims, key, how.way)
}

// ground is the answer on which the others stand: a good one, at the first place.
type ground struct {
	once     sync.Once
	tried    tried
	obstacle harness.Obstacle
	ok       bool
}

// grounded gives it, made once a run, and says what all requirements hang on where it was not
// taken.
func grounded(ctx context.Context, t *harness.T) (tried, bool) {
	g := platform.Shared(t, func() *ground { return &ground{} })
	g.once.Do(func() {
		g.tried, g.obstacle, g.ok = try(ctx, t, platform.Section(t).Platform.Picks[0], false, answer{})
	})
	switch {
	case !g.ok:
		t.NotTested(g.obstacle)
	case !g.tried.shown:
		t.NotTested(harness.BlockedBy(reqAccept, "a good answer was not taken: "+describe(g.tried.picked)).Seen(g.tried.picked.Exchanges...))
	default:
		return g.tried, true
	}
	return g.tried, false
}

// accepts has a plain item picked at each place.
func accepts(ctx context.Context, t *harness.T) {
	for i, place := range platform.Section(t).Platform.Picks {
		var x tried
		var o harness.Obstacle
		var ok bool
		if i == 0 {
			g := platform.Shared(t, func() *ground { return &ground{} })
			g.once.Do(func() { g.tried, g.obstacle, g.ok = try(ctx, t, place, false, answer{}) })
			x, o, ok = g.tried, g.obstacle, g.ok
		} else {
			x, o, ok = try(ctx, t, place, false, answer{})
		}
		if !ok {
			t.NotTested(o)
			continue
		}
		t.Assert(reqAccept, x.shown, x.finding("a good answer, picked at "+place.Name, "the page that shows what was picked has it",
			"it doesn't: "+describe(x.picked)))
	}
}

// finding words what came of an answer.
func (x tried) finding(sent, expected, seen string) harness.Finding {
	return harness.Finding{Sent: sent, Expected: expected, Seen: seen, Exchanges: x.picked.Exchanges}
}

// good is an answer that has to be taken.
type good struct {
	id, title string
	how       answer
	empty     bool // nothing is to be kept of it
}

func goodAnswers() []good {
	with := func(members map[string]any) func(string, asked) []any {
		return func(word string, a asked) []any {
			item := a.item(a.kindOf(), word, "") // of this side's own, once it is known
			maps.Copy(item, members)
			maps.DeleteFunc(item, func(_ string, v any) bool { return v == nil })
			return []any{item}
		}
	}
	return []good{
		{"accept.none", "An answer without items is no error", answer{claims: map[string]any{dlClaim + "content_items": []any{}, dlClaim + "msg": "Nothing was picked."}}, true},
		{"accept.absent", "An answer without content_items is no error", answer{claims: map[string]any{dlClaim + "content_items": nil}}, true},
		{"accept.problem", "An answer that tells of a problem is no breakdown", answer{claims: map[string]any{dlClaim + "content_items": nil,
			dlClaim + "errormsg": "The picker is closed.", dlClaim + "errorlog": "closed"}}, true},
		{"accept.least", "A resource link needs no url", answer{items: with(map[string]any{"url": nil})}, false},
		{"accept.unknown", "What the platform doesn't know is passed over", answer{items: with(map[string]any{"https://vendor.example/member": map[string]any{"a": 1}, "future": []any{}}),
			claims: map[string]any{"https://vendor.example/claim": true}}, false},
		{"accept.nulls", "Members that are null do no harm", answer{items: with(map[string]any{"text": null{}, "icon": null{}, "custom": null{}, "lineItem": null{}})}, false},
		{"accept.aud-list", "aud may be a list", answer{change: func(claims map[string]any, _ asked) { claims["aud"] = []any{claims["aud"]} }}, false},
	}
}

// null stands for a member that is there and null.
type null struct{}

// MarshalJSON writes null.
func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// takes judges a good answer.
func takes(ctx context.Context, t *harness.T, v good) {
	g, ok := grounded(ctx, t)
	if !ok {
		return
	}
	if v.id == "accept.least" && g.asked.kindOf() != "ltiResourceLink" {
		t.NotApplicable(platformPrefix+v.id, "resource links are not taken")
		return
	}
	if g.asked.kindOf() != "ltiResourceLink" { // the least of any other type is another
		v.how.items = nil
	}
	x, o, ok := try(ctx, t, platform.Section(t).Platform.Picks[0], v.empty, v.how)
	if !ok {
		t.NotTested(o)
		return
	}
	if v.empty {
		t.Assert(platformPrefix+v.id, !x.refused() && !x.shown, x.finding(v.title, "an answer below 400", describe(x.picked)))
		return
	}
	t.Assert(platformPrefix+v.id, x.shown, x.finding(v.title, "the page that shows what was picked has it", "it doesn't: "+describe(x.picked)))
}

// everyType has an item picked of each type that is taken.
func everyType(ctx context.Context, t *harness.T) {
	g, ok := grounded(ctx, t)
	if !ok {
		return
	}
	origin := platform.Self(t).Origin
	var left []string
	for _, kind := range types {
		switch {
		case !slices.Contains(g.asked.types(), kind):
		case kind == g.asked.kindOf():
			t.Examined(platformPrefix+"accept.types", 1) // by the answer on which this stands
		default:
			left = append(left, kind)
		}
	}
	if len(left) > 1 && g.asked.settings["accept_multiple"] == true && typesAtOnce(ctx, t, left, origin) {
		t.Examined(platformPrefix+"accept.types", len(left))
		return
	}
	for _, kind := range left {
		x, o, ok := try(ctx, t, platform.Section(t).Platform.Picks[0], false,
			answer{items: func(word string, a asked) []any { return []any{a.item(kind, word, origin)} }})
		if !ok {
			t.NotTested(o)
			continue
		}
		t.Assert(platformPrefix+"accept.types", x.shown,
			x.finding("an item of type "+kind, "the page that shows what was picked has it", "it doesn't: "+describe(x.picked)))
	}
}

// typesAtOnce has an item of each type picked in one answer, and tells whether all are kept.
// Where one isn't, each is picked by itself, to see which.
func typesAtOnce(ctx context.Context, t *harness.T, kinds []string, origin string) bool {
	name := func(word, kind string) string { return word + "-" + kind }
	x, _, ok := try(ctx, t, platform.Section(t).Platform.Picks[0], false, answer{items: func(word string, a asked) (out []any) {
		for _, kind := range kinds {
			out = append(out, a.item(kind, name(word, kind), origin))
		}
		return out
	}})
	page := strings.Join(x.pages, "\n")
	return ok && !slices.ContainsFunc(kinds, func(kind string) bool { return !strings.Contains(page, name(x.word, kind)) })
}

// many has several items picked.
func many(ctx context.Context, t *harness.T) {
	g, ok := grounded(ctx, t)
	if !ok {
		return
	}
	if g.asked.settings["accept_multiple"] != true {
		t.NotApplicable(platformPrefix+"accept.several", "the request doesn't say that several items are taken")
		t.NotApplicable(platformPrefix+"accept.order", "the request doesn't say that several items are taken")
		return
	}
	const count = 3
	origin := platform.Self(t).Origin
	x, o, ok := try(ctx, t, platform.Section(t).Platform.Picks[0], false, answer{items: func(word string, a asked) (out []any) {
		for i := range count {
			out = append(out, a.item(a.kindOf(), fmt.Sprintf("%s-%d", word, i), origin))
		}
		return out
	}})
	if !ok {
		t.NotTested(o)
		return
	}
	page := strings.Join(x.pages, "\n")
	found := 0
	for i := range count {
		at := strings.Index(page, fmt.Sprintf("%s-%d", x.word, i))
		if at >= 0 {
			found++
		}
		x.at = append(x.at, at)
	}
	if t.Assert(platformPrefix+"accept.several", found == count,
		x.finding("three items", "the page that shows what was picked has all", fmt.Sprintf("%d: %s", found, describe(x.picked)))) {
		t.Assert(platformPrefix+"accept.order", slices.IsSorted(x.at), x.finding("three items", "the order in which they came", "another"))
	} else {
		t.NotTested(harness.BlockedBy(platformPrefix+"accept.several", "not all items are there").Seen(x.picked.Exchanges...),
			platformPrefix+"accept.order")
	}
}

// asks leaves a good answer without the yes that is asked for, so that nothing is to be kept of it
// (LTI Deep Linking 2.0 §4.4.1, auto_create).
func asks(ctx context.Context, t *harness.T) {
	const id = platformPrefix + "accept.asked"
	if _, ok := grounded(ctx, t); !ok {
		return
	}
	for _, place := range platform.Section(t).Platform.Picks {
		if len(place.Confirm) == 0 {
			continue
		}
		place.Confirm = nil
		x, o, ok := try(ctx, t, place, false, answer{})
		if !ok {
			t.NotTested(o)
			continue
		}
		if x.asked.settings["auto_create"] == false { // who says nothing of it promises nothing
			t.Assert(id, !x.shown, x.finding("a good answer, picked at "+place.Name+", to which nobody says yes",
				"nothing on the page that shows what was picked, for auto_create is false", "it is there: "+describe(x.picked)))
		}
	}
	if !t.Looked(id) {
		t.NotApplicable(id, "no place of lti.platform.picks where something has to be confirmed says that auto_create is false")
	}
}
