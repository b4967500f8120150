package resourcesearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// itemChecks judge what items say of themselves, as the crawl brought them.
func itemChecks() []rest.Check {
	c := func(id, title string, rules ...rule) rest.Check {
		var requirements []string
		for _, r := range rules {
			requirements = append(requirements, r.requirement)
		}
		return rest.Check{ID: id, Title: title, Requirements: requirements, Labels: []string{rest.DataLabel, strings.Split(id, ".")[0]},
			Needs: []rest.Need{{Text: "items with such members"}}, Body: func(_ context.Context, t *rest.T) { judgeItems(t, rules) }}
	}
	return []rest.Check{
		c("items.members", "Items can be reached, and their texts have the forms of the standard", reached, agesInForm, durations, languages, entries),
		{ID: "items.once", Title: "No item stands in the catalogue twice", Requirements: []string{"items.once"},
			Labels: []string{rest.DataLabel, "items"}, Needs: []rest.Need{anItem()}, Body: onceEach},
		c("links.form", "LTI links have an address that can be launched", launches, schemes, secure, custom),
		c("objectives.form", "Learning objectives and measures of text say what they are", named, guids, agreeing, byCase, measures),
	}
}

// rule is what holds for every item. judge tells how much of it there is in an item, and what is wrong
// with each that is: what was expected, what was seen, and where.
type rule struct {
	requirement string
	optional    string // what need not be there
	judge       func(item Item, object json.RawMessage) (looked int, wrong []fault)
}

type fault struct{ expected, seen, at string }

// mostShown bounds the findings of one rule: more of them say nothing new.
const mostShown = 10

func judgeItems(t *rest.T, rules []rule) {
	raw := read(t).Raw(resources)
	if raw == nil {
		t.Outside("items")
		return
	}
	shown := map[string]int{}
	_ = raw.Each(func(i int, id string, object []byte) bool {
		item := rest.Read[Item](object)
		for _, r := range rules {
			looked, wrong := r.judge(item, object)
			t.Examined(r.requirement, looked-len(wrong))
			for _, w := range wrong {
				if shown[r.requirement]++; shown[r.requirement] <= mostShown {
					t.Fail(r.requirement, harness.Finding{Sent: "GET /resources (the crawl)", Expected: w.expected, Seen: w.seen, Where: id + " " + w.at,
						Exchanges: t.CrawlEvidence(resources, i)})
				}
			}
		}
		return true
	})
	for _, r := range rules {
		if r.optional == "" {
			t.Lacks("the catalogue is empty", "Load some items.", r.requirement)
		} else {
			t.Absent("no item has "+r.optional, r.requirement)
		}
	}
}

var reached = rule{"items.reached", "", func(item Item, object json.RawMessage) (int, []fault) {
	if item.URL == "" && item.Link == nil && rest.Read[map[string]any](object)["ltiLink"] == nil {
		return 1, []fault{{"url or ltiLink", "neither", "/url"}}
	}
	return 1, nil
}}

var agesInForm = rule{"items.age-range", "a typicalAgeRange", func(item Item, _ json.RawMessage) (int, []fault) {
	if item.AgeRange == "" {
		return 0, nil
	}
	if _, _, ok := ageRange(item.AgeRange); !ok {
		return 1, []fault{{"two ages such as 11-12, the lesser first", item.AgeRange, "/typicalAgeRange"}}
	}
	return 1, nil
}}

var durations = rule{"items.duration", "a timeRequired", func(item Item, _ json.RawMessage) (int, []fault) {
	if item.TimeRequired == "" {
		return 0, nil
	}
	if _, _, ok := duration(item.TimeRequired); !ok {
		return 1, []fault{{"a duration such as PT45M", item.TimeRequired, "/timeRequired"}}
	}
	return 1, nil
}}

var languages = rule{"items.language", "a language", func(item Item, _ json.RawMessage) (int, []fault) {
	var wrong []fault
	for i, tag := range item.Language {
		if !languageForm.MatchString(tag) {
			wrong = append(wrong, fault{"a language tag such as en or es-MX", tag, fmt.Sprintf("/language/%d", i)})
		}
	}
	return len(item.Language), wrong
}}

var entries = rule{"items.entries", "", func(_ Item, object json.RawMessage) (int, []fault) {
	var wrong []fault
	for name, v := range rest.Read[map[string]any](object) {
		list := texts(v)
		for i, one := range list {
			switch {
			case strings.TrimSpace(one) == "":
				wrong = append(wrong, fault{"entries that say something", "a blank one", fmt.Sprintf("/%s/%d", name, i)})
			case slices.Contains(list[:i], one):
				wrong = append(wrong, fault{"each entry once", one + " twice", fmt.Sprintf("/%s/%d", name, i)})
			}
		}
	}
	return max(1, len(wrong)), wrong
}}

// addresses are where a link is launched, by member.
func (l *Link) addresses() map[string]string {
	out := map[string]string{}
	for name, address := range map[string]string{"launch_url": l.Launch, "secure_launch_url": l.SecureURL} {
		if address != "" {
			out[name] = address
		}
	}
	return out
}

var launches = rule{"links.launch", "an LTI link", func(item Item, _ json.RawMessage) (int, []fault) {
	if item.Link == nil {
		return 0, nil
	}
	if len(item.Link.addresses()) == 0 {
		return 1, []fault{{"launch_url or secure_launch_url", "neither", "/ltiLink"}}
	}
	return 1, nil
}}

// absolute tells whether an address is one of a scheme; what isn't is the schema's to report.
func absolute(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	return u, err == nil && u.IsAbs()
}

