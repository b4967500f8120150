package harness

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// hanging is a suite in which checks hang on what others find: on what fails elsewhere, on what
// passes elsewhere, and on what nobody else looks at.
func hanging() Suite {
	s := toy()
	s.ID, s.Prepare, s.Checks = "hanging", nil, nil
	add := func(id, group string, requirements []string, body func(ctx context.Context, t *T)) {
		s.Checks = append(s.Checks, Check{ID: "hanging." + id, Title: id, Group: group, Requirements: requirements, Timeout: time.Minute, Body: body})
	}
	blocked := func(by string) func(context.Context, *T) {
		return func(ctx context.Context, t *T) {
			r := t.Do(ctx, Request{URL: t.Session().Base + "/users", Auth: AuthNone})
			t.NotTested(BlockedBy(by, "it answered with something else", r))
		}
	}
	add("fails", "", []string{must}, func(ctx context.Context, t *T) {
		r := t.Do(ctx, Request{URL: t.Session().Base + "/users", Auth: AuthNone})
		t.Fail(must, Finding{Expected: "one thing", Seen: "another", Responses: []*Response{r}})
	})
	add("passes", "", []string{another}, func(_ context.Context, t *T) { t.Examined(another, 1) })
	add("hangs-on-what-fails", "", []string{third}, blocked(must))
	add("hangs-on-what-passes", "", []string{should}, blocked(another))
	add("partly", "", []string{third}, func(_ context.Context, t *T) { t.NotTested(NoData("no data", "load some")) })
	for i, id := range []string{"or12.rostering.paging.limit-default", "or12.rostering.paging.limit-large"} {
		add(fmt.Sprintf("grouped-%d", i), "together", []string{id}, blocked("or12.rostering.paging.link-present"))
	}
	add("last", "", []string{must}, func(_ context.Context, t *T) { t.Examined(must, 1) })
	return s
}

