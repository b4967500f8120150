package ags

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// takenScore are the answers to a score that was taken (AGS 2.0 §3.4).
var takenScore = []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent}

// takes holds an answer to a score that can be to having taken it. Where the platform breaks down
// it is this that doesn't work, and no refusal.
func (d *desk) takes(id, sent string, r *harness.Response) bool {
	return d.Assert(id, r.Problem == "" && slices.Contains(takenScore, r.Status), harness.Finding{
		Sent:      sent,
		Expected:  "200, 201, 202 or 204: it is taken",
		Seen:      r.Summary(),
		Responses: []*harness.Response{r},
	})
}

// counts waits for a result, and holds it to a part of its maximum.
func (d *desk) counts(ctx context.Context, id, sent, item, user string, part float64) {
	m, r := d.result(ctx, item, user, near(part))
	if !d.readable(r, user, id) {
		return
	}
	d.Assert(id, near(part)(m), harness.Finding{
		Sent:      sent,
		Expected:  fmt.Sprintf("a result of %v times its maximum", part),
		Seen:      told(m),
		Responses: []*harness.Response{r},
	})
}

// sheet finds a learner, and makes a line item for them; where that fails the check is blocked.
func (d *desk) sheet(ctx context.Context, change map[string]any) (item, user string, ok bool) {
	if user, ok = d.student(ctx); !ok {
		return "", "", false
	}
	item, ok = d.make(ctx, change)
	return item, user, ok
}

// scored makes a line item with a first score in it; where that fails the check is blocked.
func (d *desk) scored(ctx context.Context) (item, user string, ok bool) {
	if item, user, ok = d.sheet(ctx, nil); !ok {
		return "", "", false
	}
	r := d.give(ctx, item, d.score(user, nil))
	if !slices.Contains(takenScore, r.Status) || r.Problem != "" {
		d.NotTested(harness.BlockedBy(reqScore, "no score is taken: "+r.Summary(), r).Told())
		return "", "", false
	}
	return item, user, true
}

// scores sends scores in every state.
func scores(ctx context.Context, d *desk) {
	item, user, ok := d.sheet(ctx, nil)
	if !ok {
		return
	}
	if r := d.give(ctx, item, d.score(user, nil)); !d.takes(reqScore, "a score, fully graded", r) {
		d.NotTested(harness.BlockedBy(reqScore, "no score is taken: "+r.Summary(), r).Told())
		return
	}
	for _, x := range [][2]string{{"Initialized", "NotReady"}, {"Started", "NotReady"}, {"InProgress", "NotReady"}, {"InProgress", "Pending"},
		{"Submitted", "Pending"}, {"Submitted", "PendingManual"}, {"Completed", "Failed"}, {"Completed", "PendingManual"},
		{"Submitted", "FullyGraded"}, {"Completed", "FullyGraded"}} {
		change := map[string]any{"activityProgress": x[0], "gradingProgress": x[1]}
		if x[1] != "FullyGraded" {
			change["scoreGiven"], change["scoreMaximum"] = absent, absent
		}
		d.takes(p+"score.progress", "a score that is "+x[0]+" and "+x[1], d.give(ctx, item, d.score(user, change)))
	}
	if d.takes(p+"score.zero", "a score of 0", d.give(ctx, item, d.score(user, map[string]any{"scoreGiven": 0}))) {
		d.counts(ctx, p+"score.zero", "a score of 0", item, user, 0)
	}
	d.takes(p+"score.extra", "a score of 5 out of 4", d.give(ctx, item, d.score(user, map[string]any{"scoreGiven": 5})))
	d.takes(p+"score.comment-blank", "a comment that is empty", d.give(ctx, item, d.score(user, map[string]any{"comment": ""})))
	// When something was handed in says nothing of when it was graded.
	handed := func(at time.Duration) map[string]any {
		began, ended := d.clock.Add(-48*time.Hour).Format(stamp), d.clock.Add(at).Format(stamp)
		return map[string]any{"submission": map[string]any{"startedAt": began, "submittedAt": ended}}
	}
	d.takes(p+"score.submission", "a score of what was handed in an hour before", d.give(ctx, item, d.score(user, handed(-time.Hour))))
	late := d.score(user, handed(-2*time.Hour))
	late["scoreGiven"] = 1
	if d.takes(p+"score.submission", "a later score of what was handed in earlier", d.give(ctx, item, late)) {
		d.counts(ctx, p+"score.submission", "a later score of what was handed in earlier", item, user, 0.25)
	}
	d.takes(p+"score.unknown-members", "a score with an extension that nobody knows",
		d.give(ctx, item, d.score(user, map[string]any{extension: map[string]any{"a": 1}})))
}

