package main

import (
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher"
)

// searcherSection is the part of a target file that describes the reference platform as one that searches, where client is
// what it is registered as with Rollcall's catalogue at listen.
func searcherSection(p *district.Platform, listen string, client searcher.Client) *searcher.Section {
	teacher, _, _, course := p.People()
	at := p.Origin + "/courses/" + course
	return &searcher.Section{
		Listen: listen,
		Client: client,
		SignIn: []browser.Step{{Open: p.Origin + "/"}, {Select: "#user", Value: teacher}, {Click: "#signin"}, {Wait: "#courses"}},
		Search: searcher.Search{
			By: []string{searcher.ByWords, searcher.ByStandard},
			Steps: []browser.Step{{Open: at + "/search"}, {Fill: "#words", Value: "$words"}, {Fill: "#standard", Value: "$standard"},
				{Click: "#find button"}},
			Shows: searcher.Shows{Items: "#found li h3", Problem: "#problem", More: "#more"},
		},
		Choose: []browser.Step{{Click: `#found form[data-address="$address"] button`}, {Wait: "#added"}},
		Open:   []browser.Step{{Open: at}, {Click: `#links a.as-same[aria-label*="$title"], #content li:last-child a[target]`}},
	}
}
