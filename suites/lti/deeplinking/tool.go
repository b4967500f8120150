package deeplinking

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// The names of claims.
const (
	claim   = "https://purl.imsglobal.org/spec/lti/claim/"
	dlClaim = "https://purl.imsglobal.org/spec/lti-dl/claim/"
)

// toolPrefix begins the ids of the requirements on tools.
const toolPrefix = "dl20.tool."

// Owners of the first steps of a tool: the picker that opens, the answer that comes.
const (
	reqOpens = toolPrefix + "picker.opens"
	reqSent  = toolPrefix + "response.sent"
	reqField = toolPrefix + "response.field"
)

// ToolPart is what deep linking adds to the suite for tools.
func ToolPart() tool.Part {
	return tool.Part{Profile: "dl20-tool", Prefix: toolPrefix, Checks: []harness.Check{
		{ID: "dl.tool.picker", Title: "A deep linking request opens the picker, which answers", Needs: picking(), Body: opens,
			Requirements: []string{"picker.opens", "response.sent", "response.field", "response.post", "response.query"}},
		{ID: "dl.tool.message", Title: "The answer is signed, and names its tool, platform and request", Needs: picking(
			tool.Setting("the tool's keys in lti.tool.jwks_url", harness.Unconfigured("the target file doesn't say where the tool's keys are",
				"Add lti.tool.jwks_url."), func(l *lti.Section) bool { return l.Tool.JWKSURL == "" }).
				For(toolPrefix+"token.kid-published", toolPrefix+"token.signature")), Body: message,
			Requirements: []string{"token.alg", "token.kid", "token.kid-published", "token.signature", "token.iss", "token.aud",
				"token.aud-text", "token.azp",
				"token.exp", "token.iat", "token.life", "token.nonce", "token.nonce-fresh", "token.nonce-own", "message.type", "message.version",
				"message.deployment", "message.data", "message.names", "message.texts"}},
		{ID: "dl.tool.content", Title: "What was picked has the form of its type", Needs: picking(several().For(toolPrefix + "content.several")), Body: content,
			Requirements: []string{"content.list", "content.type", "content.shape", "content.sizes", "content.custom", "content.line-item",
				"content.times", "content.address", "content.no-null",
				"content.accepted", "content.several"}},
		{ID: "dl.tool.item", Title: "A resource link that was picked opens", Needs: picking(), Body: item, Requirements: []string{"item.opens"}},
		one("frame", "The picker works in a frame of the platform's page", "picker.frame", way{frame: true}, nil),
		one("window", "The picker works in a window of its own", "picker.window", way{window: true}, nil),
		one("blocked", "The picker works in a frame where cookies are blocked", "picker.blocked", way{frame: true, blocked: true}, nil),
		one("bare", "The picker opens though the request names neither a resource link nor a target", "picker.bare", way{bare: true}, nil),
		one("least", "The picker opens with the required settings alone", "picker.least", way{omit: optional, noData: true}, nil),
		one("unknown", "Settings that the tool doesn't know are ignored", "picker.unknown", way{unknown: true}, nil),
		one("nulls", "Settings that are null are taken as absent", "picker.nulls", way{nulls: true, noData: true}, nil),
		one("data-absent", "The answer has no data where the request has none", "message.data-absent",
			way{noData: true, omit: []string{"title"}}, noData),
		one("data-long", "Long data come back whole", "message.data-long", way{data: longData}, dataBack),
		one("data-odd", "Data come back byte for byte, whatever they hold", "message.data-odd", way{data: oddData}, dataBack),
		one("data-empty", "Empty data come back", "message.data-empty", way{data: ""}, dataBack),
		{ID: "dl.tool.single", Title: "One item comes at most where the platform takes one", Needs: picking(), Body: single, Requirements: []string{"content.single"}},
		{ID: "dl.tool.accepted", Title: "No item comes of a type that the platform doesn't take", Needs: picking(), Body: others, Requirements: []string{"content.others"}},
		{ID: "dl.tool.lineitem", Title: "No line item comes where the platform takes none", Needs: picking(), Body: noLineItem, Requirements: []string{"content.no-line-item"}},
		{ID: "dl.tool.return", Title: "The answer doesn't go to an address that is a script", Needs: picking(), Body: script, Requirements: []string{"picker.script"}},
		{ID: "dl.tool.cancel", Title: "Somebody who chooses nothing goes back with an answer without items", Needs: picking(cancels()), Body: cancel,
			Requirements: []string{"response.cancel"}},
	}}
}

// picking are the needs of a check of a tool's picker.
func picking(more ...harness.Need) []harness.Need {
	return append([]harness.Need{tool.Opens(), tool.Setting("steps in the picker, in lti.tool.pick.steps",
		harness.Unconfigured("the target file has no steps that pick content", pickRemedy),
		func(l *lti.Section) bool { return len(l.Tool.Pick.Steps) == 0 })}, more...)
}

