package rest

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Need is something without which a check of a service, or a part of it, has nothing to look
// at, as harness.Need is. Requirements are named below the service.
type Need struct {
	Text  string
	Of    []string
	Unmet func(ctx context.Context, t *T) (o harness.Obstacle, ok bool)
}

// For gives the need as one of the named requirements alone.
func (n Need) For(requirements ...string) Need {
	n.Of = requirements
	return n
}

// of makes the need one of a check of the service; ok is false where the service has nothing
// for what it is about.
func (n Need) of(s *service.Service, spared map[string]bool) (out harness.Need, ok bool) {
	out.Text = n.Text
	for _, name := range n.Of {
		if !spared[name] {
			out.Of = append(out.Of, s.Requirement(name))
		}
	}
	if n.Unmet != nil {
		out.Unmet = func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
			return n.Unmet(ctx, &T{T: t, Service: s, spared: spared})
		}
	}
	return out, len(out.Of) > 0 || len(n.Of) == 0
}

// inBody is a need of data that only shows in the midst of a check: the body decides it.
func inBody(text string) []Need { return []Need{{Text: text}} }

// fine is what a need says that nothing is in the way of.
func fine() (harness.Obstacle, bool) { return harness.Obstacle{}, false }

// uncovered is the obstacle that no profile of the run asks for something.
func uncovered(what string) harness.Obstacle {
	return harness.Unclaimed("no profile of this run covers " + what)
}

// Covered needs a profile of the run that covers an operation; what says what the operation
// is about.
func Covered(operation, what string) Need {
	return Need{
		Text: "a profile that covers " + what,
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			return uncovered(what), !t.Session().Covers(operation)
		},
	}
}

// Whole needs collections that were crawled to their end: an answer computed from part of the
// data would accuse the innocent.
func Whole(names ...string) Need {
	text := "every collection, read to the end"
	if len(names) > 0 {
		text = "/" + strings.Join(names, ", /") + ", read to the end"
	}
	return Need{
		Text: text,
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			return t.cutShort(names...)
		},
	}
}

// cutShort says which of the named collections was not crawled whole.
func (t *T) cutShort(names ...string) (harness.Obstacle, bool) {
	for _, name := range names {
		if crawl(t).raw[name] == nil {
			return uncovered("/" + name), true
		}
	}
	return broken(t, names...)
}

// Known needs collections of the service beside.
func Known(names ...string) Need {
	return Need{
		Text:  "the service beside, with its /" + strings.Join(names, ", /"),
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) { return t.WithoutBeside(names...) },
	}
}

// collection needs one that holds enough objects to try paging on; many is the number in words.
func collection(atLeast int, many string) Need {
	return Need{
		Text: "a collection with " + many,
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			if _, there := pageable(t, atLeast); there {
				return fine()
			}
			return t.lacking(fmt.Sprintf("no collection holds %d objects", atLeast),
				fmt.Sprintf("Load at least %d %s.", atLeast, t.Service.Words.Many)), true
		},
	}
}

func tenObjects() []Need { return []Need{collection(10, "ten objects")} }
func anObject() []Need   { return []Need{collection(1, "an object")} }

// anything needs an object in whatever collection.
func anything() []Need {
	return []Need{{
		Text: "any object",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			if _, size := largest(t); size > 0 {
				return fine()
			}
			return t.lacking("every collection is empty", "Load some objects."), true
		},
	}}
}

// filledSample needs an object in one of the collections on which filters are tried.
func filledSample(s *service.Service) []Need {
	return []Need{{
		Text: "an object in " + inWords(s.Samples.Filtered),
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			if slices.ContainsFunc(s.Samples.Filtered, func(name string) bool {
				op := s.Collection(name).List
				return t.Session().Covers(op.ID) && filled(t, op)
			}) {
				return fine()
			}
			return t.lacking(inWords(s.Samples.Filtered)+" are empty", "Load some objects."), true
		},
	}}
}

// parents needs an object for each parameter of an operation's path.
func parents(op service.Operation) Need {
	return Need{
		Text: "an object for each parameter of the path",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			if _, ok := parentIDs(t, op); ok {
				return fine()
			}
			return t.lacking("the crawl brought no object to ask for", "Load an object for each parameter of "+op.Path+"."), true
		},
	}
}

// changing needs a date that differs within a collection of a size to compute with.
func changing() []Need {
	return []Need{{
		Text: "a collection whose objects changed at different times",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			if _, _, ok := sortable(t); ok {
				return fine()
			}
			return t.lackingSmall("no collection has a date that differs", "Load objects that changed at different times."), true
		},
	}}
}

// found needs data that are looked for in the collections of a size to compute with; load
// says what to load where there are none.
func found(text, reason, load string, there func(t *T, samples []filterSample) bool) Need {
	return Need{Text: text, Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
		if there(t, filterSamples(t)) {
			return fine()
		}
		return t.lackingSmall(reason, load), true
	}}
}

// lackingSmall is lacking of what is looked for in the collections of a size to compute with.
// Where others are larger nobody is told to load more: the data may well be there.
func (t *T) lackingSmall(reason, load string) harness.Obstacle {
	for _, c := range t.Service.Collections {
		if raw := crawl(t).Raw(c.Name); c.Derived() == "" && raw != nil && raw.Len() > computeMost {
			return t.lacking(fmt.Sprintf("%s, of those with up to %d objects, for which answers can be worked out; larger ones, such as %s, are not asked for this",
				reason, computeMost, c.List.Path),
				fmt.Sprintf("Judge a system with less data beside this one, in which all collections have fewer than %d objects.", computeMost))
		}
	}
	return t.lacking(reason, load)
}

