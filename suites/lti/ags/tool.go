package ags

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	tokens "github.com/rollcall-edu/rollcall/suites/lti/access"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// ToolPrefix begins the ids of the requirements on tools.
const ToolPrefix = "ags20.tool."

// ToolProfile is what a tool claims that posts scores.
const ToolProfile = "ags20-tool"

// What grades go by.
const (
	toolScope      = "https://purl.imsglobal.org/spec/lti-ags/scope/"
	lineItemScope  = toolScope + "lineitem"
	lineItemsScope = toolScope + "lineitem.readonly"
	resultScope    = toolScope + "result.readonly"
	scoreScope     = toolScope + "score"

	lineItemMedia  = "application/vnd.ims.lis.v2.lineitem+json"
	lineItemsMedia = "application/vnd.ims.lis.v2.lineitemcontainer+json"
	resultsMedia   = "application/vnd.ims.lis.v2.resultcontainer+json"
	scoreMedia     = "application/vnd.ims.lis.v1.score+json"
)

const scoreKey = "lti.tool.score"

// ToolPart is what the suite for tools has of grades.
func ToolPart() tool.Part {
	needs := []harness.Need{tool.Opens(), scoreSent()}
	check := func(id, title string, body func(context.Context, *harness.T), requirements ...string) harness.Check {
		return harness.Check{ID: "ags." + id, Title: title, Needs: needs, Body: body, Requirements: requirements}
	}
	zero := check("zero", "Sends a score of 0 as a number", scoreZero, "score.zero")
	zero.Needs = []harness.Need{tool.Opens(), tool.Setting("steps in lti.tool.zero by which a learner ends with a score of 0",
		harness.Unconfigured("no steps lead to a score of 0 (lti.tool.zero)",
			"Add lti.tool.zero: what a learner does, from the opened launch on, to end with 0 points, such as to answer everything wrong."),
		noZero)}
	items := harness.Check{ID: "ags.line-items", Title: "Makes its line items once, and not at each launch", Needs: needs, Body: lineItems,
		Requirements: []string{"line-item.shape", "line-item.media", "line-item.once", "line-item.pages"}}
	return tool.Part{Profile: ToolProfile, Prefix: ToolPrefix, Checks: []harness.Check{
		check("score", "Posts scores in the form of the standard", scoreShape, "score.shape", "score.maximum",
			"score.members", "score.media", "score.address",
			"score.user", "score.precise", "score.due", "score.rising"),
		zero,
		check("success-200", "Takes 200 and an empty body as success", success(http.StatusOK, ""), "score.success"),
		check("success-201", "Takes 201 as success", success(http.StatusCreated,
			`{"resultUrl":"https://platform.example/results/1"}`), "score.success"),
		check("success-202", "Takes 202 and an empty body as success", success(http.StatusAccepted, ""), "score.success"),
		check("success-204", "Takes 204 as success", success(http.StatusNoContent, ""), "score.success"),
		check("declared", "Posts scores where a launch offers nothing but its line item", scoreDeclared, "score.declared"),
		check("busy", "Sends a score again that the platform was too busy for", scoreBusy, "score.busy"),
		check("broken-off", "Sends a score again whose answer was broken off", scoreBrokenOff, "score.broken-off"),
		check("bounded", "Doesn't send a score again without end", scoreBounded, "score.bounded"),
		check("superseded", "Doesn't send a score again that was answered with 409", scoreSuperseded, "score.superseded"),
		items,
	}}
}

// toolScopes are what a launch offers of grades.
var toolScopes = []string{lineItemScope, resultScope, scoreScope}

// ToolProvokes has a tool post scores.
func ToolProvokes() tokens.Provoke {
	return tokens.Provoke{Service: "posting scores", Key: scoreKey, Plain: plainScores,
		Offered: func(*harness.T) []string { return toolScopes },
		Again: func(ctx context.Context, t *harness.T, token func(w http.ResponseWriter,
			r *http.Request) bool) (tool.Acted, harness.Obstacle, bool) {
			a, o, ok := work(ctx, t, round{title: "scores once more", token: token})
			return a.Acted, o, ok
		}}
}

