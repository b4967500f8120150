package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
)

// The provider that consumers are judged by is judged as any provider is: nobody may be blamed for
// not bearing what is wrong with Rollcall.
func TestConsumersProviderConformance(t *testing.T) {
	for version, profiles := range map[string]string{
		"1.2": "or12-rostering-provider, or12-demographics-provider, or12-resources-provider, or12-gradebook-provider",
		"1.1": "or11-rostering-provider, or11-resources-provider, or11-gradebook-provider",
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
			text := fmt.Sprintf("rollcall: 1\nname: Rollcall's provider\nstance: strict\nprofiles: [%s]\noneroster:\n", profiles)
			for key, value := range map[string]string{"rostering": c.Rostering, "resources": c.Resources, "gradebook": c.Gradebook, "v1p1": c.V1P1} {
				if value != "" {
					text += "  " + key + ": " + value + "\n"
				}
			}
			text += fmt.Sprintf("  auth: {token_url: %q, client_id: %q, client_secret: %q}\n", c.TokenURL, c.ClientID, c.ClientSecret)
			r := judgedBy(t.Context(), t, text, harness.Options{InProcess: true, SkipDoctor: true, Shards: 1})
			for _, q := range r.Requirements {
				wrong := q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error
				if wrong && !strings.HasSuffix(q.ID, ".discovery.document") { // no consumer reads that
					t.Errorf("%s is %s: %s", q.ID, q.Verdict, strings.TrimSpace(findings(q)))
				}
			}
		})
	}
}