func judged(t *testing.T, target *Target, share Share) *reports.Report {
	t.Helper()
	run, err := New(target, []Suite{hanging()}, Options{SkipDoctor: true, InProcess: true, Share: share, Seed: 7,
		Repeat: func(focus string, seed uint64) string {
			return strings.TrimSpace(fmt.Sprintf("repeat %s --shard %s --seed %d", focus, share, seed))
		}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// told is what a report says of each requirement.
func told(r *reports.Report) map[string]string {
	out := map[string]string{}
	for _, q := range r.Requirements {
		blame := ""
		if q.Blame != nil {
			blame = string(q.Blame.Kind) + " " + q.Blame.Requirement
		}
		blocks := slices.Sorted(slices.Values(q.Blocks))
		out[q.ID] = fmt.Sprintf("%s %s examined %d findings %d blame %q blocks %v waived %v", q.Level, q.Verdict, q.Examined, len(q.Findings), blame, blocks, q.Waived)
	}
	return out
}

// TestMergeIsTheWhole: any number of machines come to what one comes to.
func TestMergeIsTheWhole(t *testing.T) {
	target := toyTarget(t, "waivers:\n  - {requirement: "+must+", reason: known, owner: me, expires: 2999-01-01}\n")
	whole := judged(t, target, Share{})
	if whole.Exit != reports.ExitFailed || len(whole.Requirements) < 6 {
		t.Fatalf("exit code %d, %v", whole.Exit, told(whole))
	}
	for of := 1; of <= 7; of++ {
		var parts []*reports.Report
		checks := 0
		for n := of; n >= 1; n-- { // in whichever order they come
			p := judged(t, target, Share{n, of})
			checks += len(p.Checks)
			parts = append(parts, p)
		}
		merged, err := Merge([]Suite{hanging()}, parts, nil)
		if err != nil {
			t.Fatalf("%d machines: %v", of, err)
		}
		if got, want := told(merged), told(whole); !reflect.DeepEqual(got, want) {
			for id, says := range want {
				if got[id] != says {
					t.Errorf("%d machines: %s is %s, want %s", of, id, got[id], says)
				}
			}
			for id := range got {
				if want[id] == "" {
					t.Errorf("%d machines: %s is new", of, id)
				}
			}
		}
		if checks != len(whole.Checks) || len(merged.Checks) != len(whole.Checks) || merged.Exit != whole.Exit || merged.Outcome != whole.Outcome ||
			merged.Partial() || merged.Profiles[0].Counts != whole.Profiles[0].Counts || len(merged.Exchanges) != len(whole.Exchanges) ||
			!reflect.DeepEqual(merged.Waivers, whole.Waivers) {
			t.Errorf("%d machines: exit code %d, outcome %s, %d checks, %d exchanges; want %d, %s, %d, %d", of, merged.Exit, merged.Outcome,
				len(merged.Checks), len(merged.Exchanges), whole.Exit, whole.Outcome, len(whole.Checks), len(whole.Exchanges))
		}
		if strings.Contains(merged.Run.Repeat+merged.Requirements[0].Repeat, "--shard") {
			t.Errorf("a command repeats a part: %s", merged.Run.Repeat)
		}
	}
}

// TestMergeMissing: what a machine had to do that brought no report is unknown.
func TestMergeMissing(t *testing.T) {
	target := toyTarget(t, "")
	first := judged(t, target, Share{1, 2})
	merged, err := Merge([]Suite{hanging()}, []*reports.Report{first}, nil)
	if err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for _, c := range merged.Checks {
		if c.State == stateMissing {
			unknown++
			if !strings.Contains(c.Message, "2/2") {
				t.Errorf("%s: %s", c.ID, c.Message)
			}
		}
	}
	if want := len(hanging().Checks) - len(first.Checks); unknown != want || merged.Exit == reports.ExitConforms || merged.Outcome == reports.Conforms {
		t.Errorf("%d checks are unknown, want %d; exit code %d", unknown, want, merged.Exit)
	}
}

// TestMergeRefuses reports that are no parts of one whole.
func TestMergeRefuses(t *testing.T) {
	target := toyTarget(t, "")
	first, second := judged(t, target, Share{1, 2}), judged(t, target, Share{2, 2})
	with := func(bend func(r *reports.Report)) *reports.Report {
		r := *second
		bend(&r)
		return &r
	}
	for name, parts := range map[string][]*reports.Report{
		"none":           nil,
		"twice":          {first, first},
		"a whole":        {first, with(func(r *reports.Report) { r.Run.Shard = "" })},
		"no share":       {first, with(func(r *reports.Report) { r.Run.Shard = "x/\x1b[2J" })},
		"of another":     {first, with(func(r *reports.Report) { r.Run.Shard = "2/3" })},
		"other target":   {first, with(func(r *reports.Report) { r.Target.Name = "Other" })},
		"other stance":   {first, with(func(r *reports.Report) { r.Run.Stance = "certification" })},
		"other profiles": {first, with(func(r *reports.Report) { r.Run.Profiles = []string{"x"} })},
		"other rollcall": {first, with(func(r *reports.Report) { r.Judge.Version = "9" })},
		"other waivers":  {first, with(func(r *reports.Report) { r.Waivers = []reports.WaiverResult{{Requirement: must}} })},
		"other check":    {first, with(func(r *reports.Report) { r.Checks = []reports.CheckResult{{ID: "made-up", State: "done"}} })},
		"check twice":    {first, with(func(r *reports.Report) { r.Checks = first.Checks })},
		"no profile":     {with(func(r *reports.Report) { r.Run.Profiles = []string{"made-up"} })},
	} {
		_, err := Merge([]Suite{hanging()}, parts, nil)
		if !errors.As(err, new(*ConfigError)) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestShare holds the split to what it promises: each check is one machine's, a group is
// together, a district is one machine's.
func TestShare(t *testing.T) {
	for _, bad := range []string{"0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/1001", "1/2/3", "1/99999999999999999999"} {
		if s, err := ParseShare(bad); err == nil {
			t.Errorf("%q is %v", bad, s)
		}
	}
	district := hanging()
	district.ID, district.Picture = "district", func(*Target) *reports.District { return &reports.District{} }
	district.Checks = slices.Clone(district.Checks)
	for i := range district.Checks {
		district.Checks[i].ID = "district." + district.Checks[i].Title
	}
	suites := []Suite{hanging(), district}
	var all []Check
	for _, s := range suites {
		all = append(all, s.Checks...)
	}
	for of := 1; of < 12; of++ {
		at := map[string]int{}
		for n := 1; n <= of; n++ {
			p := &Plan{Suites: suites, Checks: slices.Clone(all)}
			if err := (Share{n, of}).keep(p); err != nil {
				if of < 8 {
					t.Errorf("%d/%d: %v", n, of, err)
				}
				continue
			}
			for _, c := range p.Checks {
				if at[c.ID] != 0 {
					t.Errorf("%d machines: %s is made twice", of, c.ID)
				}
				at[c.ID] = n
			}
		}
		if len(at) != len(all) || at["hanging.grouped-0"] != at["hanging.grouped-1"] || at["district.fails"] != at["district.last"] {
			t.Errorf("%d machines: %v", of, at)
		}
	}
}