// scoresRefused sends scores that can't be.
func scoresRefused(ctx context.Context, d *desk) {
	item, user, ok := d.scored(ctx)
	if !ok {
		return
	}
	// What is wrong would count for nothing: it would be seen.
	with := func(name string, v any) map[string]any {
		return d.score(user, map[string]any{"scoreGiven": 1, name: v})
	}
	all := []wrong{
		{"score.user", "a score without userId", with("userId", absent), 400},
		{"score.user", "a userId that is a number", with("userId", 7), 400},
		{"score.user-unknown", "a userId that nobody has", with("userId", "rollcall-nobody"), 404},
		{"score.activity", "a score without activityProgress", with("activityProgress", absent), 400},
		{"score.activity", "activityProgress completed, in small letters", with("activityProgress", "completed"), 400},
		{"score.activity", "activityProgress Done", with("activityProgress", "Done"), 400},
		{"score.grading", "a score without gradingProgress", with("gradingProgress", absent), 400},
		{"score.grading", "gradingProgress Graded", with("gradingProgress", "Graded"), 400},
		{"score.timestamp", "a score without timestamp", with("timestamp", absent), 400},
		{"score.timestamp", "a timestamp that is no time", with("timestamp", "today"), 400},
		{"score.zone", "a timestamp without a zone", with("timestamp", d.clock.Add(time.Minute).Format("2006-01-02T15:04:05.000")), 400},
		{"score.without-maximum", "scoreGiven without scoreMaximum", with("scoreMaximum", absent), 400},
		{"score.maximum", "scoreMaximum 0", with("scoreMaximum", 0), 400},
		{"score.maximum", "scoreMaximum -4", with("scoreMaximum", -4), 400},
		{"score.negative", "scoreGiven -1", with("scoreGiven", -1), 400},
		{"score.types", "scoreGiven that is a text", with("scoreGiven", "one"), 400},
		{"score.types", "a comment that is a list", with("comment", []int{1}), 400},
		{"score.types", "a list in the place of a score", []any{with("comment", "")}, 400},
	}
	if other := side.OtherCase(user); other != user {
		all = append(all, wrong{"score.user-unknown", "the learner's userId with its letters in the other case", with("userId", other), 404})
	}
	var refused []wrong
	for _, x := range all {
		statuses := []int{x.status}
		if x.status == http.StatusNotFound { // the person isn't, and the request is wrong
			statuses = append(statuses, http.StatusBadRequest, http.StatusUnprocessableEntity)
		}
		r := d.give(ctx, item, x.v)
		d.refuses(x.id, x.sent, r, statuses...)
		if !taken(r) {
			refused = append(refused, x)
		}
	}
	if len(refused) == 0 {
		d.NotTested(d.unsaid, p+"score.unchanged")
		return
	}
	if len(refused) < len(all) { // what was taken counts, which is told of already
		if r := d.give(ctx, item, d.score(user, nil)); !taken(r) {
			d.NotTested(harness.BlockedBy(reqScore, "no score is taken any more: "+r.Summary(), r), p+"score.unchanged")
			return
		}
		for _, x := range refused {
			if m, is := x.v.(map[string]any); is && m["timestamp"] != nil && x.id != "score.timestamp" && x.id != "score.zone" {
				m["timestamp"] = d.tick(time.Second)
			}
			d.give(ctx, item, x.v)
		}
	}
	d.counts(ctx, p+"score.unchanged", "scores that were refused, after one of 3 out of 4", item, user, 0.75)
}

