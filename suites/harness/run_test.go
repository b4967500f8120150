package harness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// Requirements of the real catalogue that the toy suite pretends to decide.
const (
	must     = "or12.rostering.paging.limit"
	another  = "or12.rostering.paging.limit-one"
	third    = "or12.rostering.paging.offset-zero"
	should   = "or12.rostering.paging.full-pages"
	toyClaim = "or12-rostering-core-provider"
)

// toy is a suite of checks that behave as their ids say. Its checks can die, so
// most tests run it in children: see TestMain.
func toy() Suite {
	pass := func(_ context.Context, t *T) {
		for _, id := range t.Check().Requirements {
			t.Examined(id, 1)
		}
	}
	fail := func(ctx context.Context, t *T) {
		r := t.Do(ctx, Request{URL: t.Session().Base + "/users?filter=givenName='Zebedee'", Auth: AuthNone})
		for _, id := range t.Check().Requirements {
			t.Fail(id, Finding{Expected: "one thing", Seen: "another", Responses: []*Response{r}})
		}
	}
	check := func(id, requirement string, body func(context.Context, *T)) Check {
		return Check{ID: id, Title: id, Requirements: []string{requirement}, Labels: []string{"toy"}, Timeout: time.Minute, Body: body}
	}
	return Suite{
		ID: "toy", Title: "Toy", Role: "provider", Profiles: []string{toyClaim},
		Section: newToySection, Access: toyAccess(),
		Service: ServiceURL("first", func(t *Target) string { return toyOf(t).First }),
		Prepare: func(_ context.Context, s *Session) error {
			if err := os.MkdirAll(s.Dir, 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(s.Dir, "left"), []byte("left"), 0o600)
		},
		Checks: []Check{
			check("toy.pass", must, pass),
			check("toy.pass-too", another, pass),
			check("toy.fail", must, fail),
			check("toy.warn", should, fail),
			check("toy.nothing", third, func(context.Context, *T) {}),
			check("toy.not-tested", third, func(_ context.Context, t *T) { t.UnsortedAll("no data", "load some") }),
			check("toy.panic", third, func(context.Context, *T) { panic("ouch") }),
			check("toy.die", third, func(context.Context, *T) { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); time.Sleep(time.Minute) }),
			check("toy.lost-goroutine", third, func(context.Context, *T) { go panic("in a goroutine"); time.Sleep(time.Minute) }),
			check("toy.undeclared", third, func(_ context.Context, t *T) { t.Examined("or12.rostering.something.else", 1) }),
			check("toy.gone", third, func(ctx context.Context, t *T) {
				r := t.Do(ctx, Request{URL: "http://127.0.0.1:1/", Auth: AuthNone})
				t.Assert(third, r.Status == 200, Finding{Expected: "200", Seen: r.Summary(), Responses: []*Response{r}})
			}),
			check("toy.hang", third, func(ctx context.Context, t *T) {
				_ = os.WriteFile(os.Getenv(pidFile), []byte(strconv.Itoa(os.Getpid())), 0o600)
				<-ctx.Done()
			}),
			check("toy.wait", third, func(ctx context.Context, t *T) { <-ctx.Done() }),
		},
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == ShardArgument {
		os.Exit(Child(context.Background(), []Suite{toy(), neighbour(), canaries()}, os.Stdin, os.Stdout))
	}
	if len(os.Args) > 3 && os.Args[1] == runArgument {
		os.Exit(toyRun(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// toyText is a target file for the toy suite.
func toyText(base, more string) string {
	return "rollcall: 1\nname: Toy\nstance: strict\nprofiles: [" + toyClaim + "]\ntoy:\n  first: " + base + "\n  auth: {token_url: " + base +
		"/token, client_id: me, client_secret: \"${SECRET}\"}\n" + more
}

func toyTarget(t *testing.T, more string) *Target {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "teapot") {
			w.WriteHeader(http.StatusTeapot)
		}
		w.Write([]byte(`{"givenName":"Zebedee"}`))
	}))
	t.Cleanup(server.Close)
	target, err := ParseTarget("target.yaml", []byte(toyText(server.URL, more)), env("SECRET", "hush-hush"), newToySection)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func runToy(t *testing.T, target *Target, o Options, checks ...string) *reports.Report {
	t.Helper()
	o.Focus, o.SkipDoctor = checks, true
	o.Repeat = func(focus string, seed uint64) string { return fmt.Sprintf("repeat %s %d", focus, seed) }
	run, err := New(target, []Suite{toy()}, o)
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func verdict(t *testing.T, r *reports.Report, id string) reports.RequirementResult {
	t.Helper()
	i := slices.IndexFunc(r.Requirements, func(q reports.RequirementResult) bool { return q.ID == id })
	if i < 0 {
		t.Fatalf("%s is not in the report", id)
	}
	return r.Requirements[i]
}

// TestVerdicts holds what a check did to the verdict and the exit code.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		check, requirement string
		want               reports.Verdict
		exit               int
	}{
		{"toy.pass", must, reports.Pass, reports.ExitConforms},
		{"toy.fail", must, reports.Fail, reports.ExitFailed},
		{"toy.warn", should, reports.Warning, reports.ExitConforms},
		{"toy.nothing", third, reports.Error, reports.ExitJudge},
		{"toy.not-tested", third, reports.NotTested, reports.ExitIncomplete},
		{"toy.panic", third, reports.Error, reports.ExitJudge},
		{"toy.undeclared", third, reports.Error, reports.ExitJudge},
		{"toy.die", third, reports.Unknown, reports.ExitJudge},
		{"toy.lost-goroutine", third, reports.Unknown, reports.ExitJudge},
		{"toy.gone", third, reports.Unknown, reports.ExitIncomplete},
	} {
		t.Run(test.check, func(t *testing.T) {
			t.Parallel()
			r := runToy(t, toyTarget(t, ""), Options{}, test.check)
			if q := verdict(t, r, test.requirement); q.Verdict != test.want {
				t.Errorf("verdict is %s (%s), want %s", q.Verdict, q.Reason, test.want)
			}
			if r.Exit != test.exit {
				t.Errorf("exit code is %d, want %d", r.Exit, test.exit)
			}
			if r.Profiles[0].Outcome == reports.Conforms {
				t.Error("a part of a profile is called the whole")
			}
		})
	}
}

