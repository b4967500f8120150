package ags

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

const p = PlatformPrefix

// list reads the line items, and one of them.
func list(ctx context.Context, d *desk) {
	made := ""
	if lti.Of(d.Session().Target).Platform.MayWrite() && slices.Contains(lti.Of(d.Session().Target).Platform.Scopes, scopeItems) {
		made, _ = d.post(ctx, d.item(nil)) // where it can't be made there may be others
	}
	r := d.get(ctx, d.reading(), d.at.items, typeItems, reqList)
	all, is := listOf(r)
	if !d.Assert(reqList, r.Status == http.StatusOK && r.Problem == "", harness.Finding{
		Expected:  "200 OK and a list",
		Seen:      r.Summary(),
		Responses: []*harness.Response{r},
	}) {
		d.NotTested(harness.BlockedBy(reqList, "line items can't be listed: "+r.Summary(), r).Told())
		return
	}
	d.typed("list.type", typeItems, r)
	d.shaped("list.form", "lineitems", r)
	none := func(why string) {
		d.NotTested(harness.NoData(why, "Let the tool have a line item in the course, or let Rollcall make one (lti.platform.writes)."))
	}
	if !is {
		d.NotTested(harness.BlockedBy(p+"list.form", "line items are no list", r))
		return
	}
	if len(all) == 0 {
		none("there is no line item")
		return
	}
	one := all[len(all)-1]
	if i := slices.IndexFunc(all, func(m map[string]any) bool { return textOf(m, "id") == made }); i >= 0 {
		one = all[i]
	}
	id := textOf(one, "id")
	if !absolute(id) {
		d.NotTested(harness.BlockedBy(p+"list.form", "the line item has no address", r))
		return
	}
	single := d.get(ctx, d.reading(), id, typeItem, reqRead)
	if !d.Assert(reqRead, single.Status == http.StatusOK && single.Problem == "", harness.Finding{
		Expected:  "200 OK and the line item",
		Seen:      single.Summary(),
		Responses: []*harness.Response{single},
	}) {
		d.NotTested(harness.BlockedBy(reqRead, "a line item can't be read: "+single.Summary(), single).Told())
		return
	}
	d.typed("item.type", typeItem, single)
	differs := differences(one, objectOf(single))
	d.Assert(p+"item.same", len(differs) == 0, harness.Finding{
		Expected:  "what the list says of it",
		Seen:      "another " + strings.Join(differs, ", "),
		Where:     strings.Join(differs, ", "),
		Responses: []*harness.Response{single, r},
	})
	unknown := d.get(ctx, d.reading(), strangeOf(id), typeItem, reqRead)
	if unknown.Status >= 500 {
		d.NotTested(harness.BlockedBy(reqBroke, "a line item that there isn't: "+unknown.Summary(), unknown), p+"item.unknown")
		return
	}
	d.Assert(p+"item.unknown", unknown.Status == http.StatusNotFound, harness.Finding{Sent: "the address of a line item that there isn't",
		Expected: "404 Not Found", Seen: unknown.Summary(), Responses: []*harness.Response{unknown}})
}

// strangeOf makes an address of a line item that there isn't: of one with other digits.
func strangeOf(id string) string {
	path, rest, has := strings.Cut(id, "?")
	if has {
		rest = "?" + rest
	}
	at := strings.LastIndex(path, "/")
	if number := strings.Trim(path[at+1:], "0123456789") == ""; number && path[at+1:] != "" {
		return path[:at+1] + "987654321" + rest
	}
	return path[:at+1] + "rollcall-nothing-here" + rest
}

// differences lists the members by which two line items differ, of those that are sent.
func differences(a, b map[string]any) (names []string) {
	for _, name := range []string{"id", "label", "scoreMaximum", "tag", "resourceId", "resourceLinkId"} {
		if fmt.Sprint(or(a[name], "")) != fmt.Sprint(or(b[name], "")) {
			names = append(names, name)
		}
	}
	return names
}

func or(v, instead any) any {
	if v == nil {
		return instead
	}
	return v
}