// happens needs data that need not be there.
func happens(text, reason string, there func(t *T, samples []filterSample) bool) Need {
	return Need{Text: text, Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
		if there(t, filterSamples(t)) {
			return fine()
		}
		return t.absent(reason), true
	}}
}

// holds tells whether one of the samples has a property of the kinds that is as asked.
func holds(samples []filterSample, is func(s filterSample, p property) bool, kinds ...string) bool {
	return slices.ContainsFunc(samples, func(s filterSample) bool {
		return slices.ContainsFunc(s.properties(kinds...), func(p property) bool { return is(s, p) })
	})
}

// differing needs a property that differs between objects, in the way that the check is about.
func differing(is func(t *T, s filterSample, p property) bool) []Need {
	return []Need{found("a property that differs between objects", "no property differs between objects", "Load more objects.",
		func(t *T, samples []filterSample) bool {
			return holds(samples, func(s filterSample, p property) bool { return is(t, s, p) },
				"text", "vocabulary", "boolean", "date", "date-time")
		})}
}

// sampled needs the sub-collection on which parameters are tried, and a parent in it that the
// check takes; many are the members that it has at least, in words.
func sampled(s *service.Service, many string, takes func(m Members) bool) []Need {
	sub := s.Samples.Sub
	return []Need{
		Covered(sub.Operation, "sub-collections"),
		{
			Text: sub.WithMembers(many),
			Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
				if o, is := t.cutShort(sub.Needs...); is {
					return o, true
				}
				members := model(t).Members()
				if len(members) == 0 && t.parentless(t.Service.Operation(sub.Operation)) {
					return *t.alone, true
				}
				if takes == nil || slices.ContainsFunc(members, takes) {
					return fine()
				}
				return t.noMembers(many), true
			},
		},
	}
}

// noMembers is the obstacle that no parent has as many members as are needed.
func (t *T) noMembers(many string) harness.Obstacle {
	sub := t.Service.Samples.Sub
	return t.lacking(fmt.Sprintf("no %s has %s", sub.Parent, sub.Count(many)),
		fmt.Sprintf("%s %s in a %s.", sub.Load, sub.Count(many), sub.Parent))
}

// tokenEndpoint needs one that can be asked.
func tokenEndpoint() Need {
	return Need{
		Text: "a token endpoint in the target file",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			return t.Session().WithoutTokenEndpoint()
		},
	}
}

// tlsTarget needs a service that is reached over HTTPS.
func tlsTarget() []Need {
	return []Need{{
		Text: "an https address of the service",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			u, err := url.Parse(t.Session().Base)
			switch {
			case err == nil && u.Scheme == "https":
				return fine()
			case err == nil && loopback(u):
				return harness.Unclaimed(noWire), true
			}
			return t.BlockedBy(transportAt+"https", "the service is not reached over HTTPS"), true
		},
	}}
}

// formPosted needs a token endpoint that reads its parameters from a form in the body: of one
// that takes other ways alone nothing more is asked.
func formPosted() Need {
	return Need{
		Text: "a token endpoint that takes a form in the body",
		Unmet: func(ctx context.Context, t *T) (harness.Obstacle, bool) {
			way, standard := t.Session().TokenWay()
			if standard || !t.Session().HasTokenEndpoint() {
				return fine()
			}
			_, asked := t.RequestToken(ctx, harness.TokenRequest{Method: "basic", Scopes: t.Session().Scopes})
			return t.BlockedBy(tokenAt+"issue", "a token is granted for "+way+" alone", asked), true
		},
	}
}

// someGrant needs a token endpoint that grants a token for one of the ways of asking: where
// none does, a refusal says nothing of what was wrong with a request.
func someGrant(ways ...string) Need {
	return Need{
		Text: "a token endpoint that grants a token",
		Unmet: func(ctx context.Context, t *T) (harness.Obstacle, bool) {
			if !t.Session().HasTokenEndpoint() {
				return fine()
			}
			if _, first, granted := granting(ctx, t, ways...); !granted {
				return t.ungranted(first), true
			}
			return fine()
		},
	}
}

// coveredSubs needs a profile of the run that covers a sub-collection, whichever.
func coveredSubs() Need {
	return Need{
		Text: "a profile that covers sub-collections",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			covered := slices.ContainsFunc(t.Service.Operations,
				func(op service.Operation) bool { return op.Sub() && t.Session().Covers(op.ID) })
			return uncovered("sub-collections"), !covered
		},
	}
}

// readableBase needs a base URL that can be compared with others.
func readableBase() Need {
	return Need{
		Text: "a base URL that can be read",
		Unmet: func(_ context.Context, t *T) (harness.Obstacle, bool) {
			if _, err := url.Parse(t.Session().Base); err != nil {
				remedy := "Mend " + t.Service.Section + "." + t.Service.Key + " in target.yaml."
				return harness.Unconfigured("the base URL can't be read: "+err.Error(), remedy), true
			}
			return fine()
		},
	}
}