var schemes = rule{"links.scheme", "an LTI link with an address", func(item Item, _ json.RawMessage) (looked int, wrong []fault) {
	if item.Link == nil {
		return 0, nil
	}
	for name, address := range item.Link.addresses() {
		u, ok := absolute(address)
		if !ok {
			continue
		}
		looked++
		if scheme := strings.ToLower(u.Scheme); scheme != "http" && scheme != "https" || u.Host == "" {
			wrong = append(wrong, fault{"an http or https address with a host", address, "/ltiLink/" + name})
		}
	}
	return looked, wrong
}}

var secure = rule{"links.secure", "an LTI link with a secure_launch_url", func(item Item, _ json.RawMessage) (int, []fault) {
	if item.Link == nil || item.Link.SecureURL == "" {
		return 0, nil
	}
	u, ok := absolute(item.Link.SecureURL)
	if !ok || loopback(u.Hostname()) || !strings.EqualFold(u.Scheme, "http") && !strings.EqualFold(u.Scheme, "https") {
		return 0, nil
	}
	if strings.EqualFold(u.Scheme, "http") {
		return 1, []fault{{"an https address", item.Link.SecureURL, "/ltiLink/secure_launch_url"}}
	}
	return 1, nil
}}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var custom = rule{"links.custom", "an LTI link with custom properties", func(_ Item, object json.RawMessage) (int, []fault) {
	link := rest.Read[struct {
		Link struct {
			Custom struct {
				Properties []struct {
					Name string `json:"name"`
				} `json:"properties"`
			} `json:"custom"`
		} `json:"ltiLink"`
	}](object)
	met := map[string]bool{}
	var wrong []fault
	for i, p := range link.Link.Custom.Properties {
		if met[p.Name] {
			wrong = append(wrong, fault{"each name once", p.Name + " twice", fmt.Sprintf("/ltiLink/custom/properties/%d", i)})
		}
		met[p.Name] = true
	}
	return len(link.Link.Custom.Properties), wrong
}}

// eachObjective judges all learning objectives of an item.
func eachObjective(judge func(o Objective) (looked bool, expected, seen string)) func(Item, json.RawMessage) (int, []fault) {
	return func(item Item, _ json.RawMessage) (looked int, wrong []fault) {
		for i, o := range item.LearningObjectives {
			concerned, expected, seen := judge(o)
			if !concerned {
				continue
			}
			looked++
			if seen != "" {
				wrong = append(wrong, fault{expected, seen, fmt.Sprintf("/learningObjectives/%d", i)})
			}
		}
		return looked, wrong
	}
}

var named = rule{"objectives.named", "a learning objective", eachObjective(func(o Objective) (bool, string, string) {
	if o.CaseURI+o.CaseGUID+o.Name+o.URL+o.Description == "" {
		return true, "something that names it", "none of caseItemUri, caseItemGUID, targetName, targetURL and targetDescription"
	}
	return true, "", ""
})}

var guids = rule{"objectives.case-guid", "a caseItemGUID", eachObjective(func(o Objective) (bool, string, string) {
	if o.CaseGUID != "" && !guidForm.MatchString(o.CaseGUID) {
		return true, "a UUID", o.CaseGUID
	}
	return o.CaseGUID != "", "", ""
})}

var agreeing = rule{"objectives.case-agree", "both caseItemUri and caseItemGUID", eachObjective(func(o Objective) (bool, string, string) {
	if o.CaseGUID == "" || o.CaseURI == "" {
		return false, "", ""
	}
	if !strings.Contains(strings.ToLower(o.CaseURI), strings.ToLower(o.CaseGUID)) {
		return true, "an address with " + o.CaseGUID + " in it", o.CaseURI
	}
	return true, "", ""
})}

var byCase = rule{"complexity.case", "a text complexity by CASE", func(item Item, _ json.RawMessage) (looked int, wrong []fault) {
	for i, c := range item.TextComplexity {
		if c.Name != "caseItemUri" {
			continue
		}
		looked++
		if u, ok := absolute(c.Value); !ok || u.Host == "" && u.Opaque == "" {
			wrong = append(wrong, fault{"an absolute URI", c.Value, fmt.Sprintf("/textComplexity/%d/value", i)})
		}
	}
	return looked, wrong
}}

var measures = rule{"complexity.once", "a text complexity", func(item Item, _ json.RawMessage) (looked int, wrong []fault) {
	met := map[string]bool{}
	for i, c := range item.TextComplexity {
		if c.Name == "caseItemUri" {
			continue
		}
		looked++
		if met[c.Name] {
			wrong = append(wrong, fault{"each measure once", c.Name + " twice", fmt.Sprintf("/textComplexity/%d", i)})
		}
		met[c.Name] = true
	}
	return looked, wrong
}}

// onceEach looks for items that are the same in all that they say. Where pages overlap they are the same
// item, come twice.
func onceEach(_ context.Context, t *rest.T) {
	const id = "items.once"
	c := read(t)
	raw := c.Raw(resources)
	if c.Facts(resources).Twice != nil {
		t.NotTested(t.BlockedBy("paging.nothing-twice", "items come on two pages"), id)
		return
	}
	first := map[string]int{}
	shown := 0
	_ = raw.Each(func(i int, x string, _ []byte) bool {
		if before, met := first[x]; met && x != "" {
			if shown++; shown <= mostShown {
				t.Fail(id, harness.Finding{Sent: "GET /resources (the crawl)", Expected: "items that differ in something",
					Seen: fmt.Sprintf("number %d and number %d are the same", before, i), Where: x, Exchanges: t.CrawlEvidence(resources, i)})
			}
		} else {
			t.Examined(id, 1)
			first[x] = i
		}
		return true
	})
}
