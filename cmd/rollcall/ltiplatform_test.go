package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// judgedPlatform runs the suite for platforms against the reference platform, in a
// browser, over https on two sites.
func judgedPlatform(t *testing.T, stance catalogue.Stance, focus []string, faults ...string) *reports.Report {
	t.Helper()
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	made, err := security.NewSelfMade(time.Now(), "tool.localhost", "platform.localhost", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ca, cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := made.WriteAuthority(ca); err != nil {
		t.Fatal(err)
	}
	if err := made.WritePair(cert, key); err != nil {
		t.Fatal(err)
	}
	listen := freePort(t)
	_, port, _ := net.SplitHostPort(listen)
	origin := "https://tool.localhost:" + port
	p, err := district.StartPlatform(ctx, district.PlatformOptions{TLS: made, TrustPEM: made.AuthorityPEM, Faults: faults, Tools: []platform.Registration{ownRegistration(origin)}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	text := fmt.Sprintf("rollcall: 1\nname: Rollcall reference platform\nprofiles: [%s]\nstance: %s\ntls: {ca_file: %q}\n", ltiplatform.Profile, stance, ca) +
		platformSection(p, listen, origin, cert, key) + "  launch_timeout: 6s\n"
	target, err := harness.ParseTarget("target.yaml", []byte(text), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	run, err := harness.New(target, suites(), harness.Options{Shards: 1, Seed: 1, Judge: judge(), SkipDoctor: true, Focus: focus})
	if err != nil {
		t.Fatal(err)
	}
	report, err := run.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestPlatformConformance holds the clean reference platform to every requirement.
func TestPlatformConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("browsers are left out with -short")
	}
	report := judgedPlatform(t, catalogue.Strict, nil)
	for _, q := range report.Requirements {
		if q.Verdict != reports.Pass {
			t.Errorf("%s %s", story(q), q.Reason)
		}
	}
	t.Logf("%d checks, %s", len(report.Checks), report.Run.Finished.Sub(report.Run.Started))
}
