package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// releasing says that tests of releases are asked for: they compile the program for other systems,
// which takes minutes (make release-test).
const releasing = "ROLLCALL_RELEASE"

// compiled builds the program as a release has it.
func compiled(t *testing.T, system, machine, into string) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=9.8.7", "-o", into, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+machine)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building for %s: %v\n%s", system, err, out)
	}
}

// TestReleaseSystems: the program compiles, without C, for the systems that it is released for.
func TestReleaseSystems(t *testing.T) {
	if os.Getenv(releasing) == "" {
		t.Skip("compiling for other systems takes minutes: make release-test")
	}
	for system, machine := range map[string]string{"windows": "amd64", "darwin": "arm64"} {
		compiled(t, system, machine, filepath.Join(t.TempDir(), "rollcall"))
	}
}

// TestReleaseImage builds the image FROM scratch and runs it.
func TestReleaseImage(t *testing.T) {
	if os.Getenv(releasing) == "" {
		t.Skip("it compiles the program anew: make release-test")
	}
	if out, err := exec.CommandContext(t.Context(), "docker", "info").CombinedOutput(); err != nil {
		t.Skipf("no Docker engine answers: %s", strings.TrimSpace(string(out)))
	}
	dir := t.TempDir()
	compiled(t, "linux", "", filepath.Join(dir, "rollcall"))
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ca-certificates.crt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	const tag = "rollcall-release-test"
	docker := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("docker %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	docker("build", "--tag", tag, "--file", filepath.Join("..", "..", "packaging", "Dockerfile"), dir)
	defer exec.Command("docker", "rmi", "--force", tag).Run()
	var told build
	if err := json.Unmarshal([]byte(docker("run", "--rm", tag, "version", "--json")), &told); err != nil || told.Version != "9.8.7" {
		t.Errorf("%+v (%v)", told, err)
	}
	// It writes, as somebody without rights.
	if out := docker("run", "--rm", tag, "fixtures", "--help"); !strings.Contains(out, "rollcall fixtures") {
		t.Error(out)
	}
}

// TestManual: there is a page for every command that is shown.
func TestManual(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "man")
	if code, _, stderr := call(t, "", "man", dir); code != 0 {
		t.Fatal(stderr)
	}
	for _, name := range []string{"rollcall.1", "rollcall-run.1", "rollcall-diff.1", "rollcall-csv-check.1"} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), ".TH") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "rollcall-man.1")); err == nil {
		t.Error("a hidden command has a page")
	}
	if code, _, _ := call(t, "", "man", filepath.Join(dir, "rollcall.1")); code != 2 {
		t.Errorf("a file for a folder: exit code %d", code)
	}
	if code, out, _ := call(t, "", "completion", "bash"); code != 0 || !strings.Contains(out, "rollcall") {
		t.Errorf("no completions: exit code %d", code)
	}
}