const pickRemedy = "Add lti.tool.pick.steps to it: what a teacher clicks on the tool's page after a deep linking request, until one item is on its way " +
	"to the platform."

func several() harness.Need {
	return tool.Setting("steps that pick several items, in lti.tool.pick.several",
		harness.Unconfigured("the target file has no steps that pick several items",
			"Add lti.tool.pick.several to it, unless the tool never sends several: then nothing is amiss."),
		func(l *lti.Section) bool { return len(l.Tool.Pick.Several) == 0 })
}

func cancels() harness.Need {
	return tool.Setting("steps that cancel, in lti.tool.pick.cancel", harness.Unconfigured("the target file has no steps that cancel",
		"Add lti.tool.pick.cancel to it: what a teacher clicks who chooses nothing."),
		func(l *lti.Section) bool { return len(l.Tool.Pick.Cancel) == 0 })
}

// types are all that the standard has.
var types = []string{"link", "ltiResourceLink", "file", "html", "image"}

// optional are the settings that may be left out.
var optional = []string{"accept_media_types", "accept_multiple", "accept_lineitem", "auto_create", "title", "text"}

// The data that requests bring: as a platform may make them up.
const (
	plainData = `909708`
	oddData   = " {\"a\":\"b+c %2F ü 山田 𝄞 &amp; <d> \\ ' \u2028\",\n\t\"n\":1}=  "
)

// longData are about as long as a state that a platform seals.
var longData = func() string {
	b := make([]byte, 3000)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~+/="[i%69]
	}
	return string(b)
}()

// way is how a request is made: a good one, changed.
type way struct {
	id                     string
	frame, window, blocked bool
	bare                   bool     // neither a target nor a resource link
	omit                   []string // settings that are left out
	nulls                  bool     // they are null
	unknown                bool     // and others are there that nobody knows
	data                   any      // a text; nil: plainData
	noData                 bool
	types                  []string // nil: all
	set                    map[string]any
	steps                  []browser.Step // nil: those that pick one item
	vain                   bool           // they may lead nowhere
	address                string         // where the answer goes; empty: to Rollcall
}

// claims are those by which a launch becomes a deep linking request (LTI Deep Linking 2.0 §4.4).
func (w way) claims() map[string]any {
	settings := map[string]any{
		"deep_link_return_url":                 "$services/return?course=1&section=a%20b",
		"accept_types":                         list(types),
		"accept_presentation_document_targets": []any{"iframe", "window", "embed"},
		"accept_media_types":                   "image/*,text/*,application/*,video/*,audio/*",
		"accept_multiple":                      true,
		"accept_lineitem":                      true,
		"auto_create":                          false,
		"title":                                "A title to begin with",
		"text":                                 "A text to begin with",
		"data":                                 plainData,
	}
	if w.address != "" {
		settings["deep_link_return_url"] = w.address
	}
	if w.types != nil {
		settings["accept_types"] = list(w.types)
	}
	if w.data != nil {
		settings["data"] = w.data
	}
	for name, v := range w.set {
		settings[name] = v
	}
	for _, name := range w.omit {
		delete(settings, name)
	}
	if w.nulls {
		for _, name := range optional {
			settings[name] = "$null"
		}
	}
	if w.noData {
		delete(settings, "data")
	}
	out := map[string]any{"message_type": "LtiDeepLinkingRequest", "resource_link": nil, "deep_linking": settings}
	if w.bare {
		out["target_link_uri"] = nil
	}
	if w.unknown {
		settings["accept_types"] = append(list(types), "https://vendor.example/type", "ltiAssetProcessor")
		settings["can_confirm"], settings["https://vendor.example/setting"] = true, map[string]any{"a": []any{1}}
		out["https://vendor.example/claim"] = map[string]any{"b": 1}
	}
	return out
}

func list(texts []string) []any {
	var out []any
	for _, s := range texts {
		out = append(out, s)
	}
	return out
}

// picked is what came of a request.
type picked struct {
	way      way
	acted    tool.Acted
	obstacle harness.Obstacle
	ok       bool
	call     *tool.Call // the answer; nil: none came
	form     map[string][]string
	token    string
	header   map[string]any
	claims   map[string]any
}

// picks are the requests of a run, each made once.
type picks struct {
	mu   sync.Mutex
	made map[string]*picked
}

// pick makes a deep linking request and has a teacher choose, once for each way.
func pick(ctx context.Context, t *harness.T, w way) *picked {
	all := tool.Shared(t, func() *picks { return &picks{made: map[string]*picked{}} })
	all.mu.Lock()
	defer all.mu.Unlock()
	if p := all.made[w.id]; p != nil {
		return p
	}
	p := choose(ctx, t, w)
	if ctx.Err() == nil {
		all.made[w.id] = p
	}
	return p
}

// base is the request that most is told of: in the window of the platform.
var base = way{id: "base"}

