package catalog

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

// Item is one of the catalogue's items (Resource.Type).
type Item struct {
	Number int
	Name   string
	Word   string // which finds it, and those of its group alone
	// Address is where it leads: its page, or where its link is launched; by TLS where it has an address of that kind.
	Address string
	// Plain is the launch_url of a link that has a secure_launch_url too.
	Plain  string
	Link   bool              // it is an LTI link
	Custom map[string]string // what goes along with its launch
	// Objective is the name of a learning standard that it is aligned to; empty: none.
	Objective string

	object map[string]any // as it is sent
}

// group is some items of the file that one word finds.
type group struct {
	Word  string  `yaml:"word"`
	Count int     `yaml:"count,omitempty"` // so many of its one item, which are numbered
	Items []entry `yaml:"items"`
}

type entry struct {
	Name      string            `yaml:"name"`
	Path      string            `yaml:"path,omitempty"`   // below the catalogue's origin; by default one of its own
	Launch    string            `yaml:"launch,omitempty"` // below the tool's origin: it is an LTI link
	Secure    string            `yaml:"secure,omitempty"`
	Custom    map[string]string `yaml:"custom,omitempty"`
	Objective string            `yaml:"objective,omitempty"`
	More      map[string]any    `yaml:"more,omitempty"`  // further members
	Least     bool              `yaml:"least,omitempty"` // it has those alone that it must have
}

//go:embed items.yaml
var itemsText []byte

var groups = sync.OnceValues(func() ([]group, error) {
	var out []group
	if err := strictyaml.Unmarshal(itemsText, &out); err != nil {
		return nil, fmt.Errorf("the items of Rollcall's catalogue: %w", err)
	}
	for i, g := range out {
		for _, other := range out[i+1:] {
			for _, pair := range [][2]group{{g, other}, {other, g}} {
				for _, e := range pair[1].Items {
					if contains(e.Name, pair[0].Word) {
						return nil, fmt.Errorf("the items of Rollcall's catalogue: %q stands in %q, which is of another group", pair[0].Word, e.Name)
					}
				}
			}
		}
		for _, e := range g.Items {
			if !contains(e.Name, g.Word) {
				return nil, fmt.Errorf("the items of Rollcall's catalogue: %q doesn't have %q in its name", e.Name, g.Word)
			}
		}
	}
	return out, nil
})

// longText is more than a page shows of a description, and less than what anybody may refuse.
var longText = strings.TrimSpace(strings.Repeat("It goes on for a while, sentence after sentence. ", 400))

// shelf makes the items, for an origin of the catalogue and one of the tool that their links open; empty: they lead to
// pages, and none is a link.
func shelf(home, tool string) ([]Item, error) {
	all, err := groups()
	if err != nil {
		return nil, err
	}
	var out []Item
	for _, g := range all {
		for n := range max(1, g.Count) {
			for _, e := range g.Items {
				out = append(out, e.item(len(out)+1, n+1, g.Word, home, tool))
			}
		}
	}
	return out, nil
}

func (e entry) item(number, nth int, word, home, tool string) Item {
	fill := strings.NewReplacer("{home}", home, "{tool}", tool, "{number}", fmt.Sprintf("%02d", nth), "{long}", longText)
	i := Item{Number: number, Name: fill.Replace(e.Name), Word: word, Objective: e.Objective}
	o := map[string]any{"name": i.Name, "learningResourceType": []any{"Activity/Learning"}, "publisher": "Rollcall"}
	if !e.Least {
		o["description"], o["language"], o["typicalAgeRange"] = "Content of Rollcall's catalogue.", []any{"en"}, "9-12"
		o["subject"], o["timeRequired"], o["publishDate"] = []any{"Science"}, "PT30M", "2025-08-01"
	}
	if e.Launch != "" && tool != "" {
		i.Link, i.Custom = true, e.Custom
		link := map[string]any{"title": i.Name, "vendor": map[string]any{"code": "rollcall", "name": "Rollcall"}}
		i.Address = tool + e.Launch
		if plain, is := strings.CutPrefix(e.Launch, "{plain}"); is { // nobody is to go there
			i.Plain, i.Address = tool+plain, tool+e.Secure
			link["launch_url"], link["secure_launch_url"] = i.Plain, i.Address
		} else {
			link["launch_url"] = i.Address
		}
		if len(e.Custom) > 0 {
			var properties []any
			for _, name := range slices.Sorted(maps.Keys(e.Custom)) {
				properties = append(properties, map[string]any{"name": name, "value": e.Custom[name]})
			}
			link["custom"] = map[string]any{"properties": properties}
		}
		o["ltiLink"] = link
	} else {
		path := e.Path
		if path == "" {
			path = fmt.Sprintf("/content/%d", number)
		}
		i.Address = home + path
		o["url"] = i.Address
	}
	if e.Objective != "" {
		o["learningObjectives"] = []any{map[string]any{"alignmentType": "teaches", "targetName": e.Objective,
			"targetDescription": "What a learner can do with it.", "educationalFramework": "Rollcall Standards"}}
	}
	for name, v := range e.More {
		if text, is := v.(string); is {
			v = fill.Replace(text)
		}
		o[name] = v
	}
	i.object = o
	return i
}

// wire is an item as it is sent; fields are the members that are asked for, none: all.
func (i Item) wire(fields []string) json.RawMessage {
	o := i.object
	if len(fields) > 0 {
		o = map[string]any{}
		for _, f := range fields {
			if v, there := i.object[f]; there {
				o[f] = v
			}
		}
	}
	text, _ := json.Marshal(o) // of texts, lists and maps
	return text
}

// Members are those that an item may have by the standard (Resource.Type).
func Members() []string {
	return []string{"name", "description", "subject", "url", "ltiLink", "learningResourceType", "language", "thumbnailUrl", "typicalAgeRange",
		"textComplexity", "learningObjectives", "author", "publisher", "useRightsURL", "timeRequired", "technicalFormat", "educationalAudience",
		"accessibilityAPI", "accessibilityInputMethod", "accessibilityFeatures", "accessibilityHazards", "accessMode", "publishDate", "rating",
		"relevance"}
}

// parts are what may be named of members that have some, in filters.
var parts = map[string][]string{
	"learningObjectives": {"alignmentType", "educationalFramework", "targetDescription", "targetName", "targetURL", "caseItemUri", "caseItemGUID"},
	"textComplexity":     {"name", "value", "caseItemUri"},
	"ltiLink":            {"title", "description", "launch_url", "secure_launch_url", "vendor"},
}

// contains tells whether a text has another in it, in any case.
func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
