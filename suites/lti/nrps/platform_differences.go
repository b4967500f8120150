package nrps

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

// leading gives the link to what changes: the last that pages offer, for some offer it on the
// last page alone.
func (r roster) leading() string {
	for _, p := range slices.Backward(r.pages) {
		if p.diff != "" {
			return p.diff
		}
	}
	return ""
}

// complete tells whether all links to what changes are written in full.
func (r roster) complete() bool {
	for _, p := range r.pages {
		links, _ := weblink.Parse(p.Header.Values("Link"))
		for _, l := range links {
			if slices.Contains(l.Rels, "differences") && !absolute.MatchString(l.Target) {
				return false
			}
		}
	}
	return true
}

func differences(ctx context.Context, t *harness.T) {
	all, ok := whole(ctx, t)
	if !ok {
		return
	}
	at := all.leading()
	if !t.Assert(reqLink, at != "", harness.Finding{
		Expected:  `Link with rel="differences"`,
		Seen:      linkSeen(all.last()),
		Where:     "header Link",
		Responses: []*harness.Response{all.last().Response},
	}) {
		left(t, harness.BlockedBy(reqLink, "no link leads to what changes", all.last().Response),
			"diff.complete", "diff.answers", "diff.only-changes", "diff.goes-on")
		return
	}
	complete := all.complete()
	t.Assert(PlatformPrefix+"diff.complete", complete, harness.Finding{
		Expected:  "an address in full",
		Seen:      linkSeen(all.last()),
		Where:     "header Link",
		Responses: []*harness.Response{all.last().Response},
	})
	now := walk(ctx, t, at, mostPages)
	if now.failed != nil {
		t.Fail(reqAnswers, harness.Finding{Expected: "200 and members, or none where nothing changed", Seen: now.failed.what(),
			Responses: []*harness.Response{now.failed.Response, all.last().Response}})
		left(t, harness.BlockedBy(reqAnswers, "what changes can't be read: "+now.failed.what(), now.failed.Response),
			"diff.only-changes", "diff.goes-on")
		return
	}
	if o, stuck := now.stuck(); stuck {
		t.NotTested(o, reqAnswers, PlatformPrefix+"diff.only-changes", PlatformPrefix+"diff.goes-on")
		return
	}
	t.Assert(reqAnswers, now.pages[0].contextID() == all.pages[0].contextID(), harness.Finding{
		Expected:  "a container of the same course",
		Seen:      fmt.Sprintf("context %q", now.pages[0].contextID()),
		Responses: []*harness.Response{now.pages[0].Response},
	})
	n := len(all.ids())
	t.Assert(PlatformPrefix+"diff.only-changes", len(now.ids()) < n || n == 0, harness.Finding{
		Sent:      "the members are read, and at once what changed since",
		Expected:  "whoever came, changed or left since, and nobody else",
		Seen:      many(len(now.ids()), "member") + ", which is everybody",
		Responses: []*harness.Response{now.pages[0].Response, all.last().Response},
	})
	t.Assert(PlatformPrefix+"diff.goes-on", now.leading() != "", harness.Finding{
		Expected:  `Link with rel="differences", for what changes later`,
		Seen:      linkSeen(now.last()),
		Where:     "header Link",
		Responses: []*harness.Response{now.last().Response},
	})
}

// tries is how often changes are looked for, and between them the time that a platform may
// take to tell of them.
const (
	tries = 6
	apart = time.Second
)

