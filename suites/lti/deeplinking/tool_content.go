package deeplinking

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// items gives what was picked, the members of each as they came.
func (p *picked) items() []map[string]any {
	list, _ := p.claims[dlClaim+"content_items"].([]any)
	var out []map[string]any
	for _, x := range list {
		if item, is := x.(map[string]any); is {
			out = append(out, item)
		}
	}
	return out
}

// itemSchemas are those of the types of content.
var itemSchemas = sync.OnceValue(func() map[string]*schemas.Schema {
	out := map[string]*schemas.Schema{}
	for _, name := range types {
		file := name
		if name == "ltiResourceLink" {
			file = "lti-resource-link"
		}
		out[name] = schemas.MustLoad("lti/dl/2.0/" + file)
	}
	return out
})

// aspect says which requirement speaks of what stands at a place of an item.
func aspect(f schemas.Finding) string {
	at := f.Pointer
	last := at[strings.LastIndex(at, "/")+1:]
	switch {
	case f.Seen == "null":
		return "content.no-null"
	case last == "width" || last == "height":
		return "content.sizes"
	case strings.HasPrefix(at, "/custom"):
		return "content.custom"
	case strings.HasPrefix(at, "/lineItem"):
		return "content.line-item"
	case strings.HasSuffix(at, "DateTime"), at == "/expiresAt":
		return "content.times"
	case (last == "url" || last == "src") && f.Keyword == "pattern":
		return "content.address"
	}
	return "content.shape"
}

// severalWay picks several items.
func severalWay(t *harness.T) way {
	return way{id: "several", steps: tool.Section(t).Tool.Pick.Several}
}

// content holds what was picked to the forms of its types (LTI Deep Linking 2.0 §3).
func content(ctx context.Context, t *harness.T) {
	if !standing(ctx, t) {
		return
	}
	answers := []*picked{pick(ctx, t, base)}
	if t.Met(toolPrefix + "content.several") {
		if p := pick(ctx, t, severalWay(t)); p.answered(t, toolPrefix+"content.several") {
			answers = append(answers, p)
			t.Assert(toolPrefix+"content.several", len(p.items()) > 1, harness.Finding{Sent: "a deep linking request that takes several items",
				Expected: "all that were picked", Seen: fmt.Sprintf("%d", len(p.items())), Where: "/content_items", Exchanges: p.acted.Exchanges})
		}
	}
	seen := map[string]bool{}
	for _, p := range answers {
		shaped(t, p)
		items := p.items()
		if len(items) == 0 && p.way.id == base.id {
			t.Fail(toolPrefix+"content.list", harness.Finding{Sent: "a deep linking request", Expected: "the item that was picked", Seen: "none",
				Where: "/content_items", Exchanges: p.acted.Exchanges})
		}
		for i, item := range items {
			judgeItem(t, p, item, fmt.Sprintf("/content_items/%d", i), seen)
		}
	}
	for _, id := range []string{"content.sizes", "content.custom", "content.line-item", "content.times", "content.address"} {
		if !seen[id] && !t.Looked(toolPrefix+id) {
			t.NotApplicable(toolPrefix+id, "nothing of the kind was picked, and it is optional")
		}
	}
	if !seen["content.type"] {
		t.NotTested(harness.BlockedBy(toolPrefix+"content.list", "nothing was picked").Seen(answers[0].acted.Exchanges...),
			toolPrefix+"content.type",
			toolPrefix+"content.shape", toolPrefix+"content.no-null", toolPrefix+"content.accepted")
	}
}

