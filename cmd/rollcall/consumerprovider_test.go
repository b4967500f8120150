package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
)

// unmindful are what the provider leaves out by intent: no consumer reads a discovery document, and what is put
// with a member more than there are is judged, not refused.
var unmindful = []string{".discovery.document", ".write.unknown-member"}

// The provider that consumers are judged by is judged as any provider is: nobody may be blamed for
// not bearing what is wrong with Rollcall.
func TestConsumersProviderConformance(t *testing.T) {
	for version, profiles := range map[string]string{
		"1.2": "or12-rostering-provider, or12-demographics-provider, or12-resources-provider, or12-gradebook-provider, " +
			"or12-gradebook-push-provider",
		"1.1": "or11-rostering-provider, or11-resources-provider, or11-gradebook-provider, or11-gradebook-push-provider",
	} {
		t.Run(version, func(t *testing.T) {
			p, err := provider.Start(t.Context(), provider.Options{Version: version})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = p.Close() })
			w, err := world.New(1)
			if err != nil {
				t.Fatal(err)
			}
			p.Serve(w, provider.Behaviour{})
			c := p.Connection()
			text := fmt.Sprintf("rollcall: 1\nname: Rollcall's provider\nstance: strict\nprofiles: [%s]\noneroster:\n  writes: true\n", profiles)
			for key, value := range map[string]string{"rostering": c.Rostering, "resources": c.Resources, "gradebook": c.Gradebook, "v1p1": c.V1P1} {
				if value != "" {
					text += "  " + key + ": " + value + "\n"
				}
			}
			item := w.LineItem[slices.IndexFunc(w.LineItem, func(l fixtures.LineItem) bool { return l.GradingPeriod != "" })]
			class := w.Class[slices.IndexFunc(w.Class, func(c fixtures.Class) bool { return c.SourcedID == item.Class })]
			seat := w.Enrollment[slices.IndexFunc(w.Enrollment, func(e fixtures.Enrollment) bool {
				return e.Class == class.SourcedID && e.Role == "student" && e.Status == fixtures.Active
			})]
			text += fmt.Sprintf("  writable: {class: %q, school: %q, student: %q, session: %q, grading_period: %q}\n", class.SourcedID, class.School, seat.User,
				class.Terms[0], item.GradingPeriod)
			text += fmt.Sprintf("  auth: {token_url: %q, client_id: %q, client_secret: %q}\n", c.TokenURL, c.ClientID, c.ClientSecret)
			r := judgedBy(t.Context(), t, text, harness.Options{InProcess: true, SkipDoctor: true, Shards: 1})
			for _, q := range r.Requirements {
				wrong := q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error
				if wrong && !slices.ContainsFunc(unmindful, func(id string) bool { return strings.HasSuffix(q.ID, id) }) {
					t.Errorf("%s is %s: %s", q.ID, q.Verdict, strings.TrimSpace(findings(q)))
				}
			}
		})
	}
}
