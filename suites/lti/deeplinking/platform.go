package deeplinking

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// platformPrefix begins the ids of the requirements on platforms.
const platformPrefix = "dl20.platform."

// Owners of the first steps of a platform: the request that comes, the answer that is taken.
const (
	reqBegun    = platformPrefix + "request.begun"
	reqSettings = platformPrefix + "settings.present"
	reqAccept   = platformPrefix + "accept.link"
	reqStatus   = platformPrefix + "error.status"
)

// PlatformPart is what deep linking adds to the suite for platforms.
func PlatformPart() platform.Part {
	checks := []harness.Check{
		{ID: "dl.platform.request", Title: "A tool is asked for content by a deep linking request", Needs: asking(), Body: requests,
			Requirements: []string{"request.begun", "request.type", "request.deployment", "request.user", "request.link", "request.target",
				"request.presentation", "settings.present", "settings.return", "settings.types",
				"settings.known-types", "settings.targets", "settings.media", "settings.flags", "settings.texts", "settings.no-null", "settings.fresh"}},
		{ID: "dl.platform.accept", Title: "A resource link that was picked is kept, wherever it was picked", Needs: writing(), Body: accepts,
			Requirements: []string{"accept.link"}},
		{ID: "dl.platform.types", Title: "Each type that is asked for is kept", Needs: writing(), Body: everyType, Requirements: []string{"accept.types"}},
		{ID: "dl.platform.several", Title: "Several items are kept, in their order", Needs: writing(), Body: many, Requirements: []string{"accept.several", "accept.order"}},
		{ID: "dl.platform.asked", Title: "Nothing is kept before somebody says yes who is asked", Needs: writing(), Body: asks,
			Requirements: []string{"accept.asked"}},
		{ID: "dl.platform.launch", Title: "What was picked opens as it was given", Needs: append(writing(), platform.PickSetting("steps that open what was picked, in lti.platform.picks",
			harness.Unconfigured("the target file has no steps that open what was picked", "Add opens to the first of lti.platform.picks: how somebody opens what has $title in its title."),
			func(p lti.Pick) bool { return len(p.Opens) > 0 })), Body: launches,
			Requirements: []string{"launch.opens", "launch.custom", "launch.variables", "launch.target", "launch.link", "launch.deployment",
				"launch.line-item", "launch.line-item-told"}},
		{ID: "dl.platform.text", Title: "Titles are shown as text, and HTML without its scripts", Needs: writing(), Body: markup,
			Requirements: []string{"accept.text", "accept.html", "refuse.script"}},
	}
	for _, v := range goodAnswers() {
		checks = append(checks, harness.Check{ID: "dl.platform." + v.id, Title: v.title, Needs: writing(), Requirements: []string{v.id},
			Body: func(ctx context.Context, t *harness.T) { takes(ctx, t, v) }})
	}
	for _, b := range badAnswers() {
		checks = append(checks, harness.Check{ID: "dl.platform." + b.id, Title: b.title, Needs: append(writing(), b.needs...),
			Requirements: []string{b.id, "error.status"}, Body: func(ctx context.Context, t *harness.T) { refuses(ctx, t, b) }})
	}
	return platform.Part{Profile: "dl20-platform", Prefix: platformPrefix, Checks: checks}
}

// asking are the needs of a check of deep linking requests.
func asking() []harness.Need {
	return append(platform.Upon(platform.Unattended("content is picked in a browser that isn't ours")), platform.Picks())
}

// writing are the needs of a check that has something picked.
func writing() []harness.Need {
	return append(asking(), platform.Writing(), platform.PickSetting("steps to a page that shows what was picked, in lti.platform.picks",
		harness.Unconfigured("the target file has no steps to a page that shows what was picked",
			"Add shows to the first of lti.platform.picks: how a teacher comes to the page that lists the content of the course."),
		func(p lti.Pick) bool { return len(p.Shows) > 0 }))
}

// asked is a deep linking request as it came.
type asked struct {
	claims   map[string]any
	settings map[string]any
}

