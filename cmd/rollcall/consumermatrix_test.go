package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/consumerfault"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer"
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
	ofSigners   = "or11.consumer."
)

// consumerBystanders are judged with every fault, so that an accusation of the innocent shows.
var consumerBystanders = []string{"holds.objects", "holds.unchanged", "changes.renamed", "changes.withdrawn", "calls.*", "token.request"}

// consumerOddities are what a variant is judged by.
var consumerOddities = []string{"holds.*", "calls.*", "paging.*", "token.*", "delta.*", "changes.*", "accepts.*", "trouble.busy", "trouble.error",
	"trouble.empty", "trouble.told", "trouble.recovers"}

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
			if t.Failed() {
				return
			}
			seen[id] = caughtBy(id, report, found)
			if *update {
				if err := record(tables, seen); err != nil {
					t.Error(err)
				}
			}
		})
		return report, found
	}
	t.Run("each", func(t *testing.T) {
		for _, i := range few(t, len(tables.Faults), 2) {
			f := tables.Faults[i]
			t.Run("fault/"+f.ID, func(t *testing.T) {
				t.Parallel()
				leftOut(t, f.ID)
				focus := lifeFocus(f.Breaks, consumerBystanders)
				switch {
				case strings.HasPrefix(f.Breaks[0], ofDrops):
					focus = []string{ofDrops + "*"}
				case strings.HasPrefix(f.Breaks[0], importer.Prefix):
					focus = f.Breaks // each of them is many bundles
				case strings.HasPrefix(f.Breaks[0], ofSigners):
					focus = []string{ofSigners + "*"}
				}
				report, found := one(t, f.ID, focus)
				sound(t, report)
				for _, id := range f.Breaks {
					switch _, caught := found[id]; {
					case caught:
					case noted(report)[id]:
						found[id] = reports.RequirementResult{ID: id}
					default:
						t.Errorf("%s was not caught%s", id, told(report, id))
					}
				}
				for id, q := range found {
					if !slices.Contains(f.Breaks, id) && !expected(id, f.May) {
						t.Errorf("unrelated: %s", story(q))
					}
				}
			})
		}
		for _, i := range few(t, len(tables.Variants), 1) {
			v := tables.Variants[i]
			t.Run("variant/"+v.ID, func(t *testing.T) {
				t.Parallel()
				leftOut(t, v.ID)
				oddities := consumerOddities
				for begins, also := range map[string]string{"consumer-push-": ofPulls + "push.*", "consumer-drop-": ofDrops + "*"} {
					if strings.HasPrefix(v.ID, begins) {
						oddities = []string{also}
					}
				}
				if strings.HasPrefix(v.ID, "consumer-drop-") {
					sets := judgedLife(t, v.ID, []string{importer.Prefix + "oddities"})
					sound(t, sets)
					for _, q := range broken(sets) {
						t.Errorf("%s %s", story(q), q.Reason)
					}
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
}

// record takes what was seen of some into the file at once: a run of all takes long, and others stay as they were.
func record(tables fault.Tables, seen map[string]caught) error {
	all := maps.Clone(seen)
	var rows []caught
	text, err := os.ReadFile(consumerRecord) // what is embedded is of the last build
	if err := errors.Join(err, json.Unmarshal(text, &rows)); err != nil {
		return err
	}
	for _, c := range rows {
		if _, known := tables.Fault(c.ID); known && all[c.ID].ID == "" {
			all[c.ID] = c
		}
	}
	return writeMatrix(consumerRecord, all)
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

// judgedLife judges the reference consumer with a fault or variant on, in a process of the pool.
func judgedLife(t *testing.T, id string, focus []string) *reports.Report {
	t.Helper()
	return judgedCell(t, cell{Consumer: id, Focus: focus})
}

// life takes the reference consumer through a life.
func (c cell) life(dir string) (*reports.Report, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	focused := func(on string) bool {
		return slices.ContainsFunc(c.Focus, func(id string) bool { return strings.HasPrefix(id, on) })
	}
	o := district.ConsumerOptions{Faults: []string{c.Consumer}, Classwork: focused(ofPulls+"push.") || len(c.Focus) == 0, Reset: true}
	if focused(ofDrops) || focused(importer.Prefix) {
		o = district.ConsumerOptions{Faults: o.Faults, Connection: &service.Connection{Bundle: dir}}
	}
	subject, err := district.StartConsumer(ctx, o)
	if err != nil {
		return nil, err
	}
	defer subject.Close()
	profiles := []string{"or12-rostering-consumer"}
	for _, also := range [][2]string{{ofPulls + "pull.", "or12-gradebook-pull-consumer"}, {ofPulls + "push.", "or12-gradebook-push-consumer"},
		{ofEquipment, "or12-resources-consumer"}} {
		if focused(also[0]) {
			profiles = append(profiles, also[1])
		}
	}
	text := consumerTarget(subject.Origin, dir, profiles...)
	if c.Consumer == "consumer-words-told" {
		text = strings.Replace(text, "  holds: {", "  holds: {rewrites: [classes.title, academicSessions.title, users.phone, users.sms, users.email], ", 1)
	}
	switch {
	case focused(importer.Prefix):
		text = dropsTarget(subject.Origin, dir, importer.Profile)
	case focused(ofDrops):
		text = dropsTarget(subject.Origin, dir, "or12-csv-consumer")
	case focused(ofSigners):
		text = strings.Replace(consumerTarget(subject.Origin, dir, "or11-rostering-consumer"), "method: PUT",
			`method: PUT, body: '{"version": "1.1", "v1p1": "$v1p1", "client_id": "$client_id", "client_secret": "$client_secret", "signed": true}'`, 1)
		text = strings.Replace(text, "consumer:\n", "consumer:\n  signed: true\n", 1)
	}
	return judgedFor(ctx, text, harness.Options{InProcess: true, Focus: c.Focus})
}

// untried lists faults and variants of which no run came to its end yet: whether they are caught, or minded, isn't known,
// and by day they are left out. It may only shrink.
const untried = "testdata/consumers-untried.txt"

// leftOut skips what is untried, unless all are asked for.
func leftOut(t *testing.T, id string) {
	t.Helper()
	text, err := os.ReadFile(untried)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(strings.Fields(string(text)), id) && !daily.All() {
		t.Skip("no run of it came to its end yet; ROLLCALL_MATRIX=all tries it")
	}
}

// unrecorded lists faults and variants of which no run is recorded yet, one a line. It may only shrink.
const unrecorded = "testdata/consumers-unrecorded.txt"

// TestRecordedConsumers sees to it that faults and variants of consumers were run since their tables changed, and that
// each requirement which a consumer can break is broken by a fault.
func TestRecordedConsumers(t *testing.T) {
	tables, err := consumerfault.Kind.Tables()
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := readMatrix()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(unrecorded)
	if err != nil {
		t.Fatal(err)
	}
	open := strings.Fields(string(text))
	for _, id := range open {
		if _, known := tables.Fault(id); !known || recorded[id].ID != "" {
			t.Errorf("%s names %s, which there isn't, or which is recorded by now", unrecorded, id)
		}
	}
	const again = "run ROLLCALL_MATRIX=all go test ./cmd/rollcall -run 'TestConsumerMatrix/each/.*/%s$' -update -timeout 60m"
	broken := map[string]bool{}
	for _, f := range tables.Faults {
		for _, id := range f.Breaks {
			broken[id] = true
			if !slices.Contains(recorded[f.ID].Requirements, id) && !slices.Contains(open, f.ID) {
				t.Errorf("no record tells that %s is caught by %s; "+again, f.ID, id, f.ID)
			}
		}
	}
	for _, v := range tables.Variants {
		if c := recorded[v.ID]; (c.ID == "" || len(c.Requirements) > 0) && !slices.Contains(open, v.ID) {
			t.Errorf("no record tells that the variant %s was run, and minded by nothing; "+again, v.ID, v.ID)
		}
	}
	for _, s := range []harness.Suite{consumer.Suite(), consumer.Suite11(), consumer.Drops()} {
		for _, c := range s.Checks {
			for _, id := range c.Requirements {
				// 1.1 and 1.2 are judged by the same code; what was seen (covers) is told and asked for by nothing.
				twin := "or12." + strings.TrimPrefix(id, "or11.")
				if strings.Contains(id, "consumer.") && !broken[id] && !broken[twin] && !strings.Contains(id, ".covers.") {
					t.Errorf("%s is broken by no fault", id)
				}
			}
		}
	}
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
