package ags

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// lock guards what gradebooks keep between calls of one round.
var lock sync.Mutex

// signature is what a score says, whenever it was said.
type signature struct{ user, activity, grading, given, item string }

// score is one that was posted.
type score struct {
	tool.Call
	members map[string]any // nil: the body is no object
	says    signature
}

// read reads what a request says.
func read(r *http.Request) signature {
	body, _ := io.ReadAll(r.Body) // it was read before
	_, s := parse(r.URL.Path, body)
	return s
}

func parse(path string, body []byte) (map[string]any, signature) {
	var members map[string]any
	_ = json.Unmarshal(body, &members) // what is no object says nothing
	text := func(name string) string { s, _ := members[name].(string); return s }
	s := signature{user: text("userId"), activity: text("activityProgress"), grading: text("gradingProgress"), item: path}
	if v, there := members["scoreGiven"]; there {
		s.given = fmt.Sprint(v)
	}
	return members, s
}

// scoresOf finds the scores among calls: what is posted to scores, and what looks like one
// wherever it is posted.
func scoresOf(calls []tool.Call) []score {
	var out []score
	for _, c := range calls {
		if c.Token || c.Method != http.MethodPost && c.Method != http.MethodPut {
			continue
		}
		members, says := parse(c.Path, c.Body)
		if strings.HasSuffix(c.Path, "/scores") || says.activity != "" || says.grading != "" {
			out = append(out, score{c, members, says})
		}
	}
	return out
}

func (w worked) scores() []score { return scoresOf(w.Calls) }

// last is the score that a learner's work ends with.
func (w worked) last() signature {
	list := w.scores()
	return list[len(list)-1].says
}

// like tells whether a score says the same of another learner.
func (s signature) like(other signature) bool {
	s.user, other.user = "", ""
	return s == other
}

var scoreSchema = sync.OnceValue(func() *schemas.Schema { return schemas.MustLoad("lti/ags/2.0/score") })

// Names of the members of a score (AGS 2.0 §3.4).
var scoreMembers = map[string]bool{"userId": true, "activityProgress": true, "gradingProgress": true, "timestamp": true, "scoreGiven": true,
	"scoreMaximum": true, "comment": true, "scoringUserId": true, "submission": true}

// scoreShape holds each score to the rules.
func scoreShape(ctx context.Context, t *harness.T) {
	w, _, _ := plain(ctx, t)
	for _, s := range w.scores() {
		assert := func(requirement string, ok bool, expected, seen, where string) {
			t.Assert(ToolPrefix+requirement, ok, harness.Finding{Sent: "a learner works", Expected: expected, Seen: seen, Where: where,
				Exchanges: []string{s.Exchange}})
		}
		assert("score.address", s.Method == http.MethodPost && s.Path == "/lineitems/7/scores" && values(s.Query).Get("type_id") == "3",
			"POST …/lineitems/7/scores?type_id=3, for the line item is …/lineitems/7?type_id=3", s.Method+" …"+s.Path+"?"+s.Query, "the address")
		media, _, err := mime.ParseMediaType(s.Header.Get("Content-Type"))
		assert("score.media", err == nil && media == scoreMedia, scoreMedia, s.Header.Get("Content-Type"), "header Content-Type")
		shaped(t, s.Call, scoreSchema(), "score.shape")
		if s.members == nil {
			continue // then that is what is wrong with it
		}
		given, has := s.members["scoreGiven"]
		_, most := s.members["scoreMaximum"]
		assert("score.maximum", !has || given == nil || most, "scoreMaximum beside scoreGiven", "scoreGiven alone", "/scoreMaximum")
		for name := range s.members {
			if !scoreMembers[name] {
				u, err := url.Parse(name)
				assert("score.members", err == nil && u.IsAbs(), "members of the standard, and others by names that are URLs", name, "/"+name)
			}
		}
		t.Examined(ToolPrefix+"score.members", 1)
		user, _ := s.members["userId"].(string)
		assert("score.user", user == w.user, "userId is sub of the launch", "another one", "/userId")
		if at, _ := s.members["timestamp"].(string); at != "" {
			_, fraction, _ := strings.Cut(at, ".")
			assert("score.precise", fraction != "", "fractions of a second", "whole seconds", "/timestamp")
			if off, readable := awry(at, s.At); readable {
				assert("score.timely", off == "", "the time at which the score was given, as it came at "+s.At.UTC().Format(time.RFC3339), at+", "+off,
					"/timestamp")
			}
		}
	}
	rising(t, w)
	for requirement, why := range map[string]string{"score.precise": "no score has a timestamp that is text",
		"score.timely": "no score has a timestamp that can be read"} {
		if !t.Looked(ToolPrefix + requirement) {
			t.NotTested(harness.BlockedBy(ToolPrefix+"score.shape", why), ToolPrefix+requirement)
		}
	}
}