// create makes a line item and reads it back.
func create(ctx context.Context, d *desk) {
	sent := d.item(map[string]any{
		"label": "Rollcall " + d.mark + ": fractions, Brüche & 分数", "scoreMaximum": 12.5,
		"tag": "rollcall/grade & more", "resourceLinkId": d.link(),
		"startDateTime": "2031-02-03T04:05:06Z", "endDateTime": "2031-03-04T05:06:07+01:00",
	})
	if sent["resourceLinkId"] == "" {
		delete(sent, "resourceLinkId")
	}
	id, r := d.post(ctx, sent)
	proof := []*harness.Response{r}
	if !d.Assert(reqCreate, id != "", harness.Finding{
		Sent:      "a line item that can be made",
		Expected:  "201 Created and the line item, with its id",
		Seen:      r.Summary(),
		Responses: proof,
	}) {
		d.NotTested(harness.BlockedBy(reqCreate, "no line item can be made: "+r.Summary(), r).Told())
		return
	}
	d.Assert(p+"create.status", r.Status == http.StatusCreated, harness.Finding{Expected: "201 Created", Seen: r.Summary(), Responses: proof})
	if d.shaped("create.form", "lineitem", r); len(r.Body) > 0 {
		d.typed("create.type", typeItem, r)
	} else {
		d.NotTested(harness.BlockedBy(p+"create.form", "the answer has no body", r), p+"create.type")
	}
	back := d.get(ctx, scopeItems, id, typeItem, reqRead)
	proof = []*harness.Response{back, r}
	if back.Status != http.StatusOK || back.Problem != "" {
		d.NotTested(harness.BlockedBy(reqRead, "the line item can't be read: "+back.Summary(), back))
	} else {
		m := objectOf(back)
		for _, name := range []string{"label", "scoreMaximum", "tag", "resourceId", "resourceLinkId"} {
			id := p + "create.preserved"
			if name == "tag" || name == "resourceId" {
				id = p + "create.kept"
			}
			if v, was := sent[name]; was && (name != "resourceLinkId" || m[name] != nil) { // it may be passed over
				d.Assert(id, same(v, m[name]), harness.Finding{Sent: fmt.Sprintf("%s %v", name, v), Expected: fmt.Sprint(v),
					Seen: fmt.Sprint(or(m[name], "nothing")), Where: "/" + name, Responses: proof})
			}
		}
		if or(m["startDateTime"], "") == "" && or(m["endDateTime"], "") == "" {
			d.NotApplicable(p+"create.dates", "the platform has no such times, which is allowed (AGS 2.0 §3.2.5)")
		}
		for _, name := range []string{"startDateTime", "endDateTime"} {
			if or(m["startDateTime"], "") == "" && or(m["endDateTime"], "") == "" {
				break
			}
			want, _ := time.Parse(time.RFC3339, sent[name].(string)) // ours can be read
			got, err := time.Parse(time.RFC3339, textOf(m, name))
			d.Assert(p+"create.dates", err == nil && got.Equal(want), harness.Finding{
				Expected:  fmt.Sprint(sent[name]),
				Seen:      fmt.Sprint(or(m[name], "nothing")),
				Where:     "/" + name,
				Responses: proof,
			})
		}
	}
	all, problem := d.walk(ctx, d.at.items)
	if problem != "" {
		d.NotTested(harness.BlockedBy(all.owner, problem, all.last()...), p+"create.listed")
	} else {
		d.Assert(p+"create.listed", slices.Contains(all.ids(), id), harness.Finding{
			Expected:  "the line item that was made, in the list",
			Seen:      "it isn't there",
			Responses: append([]*harness.Response{r}, all.last()...),
		})
	}
	d.another(ctx, id)
	other, r := d.post(ctx, d.item(map[string]any{extension: map[string]any{"a": []int{1}}}))
	if r.Status >= 500 {
		d.NotTested(harness.BlockedBy(reqBroke, "an extension that nobody knows: "+r.Summary(), r), p+"create.unknown-members")
		return
	}
	d.Assert(p+"create.unknown-members", other != "", harness.Finding{
		Sent:      "a line item with an extension that nobody knows",
		Expected:  "it is passed over",
		Seen:      r.Summary(),
		Responses: []*harness.Response{r},
	})
}

// another asks for a line item to be made, with the id of one that there is.
func (d *desk) another(ctx context.Context, former string) {
	const req = reqAnother
	before := d.get(ctx, scopeItems, former, typeItem, reqRead)
	if before.Status != http.StatusOK || before.Problem != "" {
		d.NotTested(harness.BlockedBy(reqRead, "the line item can't be read: "+before.Summary(), before), req)
		return
	}
	id, r := d.post(ctx, d.item(map[string]any{"id": former, "label": "Rollcall " + d.mark + ", another"}))
	after := d.get(ctx, scopeItems, former, typeItem, reqRead)
	if r.Status >= 500 || after.Status >= 500 {
		d.NotTested(harness.BlockedBy(reqBroke, "a line item to be made, with the id of another: "+r.Summary(), r, after), req)
		return
	}
	stays := textOf(objectOf(before), "label") == textOf(objectOf(after), "label")
	d.Assert(req, stays && id != former, harness.Finding{
		Sent:      "POST of a line item with the id of one that there is",
		Expected:  "another line item with an id of its own, or a refusal",
		Seen:      map[bool]string{true: "the one that there was", false: "the one that there was, changed"}[stays],
		Where:     "/id",
		Responses: []*harness.Response{r, after, before},
	})
}

// extension is a member that nobody knows: its name is an address (AGS 2.0 §3.1.2).
const extension = "https://rollcall.invalid/extension"

