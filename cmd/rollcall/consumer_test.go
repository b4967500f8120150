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
)

// consumerTarget describes the reference consumer, which is told over its own interface where to read from, and asked
// there what it holds.
func consumerTarget(origin string, profiles ...string) string {
	return fmt.Sprintf(`rollcall: 1
name: Reference consumer
stance: strict
profiles: [%[2]s]
consumer:
  connect: {webhook: {url: %[1]s/connection, method: PUT}}
  sync:
    webhook: {url: '%[1]s/sync?mode=$mode'}
    modes: [full, delta]
    timeout: 10m
  push: {webhook: {url: %[1]s/push}, timeout: 1m}
  holds: {query: {url: %[1]s/held}}
`, origin, strings.Join(profiles, ", "))
}

// judgedConsumer judges the reference consumer.
func judgedConsumer(t testing.TB, focus []string, o district.ConsumerOptions, profiles ...string) *reports.Report {
	t.Helper()
	o.Classwork = true
	c, err := district.StartConsumer(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return judgedBy(t.Context(), t, consumerTarget(c.Origin, profiles...), harness.Options{InProcess: true, SkipDoctor: true, Shards: 1, Focus: focus})
}

// TestConsumerConformance: the reference consumer passes everything, in both versions.
func TestConsumerConformance(t *testing.T) {
	old := []string{"or11-rostering-consumer", "or11-gradebook-pull-consumer", "or11-resources-consumer"}
	for _, profile := range slices.Concat(consumerProfiles(), old) {
		t.Run(profile, func(t *testing.T) {
			r := judgedConsumer(t, nil, district.ConsumerOptions{}, profile)
			for _, q := range r.Requirements {
				switch {
				case q.Verdict == reports.Pass:
				case strings.Contains(q.ID, ".covers.") && q.Verdict == reports.NotTested: // none is asked for
				case strings.Contains(q.ID, ".signed.") && q.Verdict == reports.NotApplicable: // see TestConsumerConformanceSigned
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

// TestConsumerConformanceDrops: and so it does where it is given bundles.
func TestConsumerConformanceDrops(t *testing.T) {
	r := judgedDrops(t, "or12-csv-consumer", harness.Options{InProcess: true, SkipDoctor: true, Shards: 1, Focus: []string{"or12.csv-consumer.*"}})
	for _, q := range r.Requirements {
		if strings.HasPrefix(q.ID, "or12.csv-consumer.") && q.Verdict != reports.Pass {
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