// judgeItem looks at one item; seen notes what there was to look at.
func judgeItem(t *harness.T, p *picked, item map[string]any, at string, seen map[string]bool) {
	fail := func(id, expected, found, where string) {
		t.Fail(toolPrefix+id, harness.Finding{Sent: "a deep linking request", Expected: expected, Seen: found, Where: where,
			Exchanges: p.acted.Exchanges})
	}
	look := func(id string) {
		seen[id] = true
		t.Examined(toolPrefix+id, 1)
	}
	look("content.type")
	kind, is := item["type"].(string)
	if !is || kind == "" {
		fail("content.type", "the type of content, as a text", shown(item["type"]), at+"/type")
		t.NotTested(harness.BlockedBy(toolPrefix+"content.type", "an item has no type").Seen(p.acted.Exchanges...), toolPrefix+"content.shape",
			toolPrefix+"content.accepted", toolPrefix+"content.no-null")
		return
	}
	look("content.accepted")
	if !slices.Contains(types, kind) {
		fail("content.accepted", "a type of accept_types: "+strings.Join(types, ", "), kind, at+"/type")
		return
	}
	text, _ := json.Marshal(item) // it was JSON before
	findings, err := itemSchemas()[kind].Validate(text)
	if err != nil {
		fail("content.shape", "an item that can be read", err.Error(), at)
		return
	}
	look("content.shape")
	look("content.no-null")
	for id, there := range map[string]bool{"content.custom": item["custom"] != nil, "content.line-item": item["lineItem"] != nil,
		"content.times": item["available"] != nil || item["submission"] != nil || item["expiresAt"] != nil, "content.address": hasMember(item, "url", "src"),
		"content.sizes": hasMember(item, "width", "height")} {
		if there {
			look(id)
		}
	}
	for _, f := range findings {
		fail(aspect(f), f.Expected, f.Message, at+f.Pointer)
	}
	if line, is := item["lineItem"].(map[string]any); is {
		if points, is := line["scoreMaximum"].(float64); is && points <= 0 {
			fail("content.line-item", "more than no points", fmt.Sprint(points), at+"/lineItem/scoreMaximum")
		}
	}
}

// hasMember tells whether an item, or something in it, has one of some members.
func hasMember(item map[string]any, names ...string) bool {
	for name, v := range item {
		if slices.Contains(names, name) {
			return true
		}
		if inner, is := v.(map[string]any); is && name != "custom" && hasMember(inner, names...) {
			return true
		}
	}
	return false
}

// single asks for one item, and picks several where the picker lets one. Of a tool that has no
// steps for several it is seen that it sends one.
func single(ctx context.Context, t *harness.T) {
	if !standing(ctx, t) {
		return
	}
	steps := tool.Section(t).Tool.Pick.Several
	if len(steps) > 0 {
		if p := pick(ctx, t, severalWay(t)); !p.answered(t) {
			return
		} else if len(p.items()) < 2 {
			t.NotTested(harness.BlockedBy(toolPrefix+"content.several",
				"the steps bring one item also where several are taken").Seen(p.acted.Exchanges...))
			return
		}
	}
	p := pick(ctx, t, way{id: "single", steps: steps, vain: len(steps) > 0, set: map[string]any{"accept_multiple": false}})
	within(t, toolPrefix+"content.single", p, len(p.items()) < 2, "a deep linking request that takes one item", "one item at most",
		fmt.Sprintf("%d items", len(p.items())))
}

// others asks for all types but those that the steps bring.
func others(ctx context.Context, t *harness.T) {
	if !standing(ctx, t) {
		return
	}
	had := pick(ctx, t, base)
	var kinds, left []string
	for _, item := range had.items() {
		kind, _ := item["type"].(string)
		kinds = append(kinds, kind)
	}
	for _, kind := range types {
		if !slices.Contains(kinds, kind) {
			left = append(left, kind)
		}
	}
	if len(kinds) == 0 || len(left) == 0 {
		t.NotTested(harness.BlockedBy(toolPrefix+"content.list", "nothing was picked before").Seen(had.acted.Exchanges...))
		return
	}
	p := pick(ctx, t, way{id: "others", types: left, vain: true})
	if p.acted.Refused != "" { // a tool that has nothing else may say so at once
		t.Examined(toolPrefix+"content.others", 1)
		return
	}
	var strays []string
	for _, item := range p.items() {
		if kind, _ := item["type"].(string); !slices.Contains(left, kind) {
			strays = append(strays, kind)
		}
	}
	within(t, toolPrefix+"content.others", p, len(strays) == 0, "a deep linking request that takes "+strings.Join(left, ", "), "nothing else",
		strings.Join(strays, ", "))
}