// order sends scores that are later, as old, and older than another.
func order(ctx context.Context, d *desk) {
	item, user, ok := d.scored(ctx)
	if !ok {
		return
	}
	at := func(given float64, when time.Time) map[string]any {
		return d.score(user, map[string]any{"scoreGiven": given, "timestamp": when.Format("2006-01-02T15:04:05.000Z07:00")})
	}
	base := d.clock.Add(time.Minute)
	// Three within one second: whoever keeps seconds alone loses two of them.
	for i, given := range []float64{1, 2, 4} {
		sent := fmt.Sprintf("a score that is %d ms later", i)
		if d.takes(p+"score.later", sent, d.give(ctx, item, at(given, base.Add(time.Duration(i)*time.Millisecond)))) {
			d.counts(ctx, p+"score.later", sent, item, user, given/4)
		}
	}
	base = base.Add(3 * time.Second)
	again := at(4, base)
	if r := d.give(ctx, item, again); !slices.Contains(takenScore, r.Status) {
		d.NotTested(harness.BlockedBy(reqScore, "a score that is seconds later isn't taken: "+r.Summary(), r))
		return
	}
	// From here on 4 of 4 stands.
	r := d.give(ctx, item, again)
	if r.Status >= 500 {
		d.NotTested(harness.BlockedBy(reqBroke, "the same score again: "+r.Summary(), r), p+"score.again")
	} else {
		d.Assert(p+"score.again", slices.Contains(takenScore, r.Status) || r.Status == http.StatusConflict, harness.Finding{
			Sent:      "the same score again",
			Expected:  "it is taken once more, or 409 Conflict",
			Seen:      r.Summary(),
			Responses: []*harness.Response{r},
		})
	}
	d.stale(ctx, item, user, "score.stale", "a score that is 5 s older", at(1, base.Add(-5*time.Second)))
	d.stale(ctx, item, user, "score.stale", "a score that is 1 ms older", at(1, base.Add(-time.Millisecond)))
	// A clock that shows more is not later, nor one that shows less earlier.
	east, west := time.FixedZone("", 9*3600), time.FixedZone("", -8*3600)
	older := at(1, base.Add(-time.Second).In(east))
	d.stale(ctx, item, user, "score.offset", "a score that is older, by a clock that is nine hours ahead", older)
	sent := "a score that is later, by a clock that is eight hours behind"
	if d.takes(p+"score.offset", sent, d.give(ctx, item, at(2, base.Add(time.Second).In(west)))) {
		d.counts(ctx, p+"score.offset", sent, item, user, 0.5)
	}
}

// stale sends a score that is older than 4 out of 4, which has to stay.
func (d *desk) stale(ctx context.Context, item, user, id, sent string, score map[string]any) {
	r := d.give(ctx, item, score)
	if r.Status >= 500 {
		d.NotTested(harness.BlockedBy(reqBroke, sent+": "+r.Summary(), r), p+id)
		return
	}
	d.Assert(p+"score.conflict", r.Status == http.StatusConflict, harness.Finding{Sent: sent, Expected: "409 Conflict", Seen: r.Summary(),
		Responses: []*harness.Response{r}})
	m, got := d.result(ctx, item, user, near(1))
	if !d.readable(got, user, p+id) {
		return
	}
	d.Assert(p+id, near(1)(m), harness.Finding{Sent: sent, Expected: "the later one counts, which is its whole maximum", Seen: told(m),
		Responses: []*harness.Response{r, got}})
}

