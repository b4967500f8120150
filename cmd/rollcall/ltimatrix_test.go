package main

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/platformfault"
	"github.com/rollcall-edu/rollcall/reference/fault/toolfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/ags"
	"github.com/rollcall-edu/rollcall/suites/lti/nrps"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// ltiMatrix is the fault matrix of one LTI role: the faults and variants of its
// reference, and what they are judged by. A run takes a browser and up to a
// minute, so each is judged by what it breaks and by bystanders, and a part of
// them is run each time: ROLLCALL_MATRIX=all runs all, ROLLCALL_MATRIX=whole
// judges each by everything too.
type ltiMatrix struct {
	prefix   string // of the role's requirements
	record   string // file of what was seen
	checks   []harness.Check
	faults   []fault.Fault
	variants []fault.Variant
	// bystanders are judged with every fault, so that an accusation of the innocent
	// shows; variants are judged by oddities.
	bystanders, oddities []string
	// own names what a variant is judged by in their stead, where its oddity shows there alone.
	own map[string][]string
	// unproved are requirements whose breach no fault can show, with why.
	unproved map[string]string
	judge    func(t *testing.T, focus []string, odd bool, ids ...string) *reports.Report
	// spared tells whether a variant may leave a requirement unjudged.
	spared func(id string, q reports.RequirementResult) bool
}

// tablesOf gives the faults and variants of a role.
func tablesOf[C any](kind *fault.Kind[C]) ([]fault.Fault, []fault.Variant, error) {
	faults, err := kind.Faults()
	variants, failed := kind.Variants()
	return faults, variants, errors.Join(err, failed)
}

// sideBySide is how many browsers run at once.
var sideBySide = make(chan struct{}, 3)

// TestToolMatrix holds the suite for tools to the faults: each is caught by what
// it breaks and by nothing else, and no variant is minded.
func TestToolMatrix(t *testing.T) { toolMatrix(t).run(t) }

// TestPlatformMatrix holds the suite for platforms to the faults: each is caught by
// what it breaks and by nothing else, and no variant is minded.
func TestPlatformMatrix(t *testing.T) { platformMatrix(t).run(t) }

// TestPlatformGradesMatrix does so for grades.
func TestPlatformGradesMatrix(t *testing.T) { gradesMatrix(t).run(t) }

// TestPlatformNRPSMatrix does so for who is in a course.
func TestPlatformNRPSMatrix(t *testing.T) { nrpsPlatformMatrix(t).run(t) }

// TestRecordedMatrix sees to it that all faults and variants of launches were run
// since their tables changed, and that each requirement is proved by one.
func TestRecordedMatrix(t *testing.T) {
	recorded, err := readMatrix()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*ltiMatrix{toolMatrix(t), platformMatrix(t), nrpsPlatformMatrix(t), gradesMatrix(t),
		pickerMatrix(t), picksMatrix(t)} {
		for _, f := range m.faults {
			for _, id := range f.Breaks {
				if !slices.Contains(recorded[f.ID].Requirements, id) {
					t.Errorf("no record tells that %s is caught by %s; run ROLLCALL_MATRIX=all go test ./cmd/rollcall -run 'Test.*Matrix/each/fault/%s$' -update -timeout 60m", f.ID, id, f.ID)
				}
			}
		}
		for _, v := range m.variants {
			if _, run := recorded[v.ID]; !run {
				t.Errorf("no record tells that the variant %s was run; run ROLLCALL_MATRIX=all go test ./cmd/rollcall -run 'Test.*Matrix/each/variant/%s$' -update -timeout 60m", v.ID, v.ID)
			}
		}
		m.everyProved(t, recorded)
	}
}

