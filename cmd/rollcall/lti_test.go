package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reference/web"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	ltitool "github.com/rollcall-edu/rollcall/suites/lti/tool"
)

// freePort gives an address of 127.0.0.1 that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	address, err := web.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// judgesSide is where the judge's own side listens, with certificates that the other
// side has too.
type judgesSide struct {
	made                          *security.SelfMade
	ca, cert, key, listen, origin string
}

func judgeSide(t testing.TB, host string) judgesSide {
	t.Helper()
	made, err := security.NewSelfMade(time.Now(), "tool.localhost", "platform.localhost", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := judgesSide{made: made, ca: filepath.Join(dir, "ca.pem"), cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), listen: freePort(t)}
	if err := errors.Join(made.WriteAuthority(s.ca), made.WritePair(s.cert, s.key)); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.listen) // of ours
	s.origin = "https://" + host + ":" + port
	return s
}

// judgedBy judges the target of a target file by all suites, in this process.
func judgedBy(ctx context.Context, t testing.TB, text string, o harness.Options) *reports.Report {
	t.Helper()
	report, err := judgedFor(ctx, text, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// judgedTool runs the suite for tools against the reference tool, in a browser,
// over https on two sites.
func judgedTool(t testing.TB, stance catalogue.Stance, marker string, focus []string, faults ...string) *reports.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	return judgedBy(ctx, t, servedTool(ctx, t, stance, marker, focus, faults...), harness.Options{Focus: focus})
}

// servedTool serves the reference tool and gives the target file by which it is judged.
func servedTool(ctx context.Context, t testing.TB, stance catalogue.Stance, marker string, focus []string, faults ...string) string {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	own := judgeSide(t, "platform.localhost")
	origin := own.origin
	one := tool.Platform{Issuer: origin, ClientID: "rollcall-client", AuthURL: origin + "/auth", TokenURL: origin + "/token", JWKSURL: origin + "/jwks", Deployments: []string{"dep-1", "dep-2"}}
	known, other := []tool.Platform{one}, ""
	if slices.ContainsFunc(focus, func(id string) bool {
		return strings.Contains(id, "registrations.") || strings.Contains(id, "aud-crossed")
	}) {
		one.ClientID, other = "rollcall-other", "rollcall-other"
		known = append(known, one)
	}
	s, err := district.StartTool(ctx, district.ToolOptions{TLS: own.made, TrustPEM: own.made.AuthorityPEM, Faults: faults, Platforms: known})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return toolText(s, own, stance, marker, other)
}

// toolText is the target file by which the reference tool is judged.
func toolText(s *district.Tool, own judgesSide, stance catalogue.Stance, marker, other string) string {
	return fmt.Sprintf(`rollcall: 1
name: Rollcall reference tool
profiles: [%s]
stance: %s
tls: {ca_file: %q}
lti:
  listen: %s
  public_url: %s
  cert_file: %q
  key_file: %q
  client_id: rollcall-client
  other_client_id: %q
  deployments: [dep-1, dep-2]
  launch_timeout: 6s
  tool:
    login_url: %s
    target_link_uri: %s
    redirect_uris: [%s]
    jwks_url: %s
    teacher: {selector: "#teacher"}
    anonymous: served
    roster: [{click: "#roster"}]
    score: %s
    zero: %s
    pick:
      steps: [{click: "input[value=quiz]"}, {click: "#add"}]
      several: [{click: "input[value=quiz]"}, {click: "input[value=page]"}, {click: "input[value=text]"}, {click: "input[value=picture]"}, {click: "input[value=sheet]"}, {click: "#add"}]
      cancel: [{click: "#cancel"}]
%s
`, strings.Join(toolProfiles(), ", "), stance, own.ca, own.listen, own.origin, own.cert, own.key, other, s.LoginURL(), s.TargetURL("quiz"), s.RedirectURL(), s.JWKSURL(), answering("4", "18"), answering("1", "10"), marker)
}

// answering are the steps of a learner who works through the quiz of the reference tool.
func answering(answers ...string) string {
	steps := `[{click: "#begin"}`
	for _, a := range answers {
		steps += fmt.Sprintf(`, {click: "input[value='%s']"}, {click: "#answer"}`, a)
	}
	return steps + "]"
}

// TestToolConformance holds the clean reference tool to every requirement, with
// opened pages learned and with a marker.
func TestToolConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	for _, test := range []struct {
		name, marker string
		stance       catalogue.Stance
	}{{"learned", "", catalogue.Strict}, {"marked", marked, catalogue.Certification}} {
		t.Run(test.name, func(t *testing.T) {
			if test.marker != "" && os.Getenv("ROLLCALL_MATRIX") == "" {
				t.Skip("one way a time; ROLLCALL_MATRIX=all takes both")
			}
			report := judgedBeside(t, test.stance, test.marker, nil)
			for _, q := range report.Requirements {
				if q.Verdict == reports.NotApplicable && (strings.Contains(q.ID, "registrations.") || strings.HasSuffix(q.ID, "aud-crossed")) {
					continue // TestToolConformanceRegistrations has two
				}
				if q.Verdict != reports.Pass && q.ID != ltitool.Prefix+"refuse.sub-missing" && q.ID != ltitool.Prefix+"launch.anonymous" {
					t.Errorf("%s %s", story(q), q.Reason)
				}
			}
			t.Logf("%d checks, %s", len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
		})
	}
}

// judgedBeside judges the reference tool while Rollcall is two platforms: launches and
// services at the same time.
func judgedBeside(t testing.TB, stance catalogue.Stance, marker string, focus []string, faults ...string) *reports.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	text, _ := servedBeside(ctx, t, stance, marker, faults...)
	report := judgedBy(ctx, t, text, harness.Options{Focus: focus, Shards: 2})
	if report.Run.Shards != 2 {
		t.Errorf("the run had %d processes", report.Run.Shards)
	}
	return report
}

