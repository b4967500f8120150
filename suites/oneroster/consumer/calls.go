package consumer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// The bounds to what a product may ask of a provider.
const (
	mostRepeats  = 3  // of one address, answered well, within a sync
	mostParallel = 16 // calls on their way at once
	mostRetries  = 10 // of one address that fails, within a sync
	// briefPage is the largest limit by which a call may only want to see whether anybody is there.
	briefPage = 5
)

// callChecks are what is decided by looking at every call that a product made, below the service.
var callChecks = []struct {
	id, title string
	body      func(j *judge, t *harness.T, id string)
}{
	{"calls.known", "Every call is of an operation of the standard", eachCall("operation", isService)},
	{"calls.parameters", "Every query has parameters of the standard, with values that they allow", eachCall("parameter", isRead)},
	{"calls.filter", "Every filter is written by the grammar", filtering("filter", filters)},
	{"calls.encoding", "Every query is percent-encoded", eachCall("encoding", asks)},
	{"calls.filter-dates", "Every instant in a filter is a whole date-time", filtering("date", filtersDates)},
	{"calls.media", "Every call takes JSON", eachCall("media", isRead)},
	{"calls.repeats", "No page is asked for again and again", repeats},
	{"calls.parallel", "A few calls are on their way at once", parallel},
	{"paging.to-end", "Collections are read to their end", toEnd},
	{"token.request", "Tokens are asked for by client credentials", eachCall("token", isToken)},
	{"token.scopes", "The scopes asked for are those of the standard", eachCall("scope", isToken)},
	{"token.needed", "A token goes along with every call", eachCall("unauthorized", isService)},
	{"token.not-in-url", "No token stands in an address", eachCall("token-in-url", isService)},
	{"token.reused", "One token serves many calls", reused},
	{"token.least", "No scopes are asked for that are not used", least},
	{"signed.requests", "Every signed call has a right signature", signatures(isSigned)},
	{"signed.blanks", "Every signed call with a blank in its query is signed over %20", signatures(isBlank)},
	{"delta.asks", "Deltas ask for what changed", deltas},
	{"delta.mark", "A delta asks for everything that changed since", marks},
	{"delta.year", "A delta asks by the calendar's year", years},
}

// filtering decides a requirement of those who filter: a product that reads everything, each time, needs not do so.
func filtering(problem string, concerns func(provider.Call) bool) func(*judge, *harness.T, string) {
	each := eachCall(problem, concerns)
	return func(j *judge, t *harness.T, id string) {
		filtered := slices.ContainsFunc(j.syncs, func(s *occasion) bool { return slices.ContainsFunc(s.calls, concerns) })
		if !filtered && !j.section.Sync.Knows(driver.Delta) {
			t.NotApplicable(id, "the product reads everything at each sync, and filters nothing of the kind")
			return
		}
		each(j, t, id)
	}
}

// eachCall decides a requirement by what the provider noted of each call that it concerns.
func eachCall(problem string, concerns func(provider.Call) bool) func(*judge, *harness.T, string) {
	return func(j *judge, t *harness.T, id string) {
		looked, seen := 0, map[string]bool{}
		for _, s := range j.syncs {
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
					}
					t.Fail(id, f)
				}
			}
		}
		if looked == 0 {
			t.NotTested(harness.NoData("the product made no such call", "Have it sync while Rollcall looks, in a way that makes it call so."), id)
			return
		}
		t.Examined(id, looked)
	}
}

func isToken(c provider.Call) bool   { return c.Token }
func isService(c provider.Call) bool { return !c.Token }
func isRead(c provider.Call) bool    { return !c.Token && c.Method == http.MethodGet }
func asks(c provider.Call) bool      { return isRead(c) && c.RawQuery != "" }
func filters(c provider.Call) bool   { return isRead(c) && c.Query.Has("filter") }
func filtersDates(c provider.Call) bool {
	f := c.Query.Get("filter")
	return filters(c) && (strings.Contains(f, "dateLastModified") || strings.Contains(f, "assignDate") || strings.Contains(f, "dueDate"))
}