// whole reads all results of a line item, until one of somebody is there or the time is over;
// i is its place, and the list is nil where there is none.
func (d *desk) whole(ctx context.Context, item, user string) (list []map[string]any, r *harness.Response, i int) {
	for end := time.Now().Add(resultTime); ; time.Sleep(resultLook) {
		r = d.get(ctx, scopeResults, below(item, "results"), typeResults, reqResults)
		list, _ = listOf(r)
		i = slices.IndexFunc(list, func(m map[string]any) bool { return textOf(m, "userId") == user })
		if list == nil || i >= 0 && near(0.75)(list[i]) || time.Now().After(end) || ctx.Err() != nil {
			return list, r, i
		}
	}
}

// results looks at what results say of scores.
func results(ctx context.Context, d *desk) {
	item, user, ok := d.sheet(ctx, nil)
	if !ok {
		return
	}
	r := d.get(ctx, scopeResults, below(item, "results"), typeResults, reqResults)
	before, is := listOf(r)
	if !d.Assert(reqResults, r.Status == http.StatusOK && is, harness.Finding{
		Expected:  "200 OK and a list",
		Seen:      r.Summary(),
		Responses: []*harness.Response{r},
	}) {
		d.NotTested(harness.BlockedBy(reqResults, "results are answered with "+r.Summary(), r).Told())
		return
	}
	marked := slices.ContainsFunc(before, func(m map[string]any) bool { _, there := m["resultScore"].(float64); return there })
	d.Assert(p+"result.empty", !marked, harness.Finding{
		Sent:      "results of a line item that was just made",
		Expected:  "no score",
		Seen:      "one",
		Responses: []*harness.Response{r},
	})
	d.typed("result.type", typeResults, r)
	comment := "Rollcall " + d.mark + ": well done, très bien"
	posted := d.give(ctx, item, d.score(user, map[string]any{"comment": comment}))
	if !slices.Contains(takenScore, posted.Status) || posted.Problem != "" {
		d.NotTested(harness.BlockedBy(reqScore, "no score is taken: "+posted.Summary(), posted).Told())
		return
	}
	m, one := d.result(ctx, item, user, near(0.75))
	proof := []*harness.Response{one, posted}
	list, r, i := d.whole(ctx, item, user)
	if list == nil {
		d.NotTested(harness.BlockedBy(reqResults, "results are answered with "+r.Summary(), r).Told())
		return
	}
	d.shaped("result.form", "results", r)
	d.typed("result.type", typeResults, r)
	d.Assert(p+"result.user", i >= 0, harness.Finding{
		Sent:      "a score of the learner",
		Expected:  "a result with their userId",
		Seen:      fmt.Sprintf("%d results, none of theirs", len(list)),
		Where:     "/userId",
		Responses: []*harness.Response{r},
	})
	if i < 0 {
		d.NotTested(harness.BlockedBy(p+"result.user", "no result names the learner", r))
		return
	}
	whole := list[i]
	if m == nil {
		m = whole
	}
	d.Assert(p+"result.score", near(0.75)(whole), harness.Finding{
		Sent:      "3 out of 4, in a line item of 40",
		Expected:  "30 out of 40, or as much of another resultMaximum",
		Seen:      told(whole),
		Responses: []*harness.Response{r, posted},
	})
	d.Assert(p+"result.score-of", textOf(whole, "scoreOf") == item, harness.Finding{
		Expected:  "scoreOf " + item,
		Seen:      "scoreOf " + textOf(whole, "scoreOf"),
		Where:     "/scoreOf",
		Responses: []*harness.Response{r},
	})
	filtered, _ := listOf(one)
	d.Assert(p+"result.filter", len(filtered) == 1 && textOf(filtered[0], "userId") == user, harness.Finding{
		Sent:      "results by user_id",
		Expected:  "the one of the learner",
		Seen:      fmt.Sprintf("%d results", len(filtered)),
		Responses: proof,
	})
	if len(user) > 1 { // what begins as theirs is somebody else's
		part := d.get(ctx, scopeResults, query(below(item, "results"), "user_id", user[:len(user)-1]), typeResults, reqResults)
		others, is := listOf(part)
		theirs := slices.ContainsFunc(others, func(m map[string]any) bool { return textOf(m, "userId") == user })
		d.Assert(p+"result.filter", !is || !theirs, harness.Finding{
			Sent:      "results by a user_id that lacks the last character of the learner's",
			Expected:  "none of the learner",
			Seen:      "the learner's",
			Responses: []*harness.Response{part},
		})
	}
	nobody := d.get(ctx, scopeResults, query(below(item, "results"), "user_id", "rollcall-nobody"), typeResults, reqResults)
	none, is := listOf(nobody)
	empty := nobody.Status == http.StatusOK && is && len(none) == 0 || nobody.Status == http.StatusNotFound
	d.Assert(p+"result.filter", empty, harness.Finding{
		Sent:      "results of somebody that there isn't",
		Expected:  "200 OK and an empty list",
		Seen:      fmt.Sprintf("%s, %d results", nobody.Summary(), len(none)),
		Responses: []*harness.Response{nobody},
	})
	d.exactly(ctx, item, user, empty && len(filtered) == 1, one)
	if at := textOf(whole, "id"); absolute(at) {
		single := d.get(ctx, scopeResults, at, "*/*", "")
		d.Assert(p+"result.id", single.Status == http.StatusOK && single.Problem == "", harness.Finding{
			Sent:      "the id of a result",
			Expected:  "200 OK and the result",
			Seen:      single.Summary(),
			Responses: []*harness.Response{single},
		})
	} else {
		d.NotTested(harness.BlockedBy(p+"result.form", "the result has no address", r), p+"result.id")
	}
	d.Assert(p+"result.comment", textOf(whole, "comment") == comment, harness.Finding{
		Sent:     "a comment of the score",
		Expected: "it, in the result",
		Seen: map[bool]string{true: "another one",
			false: "none"}[textOf(whole, "comment") != ""],
		Where:     "/comment",
		Responses: []*harness.Response{r, posted},
	})
	if posted := d.give(ctx, item, d.score(user, map[string]any{"scoreGiven": 6})); slices.Contains(takenScore, posted.Status) {
		d.counts(ctx, p+"result.extra", "6 out of 4", item, user, 1.5)
		d.uncommented(ctx, item, user, textOf(whole, "comment") == comment, posted)
	} else {
		d.NotTested(harness.BlockedBy(p+"score.extra", "no later score is taken: "+posted.Summary(), posted), p+"result.comment-cleared")
		d.NotTested(harness.BlockedBy(p+"score.extra", "no score beyond its maximum is taken: "+posted.Summary(), posted), p+"result.extra")
	}
	back := d.score(user, map[string]any{"scoreGiven": absent, "scoreMaximum": absent})
	if posted := d.give(ctx, item, back); slices.Contains(takenScore, posted.Status) {
		cleared := func(m map[string]any) bool { return m == nil || m["resultScore"] == nil }
		m, r := d.result(ctx, item, user, cleared)
		if d.readable(r, user, p+"result.cleared") {
			d.Assert(p+"result.cleared", cleared(m), harness.Finding{
				Sent:      "a score that is fully graded and has no scoreGiven",
				Expected:  "no resultScore any more",
				Seen:      told(m),
				Responses: []*harness.Response{r, posted},
			})
		}
	} else {
		d.NotTested(harness.BlockedBy(reqScore, "a score without scoreGiven is not taken: "+posted.Summary(), posted), p+"result.cleared")
	}
}

