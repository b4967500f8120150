package searcher

import (
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher/catalog"
)

// The bounds to what a product may ask.
const (
	mostRepeats   = 3 // of one address, answered well, within a search
	leastSearches = 4 // before it can be told whether tokens are kept
	mostEvidence  = 4
)

// callChecks are what is decided by looking at every call that a product made.
var callChecks = []struct {
	id, title string
	body      func(j *judge, t *harness.T, id string)
}{
	{"calls.known", "Every call is of an operation of the standard", eachCall("operation", isService)},
	{"calls.parameters", "Every query has parameters of the standard, with values that they allow", eachCall("parameter", catalog.Call.Search)},
	{"calls.names", "Sorts and selections name members of items", naming},
	{"calls.filter", "Every filter is written by the grammar", eachCall("filter", filters)},
	{"calls.fields-known", "Every filter names fields of items", eachCall("field", filters)},
	{"calls.one-operator", "No filter joins more than two comparisons", eachCall("operator", filters)},
	{"calls.encoding", "Every query is percent-encoded", eachCall("encoding", asks)},
	{"calls.media", "Every call takes JSON", eachCall("media", isService)},
	{"calls.repeats", "No address is asked for again and again", repeats},
	{"token.request", "Tokens are asked for by client credentials", eachCall("token", isToken)},
	{"token.scope", "The scope asked for is that of the service", eachCall("scope", isToken)},
	{"token.needed", "A token goes along with every call", eachCall("unauthorized", isService)},
	{"token.not-in-url", "No token stands in an address", eachCall("token-in-url", isService)},
	{"token.reused", "One token serves many searches", reused},
}

func isToken(c catalog.Call) bool   { return c.Token }
func isService(c catalog.Call) bool { return !c.Token && c.Trouble != catalog.Elsewhere }
func asks(c catalog.Call) bool      { return c.Search() && c.RawQuery != "" }
func filters(c catalog.Call) bool   { return c.Search() && c.Query.Has("filter") }
func names(c catalog.Call) bool     { return c.Search() && (c.Query.Has("sort") || c.Query.Has("fields")) }

// eachCall decides a requirement by what the catalogue noted of each call that it concerns.
func eachCall(problem string, concerns func(catalog.Call) bool) func(*judge, *harness.T, string) {
	return func(j *judge, t *harness.T, id string) {
		looked, seen := 0, map[string]bool{}
		for _, s := range j.all {
			for _, c := range s.calls {
				if !concerns(c) {
					continue
				}
				looked++
				for _, p := range c.Problems {
					if p.Kind != problem {
						continue
					}
					f := harness.Finding{Expected: p.Expected, Seen: t.Own(p.Seen), Where: p.Where, Sent: c.Method + " " + t.Where(c.URL)}
					if key := p.Where + p.Expected; !seen[key] { // what proves it is shown once
						seen[key] = true
						f.Exchanges = watch(t, c)
						t.Fail(id, f)
					}
				}
			}
		}
		if looked == 0 {
			t.NotTested(harness.NoData("the product made no such call", "Have it search in a way that makes it call so."), id)
			return
		}
		t.Examined(id, looked)
	}
}

// naming decides a requirement of those who sort or select: nobody needs to.
func naming(j *judge, t *harness.T, id string) {
	for _, s := range j.all {
		for _, c := range s.calls {
			if names(c) {
				eachCall("name", names)(j, t, id)
				return
			}
		}
	}
	t.NotApplicable(id, "the product sorts nothing, and selects nothing")
}

// repeats counts how often one address was asked for in a search though it was answered well.
func repeats(j *judge, t *harness.T, id string) {
	looked := 0
	for _, s := range j.all {
		times := map[string][]catalog.Call{}
		for _, c := range s.calls {
			if c.Search() && c.Status == 200 && c.Trouble == "" {
				times[c.URL] = append(times[c.URL], c)
				looked++
			}
		}
		for _, calls := range times {
			if len(calls) > mostRepeats {
				t.Fail(id, harness.Finding{Expected: fmt.Sprintf("the address %d times at most in one search", mostRepeats),
					Seen: fmt.Sprintf("%d times", len(calls)), Sent: calls[0].Method + " " + t.Where(calls[0].URL), Exchanges: watch(t, calls[:2]...)})
				return
			}
		}
	}
	if looked == 0 {
		t.NotTested(harness.NoData("no search was answered", "See why the first one isn't."), id)
		return
	}
	t.Examined(id, looked)
}

// reused looks whether each search got a token of its own.
func reused(j *judge, t *harness.T, id string) {
	if j.section.Search.way() == "command" {
		t.NotApplicable(id, "each search is a process of its own")
		return
	}
	searches, tokens := 0, []catalog.Call{}
	for _, s := range j.all {
		searches++
		for _, c := range s.calls {
			if c.Token && c.Status == 200 {
				tokens = append(tokens, c)
			}
		}
	}
	switch {
	case searches < leastSearches:
		t.NotTested(harness.NoData("the product made too few searches to tell", "Run all searches, without a focus."), id)
	case len(tokens)*2 > searches+2: // one may have been good no more
		t.Fail(id, harness.Finding{Expected: "one token for some searches", Seen: fmt.Sprintf("%d tokens for %d searches", len(tokens), searches),
			Exchanges: watch(t, tokens[:2]...)})
	default:
		t.Examined(id, searches)
	}
}

// watch records calls as evidence of a check.
func watch(t *harness.T, calls ...catalog.Call) (out []string) {
	for _, c := range calls[:min(len(calls), mostEvidence)] {
		out = append(out, t.Watch(harness.Watched{Started: c.Started, Ended: c.Ended, Method: c.Method, URL: c.URL, Request: c.Header,
			Body: string(c.Body), Form: strings.HasPrefix(c.Header.Get("Content-Type"), "application/x-www-form-urlencoded"),
			Status: c.Status, Response: c.Response, Answer: c.Answer}))
	}
	return out
}