func toolMatrix(t *testing.T) *ltiMatrix {
	t.Helper()
	tools, variants, err := tablesOf(toolfault.Kind)
	if err != nil {
		t.Fatal(err)
	}
	tools = slices.DeleteFunc(tools, func(f fault.Fault) bool { return strings.HasPrefix(f.ID, ofPicker) })
	variants = slices.DeleteFunc(variants, func(v fault.Variant) bool { return strings.HasPrefix(v.ID, ofPicker) })
	return &ltiMatrix{prefix: ltitool.Prefix, record: "data/matrix-tool.json", checks: ltitool.Suite(calledParts()...).Checks, faults: tools, variants: variants,
		bystanders: []string{"launch.learner", "launch.instructor", "refuse.link-missing"},
		oddities:   []string{"launch.blank-role", "refuse.version", "refuse.state-elsewhere", "response.error", "browser.frame", "browser.blocked-storage", "login.post", "auth.*"},
		own: map[string][]string{
			"tool-calls-services": {"claims.services", "claims.unknown"},
			"tool-own-window":     {"browser.frame"},
			"tool-values-sorted":  {"auth.*"},
		},
		unproved: map[string]string{
			"refuse.old":          "MAY: a note",
			"claims.aud-several":  "MAY: a note",
			"claims.skew":         "MAY: a note",
			"refuse.future":       "MAY: a note",
			"refuse.milliseconds": "MAY: a note",
			"refuse.sub-missing":  "MAY in the strict stance; the reference takes anonymous launches",
		},
		judge: func(t *testing.T, focus []string, odd bool, ids ...string) *reports.Report {
			marker := marked
			if odd || slices.Contains(unmarked, ids[0]) {
				marker = steps[ids[0]]
			}
			return judgedTool(t, catalogue.Strict, marker, focus, ids...)
		},
		spared: func(_ string, q reports.RequirementResult) bool {
			return q.Verdict == reports.NotApplicable || q.ID == ltitool.Prefix+"refuse.sub-missing"
		},
	}
}

// marked is the marker of an opened launch of the reference tool.
const marked = `    launched: {selector: "#launched"}`

// unmarked are faults that a marker would give away: what is opened has to be learned.
var unmarked = []string{"tool-refuses-all", "tool-instructors-blank"}

// steps are what a person does on the pages of a variant.
var steps = map[string]string{"tool-consent": `    steps: [{click: "#agree"}]`}

func platformMatrix(t *testing.T) *ltiMatrix {
	t.Helper()
	platforms, variants, err := tablesOf(platformfault.Kind)
	if err != nil {
		t.Fatal(err)
	}
	platforms = slices.DeleteFunc(platforms, func(f fault.Fault) bool { return ofService(f.ID) })
	variants = slices.DeleteFunc(variants, func(v fault.Variant) bool { return ofService(v.ID) })
	return &ltiMatrix{prefix: ltiplatform.Prefix, record: "data/matrix-platform.json", checks: ltiplatform.Suite().Checks, faults: platforms, variants: variants,
		bystanders: []string{"login.iss", "token.kid", "response.token", "refuse.redirect-unregistered"},
		oddities: []string{"login.*", "token.*", "message.*", "custom.*", "response.*", "stable.*", "distinct.*", "roles.*", "storage.*", "keys.*", "access.*", "error.*",
			"refuse.scope-wrong", "refuse.login-hint-foreign", "refuse.message-hint-tampered"},
		unproved: map[string]string{"login.storage-target": "MAY: a note", "refuse.state-missing": "MAY: a note"},
		judge: func(t *testing.T, focus []string, _ bool, ids ...string) *reports.Report {
			return judgedPlatform(t, catalogue.Strict, focus, ids...)
		},
		spared: func(id string, q reports.RequirementResult) bool {
			return q.Verdict == reports.NotApplicable || slices.Contains(sparing[id], strings.TrimPrefix(q.ID, ltiplatform.Prefix))
		},
	}
}

// serviceFaults begin the ids of faults and variants of a platform's services.
var serviceFaults = []string{ofRosters, ofGrades, ofPicks}

// ofRosters begins the ids of what concerns Names and Roles of platforms.
const ofRosters = "platform-nrps-"

// ofService tells whether a fault or variant is one of a service, and not of launches.
func ofService(id string) bool {
	return slices.ContainsFunc(serviceFaults, func(begins string) bool { return strings.HasPrefix(id, begins) })
}