// link is the id of the link that was launched.
func (d *desk) link() string {
	m, _ := d.launch.Claims["https://purl.imsglobal.org/spec/lti/claim/resource_link"].(map[string]any)
	return textOf(m, "id")
}

// same compares a member as it was sent with what came back.
func same(sent, got any) bool {
	switch v := sent.(type) {
	case int:
		return same(float64(v), got)
	case float64:
		f, is := got.(float64)
		return is && math.Abs(f-v) < 1e-6
	}
	return sent == got
}

// wrong is what can't be made, with the requirement that says so.
type wrong struct {
	id, sent string
	v        any
	status   int
}

// createRefused sends line items that can't be.
func createRefused(ctx context.Context, d *desk) {
	if _, ok := d.make(ctx, nil); !ok { // a refusal proves nothing where everything is refused
		return
	}
	long := strings.Repeat("r", 300)
	with := func(name string, v any) map[string]any { return d.item(map[string]any{name: v}) }
	for _, x := range []wrong{
		{"create.label", "a line item without a label", with("label", absent), 400},
		{"create.label", "a label that is empty", with("label", ""), 400},
		{"create.label", "a label of blanks", with("label", "   "), 400},
		{"create.maximum", "a line item without scoreMaximum", with("scoreMaximum", absent), 400},
		{"create.maximum", "scoreMaximum 0", with("scoreMaximum", 0), 400},
		{"create.maximum", "scoreMaximum -1", with("scoreMaximum", -1), 400},
		{"create.types", "scoreMaximum that is a text", with("scoreMaximum", "many"), 400},
		{"create.types", "a label that is a list", with("label", []string{"Rollcall " + d.mark}), 400},
		{"create.types", "a list in the place of a line item", []any{d.item(nil)}, 400},
		{"create.types", "a body that ends in the midst", `{"label":"Rollcall ` + d.mark + `","scoreMaximum":`, 400},
		{"create.types", "no body", "", 400},
		{"create.lengths", "a tag of 300 characters", with("tag", long), 400},
		{"create.lengths", "a resourceId of 300 characters", with("resourceId", d.mark+long), 400},
		{"create.date-form", "an endDateTime that is no time", with("endDateTime", "tomorrow"), 400},
		{"create.date-form", "a startDateTime without a zone", with("startDateTime", "2031-02-03T04:05:06"), 400},
	} {
		_, r := d.post(ctx, x.v)
		d.refuses(x.id, x.sent, r, x.status)
	}
	const nowhere = "rollcall-nothing-here"
	id, r := d.post(ctx, with("resourceLinkId", nowhere))
	if taken(r) { // it may be passed over, and not kept
		d.Assert(p+"create.link", textOf(d.said[id], "resourceLinkId") != nowhere, harness.Finding{
			Sent:      "a resourceLinkId that there isn't",
			Expected:  "a refusal, 404 Not Found or 400 Bad Request; or a line item without it",
			Seen:      r.Summary() + ", and the line item has it",
			Responses: []*harness.Response{r},
		})
	} else {
		d.refuses("create.link", "a resourceLinkId that there isn't", r, http.StatusNotFound, http.StatusBadRequest)
	}
	all, problem := d.walk(ctx, d.at.items)
	if problem != "" {
		d.NotTested(harness.BlockedBy(all.owner, problem, all.last()...), p+"create.nothing")
		return
	}
	for _, m := range all.objects {
		id := textOf(m, "id")
		if !slices.Contains(d.made, id) && (strings.Contains(fmt.Sprint(m), d.mark)) {
			d.made = append(d.made, id)
			d.Fail(p+"create.nothing", harness.Finding{
				Sent:      "line items that were refused",
				Expected:  "nothing is made of them",
				Seen:      "one is there: " + id,
				Responses: all.last(),
			})
		}
	}
	d.Examined(p+"create.nothing", 1)
}