// changes has somebody come to the course and leave it, by the steps of the target file.
func changes(ctx context.Context, t *harness.T) {
	before, ok := whole(ctx, t)
	if !ok {
		return
	}
	if before.leading() == "" {
		left(t, harness.BlockedBy(reqLink, "no link leads to what changes", before.last().Response),
			"change.enrolled", "change.left", "change.list")
		return
	}
	target := lti.Of(t.Session().Target).Platform
	by := target.Users[0]
	for _, u := range target.Users {
		if u.Name == target.Roster.By {
			by = u
		}
	}
	if _, err := platform.Visit(ctx, t, by, target.Roster.Enroll); err != nil {
		t.NotTested(harness.Unconfigured("the steps that enroll somebody could not be taken: "+err.Error(),
			"Correct lti.platform.roster.enroll; see that nobody has to be removed first."))
		return
	}
	came := ""
	since := awaited(ctx, t, before.leading(), func(r roster) bool {
		for _, m := range r.members {
			if _, was := before.ids()[m.id()]; !was && m.text("status") != "Deleted" {
				came = m.id()
			}
		}
		return came != ""
	})
	// Whatever came of it, nobody stays enrolled who wasn't.
	after := walk(ctx, t, address(t), mostPages)
	_, err := platform.Visit(ctx, t, by, target.Roster.Leave)
	if err != nil {
		t.Note(PlatformPrefix+"change.left",
			"the steps by which somebody leaves again could not be taken, so that whoever was enrolled is in the course still: %s", err)
	}
	if since.failed != nil {
		left(t, harness.BlockedBy(reqAnswers, "what changes can't be read: "+since.failed.what(), since.failed.Response),
			"change.enrolled", "change.left", "change.list")
		return
	}
	if !t.Assert(PlatformPrefix+"change.enrolled", came != "", harness.Finding{
		Sent:      "the members are read, somebody is enrolled, and what changed is asked for",
		Expected:  "a member who wasn't there before",
		Seen:      many(len(since.members), "member") + ", none of whom is new",
		Cause:     enrolledCause(before, after),
		Responses: append(since.proof(), before.last().Response),
	}) {
		left(t, harness.BlockedBy(PlatformPrefix+"change.enrolled", "it doesn't show who was enrolled", since.proof()...),
			"change.left", "change.list")
		return
	}
	if _, there := after.ids()[came]; after.failed == nil {
		t.Assert(PlatformPrefix+"change.list", there, harness.Finding{
			Sent:      "somebody is enrolled, and all members are read",
			Expected:  "the member who was enrolled among them",
			Seen:      "all but that one",
			Responses: after.proof(),
		})
	}
	if err != nil {
		left(t, harness.Unconfigured("the steps by which somebody leaves could not be taken: "+err.Error(), "Correct lti.platform.roster.leave."),
			"change.left", "change.list")
		return
	}
	from := after.leading()
	if from == "" {
		from = before.leading()
	}
	gone, status := member(nil), ""
	now := awaited(ctx, t, from, func(r roster) bool {
		gone = r.ids()[came]
		status = gone.text("status")
		return status == "Deleted"
	})
	f := harness.Finding{
		Sent:      "the member who was enrolled leaves, and what changed is asked for",
		Expected:  "the member, with status Deleted",
		Seen:      "the member with status " + status,
		Where:     "/members/*/status",
		Responses: now.proof(),
	}
	switch {
	case now.failed != nil:
		f.Seen, f.Responses = now.failed.what(), []*harness.Response{now.failed.Response}
	case gone == nil:
		f.Seen = many(len(now.members), "member") + ", none of whom is that"
	case status == "":
		f.Seen = "the member without a status"
	}
	t.Assert(PlatformPrefix+"change.left", status == "Deleted", f)
	end := walk(ctx, t, address(t), mostPages)
	if _, there := end.ids()[came]; end.failed == nil {
		t.Assert(PlatformPrefix+"change.list", !there, harness.Finding{
			Sent:      "the member who was enrolled leaves, and all members are read",
			Expected:  "members without that one",
			Seen:      "that one too",
			Responses: end.proof(),
		})
	}
}

// enrolledCause tells whether the steps enrolled anybody, where the whole list shows it.
func enrolledCause(before, after roster) string {
	if after.failed == nil && differ(after.ids(), before.ids()) == "" {
		return "nobody is new among all members either: the steps may enroll nobody."
	}
	return ""
}

// awaited asks for what changed until it is seen, or has had its time.
func awaited(ctx context.Context, t *harness.T, at string, seen func(roster) bool) (r roster) {
	for i := range tries {
		if i > 0 {
			select {
			case <-ctx.Done():
				return r
			case <-time.After(apart):
			}
		}
		if r = walk(ctx, t, at, mostPages); r.failed != nil || seen(r) {
			return r
		}
	}
	return r
}