// exactly looks for results by a userId that is the learner's but for the case of its letters; found
// says that theirs are found by their own.
func (d *desk) exactly(ctx context.Context, item, user string, found bool, by *harness.Response) {
	const id = p + "filter.exact"
	other := side.OtherCase(user)
	switch {
	case !found:
		d.NotTested(harness.BlockedBy(p+"result.filter", "results aren't found by user_id", by), id)
		return
	case other == user:
		d.Examined(id, 1) // there are no letters to be mistaken
		return
	}
	r := d.get(ctx, scopeResults, query(below(item, "results"), "user_id", other), typeResults, reqResults)
	list, is := listOf(r)
	theirs := slices.ContainsFunc(list, func(m map[string]any) bool { return textOf(m, "userId") == user })
	d.Assert(id, !is || !theirs, harness.Finding{
		Sent:      "results by the learner's user_id with its letters in the other case",
		Expected:  "none of the learner",
		Seen:      "the learner's",
		Responses: []*harness.Response{r, by},
	})
}

// uncommented looks whether a comment is gone with a score that has none; told says whether it was
// there before.
func (d *desk) uncommented(ctx context.Context, item, user string, told bool, posted *harness.Response) {
	const id = p + "result.comment-cleared"
	if !told {
		d.NotTested(harness.BlockedBy(p+"result.comment", "no result has told a comment", posted), id)
		return
	}
	m, r := d.result(ctx, item, user, func(m map[string]any) bool { return textOf(m, "comment") == "" })
	if d.readable(r, user, id) {
		d.Assert(id, textOf(m, "comment") == "", harness.Finding{
			Sent:      "a score without a comment, after one that had one",
			Expected:  "no comment any more",
			Seen:      "the comment of the score before",
			Where:     "/comment",
			Responses: []*harness.Response{r, posted},
		})
	}
}

