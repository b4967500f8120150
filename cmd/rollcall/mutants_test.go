package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/mutant"
	refbook "github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	refresources "github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/assessment"
	"github.com/rollcall-edu/rollcall/suites/oneroster/gradebook"
	"github.com/rollcall-edu/rollcall/suites/oneroster/resources"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rostering"
)

// TestMutants holds the judge to mistakes that nobody thought of: small changes of the
// reference's answers that a program made. Whatever they do it is the product that is
// accused, or nobody; what makes the answers of a place unusable is noticed. How many
// of the others are is told, for whoever writes the next check.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("mutants run by themselves: make mutants")
	}
	judge := func(t *testing.T, o district.Options, profiles []string) *reports.Report {
		report, err := judgedIn(t.TempDir(), o, catalogue.Strict, harness.Options{}, profiles...)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	type subject struct { // a mutant, the profiles of its service, and what is open without it
		*mutant.Mutant
		profiles []string
		clean    map[string]string
	}
	var mu sync.Mutex
	var noticed, idle int
	var unnoticed []string
	var tried []subject
	for _, x := range []struct {
		service  oneroster.Service
		some     sample
		profiles []string
	}{
		{sis.Rostering(), sample{whole: 300, few: 8}, rostering.Suite().Profiles},
		{refresources.Service(), sample{whole: 100, few: 4}, slices.Concat(rostering.Suite().Profiles, resources.Suite().Profiles)},
		{refbook.Service(), sample{whole: 300, few: 4}, slices.Concat(gradebook.Suite().Profiles, assessment.Suite().Profiles)},
	} {
		clean := open(judge(t, district.Options{}, x.profiles))
		all, err := mutant.Of(x.service)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range x.some.of(t, len(all)) {
			tried = append(tried, subject{all[i], x.profiles, clean})
		}
	}
	t.Run("each", func(t *testing.T) {
		for _, m := range tried {
			t.Run(strings.ReplaceAll(strings.TrimPrefix(m.Name, "GET /"), "/", "."), func(t *testing.T) {
				t.Parallel()
				report := judge(t, district.Options{Around: m.Wrap}, m.profiles)
				sound(t, report)
				found := broken(report)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case m.Bites() == 0:
					idle++
				case len(found) > 0:
					noticed++
					return
				default:
					unnoticed = append(unnoticed, m.Name)
				}
				if m.Structural {
					t.Errorf("nothing is broken by it, %d answers changed", m.Bites())
				}
				for id, reason := range open(report) {
					if _, always := m.clean[id]; !always {
						t.Errorf("%s is not tested, and nothing is broken: %s", id, reason)
					}
				}
			})
		}
	})
	slices.Sort(unnoticed)
	t.Logf("%d mutants are noticed and %d are not; %d never changed an answer", noticed, len(unnoticed), idle)
	for _, name := range unnoticed {
		t.Log("not noticed: ", name)
	}
}

// open lists the requirements that a report leaves undecided, with why.
func open(r *reports.Report) map[string]string {
	out := map[string]string{}
	for _, q := range r.Requirements {
		if q.Verdict == reports.NotTested || q.Verdict == reports.Unknown {
			out[q.ID] = fmt.Sprintf("%s (%s)", q.Reason, q.Verdict)
		}
	}
	return out
}