// servedBeside serves the reference tool, which knows Rollcall as two platforms, and gives the
// target file by which it is judged, and the issuer of the other one.
func servedBeside(ctx context.Context, t testing.TB, stance catalogue.Stance, marker string, faults ...string) (text, issuer string) {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	own := judgeSide(t, "platform.localhost")
	listen := freePort(t)
	_, port, _ := net.SplitHostPort(listen) // of ours
	var known []tool.Platform
	for _, origin := range []string{own.origin, "https://platform.localhost:" + port} {
		known = append(known, tool.Platform{Issuer: origin, ClientID: "rollcall-client", AuthURL: origin + "/auth", TokenURL: origin + "/token", JWKSURL: origin + "/jwks", Deployments: []string{"dep-1", "dep-2"}})
	}
	s, err := district.StartTool(ctx, district.ToolOptions{TLS: own.made, TrustPEM: own.made.AuthorityPEM, Faults: faults, Platforms: known})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const deployments = "  deployments: [dep-1, dep-2]\n"
	return strings.Replace(toolText(s, own, stance, marker, ""), deployments,
		deployments+fmt.Sprintf("  other_platform: {listen: %q, public_url: %q}\n", listen, known[1].Issuer), 1), known[1].Issuer
}

// TestDoctorOfTwoPlatforms: the doctor begins a login from the other platform too, and says
// where that isn't registered.
func TestDoctorOfTwoPlatforms(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	text, issuer := servedBeside(t.Context(), t, catalogue.Strict, marked)
	path := filepath.Join(t.TempDir(), "target.yaml")
	for public, want := range map[string]string{issuer: "ok    login from other_platform", strings.Replace(issuer, "platform.", "elsewhere.", 1): "look  login from other_platform"} {
		if err := os.WriteFile(path, []byte(strings.Replace(text, issuer, public, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, out, errs := call(t, "", "doctor", path, "--out", t.TempDir()); !strings.Contains(out, want) {
			t.Errorf("%s has no %q\n%s", out, want, errs)
		}
	}
}

// TestToolConformanceRegistrations judges a tool at which the platform is registered twice.
func TestToolConformanceRegistrations(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	t.Parallel() // it waits more than it works
	report := judgedTool(t, catalogue.Strict, "", []string{ltitool.Prefix + "registrations.*", ltitool.Prefix + "refuse.aud-crossed", ltitool.Prefix + "refuse.aud", ltitool.Prefix + "login.no-client"})
	judged := 0
	defer func() {
		if judged < 5 {
			t.Errorf("only %d requirements were judged", judged)
		}
	}()
	for _, q := range report.Requirements {
		if q.Verdict != reports.Unknown {
			judged++
		}
		want := reports.Pass
		if q.ID == ltitool.Prefix+"login.no-client" {
			want = reports.NotApplicable
		}
		if q.Verdict != want && q.Verdict != reports.Unknown {
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
}

// TestOneDeployment: where the target file names one deployment only, nothing is said of
// others but what to add.
func TestOneDeployment(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	focus := []string{ltitool.Prefix + "launch.deployments"}
	text := strings.Replace(servedTool(ctx, t, catalogue.Strict, marked, nil), "deployments: [dep-1, dep-2]", "deployments: [dep-1]", 1)
	for _, q := range judgedBy(ctx, t, text, harness.Options{Focus: focus}).Requirements {
		if q.ID != focus[0] {
			continue
		}
		if q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Kind != reports.Configuration || !strings.Contains(q.Remedy, "lti.deployments") {
			t.Errorf("%s %s %s", story(q), q.Reason, q.Remedy)
		}
		return
	}
	t.Error("it was not judged")
}
