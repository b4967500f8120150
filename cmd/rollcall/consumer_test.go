package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/importer"
	"github.com/rollcall-edu/rollcall/tools/daily"
)

// consumerTarget describes the reference consumer, which is told over its own interface where to read from, and asked
// there what it holds. Bundles are dropped into a folder.
func consumerTarget(origin, folder string, profiles ...string) string {
	return fmt.Sprintf(`rollcall: 1
name: Reference consumer
stance: strict
profiles: [%[2]s]
consumer:
  connect: {webhook: {url: %[1]s/connection, method: PUT}}
  reset: {webhook: {url: %[1]s/reset}}
  drop:
    folder: %[3]q
    connect: {webhook: {url: %[1]s/connection, method: PUT, body: '{"bundle": %[3]q}'}}
  sync:
    webhook: {url: '%[1]s/sync?mode=$mode'}
    modes: [full, delta]
    timeout: 10m
  push: {webhook: {url: %[1]s/push}, timeout: 1m}
  holds: {query: {url: %[1]s/held}}
`, origin, strings.Join(profiles, ", "), folder)
}

// judgedConsumer judges the reference consumer.
func judgedConsumer(t testing.TB, focus []string, o district.ConsumerOptions, profiles ...string) *reports.Report {
	t.Helper()
	o.Classwork, o.Reset = true, true
	c, err := district.StartConsumer(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return judgedBy(t.Context(), t, consumerTarget(c.Origin, t.TempDir(), profiles...),
		harness.Options{InProcess: true, SkipDoctor: true, Shards: 1, Focus: focus})
}

// consumerLives are runs of the reference consumer: the first one has three lives, of both versions and by bundles.
var consumerLives = [][]string{
	{"or12-rostering-consumer", "or11-rostering-consumer", "or12-csv-consumer"},
	{"or12-gradebook-pull-consumer"}, {"or12-gradebook-push-consumer"}, {"or12-resources-consumer"},
	{"or11-gradebook-pull-consumer", "or11-gradebook-push-consumer"}, {"or11-resources-consumer"},
}

// TestConsumerConformance: the reference consumer passes everything, in both versions and where it is given bundles.
func TestConsumerConformance(t *testing.T) {
	for _, profiles := range consumerLives {
		t.Run(strings.Join(profiles, ","), func(t *testing.T) {
			r := judgedConsumer(t, nil, district.ConsumerOptions{}, profiles...)
			for _, q := range r.Requirements {
				switch {
				case q.Verdict == reports.Pass:
				case strings.Contains(q.ID, ".covers.") && q.Verdict == reports.NotTested: // none is asked for
				case strings.Contains(q.ID, ".signed.") && q.Verdict == reports.NotApplicable: // see TestConsumerWays
				case strings.HasPrefix(q.ID, "or12.csv-importer.") && q.Verdict == reports.NotTested: // `rollcall csv importer` does
				default:
					t.Errorf("%s is %s: %s %s", q.ID, q.Verdict, q.Reason, findings(q))
				}
			}
		})
	}
}

// judgedDrops judges the reference consumer by the bundles that are dropped into its folder.
func judgedDrops(t testing.TB, profile string, options harness.Options, faults ...string) *reports.Report {
	t.Helper()
	folder := t.TempDir()
	c, err := district.StartConsumer(t.Context(), district.ConsumerOptions{Connection: &service.Connection{Bundle: folder}, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return judgedBy(t.Context(), t, dropsTarget(c.Origin, folder, profile), options)
}

// dropsTarget describes the reference consumer, which reads what is dropped into a folder.
func dropsTarget(origin, folder, profile string) string {
	return fmt.Sprintf(`rollcall: 1
name: Reference consumer
stance: strict
profiles: [%[3]s]
consumer:
  drop: {folder: %[2]q}
  sync:
    webhook: {url: '%[1]s/sync?mode=$mode'}
    modes: [full, delta]
  holds: {query: {url: %[1]s/held}}
`, origin, folder, profile)
}

// TestConsumerConformanceSets: it does with every set what it should, unattended. Two topics are tried a day, and all
// with ROLLCALL_MATRIX=all.
func TestConsumerConformanceSets(t *testing.T) {
	all := importer.Requirements()
	var focus []string
	for _, i := range few(t, len(all), 2) {
		if topic := strings.TrimPrefix(all[i].ID, importer.Prefix); daily.All() || !importer.Decides(topic, importer.Set{}) {
			focus = append(focus, all[i].ID) // others need every set
		}
	}
	if len(focus) == 0 {
		focus = []string{importer.Prefix + "oddities"}
	}
	r := judgedDrops(t, importer.Profile, harness.Options{InProcess: true, SkipDoctor: true, Shards: 1, Focus: focus})
	for _, q := range r.Requirements {
		if slices.Contains(focus, q.ID) && q.Verdict != reports.Pass {
			t.Errorf("%s is %s: %s %s", q.ID, q.Verdict, q.Reason, findings(q))
		}
	}
}

func findings(q reports.RequirementResult) string {
	var out []string
	for _, f := range q.Findings {
		out = append(out, fmt.Sprintf("\n  %s: %s; expected %s; seen %s", f.Sent, f.Where, f.Expected, f.Seen))
	}
	return strings.Join(out, "")
}