// filters makes line items of different kinds and looks for them.
func filters(ctx context.Context, d *desk) {
	resource, tag := "r-"+d.mark+" & 1", "t-"+d.mark+"/ä"
	made := map[string]string{}
	for name, change := range map[string]map[string]any{
		"plain": {"tag": absent, "resourceId": absent},
		"tag":   {"tag": tag, "resourceId": absent},
		"both":  {"tag": tag, "resourceId": resource},
		"link":  {"tag": absent, "resourceId": resource, "resourceLinkId": d.link()},
		// What begins or ends as what is asked for is another value.
		"longer":  {"tag": tag + "-2", "resourceId": resource + "-2"},
		"shorter": {"tag": strings.TrimPrefix(tag, "t-"), "resourceId": strings.TrimPrefix(resource, "r-")},
	} {
		if change["resourceLinkId"] == "" {
			d.NotTested(harness.BlockedBy("lti13.platform.message.resource-link", "the launch names no link").Seen(d.launch.Exchanges...),
				p+"filter.link", p+"filter.together")
			continue
		}
		id, ok := d.make(ctx, change)
		if !ok {
			return
		}
		made[name] = id
	}
	attached := made["link"] != "" && d.attached(made["link"])
	if made["link"] != "" && !attached {
		d.NotApplicable(p+"filter.link", "the platform attaches no line items of tools to links, which is allowed (AGS 2.0 §3.2.5)")
	}
	if all, problem := d.walk(ctx, d.at.items); problem != "" { // it is no filter's
		d.NotTested(harness.BlockedBy(all.owner, problem, all.last()...))
		return
	}
	works := map[string]bool{} // the filters that find what they have to
	for _, x := range []struct {
		id   string
		by   []string
		want []string
	}{
		{"filter.tag", []string{"tag", tag}, []string{"tag", "both"}},
		{"filter.resource", []string{"resource_id", resource}, []string{"both", "link"}},
		{"filter.link", []string{"resource_link_id", d.link()}, []string{"link"}},
		{"filter.together", []string{"tag", tag, "resource_id", resource}, []string{"both"}},
		{"filter.together", []string{"resource_link_id", d.link(), "resource_id", resource}, []string{"link"}},
		{"filter.together", []string{"resource_link_id", d.link(), "tag", tag}, nil},
		{"filter.none", []string{"tag", "none-" + d.mark}, nil},
		{"filter.none", []string{"resource_id", "none-" + d.mark}, nil},
		{"filter.none", []string{"resource_link_id", "none-" + d.mark}, nil},
	} {
		if !attached && len(x.by) > 0 && x.by[0] == "resource_link_id" && x.id != "filter.none" {
			continue
		}
		all, problem := d.walk(ctx, query(d.at.items, x.by...))
		sent := "line items by " + strings.Join(x.by, " ")
		if problem != "" {
			d.Fail(p+x.id, harness.Finding{Sent: sent, Expected: "200 OK and those that fit, be they none", Seen: problem, Responses: all.last()})
			continue
		}
		var seen []string
		strangers := 0
		for _, m := range all.objects {
			i := slices.Index(valuesOf(made), textOf(m, "id"))
			switch {
			case i >= 0:
				seen = append(seen, keyOf(made, textOf(m, "id")))
			case !fits(m, x.by):
				strangers++
			}
		}
		slices.Sort(seen)
		want := slices.Sorted(slices.Values(x.want))
		works[x.by[0]] = works[x.by[0]] || len(x.by) == 2 && len(want) > 0 && slices.Equal(seen, want) && strangers == 0
		d.listedRight(ctx, p+x.id, slices.Equal(seen, want) && strangers == 0, harness.Finding{
			Sent:      sent,
			Expected:  fmt.Sprintf("of those that were made %d, and none that doesn't fit", len(want)),
			Seen:      fmt.Sprintf("%d that fit or not (%s), and %d others that don't fit", len(seen), strings.Join(seen, ", "), strangers),
			Responses: all.last(),
		})
	}
	d.cased(ctx, works, made, map[string]string{"tag": tag, "resource_id": resource})
}

// cased looks for line items by values that are theirs but for the case of their letters; works says
// which filters find what they have to.
func (d *desk) cased(ctx context.Context, works map[string]bool, made map[string]string, by map[string]string) {
	const id = p + "filter.exact"
	for name, value := range by {
		if !works[name] {
			owner := map[string]string{"tag": "filter.tag", "resource_id": "filter.resource"}[name]
			d.NotTested(harness.BlockedBy(p+owner, "line items aren't found by "+name), id)
			continue
		}
		all, problem := d.walk(ctx, query(d.at.items, name, side.OtherCase(value)))
		if problem != "" {
			d.NotTested(harness.BlockedBy(p+"filter.none", "line items by "+name+" that none has: "+problem, all.last()...), id)
			continue
		}
		ours := slices.ContainsFunc(all.ids(), func(id string) bool { return keyOf(made, id) != "" })
		d.Assert(id, !ours, harness.Finding{
			Sent:      "line items by a " + name + " of which the case of the letters is another",
			Expected:  "none of those that were made",
			Seen:      "those whose " + name + " is written otherwise",
			Responses: all.last(),
		})
	}
}

func valuesOf(m map[string]string) (out []string) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func keyOf(m map[string]string, value string) string {
	for k, v := range m {
		if v == value {
			return k
		}
	}
	return ""
}

// fits tells whether a line item is one that is looked for.
func fits(m map[string]any, by []string) bool {
	names := map[string]string{"tag": "tag", "resource_id": "resourceId", "resource_link_id": "resourceLinkId"}
	for i := 0; i+1 < len(by); i += 2 {
		if textOf(m, names[by[i]]) != by[i+1] {
			return false
		}
	}
	return true
}