func TestEvidenceIsRedacted(t *testing.T) {
	t.Parallel()
	r := runToy(t, toyTarget(t, ""), Options{}, "toy.fail")
	q := verdict(t, r, must)
	if len(q.Findings) != 1 || len(q.Findings[0].Exchanges) != 1 || q.Findings[0].Required == "" || q.Repeat == "" {
		t.Fatalf("findings: %+v", q.Findings)
	}
	if len(r.Exchanges) != 1 || r.Exchanges[0].ID != q.Findings[0].Exchanges[0] {
		t.Fatalf("the exchange of the finding is not in the report: %+v", r.Exchanges)
	}
	path := filepath.Join(t.TempDir(), "report.json")
	if err := reports.Write(path, r); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "Zebedee") || strings.Contains(string(text), "hush-hush") {
		t.Errorf("a name or the secret is in the report (%v)", err)
	}
	if err := reports.Validate(text); err != nil {
		t.Error(err)
	}
}

// TestDeadChildSparesTheOthers runs a check that kills its process beside ones
// that pass, and resumes.
func TestDeadChildSparesTheOthers(t *testing.T) {
	t.Parallel()
	events := filepath.Join(t.TempDir(), "events.jsonl")
	target := toyTarget(t, "")
	r := runToy(t, target, Options{Shards: 3, Events: events}, "toy.pass", "toy.die", "toy.pass-too")
	if v := verdict(t, r, must).Verdict; v != reports.Pass {
		t.Errorf("a check of another process is %s", v)
	}
	if v := verdict(t, r, third).Verdict; v != reports.Unknown {
		t.Errorf("the check that died is %s", v)
	}
	if r.Run.Planned != 3 || r.Exit != reports.ExitJudge || len(r.Diagnoses) == 0 {
		t.Errorf("planned %d, exit code %d, diagnoses %v", r.Run.Planned, r.Exit, r.Diagnoses)
	}
	// A killed process may leave half a line.
	f, err := os.OpenFile(events, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"kind":"check","check":{"id":"toy.di`)
	f.Close()
	run, err := New(target, []Suite{toy()}, Options{Focus: []string{"toy.pass", "toy.pass-too"}, SkipDoctor: true, Events: events, Resume: true})
	if err != nil {
		t.Fatal(err)
	}
	again, err := run.Run(t.Context())
	if err != nil || again.Run.Done != 2 || !again.Run.Resumed || again.Exit != reports.ExitConforms {
		t.Errorf("resumed: %v, %+v", err, again.Run)
	}
}

func TestInterruptedRunLeavesAReport(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	run, err := New(toyTarget(t, ""), []Suite{toy()}, Options{Focus: []string{"toy.pass", "toy.wait"}, SkipDoctor: true, Shards: 1,
		Observe: func(p Progress) {
			if p.Check != nil {
				cancel()
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := run.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Run.Interrupted || verdict(t, r, must).Verdict != reports.Pass || verdict(t, r, third).Verdict != reports.Unknown || r.Exit != reports.ExitIncomplete {
		t.Errorf("interrupted %v, exit code %d, %+v", r.Run.Interrupted, r.Exit, r.Requirements)
	}
}

func TestWaivers(t *testing.T) {
	t.Parallel()
	waive := func(id, expires string) string {
		return "waivers:\n  - {requirement: " + id + ", reason: known, owner: me, expires: " + expires + "}\n"
	}
	for _, test := range []struct {
		check, requirement, expires, state string
		exit                               int
	}{
		{"toy.fail", must, "2999-01-01", "applied", reports.ExitConforms},
		{"toy.fail", must, "2020-01-01", "expired", reports.ExitFailed},
		{"toy.pass", must, "2999-01-01", "stale", reports.ExitConforms},
		{"toy.pass", third, "2999-01-01", "unmatched", reports.ExitConforms},
	} {
		t.Run(test.state, func(t *testing.T) {
			t.Parallel()
			r := runToy(t, toyTarget(t, waive(test.requirement, test.expires)), Options{}, test.check)
			if len(r.Waivers) != 1 || r.Waivers[0].State != test.state || r.Exit != test.exit {
				t.Errorf("waivers %+v, exit code %d", r.Waivers, r.Exit)
			}
			if test.state == "applied" {
				if q := verdict(t, r, must); q.Verdict != reports.Fail || !q.Waived || r.Profiles[0].Outcome != reports.DoesNot {
					t.Errorf("a waived failure reads %+v", q)
				}
			}
		})
	}
}

func TestFailFast(t *testing.T) {
	r := runToy(t, toyTarget(t, ""), Options{FailFast: true, Shards: 1, InProcess: true}, "toy.fail", "toy.wait")
	if v := verdict(t, r, third).Verdict; v != reports.Unknown || r.Exit != reports.ExitFailed {
		t.Errorf("the check after the failure is %s, exit code %d", v, r.Exit)
	}
}

// neighbour is a suite for another service of the same product, which reads what the toy has
// prepared.
func neighbour() Suite {
	return Suite{
		ID: "neighbour", Title: "Neighbour", Role: "consumer", Profiles: []string{"or12-resources-core-provider"},
		Section: newToySection, Access: toyAccess(),
		Service: ServiceURL("second", func(t *Target) string { return toyOf(t).Second }),
		Prepare: func(_ context.Context, s *Session) error {
			if err := os.MkdirAll(s.Dir, 0o700); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(s.Dir, "own"), []byte("own"), 0o600)
		},
		Checks: []Check{{ID: "neighbour.reads", Title: "It reads", Requirements: []string{"or12.resources.paging.limit"},
			Body: func(_ context.Context, t *T) {
				own, err := os.ReadFile(filepath.Join(t.Session().Dir, "own"))
				other, otherErr := os.ReadFile(filepath.Join(t.Session().DirOf("toy"), "left"))
				t.Assert("or12.resources.paging.limit", err == nil && string(own) == "own" && otherErr == nil && string(other) == "left",
					Finding{Expected: "both", Seen: fmt.Sprint(err, otherErr)})
			}}},
	}
}

// TestSeveralServices judges two services of one product in one run: one report, with the
// profiles of both, and what one suite left another may read.
func TestSeveralServices(t *testing.T) {
	for _, inProcess := range []bool{true, false} {
		target := toyTarget(t, "")
		target.Profiles = append(target.Profiles, "or12-resources-core-provider")
		toyOf(target).Second = toyOf(target).First + "/resources"
		run, err := New(target, []Suite{toy(), neighbour()}, Options{InProcess: inProcess, SkipDoctor: true, Shards: 2,
			Focus: []string{"toy.pass", "toy.fail", "neighbour.reads"}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := run.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Profiles) != 2 || len(r.Checks) != 3 || r.Run.Done != 3 {
			t.Errorf("%d profiles, %d checks, %d done", len(r.Profiles), len(r.Checks), r.Run.Done)
		}
		if v := verdict(t, r, "or12.resources.paging.limit"); v.Verdict != reports.Pass {
			t.Errorf("the neighbour: %s %+v", v.Verdict, v.Findings)
		}
		if v := verdict(t, r, must).Verdict; v != reports.Fail {
			t.Errorf("the toy: %s", v)
		}
		if r.Target.Role != "provider, consumer" || r.Target.URLs["toy"] == "" || !strings.HasSuffix(r.Target.URLs["neighbour"], "/resources") {
			t.Errorf("%+v", r.Target)
		}
		seen := map[string]bool{}
		for _, x := range r.Exchanges {
			if seen[x.ID] {
				t.Errorf("the exchange %s is there twice", x.ID)
			}
			seen[x.ID] = true
		}
		toyOf(target).Auth = Credentials{Bearer: "a-token-of-somebody"} // the toy grants none
		found, err := run.Doctor(t.Context(), DoctorOptions{}, nil)
		if err != nil || slices.IndexFunc(found, func(d Diagnosis) bool { return d.Name == "service" && strings.Contains(d.Detail, "/resources answers") }) < 0 {
			t.Errorf("%v %+v", err, found)
		}
	}
	target := toyTarget(t, "")
	target.Profiles = append(target.Profiles, "or12-resources-core-provider")
	if _, err := New(target, []Suite{toy()}, Options{}); err == nil || !strings.Contains(err.Error(), "no suite of this program judges or12-resources") {
		t.Errorf("a profile that nothing judges: %v", err)
	}
}

func TestPlan(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := toy().Validate(cat); err != nil {
		t.Error(err)
	}
	bad := toy()
	bad.Checks[0].Requirements = []string{"no.such-thing"}
	if bad.Validate(cat) == nil {
		t.Error("a check that names an unknown requirement is accepted")
	}
	_, err = New(toyTarget(t, ""), []Suite{toy()}, Options{Focus: []string{"no-such-check"}})
	var config *ConfigError
	if !errors.As(err, &config) {
		t.Errorf("a focus that matches nothing: %v", err)
	}
	tied := []Check{{ID: "a", Group: "one"}, {ID: "b"}, {ID: "c", Group: "two"}, {ID: "d", Group: "one"}, {ID: "e", Group: "two"}}
	if got := shards(tied, 2); !slices.Equal(got[0], []string{"a", "d"}) || !slices.Equal(got[1], []string{"b", "c", "e"}) {
		t.Errorf("groups are split into %v", got)
	}
	split := shards(toy().Checks, 5)
	var all []string
	for _, s := range split {
		all = append(all, s...)
	}
	slices.Sort(all)
	if len(split) != 5 || len(slices.Compact(all)) != len(toy().Checks) {
		t.Errorf("split into %v", split)
	}
}
