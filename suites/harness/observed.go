package harness

import (
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/reports"
)

// What a session may observe of a target as a whole.
const (
	observedFlaky = "flaky"
	observedBusy  = "busy"
)

// observations words each kind.
var observations = map[string]reports.Observation{
	observedFlaky: {
		Title:  "Answers come and go",
		Detail: "A request ended in 502, 503, 504 or a broken connection, and the same request asked once more was answered. The checks went on with the second answer, as RFC 9110 §9.2.2 lets a client do.",
		Remedy: "Look in the log of the gateway or load balancer in front of the product at these times: users meet the same, and many clients don't ask twice.",
	},
	observedBusy: {
		Title:  "The target asks for patience",
		Detail: "Requests were answered with 429 (too many requests). Rollcall waited as long as the target asked, within limits.patience, and asked again.",
		Remedy: "To make runs quicker, let the product take more requests from the client of the tests; to meet no 429 at all, lower limits.requests_per_second in the target file.",
	},
}

const (
	// maxPlaces bounds the places that are named of one observation: the first few
	// show what is the matter.
	maxPlaces = 8
	// maxPlace bounds the length of one.
	maxPlace = 300
)

// observed gathers what is seen of the target as a whole, until it is handed on.
type observed struct {
	mu   sync.Mutex
	list []reports.Observation
}

func (o *observed) add(kind, place, exchange string) {
	one := observations[kind]
	one.Kind, one.Count = kind, 1
	if len(place) > maxPlace {
		place = place[:maxPlace] + "…"
	}
	one.Places = []string{place}
	if exchange != "" {
		one.Exchanges = []string{exchange}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = addObservations(o.list, one)
}

// take hands on what was gathered since it was last called.
func (o *observed) take() []reports.Observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.list
	o.list = nil
	return list
}

// addObservations adds observations to others of their kind.
func addObservations(list []reports.Observation, more ...reports.Observation) []reports.Observation {
	for _, m := range more {
		i := slices.IndexFunc(list, func(o reports.Observation) bool { return o.Kind == m.Kind })
		if i < 0 {
			list = append(list, m)
			continue
		}
		o := &list[i]
		o.Count += m.Count
		o.Places = first(maxPlaces, o.Places, m.Places)
		o.Exchanges = first(maxPlaces, o.Exchanges, m.Exchanges)
	}
	return list
}

// first joins two lists, without doubles, up to n.
func first(n int, a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if len(out) < n && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// among leaves of each observation's exchanges those that a report holds.
func among(list []reports.Observation, exchanges []reports.Exchange) []reports.Observation {
	for i := range list {
		list[i].Exchanges = slices.DeleteFunc(slices.Clone(list[i].Exchanges), func(id string) bool {
			return !slices.ContainsFunc(exchanges, func(x reports.Exchange) bool { return x.ID == id })
		})
	}
	return list
}
