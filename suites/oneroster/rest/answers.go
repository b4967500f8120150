package rest

import (
	"context"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// What checks of a service's own package need for filters of their own.

// Answer is what a filter has to leave, and what it may leave besides where the standard is open.
type Answer struct{ Must, May map[string]bool }

// Quote writes a filter value: in single quotes, quotes inside doubled.
func Quote(v string) string { return quote(v) }

// Fold takes the distinctions away that a comparison without regard to case and accents ignores.
func Fold(s string) string { return fold(s) }

// Objects gives what the crawl brought of a collection, taken apart, by what tells objects apart; nil
// where it didn't come whole, or is too large for whole answers to be computed. It is not to be changed.
func (t *T) Objects(name string) map[string]map[string]any {
	for _, s := range filterSamples(t) {
		if s.Name == name {
			return s.objects
		}
	}
	return nil
}

// Filtered asks for a collection with a filter, reads what that leaves to its end and judges it: any of
// the answers will do, and a refusal where that is allowed.
func (t *T) Filtered(ctx context.Context, id, collection, filter string, refusable bool, answers ...Answer) bool {
	samples := filterSamples(t)
	i := slices.IndexFunc(samples, func(s filterSample) bool { return s.Name == collection })
	if i < 0 {
		return false
	}
	own := make([]answer, len(answers))
	for j, a := range answers {
		own[j] = answer{a.Must, a.May}
	}
	if refusable {
		judgeOrRefused(ctx, t, samples[i], id, filter, own...)
		return true
	}
	return samples[i].filtered(ctx, t, id, filter, own...)
}

// Page asks for a page of a collection.
func (t *T) Page(ctx context.Context, collection string, offset, limit int, extra ...string) *Page {
	return part(ctx, t, t.Service.Collection(collection), offset, limit, extra...)
}

// Provoked asks for what may break a product: see the kernel's own use of it. ok is false where plain
// requests break as well; then the requirements are blocked.
func (t *T) Provoked(ctx context.Context, path, query string, ids ...string) (r *harness.Response, ok bool) {
	return provoked(ctx, t, path, query, ids...)
}

// Present is a need of data that a check is about, where something is to be told of their absence:
// load says what to load, and without it nobody is to.
func Present(text, reason, load string, there func(t *T) bool) Need {
	return Need{Text: text, Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
		switch {
		case there(t):
			return fine()
		case load == "":
			return t.absent(reason), true
		}
		return t.lackingSmall(reason, load), true
	}}
}