// nrpsPlatformMatrix judges each by all that is asked of rosters, but for what somebody has to
// come to a course for.
func nrpsPlatformMatrix(t *testing.T) *ltiMatrix {
	t.Helper()
	platforms, variants, err := tablesOf(platformfault.Kind)
	if err != nil {
		t.Fatal(err)
	}
	rosters := []string{"claim.*", "access.*", "deny.*", "container.*", "member.*", "launch.*", "role.*", "limit.*", "page.*", "rlid.*", "diff.*",
		"error.*", "query.*", "method.*"}
	return &ltiMatrix{prefix: nrps.PlatformPrefix, record: "data/matrix-platform-nrps.json",
		checks: slices.DeleteFunc(platformSuite().Checks, func(c harness.Check) bool {
			return !strings.HasPrefix(c.Requirements[0], nrps.PlatformPrefix)
		}),
		faults:     slices.DeleteFunc(platforms, func(f fault.Fault) bool { return !strings.HasPrefix(f.ID, ofRosters) }),
		variants:   slices.DeleteFunc(variants, func(v fault.Variant) bool { return !strings.HasPrefix(v.ID, ofRosters) }),
		bystanders: rosters,
		oddities:   []string{"change.*"},
		judge: func(t *testing.T, focus []string, _ bool, ids ...string) *reports.Report {
			return judgedPlatform(t, catalogue.Strict, focus, ids...)
		},
		spared: func(id string, q reports.RequirementResult) bool { return q.Verdict == reports.NotApplicable },
	}
}

// ofGrades begins the ids of what concerns Assignment and Grade Services of platforms.
const ofGrades = "platform-ags-"

func gradesMatrix(t *testing.T) *ltiMatrix {
	t.Helper()
	platforms, variants, err := tablesOf(platformfault.Kind)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"*"} // a run asks a hundred times, and launches a few
	return &ltiMatrix{prefix: ags.PlatformPrefix, record: "data/matrix-platform-ags.json",
		checks: slices.DeleteFunc(platformSuite().Checks, func(c harness.Check) bool {
			return !strings.HasPrefix(c.Requirements[0], ags.PlatformPrefix)
		}),
		faults:     slices.DeleteFunc(platforms, func(f fault.Fault) bool { return !strings.HasPrefix(f.ID, ofGrades) }),
		variants:   slices.DeleteFunc(variants, func(v fault.Variant) bool { return !strings.HasPrefix(v.ID, ofGrades) }),
		bystanders: all,
		oddities:   all,
		judge: func(t *testing.T, focus []string, _ bool, ids ...string) *reports.Report {
			return judgedPlatform(t, catalogue.Strict, focus, ids...)
		},
		spared: func(id string, q reports.RequirementResult) bool {
			return slices.Contains(sparing[id], strings.TrimPrefix(q.ID, ags.PlatformPrefix))
		},
	}
}

// sparing names what a variant of a platform leaves unjudged, or is warned of.
var sparing = map[string][]string{
	"platform-anonymous":      {"custom.value"}, // $User.id has no claim beside it
	"platform-es256":          {"token.rs256"},
	"platform-one-hint":       {"refuse.message-hint-tampered"},
	"platform-nulls-optional": {"message.no-null"},
	// What isn't there can't be judged, or is the vendor's choice.
	"platform-ags-links-unattached": {"filter.link"},
	"platform-ags-dates-none":       {"create.dates"},
	"platform-ags-put-maximum-kept": {"put.kept", "put.rescaled"},
}

func (m *ltiMatrix) run(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	var mu sync.Mutex
	seen := map[string]caught{}
	one := func(t *testing.T, id string, focus []string, odd bool) (*reports.Report, map[string]reports.RequirementResult) {
		sideBySide <- struct{}{}
		defer func() { <-sideBySide }()
		report := m.judge(t, focus, odd, id)
		found := broken(report)
		t.Cleanup(func() {
			mu.Lock()
			defer mu.Unlock()
			if !t.Failed() {
				seen[id] = caughtBy(id, report, found)
			}
		})
		return report, found
	}
	t.Run("each", func(t *testing.T) {
		for _, i := range today(t, len(m.faults)) {
			f := m.faults[i]
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				report, found := one(t, f.ID, m.focus(f.Breaks, m.bystandersOf(f)), false)
				blames(t, report)
				for _, id := range f.Breaks {
					if _, caught := found[id]; !caught {
						t.Errorf("%s was not caught%s", id, told(report, id))
					}
				}
				for id, q := range found {
					if !expected(id, f.Breaks) && !expected(id, f.May) {
						t.Errorf("unrelated: %s", story(q))
					}
				}
			})
		}
		for _, i := range today(t, len(m.variants)) {
			v := m.variants[i]
			t.Run("variant/"+v.ID, func(t *testing.T) {
				t.Parallel()
				oddities := m.oddities
				if own := m.own[v.ID]; own != nil {
					oddities = own
				}
				if service := m.serviceOf(v.ID); service != nil {
					oddities = service
				}
				report, _ := one(t, v.ID, m.focus(oddities, m.bystanders), true)
				for _, q := range report.Requirements {
					if q.Verdict != reports.Pass && !m.spared(v.ID, q) {
						t.Errorf("%s %s", story(q), q.Reason)
					}
				}
			})
		}
	})
	if *update {
		recorded, err := readMatrix()
		if err != nil {
			t.Fatal(err)
		}
		for id, c := range recorded { // what was not run stays as it was
			if _, again := seen[id]; !again && m.holds(id) {
				seen[id] = c
			}
		}
		if err := writeMatrix(m.record, seen); err != nil {
			t.Fatal(err)
		}
	}
}

