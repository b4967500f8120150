package rest

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// session gives the judge's side of a run that asks nothing.
func session(t *testing.T) *harness.Session {
	t.Helper()
	const text = "rollcall: 1\nname: None\nprofiles: [or12-rostering-core-provider]\noneroster:\n  rostering: https://sis.invalid\n" +
		"  auth: {token_url: https://sis.invalid/token, client_id: me, client_secret: \"${SECRET}\"}\n"
	target, err := harness.ParseTarget("target.yaml", []byte(text), func(string) (string, bool) { return "hush-hush", true }, oneroster.New)
	if err != nil {
		t.Fatal(err)
	}
	s, err := harness.NewSession(target, harness.Suite{Access: oneroster.Access()}, harness.SessionOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestRemediesNameWhatIsMissing reads remedies for target files that have some of it: none
// asks for what is there.
func TestRemediesNameWhatIsMissing(t *testing.T) {
	bare := &T{T: harness.NewT(session(t), harness.Check{ID: "c"}), Service: service.Rostering()}
	with := session(t)
	oneroster.Of(with.Target).Auth.Core = &harness.Client{ClientID: "core", ClientSecret: "core-secret"}
	full := &T{T: harness.NewT(with, harness.Check{ID: "c"}), Service: service.Rostering()}
	if got := narrowRemedy(bare, "roster-core.readonly"); !strings.Contains(got, "give a core_client") {
		t.Errorf("without a core client: %s", got)
	}
	if got := narrowRemedy(full, "roster-core.readonly"); strings.Contains(got, "give a core_client") {
		t.Errorf("with a core client: %s", got)
	}
	// The core client has no other scope, so that one more doesn't help.
	if got := narrowRemedy(bare, "roster.readonly"); strings.Contains(got, "core_client") {
		t.Errorf("another scope: %s", got)
	}
}