// paging reads all line items, and the same one at a time.
func paging(ctx context.Context, d *desk) {
	tag := "page " + d.mark
	for i := range 5 { // what doesn't fit lies between what does
		change := map[string]any{"tag": tag}
		if i%2 == 1 {
			change["tag"] = absent
		}
		if _, ok := d.make(ctx, change); !ok {
			return
		}
	}
	unfiltered := true // can be listed
	for _, x := range []struct{ id, address string }{{"page.union", d.at.items}, {"page.filtered", query(d.at.items, "tag", tag)}} {
		whole, problem := d.walk(ctx, x.address)
		if problem != "" {
			if x.id == "page.filtered" && unfiltered && whole.owner == reqList {
				whole.owner = p + "filter.tag" // it is the filter that doesn't work
			}
			unfiltered = false
			d.NotTested(harness.BlockedBy(whole.owner, problem, whole.last()...), p+x.id)
			continue
		}
		if n := len(whole.objects); n < 3 || n >= mostPages {
			if gone := d.lost(ctx); gone != nil {
				d.listedRight(ctx, p+x.id, false, harness.Finding{})
				continue
			}
			d.NotTested(harness.BlockedBy(map[bool]string{true: p + "filter.tag", false: p + "create.listed"}[x.id == "page.filtered"],
				fmt.Sprintf("%d line items are listed, of which three were made", n), whole.last()...), p+x.id)
			continue
		}
		single, problem := d.walk(ctx, query(x.address, "limit", "1"))
		if problem != "" {
			d.Fail(p+x.id, harness.Finding{
				Sent:      "line items, one a page",
				Expected:  "an end, and all of them",
				Seen:      problem,
				Responses: single.last(),
			})
		} else {
			a, b := slices.Sorted(slices.Values(whole.ids())), slices.Sorted(slices.Values(single.ids()))
			d.listedRight(ctx, p+x.id, slices.Equal(a, b), harness.Finding{
				Sent:      "line items, one a page",
				Expected:  fmt.Sprintf("the same %d, each once", len(a)),
				Seen:      fmt.Sprintf("%d on %d pages", len(b), len(single.responses)),
				Where:     "Link",
				Responses: single.last(),
			})
		}
		for i, n := range single.sizes {
			d.Assert(p+"page.limit", n <= 1, harness.Finding{Sent: "limit=1", Expected: "one line item at most", Seen: fmt.Sprintf("%d", n),
				Responses: []*harness.Response{single.responses[i]}})
		}
	}
	if !d.Looked(p + "page.limit") {
		d.NotTested(harness.BlockedBy(p+"page.union", "no page can be read"), p+"page.limit")
	}
}

// put replaces a line item.
func put(ctx context.Context, d *desk) {
	id, ok := d.make(ctx, map[string]any{"tag": "before"})
	if !ok {
		return
	}
	back := d.get(ctx, scopeItems, id, typeItem, reqRead)
	if back.Status != http.StatusOK || back.Problem != "" {
		d.NotTested(harness.BlockedBy(reqRead, "the line item can't be read: "+back.Summary(), back))
		return
	}
	sent := objectOf(back)
	delete(sent, "tag")
	maps.DeleteFunc(sent, func(_ string, v any) bool { return v == nil || v == "" }) // what isn't known is not sent
	sent["label"], sent["scoreMaximum"] = "Rollcall "+d.mark+", renamed", 55
	r := d.send(ctx, scopeItems, http.MethodPut, id, typeItem, sent)
	if !d.Assert(reqPut, r.Status == http.StatusOK && r.Problem == "", harness.Finding{
		Sent:      "a line item, replaced",
		Expected:  "200 OK and the line item",
		Seen:      r.Summary(),
		Responses: []*harness.Response{r},
	}) && !taken(r) {
		d.NotTested(harness.BlockedBy(reqPut, "no line item can be replaced: "+r.Summary(), r).Told())
		return
	}
	d.shaped("put.form", "lineitem", r)
	after := d.get(ctx, scopeItems, id, typeItem, reqRead)
	proof := []*harness.Response{after, r}
	if after.Status != http.StatusOK || after.Problem != "" {
		d.Fail(p+"put.id", harness.Finding{Expected: "the line item, where it was", Seen: after.Summary(), Responses: proof})
		d.NotTested(harness.BlockedBy(p+"put.id", "the line item can't be read where it was", after))
		return
	}
	m := objectOf(after)
	if answer := objectOf(r); len(answer) > 0 {
		echoed := differences(answer, m)
		d.Assert(p+"put.form", len(echoed) == 0, harness.Finding{
			Sent:      "a line item, replaced, and read",
			Expected:  "the line item as it is now, in the answer to what replaced it",
			Seen:      "another " + strings.Join(echoed, ", "),
			Where:     strings.Join(echoed, ", "),
			Responses: []*harness.Response{r, after},
		})
	}
	d.Assert(p+"put.id", textOf(m, "id") == id, harness.Finding{Expected: id, Seen: textOf(m, "id"), Where: "/id", Responses: proof})
	for _, name := range []string{"label", "scoreMaximum"} {
		d.Assert(p+"put.kept", same(sent[name], m[name]), harness.Finding{
			Sent:      fmt.Sprintf("%s %v", name, sent[name]),
			Expected:  fmt.Sprint(sent[name]),
			Seen:      fmt.Sprint(or(m[name], "nothing")),
			Where:     "/" + name,
			Responses: proof,
		})
	}
	d.Assert(p+"put.whole", or(m["tag"], "") == "", harness.Finding{
		Sent:      "a line item without its tag",
		Expected:  "no tag",
		Seen:      fmt.Sprint(m["tag"]),
		Where:     "/tag",
		Responses: proof,
	})
	// What can't be made can't take the place of a line item either.
	for _, x := range []struct {
		sent, name string
		v          any
	}{{"a line item without label", "label", absent}, {"a line item without scoreMaximum", "scoreMaximum", absent},
		{"a label that is empty", "label", ""}, {"scoreMaximum 0", "scoreMaximum", 0}} {
		r := d.send(ctx, scopeItems, http.MethodPut, id, typeItem, d.item(map[string]any{"id": id, x.name: x.v}))
		d.refuses("put.refused", x.sent, r, http.StatusBadRequest)
	}
	again := d.get(ctx, scopeItems, id, typeItem, reqRead)
	left := differences(m, objectOf(again))
	d.Assert(p+"put.refused", again.Status == http.StatusOK && len(left) == 0, harness.Finding{
		Sent:      "a line item that can't be",
		Expected:  "it stays as it was",
		Seen:      "another " + strings.Join(left, ", "),
		Responses: []*harness.Response{again},
	})
}