// clocksApart is how far the clocks of a tool and of Rollcall may be apart; scoresWait how long a
// score may have waited in the tool before it came.
const (
	clocksApart = 5 * time.Minute
	scoresWait  = 10 * time.Minute
)

// awry says how far a timestamp is from when its score came; "" where it may be right.
func awry(text string, came time.Time) (off string, readable bool) {
	at, err := time.Parse(time.RFC3339, text)
	switch d := at.Sub(came); {
	case err != nil:
		return "", false
	case d > clocksApart:
		return d.Round(time.Minute).String() + " ahead", true
	case -d > clocksApart+scoresWait:
		return (-d).Round(time.Minute).String() + " before", true
	}
	return "", true
}

func values(query string) url.Values {
	v, _ := url.ParseQuery(query) // what can't be read lacks what it needs
	return v
}

// shaped holds a body to a schema.
func shaped(t *harness.T, c tool.Call, s *schemas.Schema, requirement string) {
	id := ToolPrefix + requirement
	findings, err := s.Validate(c.Body)
	if err != nil {
		t.Fail(id, harness.Finding{Expected: "a JSON object", Seen: "none that can be read", Where: "the body", Exchanges: []string{c.Exchange}})
		return
	}
	t.Examined(id, 1)
	for _, f := range findings {
		if f.Severity == schemas.Error {
			t.Fail(id, harness.Finding{Sent: "nothing: the tool does it by itself", Expected: f.Expected,
				Seen: f.Message, Where: f.Pointer, Exchanges: []string{c.Exchange}})
		}
	}
}

// rising compares the times of scores of one line item that say something new.
func rising(t *harness.T, w worked) {
	id := ToolPrefix + "score.rising"
	type told struct {
		at   time.Time
		says signature
	}
	last := map[string]told{}
	compared := false
	for _, s := range w.scores() {
		text, _ := s.members["timestamp"].(string)
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			continue
		}
		before, there := last[s.Path]
		last[s.Path] = told{at, s.says}
		if !there || before.says == s.says {
			continue
		}
		compared = true
		t.Assert(id, at.After(before.at), harness.Finding{Sent: "a learner goes on working",
			Expected: "a timestamp later than " + before.at.Format(time.RFC3339Nano),
			Seen:     text, Where: "/timestamp", Exchanges: []string{s.Exchange}})
	}
	if !compared {
		t.NotTested(harness.NoData("the work of a learner leads to one score only", "Let the steps of lti.tool.score lead to several scores, if the tool posts more than one."), id)
	}
}

func noZero(l *lti.Section) bool { return len(l.Tool.Zero) == 0 }

// scoreZero has a learner end with nothing.
func scoreZero(ctx context.Context, t *harness.T) {
	id := ToolPrefix + "score.zero"
	w, o, ok := kept(ctx, t, round{title: "a learner ends with a score of 0", steps: tool.Section(t).Tool.Zero, quiet: time.Second})
	if !ok {
		t.NotTested(o)
		return
	}
	list := w.scores()
	if len(list) == 0 {
		t.NotTested(w.Missing("score", "lti.tool.zero"))
		return
	}
	last := list[len(list)-1]
	given, there := last.members["scoreGiven"]
	f := harness.Finding{Sent: "a learner ends with a score of 0", Expected: "scoreGiven: 0", Where: "/scoreGiven",
		Exchanges: []string{last.Exchange}}
	switch {
	case given == 0.0:
		t.Examined(id, 1)
	case !there || given == nil:
		f.Seen = "none: " + last.says.describe()
		t.Fail(id, f)
	default:
		t.NotTested(harness.Unconfigured(fmt.Sprintf("the steps of lti.tool.zero end with scoreGiven %v", given), "Correct lti.tool.zero, so that its steps end with 0 points.").
			Seen(w.Exchanges...))
	}
}

// success has the gradebook answer scores in another way that says that they were taken.
func success(status int, body string) func(context.Context, *harness.T) {
	return func(ctx context.Context, t *harness.T) {
		id := ToolPrefix + "score.success"
		before, _, _ := plain(ctx, t)
		answer := fmt.Sprintf("%d %s", status, http.StatusText(status))
		if body == "" {
			answer += " with an empty body"
		}
		w, o, ok := again(ctx, t, round{title: "scores are answered with " + answer, answer: func(w http.ResponseWriter, _ signature, _ int) {
			if body != "" {
				w.Header().Set("Content-Type", "application/json")
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body) // the tool may be gone
		}, done: func(scores []score) bool { return len(scores) >= len(before.scores()) }})
		if !ok {
			t.NotTested(o)
			return
		}
		f := harness.Finding{Sent: answer, Expected: "what follows 200 too", Exchanges: w.Exchanges}
		twice := repeated(w.scores())
		switch {
		case twice != "":
			f.Seen = "the same score once more: " + twice
		case len(w.scores()) < len(before.scores()):
			f.Seen = fmt.Sprintf("%d scores, %d otherwise", len(w.scores()), len(before.scores()))
		case w.Broken() != "" && before.Broken() == "":
			f.Seen = w.Broken()
		case w.Text() != before.Text() && steadyPage(ctx, t, before):
			f.Seen = "the tool's page says something else"
		}
		t.Assert(id, f.Seen == "", f)
	}
}