// scoreSent needs a tool that posts a score when its steps are taken, or by itself.
func scoreSent() harness.Need {
	return harness.Need{Text: "steps in lti.tool.score that lead to a score, or a tool that posts one by itself",
		Unmet: func(ctx context.Context, t *harness.T) (harness.Obstacle, bool) {
			_, o, ok := plain(ctx, t)
			return o, !ok
		}}
}

// rounds is what came of the work of learners in this run, by its titles.
type rounds struct {
	done map[string]came
}

type came struct {
	worked   worked
	obstacle harness.Obstacle
	ok       bool
}

// worked is what came of a learner's work.
type worked struct {
	tool.Acted
	user string
}

// round is one learner's work, and how the gradebook takes its scores.
type round struct {
	title string
	token func(w http.ResponseWriter, r *http.Request) bool
	steps []browser.Step // nil: those of the target file
	user  string         // who works; empty: somebody new
	// answer answers a score, by what it says and how often that came before; nil: 200 and {}.
	answer func(w http.ResponseWriter, said signature, before int)
	// done tells whether all came that is waited for, by the scores so far; nil: when there is one.
	done     func(scores []score) bool
	patience time.Duration
	quiet    time.Duration
	// own: the launch names no line item, in a link of this name.
	own string
	// declared: the launch offers nothing but to post scores to its line item.
	declared bool
	// book holds line items; nil: that of the course that all launches are in.
	book *book
}

// plainScores gives the scores of the plain round.
func plainScores(ctx context.Context, t *harness.T) (tool.Acted, harness.Obstacle, bool) {
	w, o, ok := plain(ctx, t)
	return w.Acted, o, ok
}

// plain has a learner work, once a run: all else stands on it.
func plain(ctx context.Context, t *harness.T) (worked, harness.Obstacle, bool) {
	w, o, ok := kept(ctx, t, round{title: "a learner works", quiet: time.Second})
	if ok && len(w.scores()) == 0 {
		if o, is := tokens.Refused(w.Acted); is {
			return w, o, false
		}
		if len(tool.Section(t).Tool.Score) == 0 {
			return w, harness.Unconfigured("no steps lead to a score (lti.tool.score), and at a launch by a learner the tool posts none by itself",
				"Add lti.tool.score: what a learner does, from the opened launch on, until a score is due, such as [{click: \"text=Start\"}, {click: \"text=Hand in\"}]."), false
		}
		return w, w.Missing("score", scoreKey), false
	}
	return w, o, ok
}

// kept has a learner work, once a run.
func kept(ctx context.Context, t *harness.T, r round) (worked, harness.Obstacle, bool) {
	all := tool.Shared(t, func() *rounds { return &rounds{done: map[string]came{}} })
	c, there := all.done[r.title]
	if !there {
		c.worked, c.obstacle, c.ok = work(ctx, t, r)
		all.done[r.title] = c
	}
	return c.worked, c.obstacle, c.ok
}

// work has a learner, whom the tool never met unless the round says who, work at a link that it knows. The line item's
// address has a query, as those of widespread platforms have.
func work(ctx context.Context, t *harness.T, r round) (worked, harness.Obstacle, bool) {
	user := cmp.Or(r.user, "u-learner-"+tool.Fresh())
	services, link := "course-1-grades", "link-1"
	ags := map[string]any{"scope": anyOf(toolScopes), "lineitems": "$services/lineitems?course=1",
		"lineitem": "$services/lineitems/7?type_id=3"}
	switch {
	case r.own != "":
		services, link = r.own+"-grades", r.own
		delete(ags, "lineitem")
	case r.book == nil:
		r.book = courseBook(t)
	}
	if r.declared {
		ags["scope"] = []any{scoreScope}
		delete(ags, "lineitems")
	}
	g := &servedBook{t: t, round: r, at: tool.Origin(t) + "/acts/" + services, said: map[signature]int{}}
	steps := r.steps
	if steps == nil {
		steps = tool.Section(t).Tool.Score
	}
	done := r.done
	if done == nil {
		done = func(scores []score) bool { return len(scores) > 0 }
	}
	a, o, ok := tool.Act(ctx, t, tool.Action{Title: r.title, User: "learner", Services: services, Steps: steps,
		Lenient: true, Serve: g, Token: r.token, Quiet: r.quiet,
		Patience: r.patience,
		Claims:   map[string]any{"sub": user, "nrps": nil, "ags": ags, "resource_link": map[string]any{"id": link}},
		Done:     func(calls []tool.Call) bool { return done(scoresOf(calls)) }})
	return worked{a, user}, o, ok
}

