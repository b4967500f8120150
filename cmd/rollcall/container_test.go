package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// TestContainer judges a target that comes as an image, built here from our own
// static binary: nothing has to be pulled.
func TestContainer(t *testing.T) {
	if testing.Short() {
		t.Skip("containers run by themselves: make browser")
	}
	if out, err := exec.Command("docker", "info").CombinedOutput(); err != nil {
		t.Skipf("no Docker engine answers, so containers can't be tried: %s", strings.TrimSpace(string(out)))
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "rollcall"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the static binary: %v\n%s", err, out)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dockerfile := write("Dockerfile", "FROM scratch\nCOPY rollcall /rollcall\nENTRYPOINT [\"/rollcall\", \"serve\", \"sis\"]\n")
	target := write("target.yaml", `rollcall: 1
name: The reference in a container
profiles: [or12-rostering-core-provider]
oneroster:
  rostering: /ims/oneroster/rostering/v1p2
  auth: {token_url: /oauth2/token, client_id: rollcall, client_secret: "${SECRET_OF_TEST}"}
container:
  dockerfile: `+dockerfile+`
  port: 8080
  env: {ROLLCALL_CLIENT_SECRET: "${SECRET_OF_TEST}"}
  command: ["--listen", "0.0.0.0:8080"]
  wait: {http: /ims/oneroster/rostering/v1p2/orgs, timeout: 1m}
`)
	t.Setenv("SECRET_OF_TEST", "an-uncommon-secret")
	t.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	t.Setenv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	report := filepath.Join(dir, "report")
	// The doctor starts it as a run does, and ends it.
	if code := run(ctx, []string{"doctor", "--target", target, "--out", report}, nil, &out, &errs); code != 0 || !strings.Contains(out.String(), "container: is up") || !strings.Contains(out.String(), "A run can begin") {
		t.Errorf("doctor: exit code %d\n%s%s", code, out.String(), errs.String())
	}
	if left, err := exec.Command("docker", "ps", "-q", "--filter", "label=org.testcontainers=true").Output(); err != nil || len(bytes.TrimSpace(left)) > 0 {
		t.Errorf("the doctor leaves containers behind: %s (%v)", left, err)
	}
	out.Reset()
	code := run(ctx, []string{"run", "--target", target, "--out", report, "--focus", "or12.rostering.endpoint.*", "--quiet"}, nil, &out, &errs)
	r, err := reports.Read(filepath.Join(report, partialFolder, "report.json"))
	if err != nil {
		t.Fatalf("exit code %d, no report: %v\n%s%s", code, err, out.String(), errs.String())
	}
	for _, q := range r.Requirements {
		if q.Verdict == reports.Fail || q.Verdict == reports.Error || q.Verdict == reports.Unknown {
			t.Error(story(q))
		}
	}
	if len(r.Requirements) == 0 {
		t.Error("nothing was judged")
	}
	text, err := os.ReadFile(filepath.Join(report, partialFolder, "report.json"))
	if err != nil || bytes.Contains(text, []byte("an-uncommon-secret")) {
		t.Errorf("the secret is in the report (%v)", err)
	}
	left, err := exec.Command("docker", "ps", "-q", "--filter", "label=org.testcontainers=true").Output()
	if err != nil || len(bytes.TrimSpace(left)) > 0 {
		t.Errorf("containers are left behind: %s (%v)", left, err)
	}
}