// rescaled changes the maximum of a line item that has a result.
func rescaled(ctx context.Context, d *desk) {
	item, user, ok := d.scored(ctx)
	if !ok {
		return
	}
	if m, r := d.result(ctx, item, user, near(0.75)); !near(0.75)(m) {
		if d.readable(r, user) {
			d.NotTested(harness.BlockedBy(p+"result.score", "the result is not the score: "+told(m), r))
		}
		return
	}
	r := d.send(ctx, scopeItems, http.MethodPut, item, typeItem, d.item(map[string]any{"id": item, "scoreMaximum": 80}))
	if !taken(r) {
		d.NotTested(harness.BlockedBy(reqPut, "no line item can be replaced: "+r.Summary(), r))
		return
	}
	if now, _ := objectOf(d.get(ctx, scopeItems, item, typeItem, reqRead))["scoreMaximum"].(float64); now != 80 {
		d.NotApplicable(p+"put.rescaled", "the platform doesn't change the maximum of a line item, which is allowed (AGS 2.0 §3.2.6)")
		return
	}
	d.counts(ctx, p+"put.rescaled", "30 of 40, and then a maximum of 80", item, user, 0.75)
}

// remove deletes a line item, and looks for it.
func remove(ctx context.Context, d *desk) {
	id, user, ok := d.sheet(ctx, nil)
	if !ok {
		return
	}
	// What doesn't work at all says nothing of a line item that is gone.
	scored, read := d.give(ctx, id, d.score(user, nil)), d.get(ctx, scopeResults, below(id, "results"), typeResults, reqResults)
	r := d.ask(ctx, scopeItems, harness.Request{Method: http.MethodDelete, URL: id})
	d.Assert(p+"delete.answers", r.Status == http.StatusNoContent && r.Problem == "", harness.Finding{
		Sent:      "a line item, to be deleted",
		Expected:  "204 No Content",
		Seen:      r.Summary(),
		Responses: []*harness.Response{r},
	})
	if !taken(r) {
		d.NotTested(harness.BlockedBy(p+"delete.answers", "no line item can be deleted: "+r.Summary(), r))
		return
	}
	after := d.get(ctx, scopeItems, id, typeItem, reqRead)
	if after.Status >= 500 {
		d.NotTested(harness.BlockedBy(reqRead, "a line item can't be read: "+after.Summary(), after).Told())
		return
	}
	gone := after.Status >= 400 && after.Status < 500 // which of them is another requirement's
	proof := []*harness.Response{after, r}
	d.Assert(p+"delete.gone", gone, harness.Finding{
		Sent:      "a line item that was deleted",
		Expected:  "404 Not Found",
		Seen:      after.Summary(),
		Responses: proof,
	})
	if all, problem := d.walk(ctx, d.at.items); problem == "" {
		d.Assert(p+"delete.gone", !slices.Contains(all.ids(), id), harness.Finding{
			Sent:      "a line item that was deleted",
			Expected:  "it isn't listed any more",
			Seen:      "it is",
			Responses: all.last(),
		})
	}
	if !gone {
		d.NotTested(harness.BlockedBy(p+"delete.gone", "the line item is still there", after))
		return
	}
	d.refuses("delete.again", "a line item, to be deleted a second time", d.ask(ctx, scopeItems, harness.Request{
		Method: http.MethodDelete,
		URL:    id,
	}),
		http.StatusNotFound, http.StatusGone)
	if !taken(scored) {
		d.NotTested(harness.BlockedBy(reqScore, "no score is taken: "+scored.Summary(), scored), p+"delete.scores")
		return
	}
	r = d.give(ctx, id, d.score(user, nil))
	d.refuses("delete.scores", "a score in a line item that was deleted", r, http.StatusNotFound, http.StatusGone)
	if taken(read) {
		r = d.get(ctx, scopeResults, below(id, "results"), typeResults, "")
		d.refuses("delete.scores", "results of a line item that was deleted", r, http.StatusNotFound, http.StatusGone)
	}
}

