package main

import (
	"cmp"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// gradeFlags say where a platform pushes its grades to.
type gradeFlags struct {
	to, rosters, token, id, secret string
	every                          time.Duration
}

func (f *gradeFlags) add(c *cobra.Command) {
	x := c.Flags()
	x.StringVar(&f.to, "grades-to", "", "push grades to this SIS: base URL of its Gradebook service")
	x.StringVar(&f.rosters, "rosters", "", "base URL of its Rostering service (default: beside the Gradebook service)")
	x.StringVar(&f.token, "token-url", "", "where it grants access tokens")
	x.StringVar(&f.id, "client-id", "", "client id there")
	x.StringVar(&f.secret, "client-secret", os.Getenv("ROLLCALL_CLIENT_SECRET"), "its secret (default: $ROLLCALL_CLIENT_SECRET)")
	x.DurationVar(&f.every, "grades-every", time.Minute, "how often grades are pushed that changed")
}

// gradebookPath is where the standard has the Gradebook service below a provider (OneRoster 1.2
// Gradebook service, OpenAPI document, servers), rosteringPath the other.
const (
	gradebookPath = "/ims/oneroster/gradebook/v1p2"
	rosteringPath = "/ims/oneroster/rostering/v1p2"
	resourcesPath = "/ims/oneroster/resources/v1p2"
)

// sis gives the SIS that grades are pushed to, nil where they aren't.
func (f *gradeFlags) sis(trust string) (*push.SIS, error) {
	if f.to == "" {
		return nil, nil
	}
	bad := func(key, cause, remedy string) (*push.SIS, error) {
		return nil, &harness.ConfigError{Key: key, Cause: cause, Remedy: remedy}
	}
	base := strings.TrimRight(f.to, "/")
	if origin, is := strings.CutSuffix(base, gradebookPath); is {
		f.rosters = cmp.Or(f.rosters, origin+rosteringPath)
	}
	switch {
	case f.rosters == "":
		return bad("--rosters", "it isn't told where the Rostering service is", "give its base URL, to which references lead")
	case f.token == "" || f.id == "":
		return bad("--token-url", "it isn't told where tokens are granted, or to whom", "give --token-url, --client-id and a secret")
	case f.every <= 0:
		return bad("--grades-every", "it is no time above 0", "choose some seconds or minutes")
	}
	client, err := trusting(trust)
	if err != nil {
		return bad("--trust", err.Error(), "name a PEM file")
	}
	sender := &push.Client{TokenURL: f.token, ID: f.id, Secret: f.secret, HTTP: client}
	return &push.SIS{Gradebook: base, Rostering: strings.TrimRight(f.rosters, "/"), Sender: sender}, nil
}

// trusting gives a client that trusts the authorities of a file too; nil where none is named.
func trusting(file string) (*http.Client, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return security.LoopbackClient(pem), nil
}

// pushed writes what was pushed.
func (t *telling) pushed(done push.Pushed, err error) {
	at := time.Now().UTC().Format(time.RFC3339)
	if err != nil {
		t.line("%s  %s\n", at, reports.OneLine(err.Error()))
		return
	}
	t.line("%s  grades: %d pushed, %d deleted, %d were not taken\n", at, done.Sent, done.Deleted, len(done.Refused))
	for _, refused := range done.Refused[:min(len(done.Refused), 3)] {
		t.line("  %s\n", reports.OneLine(refused.Error()))
	}
}
