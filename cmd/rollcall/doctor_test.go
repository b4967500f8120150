package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// The doctor begins a login at a tool, and takes a platform's steps, and says which part
// of the set-up is wrong.
func TestDoctorBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tool := servedTool(ctx, t, catalogue.Strict, "", nil)
	platform, _ := servedPlatform(ctx, t, catalogue.Strict)
	broken, _ := servedPlatform(ctx, t, catalogue.Strict, "platform-keys-500")
	for _, test := range []struct{ name, text, old, new, says string }{
		{"tool", tool, "", "", ""},
		{"tool, a marker that is nowhere", tool, "    teacher:", "    launched: {selector: \"#no-such\"}\n    teacher:", "a good launch was not opened"},
		{"tool, another client", tool, "client_id: rollcall-client", "client_id: somebody", "no authentication request"},
		{"tool, another redirect URI", tool, "/launch]", "/elsewhere]", "redirect_uris"},
		{"platform", platform, "", "", ""},
		{"platform, no such field", platform, `select: '#user`, `select: '#no-user`, "; the browser was at https://platform.localhost"},
		{"platform, keys that break down", broken, "", "", "breaks down: it answers 500"},
		{"platform, another client", platform, "client_id: ", "client_id: not-", "client_id"},
		{"platform, another deployment", platform, "- judge-1\n    - judge-2\n", "- none\n", "lti_deployment_id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(test.text, test.old, test.new, 1)
			if test.old != "" && text == test.text {
				t.Fatalf("the target file has no %q:\n%s", test.old, text)
			}
			pictures := t.TempDir()
			target, err := harness.ParseTarget("target.yaml", []byte(text), os.LookupEnv, sections()...)
			if err != nil {
				t.Fatal(err)
			}
			run, err := harness.New(target, suites(), harness.Options{})
			if err != nil {
				t.Fatal(err)
			}
			found, err := run.Doctor(ctx, harness.DoctorOptions{Thorough: true, Pictures: pictures}, nil)
			if err != nil {
				t.Fatal(err)
			}
			amiss := slices.DeleteFunc(slices.Clone(found), func(d harness.Diagnosis) bool { return d.OK })
			if test.says == "" {
				if len(amiss) > 0 || len(found) < 3 {
					t.Errorf("found %+v", found)
				}
				if shown, _ := filepath.Glob(filepath.Join(pictures, "doctor-*.jpg")); strings.HasPrefix(test.name, "tool") && len(shown) != 2 {
					t.Errorf("the pictures are %v, not of a good and a bad launch", shown)
				}
				t.Log(found)
				return
			}
			if !slices.ContainsFunc(amiss, func(d harness.Diagnosis) bool { return strings.Contains(d.Detail, test.says) && d.Remedy != "" }) {
				t.Errorf("nothing of %s is said in %+v", test.says, found)
			}
			t.Log(amiss)
		})
	}
}

// The doctor asks the CASE server of a target file, once for all suites, and holds nothing of
// it against anybody.
func TestDoctorCASE(t *testing.T) {
	for _, test := range []struct {
		fault string
		ok    bool
		says  string
		does  string // the remedy
	}{
		{"", true, "has frameworks, and speaks CASE 1.1 by its address", ""},
		{"case-503", false, "was answered with 503", "Start it or name another one"},
		{"case-html", false, "a page of HTML", "Look at the address"},
		{"case-token-wanted", false, "was answered with 401", "oneroster.case.token"},
		{"case-stalls", false, "will be not-tested", "Nothing is held against the product"},
		{"case-other-404", false, "the address may be wrong", "ends in the version"},
		{"case-elsewhere", false, "redirect to another server", "Nothing is held against the product"},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			o := district.Options{Case: &district.CaseOptions{}}
			if test.fault != "" {
				o.Case.Faults = []string{test.fault}
			}
			sis, err := district.StartSIS(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer sis.Close()
			text := string(servedText(t, sis, "", []string{"or12-gradebook-core-provider", "or12-assessment-provider"})) + "limits: {request_timeout: 3s}\n"
			target, err := harness.ParseTarget("target.yaml", []byte(text), os.LookupEnv, sections()...)
			if err != nil {
				t.Fatal(err)
			}
			run, err := harness.New(target, suites(), harness.Options{})
			if err != nil {
				t.Fatal(err)
			}
			found, err := run.Doctor(t.Context(), harness.DoctorOptions{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			found = slices.DeleteFunc(found, func(d harness.Diagnosis) bool { return d.Name != "CASE server" })
			if len(found) != 1 {
				t.Fatalf("it is told of %d times: %+v", len(found), found)
			}
			if d := found[0]; d.OK != test.ok || d.Fatal || !strings.Contains(d.Detail, test.says) || !strings.Contains(d.Remedy, test.does) {
				t.Errorf("said is %+v", d)
			}
		})
	}
}
