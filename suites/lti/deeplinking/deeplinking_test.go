package deeplinking

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// Each requirement of the two profiles has a check, and each check one that there is.
func TestRequirementsAreDecided(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	decided := map[string]bool{}
	for _, c := range ToolPart().Checks {
		for _, id := range c.Requirements {
			decided[toolPrefix+id] = true
		}
	}
	for _, c := range PlatformPart().Checks {
		for _, id := range c.Requirements {
			decided[platformPrefix+id] = true
		}
	}
	for id := range decided {
		if _, there := cat.Requirement(id); !there {
			t.Errorf("%s is decided, and not in the catalogue", id)
		}
	}
	for _, profile := range []string{ToolPart().Profile, PlatformPart().Profile} {
		p, there := cat.Profile(profile)
		if !there || len(p.Requirements) < 40 {
			t.Fatalf("%s has %d requirements", profile, len(p.Requirements))
		}
		for _, id := range p.Requirements {
			if !decided[id] {
				t.Errorf("nothing decides %s", id)
			}
		}
	}
}

func TestWays(t *testing.T) {
	settings := func(w way) map[string]any { return w.claims()["deep_linking"].(map[string]any) }
	plain := settings(base)
	if plain["data"] != plainData || len(plain["accept_types"].([]any)) != 5 || base.claims()["resource_link"] != nil || base.claims()["message_type"] != "LtiDeepLinkingRequest" {
		t.Errorf("%v", base.claims())
	}
	least := settings(way{omit: optional, noData: true})
	if len(least) != 3 || least["deep_link_return_url"] == nil || least["accept_types"] == nil || least["accept_presentation_document_targets"] == nil {
		t.Errorf("the least settings are %v", least)
	}
	if s := settings(way{nulls: true}); s["title"] != "$null" || s["data"] != plainData {
		t.Errorf("%v", s)
	}
	if s := settings(way{data: ""}); s["data"] != "" {
		t.Errorf("%v", s)
	}
	if _, there := (way{bare: true}).claims()["target_link_uri"]; !there {
		t.Error("a bare request keeps its target")
	}
	if s := settings(way{unknown: true}); len(s["accept_types"].([]any)) != 7 || len(types) != 5 {
		t.Errorf("%v", s)
	}
}