func askedOf(claims map[string]any) asked {
	settings, _ := claims[dlClaim+"deep_linking_settings"].(map[string]any)
	return asked{claims, settings}
}

func (a asked) text(name string) string { s, _ := a.settings[name].(string); return s }

// types lists those that are taken.
func (a asked) types() []string {
	list, _ := a.settings["accept_types"].([]any)
	var out []string
	for _, x := range list {
		if s, is := x.(string); is {
			out = append(out, s)
		}
	}
	return out
}

// usable tells whether an answer has somewhere to go.
func (a asked) usable() bool {
	u, err := url.Parse(a.text("deep_link_return_url"))
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// settingParts say which requirement speaks of a setting.
var settingParts = map[string]string{"deep_link_return_url": "settings.return", "accept_types": "settings.types",
	"accept_presentation_document_targets": "settings.targets", "accept_media_types": "settings.media", "accept_multiple": "settings.flags",
	"accept_lineitem": "settings.flags", "auto_create": "settings.flags", "title": "settings.texts", "text": "settings.texts", "data": "settings.texts"}

var settingsSchema = sync.OnceValue(func() *schemas.Schema { return schemas.MustLoad("lti/dl/2.0/settings") })

// requests looks at the request of each place, to which nothing is answered (LTI Deep Linking
// 2.0 §4.4).
func requests(ctx context.Context, t *harness.T) {
	section := platform.Section(t)
	looked := map[string]bool{}
	for _, place := range section.Platform.Picks {
		p, o, ok := platform.Pick(ctx, t, place, false, nil, nil)
		f := harness.Finding{Sent: p.User.Name + " picks content: " + place.Name, Exchanges: p.Exchanges}
		if !ok && p.Idle != "" {
			f.Expected, f.Seen = "a deep linking request", p.Idle
			t.Fail(reqBegun, f)
			t.NotTested(harness.BlockedBy(reqBegun, "no deep linking request came").Seen(p.Exchanges...))
			continue
		} else if !ok {
			t.NotTested(o)
			continue
		}
		t.Examined(reqBegun, 1)
		judgeRequest(t, place, askedOf(p.Claims), f, looked)
		presented(t, p, f)
	}
	if id := platformPrefix + "request.presentation"; !t.Looked(id) {
		t.NotApplicable(id, "no request says how it was opened, which is optional, or the browser doesn't tell")
	}
	for _, id := range []string{"settings.media", "settings.flags", "settings.texts"} {
		if !looked[id] && !t.Looked(platformPrefix+id) {
			t.NotApplicable(platformPrefix+id, "no request has such settings, which are optional")
		}
	}
	fresh(ctx, t, section.Platform.Picks[0])
}

func judgeRequest(t *harness.T, place lti.Pick, a asked, f harness.Finding, looked map[string]bool) {
	section := platform.Section(t)
	say := func(id string, ok bool, expected, seen, where string) bool {
		f.Expected, f.Seen, f.Where = expected, seen, where
		return t.Assert(platformPrefix+id, ok, f)
	}
	kind, version := a.claims[claim+"message_type"], a.claims[claim+"version"]
	say("request.type", kind == "LtiDeepLinkingRequest" && version == "1.3.0", "LtiDeepLinkingRequest, 1.3.0",
		platform.Words(kind)+", "+platform.Words(version),
		"/message_type")
	d, _ := a.claims[claim+"deployment_id"].(string)
	say("request.deployment", slices.Contains(section.Deployments, d), "one of "+strings.Join(section.Deployments, ", "), d, "/deployment_id")
	sub, _ := a.claims["sub"].(string)
	say("request.user", sub != "", "the id of whoever picks", "none", "/sub")
	link, there := a.claims[claim+"resource_link"]
	say("request.link", !there || link == nil, "none", "a resource link", "/resource_link")
	if target, is := a.claims[claim+"target_link_uri"].(string); is && place.Target != "" {
		say("request.target", target == place.Target, place.Target+", as registered", target, "/target_link_uri")
	} else {
		t.NotApplicable(platformPrefix+"request.target", "the request has no target, or the target file names none for it")
	}
	if !say("settings.present", a.settings != nil, "deep_linking_settings", "none", "/deep_linking_settings") {
		var ids []string
		for _, id := range t.Check().Requirements {
			if strings.HasPrefix(id, platformPrefix+"settings.") && id != reqSettings {
				ids = append(ids, id)
			}
		}
		t.NotTested(harness.BlockedBy(reqSettings, "the request has no settings").Seen(f.Exchanges...), ids...)
		return
	}
	for name, id := range settingParts {
		if a.settings[name] != nil {
			looked[id] = true
			t.Examined(platformPrefix+id, 1)
		}
	}
	t.Examined(platformPrefix+"settings.no-null", 1)
	text, _ := json.Marshal(a.settings) // it was JSON before
	findings, err := settingsSchema().Validate(text)
	if err != nil {
		say("settings.present", false, "settings that can be read", err.Error(), "/deep_linking_settings")
		return
	}
	for _, x := range findings {
		name, _, _ := strings.Cut(strings.TrimPrefix(x.Pointer, "/"), "/")
		id := settingParts[name]
		if x.Seen == "null" && x.Keyword != "required" {
			id = "settings.no-null"
		}
		if id != "" {
			say(id, false, x.Expected, x.Message, "/deep_linking_settings"+x.Pointer)
		}
	}
	var odd []string
	for _, kind := range a.types() {
		if !slices.Contains(types, kind) && !strings.Contains(kind, ":") && kind != "ltiAssetProcessor" {
			odd = append(odd, kind)
		}
	}
	if len(a.types()) > 0 {
		say("settings.known-types", len(odd) == 0, strings.Join(types, ", ")+", or the address of a vendor's type", strings.Join(odd, ", "),
			"/deep_linking_settings/accept_types")
	} else {
		t.NotTested(harness.BlockedBy(platformPrefix+"settings.types", "no types are named").Seen(f.Exchanges...),
			platformPrefix+"settings.known-types")
	}
}

// presented holds what a request says of how it was opened to what the browser says of that.
func presented(t *harness.T, p platform.Picked, f harness.Finding) {
	presentation, _ := p.Claims[claim+"launch_presentation"].(map[string]any)
	target, is := presentation["document_target"].(string)
	want := map[string][]string{"iframe": {"iframe", "frame"}, "frame": {"iframe", "frame"}, "document": {"window"}}[p.Dest]
	if !is || want == nil {
		return
	}
	f.Expected, f.Seen, f.Where = strings.Join(want, " or "), target, "/launch_presentation/document_target"
	f.Cause = "the browser asked for the login with Sec-Fetch-Dest: " + p.Dest
	t.Assert(platformPrefix+"request.presentation", slices.Contains(want, target), f)
}

// fresh compares two requests of one place.
func fresh(ctx context.Context, t *harness.T, place lti.Pick) {
	const id = platformPrefix + "settings.fresh"
	var both [2]asked
	var ids []string
	for i := range both {
		p, o, ok := platform.Pick(ctx, t, place, false, nil, nil)
		if !ok {
			t.NotTested(o, id)
			return
		}
		both[i], ids = askedOf(p.Claims), append(ids, p.Exchanges...)
		if both[i].settings == nil {
			t.NotTested(harness.BlockedBy(reqSettings, "the request has no settings").Seen(ids...), id)
			return
		}
	}
	same := both[0].text("data") == both[1].text("data") && both[0].text("deep_link_return_url") == both[1].text("deep_link_return_url")
	t.Assert(id, !same,
		harness.Finding{Sent: "two deep linking requests, one after the other", Expected: "data or deep_link_return_url of their own",
			Seen: "the same in both", Where: "/deep_linking_settings", Exchanges: ids})
}

// describe words what a platform answered.
func describe(p platform.Picked) string {
	if p.Answer == nil {
		return "no answer to what was posted"
	}
	text := fmt.Sprintf("an answer with status %d", p.Answer.Status)
	if p.Answer.Problem != "" {
		text += ": " + p.Answer.Problem
	}
	if p.Confirmed != "" {
		text += "; then " + p.Confirmed
	}
	return text
}