// within judges a request to which no answer is an answer too: the picker opened, and what was
// not asked for could not be picked.
func within(t *harness.T, id string, p *picked, ok bool, sent, expected, seen string) {
	if !p.ok || p.acted.Refused != "" {
		p.answered(t, id)
		return
	}
	if p.call != nil && p.claims == nil {
		p.answered(t, id)
		return
	}
	t.Assert(id, ok, harness.Finding{Sent: sent, Expected: expected, Seen: seen, Where: "/content_items", Exchanges: p.acted.Exchanges})
}

// noLineItem asks for items without line items.
func noLineItem(ctx context.Context, t *harness.T) {
	if !standing(ctx, t) {
		return
	}
	lines := func(p *picked) (n int) {
		for _, item := range p.items() {
			if item["lineItem"] != nil {
				n++
			}
		}
		return n
	}
	if had := pick(ctx, t, base); lines(had) == 0 {
		t.NotApplicable(toolPrefix+"content.no-line-item", "what the steps pick has no line item in any case")
		return
	}
	p := pick(ctx, t, way{id: "lineitem", set: map[string]any{"accept_lineitem": false}, vain: true})
	within(t, toolPrefix+"content.no-line-item", p, lines(p) == 0, "a deep linking request with accept_lineitem false", "no line item",
		fmt.Sprintf("%d line items", lines(p)))
}

// script gives a return address that is no address.
func script(ctx context.Context, t *harness.T) {
	if !standing(ctx, t) {
		return
	}
	const path = "/ran"
	p := pick(ctx, t, way{id: "return", vain: true, address: "javascript:void(new Image().src='$services" + path + "')"})
	if !p.ok && p.acted.Refused == "" {
		t.NotTested(p.obstacle)
		return
	}
	ran := slices.ContainsFunc(p.acted.Calls, func(c tool.Call) bool { return c.Path == path })
	t.Assert(toolPrefix+"picker.script", !ran, harness.Finding{Sent: "a deep linking request whose deep_link_return_url begins with javascript:",
		Expected: "a refusal, or a page that doesn't run it", Seen: "it ran in the tool's page", Where: p.acted.Where,
		Exchanges: p.acted.Exchanges})
}

// cancel chooses nothing.
func cancel(ctx context.Context, t *harness.T) {
	if !standing(ctx, t) {
		return
	}
	p := pick(ctx, t, way{id: "cancel", steps: tool.Section(t).Tool.Pick.Cancel})
	if !p.ok || p.acted.Refused != "" {
		p.answered(t)
		return
	}
	seen := fmt.Sprintf("%d items", len(p.items()))
	if p.claims == nil {
		seen = "no answer that can be read"
	}
	list, there := p.claims[dlClaim+"content_items"]
	_, isList := list.([]any)
	if there && !isList {
		seen = "content_items that is " + shown(list)
	}
	t.Assert(toolPrefix+"response.cancel", p.claims != nil && (!there || isList) && len(p.items()) == 0, harness.Finding{
		Sent: "a deep linking request that is cancelled", Expected: "an answer without items", Seen: seen, Where: "/content_items",
		Exchanges: p.acted.Exchanges})
}

// item launches a resource link that was picked, as a learner finds it in the course.
func item(ctx context.Context, t *harness.T) {
	if !standing(ctx, t) {
		return
	}
	items := pick(ctx, t, base).items()
	i := slices.IndexFunc(items, func(x map[string]any) bool { return x["type"] == "ltiResourceLink" })
	if i < 0 {
		t.NotApplicable(toolPrefix+"item.opens", "the steps pick no resource link")
		return
	}
	link := map[string]any{"id": "picked-1", "title": "What was picked"}
	if title, is := items[i]["title"].(string); is && title != "" {
		link["title"] = title
	}
	a := tool.Action{Title: "a launch of the resource link that was picked", User: "learner",
		Claims: map[string]any{"resource_link": link}}
	a.Target, _ = items[i]["url"].(string)
	if custom, is := items[i]["custom"].(map[string]any); is && len(custom) > 0 {
		a.Claims["custom"] = custom
	}
	got, o, ok := tool.Act(ctx, t, a)
	if !ok && got.Refused == "" {
		t.NotTested(o)
		return
	}
	t.Assert(toolPrefix+"item.opens", ok, harness.Finding{Sent: a.Title, Expected: "the tool opens", Seen: "it was not opened: " + got.Refused,
		Where: got.Where, Exchanges: got.Exchanges})
}