// repeated words a score that came twice, "" where none did.
func repeated(list []score) string {
	seen := map[string]bool{}
	for _, s := range list {
		if key := s.Path + string(s.Body); seen[key] {
			return s.says.describe()
		} else {
			seen[key] = true
		}
	}
	return ""
}

// steadyPage tells whether the tool's page is the same for each learner who works alike.
func steadyPage(ctx context.Context, t *harness.T, before worked) bool {
	w, _, ok := kept(ctx, t, round{title: "another learner works",
		done: func(scores []score) bool { return len(scores) >= len(before.scores()) }})
	return ok && w.Text() == before.Text()
}

// late is how long is waited for a score to come again.
func late(t *harness.T) time.Duration { return tool.Budget(t) }

// accepted tells whether a score like the one that work ends with was taken.
func accepted(list []score, like signature) bool {
	for _, s := range list {
		if s.says.like(like) && s.Status >= 200 && s.Status < 300 {
			return true
		}
	}
	return false
}

// resent has the last score of a learner's work go wrong once, and looks whether it comes again.
func resent(ctx context.Context, t *harness.T, requirement, title string, wrong func(w http.ResponseWriter)) {
	before, _, _ := plain(ctx, t)
	if o, is := unanswered(before); is {
		t.NotTested(o)
		return
	}
	last := before.last()
	w, o, ok := again(ctx, t, round{title: title, patience: late(t),
		answer: func(w http.ResponseWriter, says signature, before int) {
			if says.like(last) && before == 0 {
				wrong(w)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}, done: func(scores []score) bool { return accepted(scores, last) }})
	if !ok {
		t.NotTested(o)
		return
	}
	met := false
	for _, s := range w.scores() {
		met = met || s.says.like(last)
	}
	if !met {
		t.NotTested(harness.NoData("the score that the work ended with before, "+last.describe()+", didn't come this time", "Let the steps of lti.tool.score lead to the same scores each time."))
		return
	}
	t.Assert(ToolPrefix+requirement, accepted(w.scores(), last), harness.Finding{Sent: title, Expected: "the score again, a moment later",
		Seen: "not within " + w.Waited.Round(time.Second).String() + ": " + last.describe(), Where: "…/scores", Exchanges: w.Exchanges})
}

func scoreBusy(ctx context.Context, t *harness.T) {
	resent(ctx, t, "score.busy", "the last score is answered with 503, and Retry-After: 1", func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
	})
}

func scoreBrokenOff(ctx context.Context, t *harness.T) {
	resent(ctx, t, "score.broken-off", "the connection is broken off in the place of an answer to the last score",
		func(http.ResponseWriter) { panic(http.ErrAbortHandler) })
}

// The most that one score may be sent while a platform can't take it, and where it has a newer
// one.
const (
	mostTries   = 12
	mostInsists = 3
)

// often counts how often the last score comes while it is answered with a status.
func often(ctx context.Context, t *harness.T, requirement, title string, status, most int, patience time.Duration) {
	before, _, _ := plain(ctx, t)
	if o, is := unanswered(before); is {
		t.NotTested(o)
		return
	}
	last := before.last()
	count := func(scores []score) (n int) {
		for _, s := range scores {
			if s.says.like(last) {
				n++
			}
		}
		return n
	}
	w, o, ok := again(ctx, t, round{title: title, patience: patience,
		answer: func(w http.ResponseWriter, says signature, _ int) {
			if says.like(last) {
				http.Error(w, "It is not taken.", status)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}, done: func(scores []score) bool { return count(scores) > most }})
	if !ok {
		t.NotTested(o)
		return
	}
	n := count(w.scores())
	if n == 0 {
		t.NotTested(harness.NoData("the score that the work ended with before, "+last.describe()+", didn't come this time", "Let the steps of lti.tool.score lead to the same scores each time."))
		return
	}
	t.Assert(ToolPrefix+requirement, n <= most, harness.Finding{Sent: title, Expected: fmt.Sprintf("no more than %d times the same", most),
		Seen: fmt.Sprintf("%d times or more within %s", n, patience), Where: "…/scores", Exchanges: w.Exchanges[:min(len(w.Exchanges), 15)]})
}

func scoreBounded(ctx context.Context, t *harness.T) {
	often(ctx, t, "score.bounded", "the last score is answered with 503 each time", http.StatusServiceUnavailable, mostTries, 5*time.Second)
}

func scoreSuperseded(ctx context.Context, t *harness.T) {
	often(ctx, t, "score.superseded", "the last score is answered with 409 each time", http.StatusConflict, mostInsists, 4*time.Second)
}
