package main

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/consumerfault"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/importer"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// consumerRecord is the file of what the matrix of consumers saw.
const consumerRecord = "data/matrix-consumer.json"

// lives is how many lives go on at once: they wait more than they work.
var lives = make(chan struct{}, 8)

const (
	ofConsumers = "or12.consumer."
	ofPulls     = "or12.gradebook-consumer."
	ofDrops     = "or12.csv-consumer."
	ofEquipment = "or12.resources-consumer."
)

// consumerBystanders are judged with every fault, so that an accusation of the innocent shows.
var consumerBystanders = []string{"holds.objects", "holds.unchanged", "changes.renamed", "changes.withdrawn", "calls.*", "token.request"}

// consumerOddities are what a variant is judged by.
var consumerOddities = []string{"holds.*", "calls.*", "paging.*", "token.*", "delta.*", "changes.*", "accepts.*", "trouble.busy", "trouble.error",
	"trouble.empty", "trouble.told", "trouble.recovers"}

// consumersMissed are faults of which not all that they break is found, or more than that, yet: what is in the
// tables is what should be. The list may only shrink.
var consumersMissed = []string{}

// TestConsumerMatrix holds the suite for consumers to the faults: each is caught by what it breaks and
// by nothing else, and no variant is minded. A few are tried a day, ROLLCALL_MATRIX=all tries all, and
// ROLLCALL_MATRIX=whole judges each by everything.
func TestConsumerMatrix(t *testing.T) {
	if testing.Short() {
		t.Skip("lives of products are left out with -short")
	}
	tables, err := consumerfault.Kind.Tables()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	seen := map[string]caught{}
	one := func(t *testing.T, id string, focus []string) (*reports.Report, map[string]reports.RequirementResult) {
		lives <- struct{}{}
		defer func() { <-lives }()
		report := judgedLife(t, id, focus)
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
		for _, i := range few(t, len(tables.Faults), 2) {
			f := tables.Faults[i]
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				if slices.Contains(consumersMissed, f.ID) {
					t.Skip("it isn't found as it should be yet")
				}
				focus := lifeFocus(f.Breaks, consumerBystanders)
				switch {
				case strings.HasPrefix(f.Breaks[0], ofDrops):
					focus = []string{ofDrops + "*"}
				case strings.HasPrefix(f.Breaks[0], importer.Prefix):
					focus = f.Breaks // each of them is many bundles
				}
				report, found := one(t, f.ID, focus)
				sound(t, report)
				for _, id := range f.Breaks {
					if _, caught := found[id]; !caught && !noted(report)[id] {
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
		for _, i := range few(t, len(tables.Variants), 1) {
			v := tables.Variants[i]
			t.Run("variant/"+v.ID, func(t *testing.T) {
				t.Parallel()
				oddities := consumerOddities
				if strings.HasPrefix(v.ID, "consumer-push-") {
					oddities = []string{ofPulls + "push.*"}
				}
				if strings.HasPrefix(v.ID, "consumer-drop-") {
					sets := judgedDrops(t, importer.Profile, harness.Options{Focus: []string{importer.Prefix + "oddities"}}, v.ID)
					sound(t, sets)
					for _, q := range broken(sets) {
						t.Errorf("%s %s", story(q), q.Reason)
					}
					oddities = []string{ofDrops + "*"}
				}
				if strings.HasPrefix(v.ID, "consumer-grades-") {
					oddities = []string{ofPulls + "pull.*", "holds.*", "changes.*", "delta.*"}
				}
				report, _ := one(t, v.ID, lifeFocus(oddities))
				sound(t, report)
				for _, q := range report.Requirements {
					untold := q.Verdict == reports.NotTested && strings.HasPrefix(q.ID, ofPulls+"push.") && strings.HasPrefix(v.ID, "consumer-push-")
					if q.Verdict == reports.Fail || q.Verdict == reports.Warning || untold {
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
			if _, again := seen[id]; !again && holdsConsumer(tables, id) {
				seen[id] = c
			}
		}
		if err := writeMatrix(consumerRecord, seen); err != nil {
			t.Fatal(err)
		}
	}
}

func holdsConsumer(tables fault.Tables, id string) bool {
	_, known := tables.Fault(id)
	return known
}

// few gives what is tried of n today; all with ROLLCALL_MATRIX.
func few(t *testing.T, n, most int) []int {
	t.Helper()
	if daily.All() {
		most = n
	}
	return sample{n, most}.of(t, n)
}

// lifeFocus puts together what a run judges; nil is everything.
func lifeFocus(lists ...[]string) []string {
	if os.Getenv("ROLLCALL_MATRIX") == "whole" {
		return nil
	}
	var out []string
	for _, id := range slices.Concat(lists...) {
		if !strings.HasPrefix(id, "or1") {
			id = ofConsumers + id
		}
		out = append(out, id)
	}
	return out
}

// judgedLife judges the reference consumer with a fault or variant on.
func judgedLife(t *testing.T, id string, focus []string) *reports.Report {
	t.Helper()
	if strings.HasPrefix(focus[0], importer.Prefix) {
		return judgedDrops(t, importer.Profile, harness.Options{Focus: focus}, id)
	}
	if slices.Contains(focus, ofDrops+"*") {
		return judgedDrops(t, "or12-csv-consumer", harness.Options{Focus: focus}, id)
	}
	c, err := district.StartConsumer(t.Context(), district.ConsumerOptions{Faults: []string{id}, Classwork: true, Reset: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	profiles := []string{"or12-rostering-consumer"}
	for begins, profile := range map[string]string{ofPulls + "pull.": "or12-gradebook-pull-consumer", ofPulls + "push.": "or12-gradebook-push-consumer",
		ofEquipment: "or12-resources-consumer"} {
		if slices.ContainsFunc(focus, func(id string) bool { return strings.HasPrefix(id, begins) }) {
			profiles = append(profiles, profile)
		}
	}
	text := consumerTarget(c.Origin, t.TempDir(), profiles...)
	if id == "consumer-words-told" {
		text = strings.Replace(text, "  holds: {", "  holds: {rewrites: [classes.title, academicSessions.title, users.phone, users.sms, users.email], ", 1)
	}
	return judgedBy(t.Context(), t, text, harness.Options{Focus: focus})
}

// TestConsumerPushes11: what is wrong in a push of OneRoster 1.1 is seen as it is in one of 1.2.
func TestConsumerPushes11(t *testing.T) {
	const pushes = "or11.gradebook-consumer.push."
	faults := []string{"consumer-push-score-text", "consumer-push-broken-lost"}
	r := judgedConsumer(t, []string{pushes + "*"}, district.ConsumerOptions{Faults: faults}, "or11-gradebook-push-consumer")
	verdicts := map[string]reports.Verdict{}
	for _, q := range r.Requirements {
		verdicts[strings.TrimPrefix(q.ID, pushes)] = q.Verdict
	}
	for id, want := range map[string]reports.Verdict{"schema": reports.Fail, "broken": reports.Fail, "same-id": reports.Pass,
		"references": reports.Pass, "single": reports.Pass, "line-items": reports.Pass} {
		if verdicts[id] != want {
			t.Errorf("%s is %q%s, want %q", id, verdicts[id], told(r, pushes+id), want)
		}
	}
}
