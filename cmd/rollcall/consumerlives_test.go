package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reports"
)

// TestConsumerLives: a product has several lives in a run where it can be made empty in between, and none of them is
// judged by what another has left. That it stays as it was is said to be the set-up, and held against nobody.
func TestConsumerLives(t *testing.T) {
	profiles := []string{"or12-rostering-consumer", "or11-rostering-consumer", "or12-csv-consumer"}
	focus := []string{"or12.consumer.holds.objects", "or11.consumer.holds.objects", "or12.csv-consumer.bulk"}
	t.Run("made empty", func(t *testing.T) {
		r := judgedConsumer(t, focus, district.ConsumerOptions{}, profiles...)
		for _, q := range r.Requirements {
			if q.Verdict != reports.Pass {
				t.Errorf("%s is %s: %s %s", q.ID, q.Verdict, q.Reason, findings(q))
			}
		}
	})
	t.Run("not made empty", func(t *testing.T) {
		pretends := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/reset" {
					next.ServeHTTP(w, r)
				}
			})
		}
		r := judgedConsumer(t, focus, district.ConsumerOptions{Around: pretends}, profiles...)
		for _, q := range r.Requirements {
			first := strings.HasPrefix(q.ID, "or12.consumer.")
			switch {
			case first && q.Verdict == reports.Pass:
			case !first && q.Verdict == reports.NotTested && strings.Contains(q.Reason, "consumer.reset, and still holds of the roster academicSessions: "):
			default:
				t.Errorf("%s is %s: %s %s", q.ID, q.Verdict, q.Reason, findings(q))
			}
		}
	})
	t.Run("looked at", func(t *testing.T) {
		c, err := district.StartConsumer(t.Context(), district.ConsumerOptions{Reset: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		path := filepath.Join(t.TempDir(), "target.yaml")
		if err := os.WriteFile(path, []byte(consumerTarget(c.Origin, t.TempDir(), profiles...)), 0o600); err != nil {
			t.Fatal(err)
		}
		for args, want := range map[string]string{"": "consumer.reset: is not tried", "--reset": "consumer.reset: the product was made empty in"} {
			code, out, errs := call(t, "", strings.Fields("doctor --target "+path+" --out "+t.TempDir()+" "+args)...)
			if code != 0 || !strings.Contains(out, want) || strings.Contains(out, "look  ") {
				t.Errorf("%q isn't said, or more than that, and the doctor ends with %d:\n%s%s", want, code, out, errs)
			}
		}
	})
}