func choose(ctx context.Context, t *harness.T, w way) *picked {
	inbox := &inbox{}
	section := tool.Section(t)
	steps := w.steps
	if steps == nil {
		steps = section.Tool.Pick.Steps
	}
	if w.frame {
		steps = append([]browser.Step{{Frame: "tool"}}, steps...)
	}
	a := tool.Action{
		Title:    "a deep linking request: " + w.id,
		User:     "instructor",
		Claims:   w.claims(),
		Steps:    steps,
		Frame:    w.frame,
		Window:   w.window,
		Blocked:  w.blocked,
		Storage:  w.blocked,
		Unmarked: true,
		Vain:     w.vain,
		Serve:    inbox,
		Done:     inbox.came,
	}
	if w.vain { // what isn't there after this long doesn't come
		a.Patience = vainPatience
	}
	p := &picked{way: w}
	p.acted, p.obstacle, p.ok = tool.Act(ctx, t, a)
	p.read(t)
	return p
}

// vainPatience is how long an answer is waited for that need not come.
const vainPatience = 2 * time.Second

// inbox takes answers.
type inbox struct {
	mu   sync.Mutex
	post bool
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/return" {
		http.NotFound(w, r)
		return
	}
	b.mu.Lock()
	b.post = true
	b.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Algebra 1</title></head><body><p id="rollcall">The platform has what was picked.</p></body></html>`))
}

func (b *inbox) came([]tool.Call) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.post
}

// read takes the answer apart.
func (p *picked) read(t *harness.T) {
	i := slices.IndexFunc(p.acted.Calls, func(c tool.Call) bool { return !c.Token && c.Path == "/return" })
	if i < 0 {
		return
	}
	p.call = &p.acted.Calls[i]
	p.form = formOf(*p.call)
	for _, values := range p.form {
		for _, v := range values {
			if _, _, err := mint.Decode(v); err == nil {
				t.Session().Redactor().Secret(v)
			}
		}
	}
	if values := p.form["JWT"]; len(values) > 0 {
		p.token = values[0]
		p.header, p.claims, _ = mint.Decode(p.token) // what can't be read is told by a check
	}
}

// answered tells whether an answer came that can be read, and says of requirements what they
// hang on where none did.
func (p *picked) answered(t *harness.T, ids ...string) bool {
	switch {
	case p.claims != nil:
		return true
	case p.acted.Refused != "":
		t.NotTested(harness.BlockedBy(reqOpens, "the picker did not open; the tool showed "+p.acted.Refused).Seen(p.acted.Exchanges...), ids...)
	case !p.ok:
		t.NotTested(p.obstacle, ids...)
	case p.call == nil:
		t.NotTested(harness.BlockedBy(reqSent, "no answer came from the picker").Seen(p.acted.Exchanges...), ids...)
	default:
		t.NotTested(harness.BlockedBy(reqField, "the answer has no message in a field JWT").Seen(p.acted.Exchanges...), ids...)
	}
	return false
}

// standing tells whether the base request was answered, on which the others stand.
func standing(ctx context.Context, t *harness.T, ids ...string) bool {
	return pick(ctx, t, base).answered(t, ids...)
}

// one makes a check of a request that has to be answered as the base is; judge looks at the
// answer, unless it is nil.
func one(id, title, requirement string, w way, judge func(t *harness.T, id string, p *picked)) harness.Check {
	w.id = id
	return harness.Check{ID: "dl.tool." + id, Title: title, Needs: picking(), Requirements: []string{requirement},
		Body: func(ctx context.Context, t *harness.T) {
			id := toolPrefix + requirement
			if !standing(ctx, t) {
				return
			}
			p := pick(ctx, t, w)
			f := harness.Finding{Sent: title, Expected: "the picker opens, and an answer comes", Where: p.acted.Where, Exchanges: p.acted.Exchanges}
			switch {
			case p.claims != nil && judge == nil:
				t.Examined(id, 1)
			case p.claims != nil:
				judge(t, id, p)
			case p.acted.Refused != "":
				if o, shut := shutThere(ctx, t, w); shut {
					t.NotTested(o)
					return
				}
				f.Seen = "it did not open; the tool showed " + p.acted.Refused
				t.Fail(id, f)
			case p.acted.Halted != "":
				f.Seen = "it opened, and what picked an item before doesn't now: " + p.acted.Halted
				t.Fail(id, f)
			case !p.ok:
				t.NotTested(p.obstacle)
			default:
				f.Seen = "no answer that can be read"
				t.Fail(id, f)
			}
		}}
}

// shutThere tells whether no launch opens where the picker didn't, be it of a resource link: then
// that is what is wrong, and the picker has no part in it.
func shutThere(ctx context.Context, t *harness.T, w way) (harness.Obstacle, bool) {
	if !w.frame && !w.window {
		return harness.Obstacle{}, false
	}
	_, o, ok := tool.Act(ctx, t, tool.Action{Title: "a launch of a resource link in the same place", User: "instructor",
		Frame: w.frame, Window: w.window, Blocked: w.blocked, Storage: w.blocked})
	return o, !ok
}