func anyOf(texts []string) []any {
	var out []any
	for _, s := range texts {
		out = append(out, s)
	}
	return out
}

// again has a learner work while the gradebook answers otherwise, and gives what keeps its
// scores from being answered at all.
func again(ctx context.Context, t *harness.T, r round) (worked, harness.Obstacle, bool) {
	w, o, ok := kept(ctx, t, r)
	if !ok {
		return w, o, false
	}
	scores := w.scores()
	if len(scores) == 0 {
		return w, w.Missing("score", scoreKey), false
	}
	if o, is := unanswered(w); is {
		return w, o, false
	}
	return w, o, ok
}

// unanswered is what keeps scores from being answered: they come without a token, with one for
// something else, or to another address.
func unanswered(w worked) (harness.Obstacle, bool) {
	var o harness.Obstacle
	for _, s := range w.scores() {
		switch {
		case s.Status == http.StatusForbidden:
			o = harness.BlockedBy(tokens.ReqScope, "the token of the score is for something else")
		case s.Status == http.StatusUnauthorized:
			o = tokens.Unauthorized(s.Call)
		case s.Status == http.StatusNotFound || s.Status == http.StatusMethodNotAllowed:
			o = harness.BlockedBy(ToolPrefix+"score.address", "the score went to "+s.Method+" …"+s.Path+"?"+s.Query)
		default:
			return o, false
		}
	}
	return o.Seen(w.Exchanges...), o.Owner() != ""
}

// servedBook is the services of one round.
type servedBook struct {
	t     *harness.T
	round round
	at    string // address of the services
	said  map[signature]int
}

// ServeHTTP answers as a platform does. Calls come one at a time, for most tools; what is kept
// between them is guarded by the round's book, or by nobody but this.
func (g *servedBook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/lineitems")
	switch id, below, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); {
	case path == r.URL.Path, id != "" && g.item(id) == nil, g.round.own == "" && id != "" && r.URL.Query().Get("type_id") != "3",
		id == "" && r.URL.Query().Get("course") != "1":
		http.NotFound(w, r)
	case id == "" && r.Method == http.MethodGet:
		if tool.Admit(g.t, w, r, lineItemScope, lineItemsScope) {
			g.list(w, r)
		}
	case id == "" && r.Method == http.MethodPost:
		if tool.Admit(g.t, w, r, lineItemScope) {
			g.make(w, r)
		}
	case below == "" && r.Method == http.MethodGet:
		if tool.Admit(g.t, w, r, lineItemScope, lineItemsScope) {
			tool.Answer(w, http.StatusOK, lineItemMedia, g.item(id))
		}
	case below == "" && r.Method == http.MethodPut:
		if tool.Admit(g.t, w, r, lineItemScope) {
			g.change(w, r, id)
		}
	case below == "scores" && r.Method == http.MethodPost:
		if tool.Admit(g.t, w, r, scoreScope) {
			g.score(w, r)
		}
	case below == "results" && r.Method == http.MethodGet:
		if tool.Admit(g.t, w, r, resultScope) {
			tool.Answer(w, http.StatusOK, resultsMedia, []any{})
		}
	default:
		w.Header().Set("Allow", "GET, POST, PUT")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
	}
}

// score takes a score.
func (g *servedBook) score(w http.ResponseWriter, r *http.Request) {
	s := read(r)
	lock.Lock()
	before := g.said[s]
	g.said[s]++
	lock.Unlock()
	if g.round.answer != nil {
		g.round.answer(w, s, before)
		return
	}
	tool.Answer(w, http.StatusOK, "application/json", map[string]any{})
}

// describe words what a score says.
func (s signature) describe() string {
	given := "no scoreGiven"
	if s.given != "" {
		given = "scoreGiven " + s.given
	}
	return fmt.Sprintf("%s, %s, %s", s.activity, s.grading, given)
}