// well tells of a call that was answered with what was asked for.
func well(c provider.Call) bool { return isRead(c) && c.Status == http.StatusOK && c.Trouble == "" }

// repeats counts how often one address was asked for in a sync though it was answered well.
func repeats(j *judge, t *harness.T, id string) {
	looked := 0
	for _, s := range j.syncs {
		if !s.sound {
			continue
		}
		times := map[string][]provider.Call{}
		for _, c := range s.calls {
			if well(c) {
				times[c.URL] = append(times[c.URL], c)
				looked++
			}
		}
		for _, calls := range times {
			if len(calls) > mostRepeats {
				t.Fail(id, harness.Finding{
					Expected:  fmt.Sprintf("the address %d times at most in one sync", mostRepeats),
					Seen:      fmt.Sprintf("%d times in %q", len(calls), s.phase),
					Sent:      calls[0].Method + " " + t.Where(calls[0].URL),
					Exchanges: watch(t, calls[:2]...),
				})
			}
		}
	}
	enough(t, id, looked)
}

// enough says that so much was looked at, or that there was nothing.
func enough(t *harness.T, id string, looked int) {
	if looked > 0 {
		t.Examined(id, looked)
		return
	}
	t.NotTested(harness.NoData("the product read nothing", "Have it sync while Rollcall looks."), id)
}

// parallel counts the calls that were on their way at once.
func parallel(j *judge, t *harness.T, id string) {
	looked := 0
	for _, s := range j.syncs {
		type edge struct {
			at   time.Time
			step int
		}
		var edges []edge
		for _, c := range s.calls {
			edges = append(edges, edge{c.Started, 1}, edge{c.Ended, -1})
			looked++
		}
		slices.SortFunc(edges, func(a, b edge) int {
			if n := a.at.Compare(b.at); n != 0 {
				return n
			}
			return a.step - b.step
		})
		now, most := 0, 0
		for _, e := range edges {
			now += e.step
			most = max(most, now)
		}
		if most > mostParallel {
			t.Fail(id, harness.Finding{Expected: fmt.Sprintf("%d calls at once at most", mostParallel), Seen: fmt.Sprintf("%d in %q", most, s.phase),
				Exchanges: watch(t, s.calls[:min(2, len(s.calls))]...)})
		}
	}
	enough(t, id, looked)
}

// chain is how far a product read one collection, by one filter.
type chain struct {
	calls []provider.Call
	read  []bool // by place in the collection
	total int
}

// toEnd looks whether what was begun to be read was read to its end, while the provider behaved as any.
func toEnd(j *judge, t *harness.T, id string) {
	looked := 0
	for i, s := range j.syncs {
		if !s.sound || fails(s) || i > 0 && fails(j.syncs[i-1]) { // after one that failed it may go on where that was
			continue
		}
		chains := map[string]*chain{}
		for _, c := range s.calls {
			if !well(c) || c.Total < 0 {
				continue
			}
			key := c.Path + "?" + c.Query.Get("filter") + c.Query.Get("sort") + c.Query.Get("orderBy")
			at := chains[key]
			if at == nil {
				at = &chain{}
				chains[key] = at
			}
			if at.total = max(at.total, c.Total); len(at.read) < at.total {
				at.read = append(at.read, make([]bool, at.total-len(at.read))...)
			}
			for i := c.Offset; i < c.Offset+c.Count && i < len(at.read); i++ {
				at.read[i] = true
			}
			if !brief(c) {
				at.calls = append(at.calls, c)
			}
		}
		for _, at := range chains {
			if len(at.calls) == 0 {
				continue
			}
			looked++
			if left := at.total - count1(at.read); left > 0 {
				f := harness.Finding{
					Expected:  fmt.Sprintf("all %d objects read", at.total),
					Seen:      fmt.Sprintf("%d of them were not, from number %d on, in %q", left, slices.Index(at.read, false), s.phase),
					Where:     t.Where(at.calls[0].URL),
					Exchanges: watch(t, at.calls[len(at.calls)-1]),
				}
				t.Fail(id, f)
			}
		}
	}
	enough(t, id, looked)
}