// bystandersOf are what a fault is judged by beside what it breaks: one of a service by others of
// services, for it shows where the tool calls one.
func (m *ltiMatrix) bystandersOf(f fault.Fault) []string {
	if strings.HasPrefix(f.Breaks[0], m.prefix) {
		return m.bystanders
	}
	return []string{m.bystanders[0], "nrps20.tool.roster.pages", "ags20.tool.score.shape", "sec10.tool.token.form"}
}

// serviceOf gives what a variant of how services are called is judged by; nil where it is none.
func (m *ltiMatrix) serviceOf(id string) []string {
	const roster, grades, token = "nrps20.tool.*", "ags20.tool.*", "sec10.tool.*"
	for begins, focus := range map[string][]string{"tool-access-": {roster, grades, token}, "tool-roster-": {roster, token}, "tool-score-": {grades},
		"tool-item": {grades}} {
		if strings.HasPrefix(id, begins) {
			return focus
		}
	}
	return nil
}

// holds tells whether the matrix has a fault or variant.
func (m *ltiMatrix) holds(id string) bool {
	return slices.ContainsFunc(m.faults, func(f fault.Fault) bool { return f.ID == id }) ||
		slices.ContainsFunc(m.variants, func(v fault.Variant) bool { return v.ID == id })
}

// everyProved asks for a fault for each requirement: a check that was never seen
// to fail may be one that can't.
func (m *ltiMatrix) everyProved(t *testing.T, seen map[string]caught) {
	t.Helper()
	for _, c := range m.checks {
		for _, id := range c.Requirements {
			proved := slices.ContainsFunc(m.faults, func(f fault.Fault) bool {
				return slices.Contains(f.Breaks, id) && slices.Contains(seen[f.ID].Requirements, id)
			})
			if !proved && m.unproved[strings.TrimPrefix(id, m.prefix)] == "" {
				t.Errorf("%s is proved by no fault", id)
			}
		}
	}
}

// today gives what is tried of n faults or variants: every forty-eighth, others every day
// (sample).
func today(t *testing.T, n int) []int {
	t.Helper()
	return sample{n, (n + 47) / 48}.of(t, n)
}

// whole are ids that are written out, those of services.
var whole = regexp.MustCompile(`^(lti13|nrps20|ags20|dl20|sec10)\.`)

// focus puts together what a run judges; nil is everything.
func (m *ltiMatrix) focus(lists ...[]string) []string {
	if os.Getenv("ROLLCALL_MATRIX") == "whole" {
		return nil
	}
	var out []string
	for _, l := range lists {
		for _, id := range l {
			if !whole.MatchString(id) {
				id = m.prefix + id
			}
			out = append(out, id)
		}
	}
	return out
}

// told words what became of a requirement that should have failed.
func told(r *reports.Report, id string) string {
	for _, q := range r.Requirements {
		if q.ID == id {
			return ": it is " + string(q.Verdict) + " " + q.Reason
		}
	}
	return ": it was not judged"
}

// expected tells whether a list names a requirement, by itself or by a prefix.
func expected(id string, list []string) bool {
	return slices.ContainsFunc(list, func(pattern string) bool { return matches(id, pattern) })
}