// resultPages gives several learners a score, and reads their results one a page.
func resultPages(ctx context.Context, d *desk) {
	item, ok := d.make(ctx, nil)
	if !ok {
		return
	}
	t := lti.Of(d.Session().Target).Platform
	for _, u := range t.Users {
		if !isLearner(u) {
			continue
		}
		l, o, ok := platform.As(ctx, d.T, u, d.launch.Link)
		if !ok {
			d.NotTested(o)
			return
		}
		user, _ := l.Claims["sub"].(string)
		r := d.give(ctx, item, d.score(user, nil))
		if !taken(r) {
			d.NotTested(harness.BlockedBy(reqScore, "no score is taken: "+r.Summary(), r))
			return
		}
		if m, r := d.result(ctx, item, user, near(0.75)); m == nil {
			if d.readable(r, user) {
				d.NotTested(harness.BlockedBy(p+"result.user", "no result names the learner", r))
			}
			return
		}
	}
	whole, problem := d.walkOf(ctx, below(item, "results"), resultsKind)
	if problem != "" {
		d.NotTested(harness.BlockedBy(whole.owner, problem, whole.last()...))
		return
	}
	single, problem := d.walkOf(ctx, query(below(item, "results"), "limit", "1"), resultsKind)
	f := harness.Finding{Sent: "results, one a page", Expected: fmt.Sprintf("the same %d, each once", len(whole.objects)), Where: "Link",
		Responses: single.last()}
	a, b := slices.Sorted(slices.Values(whole.ids())), slices.Sorted(slices.Values(single.ids()))
	if f.Seen = problem; problem == "" {
		f.Seen = fmt.Sprintf("%d on %d pages", len(b), len(single.responses))
	}
	d.Assert(p+"result.pages", problem == "" && slices.Equal(a, b), f)
	for i, n := range single.sizes {
		d.Assert(p+"result.limit", n <= 1, harness.Finding{Sent: "limit=1", Expected: "one result at most", Seen: fmt.Sprint(n),
			Responses: []*harness.Response{single.responses[i]}})
	}
	if !d.Looked(p + "result.limit") {
		d.NotTested(harness.BlockedBy(p+"result.pages", "no page can be read"), p+"result.limit")
	}
}