func count1(list []bool) (n int) {
	for _, x := range list {
		if x {
			n++
		}
	}
	return n
}

// brief tells of a call that may only want to see whether anybody is there.
func brief(c provider.Call) bool {
	limit := c.Query.Get("limit")
	return len(limit) == 1 && limit <= fmt.Sprint(briefPage)
}

// reused looks whether tokens were asked for anew with every call.
func reused(j *judge, t *harness.T, id string) {
	looked := 0
	for _, s := range j.syncs {
		if !s.sound {
			continue
		}
		var tokens []provider.Call
		calls := 0
		for _, c := range s.calls {
			if c.Token {
				tokens = append(tokens, c)
			} else {
				calls++
			}
		}
		looked += calls
		if calls > 0 && len(tokens) > 3 && 2*len(tokens) > calls {
			t.Fail(id, harness.Finding{Expected: "one token for many calls", Seen: fmt.Sprintf("%d tokens for %d calls in %q", len(tokens),
				calls, s.phase),
				Exchanges: watch(t, tokens[:2]...)})
		}
	}
	enough(t, id, looked)
}

// least looks whether every scope that was asked for opens some operation that was called.
func least(j *judge, t *harness.T, id string) {
	asked, used := map[string]provider.Call{}, map[string]bool{}
	for _, s := range slices.Concat(j.syncs, j.pushed) {
		for _, c := range s.calls {
			if c.Token {
				for _, scope := range c.Scopes {
					asked[scope] = c
				}
				continue
			}
			for _, scope := range scopesOf(j.version, c.Operation) {
				used[scope] = true
			}
		}
	}
	if len(asked) == 0 {
		t.NotTested(harness.NoData("the product asked for no token", "Nothing has to be done where it signs its calls."), id)
		return
	}
	for scope, c := range asked {
		t.Assert(id, used[scope], harness.Finding{Expected: "a scope by which something is called", Seen: "no call of the run needs " + scope,
			Exchanges: watch(t, c)})
	}
}

// scopesOf are the scopes, in full, that open an operation.
func scopesOf(version, operation string) (out []string) {
	for _, s := range servicesOf(version) {
		if !s.Serves(operation) && !slices.ContainsFunc(s.Writes, func(op service.Operation) bool { return op.ID == operation }) {
			continue
		}
		for _, scope := range operationOf(s, operation).Scopes {
			out = append(out, s.Scopes.Prefix+scope)
		}
	}
	return out
}

func operationOf(s *service.Service, id string) service.Operation {
	for _, op := range slices.Concat(s.Operations, s.Writes) {
		if op.ID == id {
			return op
		}
	}
	return service.Operation{}
}

// servicesOf are the services of a version that a consumer may call.
func servicesOf(version string) []*service.Service {
	if version == "1.1" {
		return []*service.Service{service.Rostering11(), service.Resources11(), service.Gradebook11()}
	}
	return []*service.Service{service.Rostering(), service.Resources(), service.Gradebook(), service.Assessment()}
}

// isSigned tells of a signed call without a blank in its query, isBlank of one with a blank.
func isSigned(c provider.Call) bool {
	return harness.Signed(c.Header.Get("Authorization")) && !hasBlank(c)
}
func isBlank(c provider.Call) bool {
	return harness.Signed(c.Header.Get("Authorization")) && hasBlank(c)
}

func hasBlank(c provider.Call) bool {
	return strings.Contains(c.RawQuery, "%20") || strings.Contains(c.RawQuery, "+")
}

// signatures decides by signed calls, of products that sign.
func signatures(concerns func(provider.Call) bool) func(*judge, *harness.T, string) {
	each := eachCall("signature", concerns)
	return func(j *judge, t *harness.T, id string) {
		if !j.section.Signed {
			t.NotApplicable(id, "the product isn't said to sign its calls (consumer.signed)")
			return
		}
		if !slices.ContainsFunc(j.syncs, func(s *occasion) bool { return slices.ContainsFunc(s.calls, concerns) }) {
			t.NotApplicable(id, "the product made no signed call of the kind")
			return
		}
		each(j, t, id)
	}
}
