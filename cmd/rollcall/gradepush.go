package main

import (
	"cmp"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// gradeFlags say where a platform pushes its grades to.
type gradeFlags struct {
	to, rosters, token, id, secret, ca string
	every                              time.Duration
}

func (f *gradeFlags) add(c *cobra.Command) {
	x := c.Flags()
	x.StringVar(&f.to, "grades-to", "", "push grades to this SIS: base URL of its Gradebook service, or of its service of OneRoster 1.1")
	x.StringVar(&f.rosters, "rosters", "", "base URL of its Rostering service (default: beside the Gradebook service)")
	x.StringVar(&f.token, "token-url", "", "where it grants access tokens")
	x.StringVar(&f.id, "client-id", "", "client id there")
	x.StringVar(&f.secret, "client-secret", os.Getenv("ROLLCALL_CLIENT_SECRET"), "its secret (default: $ROLLCALL_CLIENT_SECRET)")
	x.StringVar(&f.ca, "ca", "", "authorities by which it is trusted, instead of those of the system (PEM)")
	x.DurationVar(&f.every, "grades-every", time.Minute, "how often grades are pushed that changed")
}

// gradebookPath is where the standard has the Gradebook service below a provider (OneRoster 1.2
// Gradebook service, OpenAPI document, servers), rosteringPath the other.
const (
	gradebookPath = "/ims/oneroster/gradebook/v1p2"
	rosteringPath = "/ims/oneroster/rostering/v1p2"
	resourcesPath = "/ims/oneroster/resources/v1p2"
	v1p1Path      = "/ims/oneroster/v1p1" // of all services of OneRoster 1.1
)

// sis gives the SIS that grades are pushed to, nil where they aren't.
func (f *gradeFlags) sis() (*push.SIS, error) {
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
	old := strings.HasSuffix(base, v1p1Path)
	if old {
		f.rosters = base
	}
	switch {
	case f.rosters == "":
		return bad("--rosters", "it isn't told where the Rostering service is", "give its base URL, to which references lead")
	case f.token == "" || f.id == "":
		return bad("--token-url", "it isn't told where tokens are granted, or to whom", "give --token-url, --client-id and a secret")
	case f.every <= 0:
		return bad("--grades-every", "it is no time above 0", "choose some seconds or minutes")
	}
	sender, err := sender(f.token, f.id, f.secret, f.ca)
	if err != nil {
		return bad("--grades-to", err.Error(), "see `rollcall serve platform --help`")
	}
	return &push.SIS{Gradebook: base, Rostering: strings.TrimRight(f.rosters, "/"), V1P1: old, Sender: sender}, nil
}

// sender gives who sends to a SIS with tokens; caFile names authorities that it trusts instead
// of those of the system.
func sender(tokenURL, id, secret, caFile string) (push.Sender, error) {
	transport, err := client.Transport(caFile)
	if err != nil {
		return nil, err
	}
	c, err := client.New(client.Config{TokenURL: tokenURL, ClientID: id, ClientSecret: secret, Transport: transport})
	if err != nil {
		return nil, err
	}
	return push.Client{Client: c}, nil
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