// wrongKinds tries methods and media types that there are not.
func wrongKinds(ctx context.Context, d *desk) {
	id, user, ok := d.sheet(ctx, nil)
	if !ok {
		return
	}
	refused := func(req, sent string, status int, r *harness.Response) {
		d.note(r)
		proof := []*harness.Response{r}
		d.Assert(reqBroke, r.Status < 500, harness.Finding{
			Sent:      sent,
			Expected:  "a refusal, such as " + codes([]int{status}),
			Seen:      r.Summary(),
			Responses: proof,
		})
		if r.Status < 500 {
			d.Assert(req, r.Status == status, harness.Finding{Sent: sent, Expected: codes([]int{status}), Seen: r.Summary(), Responses: proof})
		} else {
			d.NotTested(harness.BlockedBy(reqBroke, sent+": "+r.Summary(), r), req)
		}
	}
	// methodless holds a refusal to naming the method that there is (RFC 9110 §15.5.6).
	methodless := func(sent, there string, r *harness.Response) {
		const req = p + "errors.method"
		refused(req, sent, http.StatusMethodNotAllowed, r)
		if r.Status == http.StatusMethodNotAllowed {
			allow := r.Header.Values("Allow")
			d.Assert(req, names(allow, there), harness.Finding{Sent: sent, Expected: "Allow with " + there,
				Seen: "Allow: " + strings.Join(allow, ", "), Where: "header Allow", Responses: []*harness.Response{r}})
		}
	}
	scores, results := below(id, "scores"), below(id, "results")
	methodless("GET where scores are posted", http.MethodPost, d.get(ctx, scopeScores, scores, "*/*", ""))
	methodless("POST where results are read", http.MethodGet,
		d.send(ctx, scopeResults, http.MethodPost, results, typeScore, d.score(user, nil)))
	methodless("PUT where line items are listed", http.MethodGet,
		d.send(ctx, scopeItems, http.MethodPut, d.at.items, typeItem, d.item(nil)))
	r := d.send(ctx, scopeItems, http.MethodPost, d.at.items, "text/plain", d.item(nil))
	refused(p+"errors.media", "a line item as text/plain", http.StatusUnsupportedMediaType, r)
	if r := d.give(ctx, id, d.score(user, nil)); !taken(r) { // a refusal proves nothing
		d.NotTested(harness.BlockedBy(reqScore, "no score is taken: "+r.Summary(), r), p+"errors.parameters")
		return
	}
	r = d.send(ctx, scopeScores, http.MethodPost, scores, "text/plain", d.score(user, nil))
	refused(p+"errors.media", "a score as text/plain", http.StatusUnsupportedMediaType, r)
	d.withParameters(ctx, id, user)
	for _, x := range []struct{ sent, body string }{
		{"a score that ends in the midst", `{"userId":`},
		{"a list in the place of a score", `[{}]`},
		{"a text in the place of a score", `"8"`},
	} {
		r := d.send(ctx, scopeScores, http.MethodPost, below(id, "scores"), typeScore, x.body)
		d.Assert(reqBroke, r.Status >= 400 && r.Status < 500, harness.Finding{
			Sent:      x.sent,
			Expected:  "400 Bad Request",
			Seen:      r.Summary(),
			Responses: []*harness.Response{r},
		})
	}
}

// names tells whether a list in header fields has a name.
func names(fields []string, name string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(fields, ","), ","), func(s string) bool { return strings.TrimSpace(s) == name })
}

// withParameters sends a line item and a score whose media types have a parameter, as many HTTP clients
// write them (RFC 9110 §8.3.1).
func (d *desk) withParameters(ctx context.Context, item, user string) {
	const id, more = p + "errors.parameters", "; charset=utf-8"
	made := d.send(ctx, scopeItems, http.MethodPost, d.at.items, typeItem+more, d.item(nil))
	d.note(made)
	given := d.send(ctx, scopeScores, http.MethodPost, below(item, "scores"), typeScore+more, d.score(user, nil))
	for what, r := range map[string]*harness.Response{"a line item": made, "a score": given} {
		if r.Status >= 500 {
			d.NotTested(harness.BlockedBy(reqBroke, what+" whose media type has a parameter: "+r.Summary(), r), id)
			continue
		}
		d.Assert(id, taken(r), harness.Finding{
			Sent:      what + " as its media type with " + strings.TrimPrefix(more, "; "),
			Expected:  "it is taken, as without the parameter",
			Seen:      r.Summary(),
			Where:     "Content-Type",
			Responses: []*harness.Response{r},
		})
	}
}