func TestStrangeNames(t *testing.T) {
	for name, odd := range map[string]bool{dlClaim + "content_items": false, claim + "version": false, "iss": false, "https://vendor.example/claim": false, claim + "context": false,
		" " + dlClaim + "data": true, "data": true, dlClaim + "contentItems": true, strings.Replace(dlClaim, "https", "http", 1) + "data": true, strings.ToUpper(dlClaim) + "DATA": true} {
		if got := strange(map[string]any{name: 1}); (len(got) > 0) != odd {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// What is wrong with an item is laid to the requirement that speaks of it.
func TestAspects(t *testing.T) {
	for _, test := range []struct{ kind, item, id string }{
		{"link", `{"type":"link"}`, "content.shape"},
		{"link", `{"type":"link","url":"/page"}`, "content.address"},
		{"link", `{"type":"link","url":"https://tool.example/","icon":{"url":"i.png"}}`, "content.address"},
		{"link", `{"type":"link","url":"https://tool.example/","window":{"width":"800px"}}`, "content.sizes"},
		{"html", `{"type":"html"}`, "content.shape"},
		{"html", `{"type":"html","html":"x","text":null}`, "content.no-null"},
		{"file", `{"type":"file","url":"https://tool.example/","expiresAt":"2026-09-01T08:00:00"}`, "content.times"},
		{"ltiResourceLink", `{"type":"ltiResourceLink","custom":{"a":1}}`, "content.custom"},
		{"ltiResourceLink", `{"type":"ltiResourceLink","custom":[]}`, "content.custom"},
		{"ltiResourceLink", `{"type":"ltiResourceLink","lineItem":{}}`, "content.line-item"},
		{"ltiResourceLink", `{"type":"ltiResourceLink","available":{"startDateTime":"tomorrow"}}`, "content.times"},
		{"ltiResourceLink", `{"type":"ltiResourceLink","title":7}`, "content.shape"},
	} {
		findings, err := itemSchemas()[test.kind].Validate([]byte(test.item))
		if err != nil || len(findings) != 1 {
			t.Errorf("%s: %v %v", test.item, findings, err)
			continue
		}
		if got := aspect(findings[0]); got != test.id {
			t.Errorf("%s: %s, want %s", test.item, got, test.id)
		}
	}
}

func TestAnswers(t *testing.T) {
	key, err := mint.NewKey("one")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := mint.NewKey("two")
	if err != nil {
		t.Fatal(err)
	}
	self := platform.Identity{ClientID: "rollcall", Key: key, Foreign: foreign, Origin: "https://rollcall.example"}
	ask := func(how answer) (header, claims map[string]any, token string) {
		x := &tried{word: "Rollcall-x", nonce: "n", asked: askedOf(map[string]any{claim + "deployment_id": "1", dlClaim + "deep_linking_settings": map[string]any{
			"deep_link_return_url": "https://platform.example/return?a=1", "accept_types": []any{"html", "ltiResourceLink"}, "data": "d"}})}
		if !x.asked.usable() || x.asked.kindOf() != "ltiResourceLink" {
			t.Errorf("%v", x.asked)
		}
		token, err := how.token(self, "https://platform.example", x)
		if err != nil {
			t.Fatal(err)
		}
		header, claims, err = mint.Decode(token)
		if err != nil {
			t.Fatal(err)
		}
		return header, claims, token
	}
	set, err := json.Marshal(map[string]any{"keys": []any{key.JWK()}})
	if err != nil {
		t.Fatal(err)
	}
	header, claims, token := ask(answer{})
	if found, signed := platform.SignedBy(token, set); !found || !signed || header["alg"] != "RS256" {
		t.Errorf("a good answer: %v %v %v", found, signed, header)
	}
	items := claims[dlClaim+"content_items"].([]any)
	if claims["iss"] != "rollcall" || claims["aud"] != "https://platform.example" || claims[dlClaim+"data"] != "d" || claims[claim+"deployment_id"] != "1" || len(items) != 1 ||
		items[0].(map[string]any)["url"] != "https://rollcall.example/target?picked=Rollcall-x" {
		t.Errorf("%v", claims)
	}
	_, _, token = ask(answer{foreign: true})
	if found, signed := platform.SignedBy(token, set); !found || signed {
		t.Error("an answer by a foreign key is good")
	}
	for _, g := range goodAnswers() {
		_, claims, _ := ask(g.how)
		if list, _ := claims[dlClaim+"content_items"].([]any); (len(list) == 0) != g.empty {
			t.Errorf("%s: %v", g.id, claims)
		}
	}
	least := goodAnswers()[slices.IndexFunc(goodAnswers(), func(g good) bool { return g.id == "accept.least" })]
	_, claims, _ = ask(least.how)
	if item := claims[dlClaim+"content_items"].([]any)[0].(map[string]any); item["url"] != nil || item["title"] == "" {
		t.Errorf("%v", item)
	}
}

// TestNoncesAreRepeatedInTime: a nonce is used again while the answer that had it is good, and some
// time is left.
func TestNoncesAreRepeatedInTime(t *testing.T) {
	x := tried{ends: time.Now().Add(answerLife)}
	made := x.ends.Add(-answerLife)
	for after, want := range map[time.Duration]bool{0: false, time.Minute: false, 3 * time.Minute: true, answerLife: true, time.Hour: true} {
		if got := x.spent(made.Add(after)); got != want {
			t.Errorf("%s after it was made: %v", after, got)
		}
	}
}

func TestMedia(t *testing.T) {
	for list, want := range map[string]struct{ media, unwanted string }{
		"":                                   {"text/plain", ""},
		"*/*":                                {"text/plain", ""},
		"*":                                  {"text/plain", ""},
		"TEXT/Plain":                         {"text/plain", "application/x-rollcall"},
		"text/*,image/*,application/pdf":     {"text/plain", "application/x-rollcall"},
		"image/*, text/html,application/pdf": {"image/png", "application/x-rollcall"},
		"application/*":                      {"application/json", "image/x-rollcall"},
		"application/pdf, video/*":           {"application/pdf", "application/x-rollcall"},
		"application/*,image/*":              {"application/json", "text/x-rollcall"},
		"nothing":                            {"text/plain", "application/x-rollcall"}, // no list: whatever is sent may be refused
	} {
		a := asked{settings: map[string]any{"accept_media_types": list}}
		if got := a.media(); got != want.media {
			t.Errorf("of %q a file of %s is sent, not %s", list, got, want.media)
		}
		if got := a.unwanted(); got != want.unwanted {
			t.Errorf("of %q a file of %q is not taken, not %q", list, got, want.unwanted)
		}
	}
}
