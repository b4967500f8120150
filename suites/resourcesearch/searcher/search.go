package searcher

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher/catalog"
)

// search is one thing that the product is made to search for, and what is to come of it.
type search struct {
	ID          string            `yaml:"id"`
	Title       string            `yaml:"title"`
	Words       []string          `yaml:"words,omitempty"` // each is searched for by itself
	Standard    string            `yaml:"standard,omitempty"`
	Expect      string            `yaml:"expect"`
	Requirement string            `yaml:"requirement"`
	Behaviour   catalog.Behaviour `yaml:"behaviour,omitempty"`
	Nth         int               `yaml:"nth,omitempty"` // which of those found is chosen, from 1; the first by default
	// Odd says that the standard doesn't tell how to ask for it: how it is asked decides nothing else.
	Odd bool `yaml:"odd,omitempty"`
	// Written says that the names of what is found show whether they are shown as they are written.
	Written bool `yaml:"written,omitempty"`
}

// What is to come of a search: searches.yaml says what each means.
const (
	expectFound   = "found"
	expectNothing = "nothing"
	expectTold    = "told"
	expectAll     = "all"
	expectWhole   = "whole" // all, or told
	expectAny     = "any"   // whatever comes; it shows in the calls
	expectOpens   = "opens"
)

// The requirements that searches decide beside their own, below the suite's prefix.
const (
	reqFinds    = "search.finds"
	reqElse     = "search.nothing-else"
	reqWritten  = "items.as-written"
	reqToEnd    = "paging.to-end"
	reqOnce     = "paging.each-once"
	reqCapped   = "paging.capped"
	reqTold     = "trouble.told"
	reqRecovers = "trouble.recovers"
	reqOpens    = "chosen.opens"
	reqLaunches = "chosen.launches"
	reqCustom   = "chosen.custom"
	reqInert    = "items.inert"
)

// prefix begins all requirements of the suite.
const prefix = "rs10.searcher."

//go:embed searches.yaml
var searchesText []byte

var searches = sync.OnceValues(func() ([]search, error) {
	var out []search
	if err := strictyaml.Unmarshal(searchesText, &out); err != nil {
		return nil, fmt.Errorf("what a product is made to search for: %w", err)
	}
	for i, s := range out {
		switch {
		case !slices.Contains([]string{expectFound, expectNothing, expectTold, expectAll, expectWhole, expectAny, expectOpens}, s.Expect):
			return nil, fmt.Errorf("search %s: nobody knows what %q expects", s.ID, s.Expect)
		case (len(s.Words) > 0) == (s.Standard != ""):
			return nil, fmt.Errorf("search %s: one of words and standard is wanted", s.ID)
		case s.Behaviour.Trouble != "" && !slices.Contains(catalog.Troubles(), s.Behaviour.Trouble):
			return nil, fmt.Errorf("search %s: there is no trouble %q", s.ID, s.Behaviour.Trouble)
		case slices.ContainsFunc(out[:i], func(o search) bool { return o.ID == s.ID }):
			return nil, fmt.Errorf("search %s is there twice", s.ID)
		}
	}
	return out, nil
})

// first is the id of the search on which all others stand.
const first = "plain"

// narrows tells whether what is shown has to have just what was searched for: words with signs may be taken apart.
func (s search) narrows() bool {
	return s.Expect == expectFound && !s.Odd && s.Requirement != "search.reserved" && s.Behaviour.Trouble == ""
}

// decides lists the requirements of a search, without their prefix.
func (s search) decides() []string {
	out := []string{s.Requirement}
	add := func(is bool, id string) {
		if is && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	add(s.narrows(), reqElse)
	add(s.Written, reqWritten)
	add(s.ID == "many", reqOnce)
	add(s.Behaviour.Trouble != "", reqRecovers)
	add(s.Requirement == reqLaunches, reqCustom)
	return out
}