// gradebook looks whether people see a score that was sent, as points of its line item; that a label
// is no markup there; and that a line item which is deleted is gone there too.
func gradebook(ctx context.Context, d *desk) {
	shown := d.mark + "s" // tells it from other line items of this check
	id, user, ok := d.sheet(ctx, map[string]any{"label": "Rollcall " + shown, "scoreMaximum": shownMaximum})
	if !ok {
		return
	}
	// In another scale, so that it isn't the points that were sent which are seen.
	r := d.give(ctx, id, d.score(user, map[string]any{"scoreGiven": 10 * shownScore, "scoreMaximum": 10 * shownMaximum}))
	if !taken(r) {
		d.NotTested(harness.BlockedBy(reqScore, "no score is taken: "+r.Summary(), r).Told())
		return
	}
	marked, refused := d.post(ctx, d.item(map[string]any{"label": "Rollcall " + d.mark + `m <img id="` + element + `" src="x">`}))
	t := lti.Of(d.Session().Target).Platform
	teacher := t.Users[slices.IndexFunc(t.Users, isInstructor)] // a need of the check
	text, documents, err := platform.Look(ctx, d.T, teacher, t.Gradebook)
	if err != nil {
		d.NotTested(harness.Unconfigured(err.Error(), "Correct lti.platform.gradebook in the target file."))
		return
	}
	column := strings.Contains(text, shown)
	d.Assert(p+"gradebook.score", column && number(text, shownScore), harness.Finding{
		Sent:     fmt.Sprintf("the score %d of %d in a line item of %d that was just made", 10*shownScore, 10*shownMaximum, shownMaximum),
		Expected: fmt.Sprintf("its label and the score of %d, on the page to which lti.platform.gradebook leads", shownScore),
		Seen: fmt.Sprintf("the label: %t, the score: %t, the score as it was sent: %t", column, number(text, shownScore),
			number(text, 10*shownScore)),
	})
	switch became := slices.ContainsFunc(documents, func(s string) bool { return strings.Contains(s, `<img id="`+element+`"`) }); {
	case marked == "" && refused.Status >= 400 && refused.Status < 500:
		d.Examined(p+"gradebook.text", 1) // what isn't taken isn't shown
	case marked == "":
		d.NotTested(harness.BlockedBy(reqCreate, "a line item whose label has markup can't be made: "+refused.Summary(), refused),
			p+"gradebook.text")
	default:
		d.Assert(p+"gradebook.text", !became, harness.Finding{Sent: "a line item whose label has markup in it",
			Expected:  "text, shown as text or not at all",
			Seen:      "an element of the page: scripts could come in the same way",
			Responses: []*harness.Response{refused}})
	}
	d.withdrawn(ctx, id, shown, column, teacher)
}

// withdrawn deletes a line item, and looks whether its label is still on the page of the gradebook.
func (d *desk) withdrawn(ctx context.Context, id, label string, seen bool, teacher lti.User) {
	const req = p + "gradebook.deleted"
	if !seen {
		d.NotTested(harness.BlockedBy(p+"gradebook.score", "the line item isn't in the gradebook"), req)
		return
	}
	r := d.ask(ctx, scopeItems, harness.Request{Method: http.MethodDelete, URL: id})
	if !taken(r) {
		d.NotTested(harness.BlockedBy(p+"delete.answers", "no line item can be deleted: "+r.Summary(), r), req)
		return
	}
	text, _, err := platform.Look(ctx, d.T, teacher, lti.Of(d.Session().Target).Platform.Gradebook)
	if err != nil {
		d.NotTested(harness.Unconfigured(err.Error(), "Correct lti.platform.gradebook in the target file."), req)
		return
	}
	d.Assert(req, !strings.Contains(text, label), harness.Finding{
		Sent:      "a line item that was deleted, with the score in it",
		Expected:  "its label is no longer on the page to which lti.platform.gradebook leads",
		Seen:      "it is there",
		Responses: []*harness.Response{r},
	})
}

// element is that of the markup in a label.
const element = "rollcall-graded"

// What is looked for in a gradebook: numbers that nobody else gives.
const (
	shownScore   = 613
	shownMaximum = 617
)

// number tells whether a text has a number, by itself.
func number(text string, n int) bool {
	other := func(c rune) bool { return (c < '0' || c > '9') && c != '.' && c != ',' }
	return slices.ContainsFunc(strings.FieldsFunc(text, other), func(s string) bool {
		whole, fraction, _ := strings.Cut(strings.ReplaceAll(s, ",", "."), ".")
		return whole == fmt.Sprint(n) && strings.Trim(fraction, "0") == ""
	})
}
