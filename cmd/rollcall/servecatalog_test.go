package main

import (
	"bytes"
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// until takes what a command prints, and ends it when it has said all that it says at its start.
type until struct {
	bytes.Buffer
	end context.CancelFunc
}

func (u *until) Write(b []byte) (int, error) {
	n, err := u.Buffer.Write(b)
	if strings.Contains(u.String(), "Ctrl-C ends it.") {
		u.end()
	}
	return n, err
}

// What serve catalog prints is what a consumer has to be told.
func TestServeCatalog(t *testing.T) {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	for _, args := range [][]string{
		{"--items", "5", "--client-id", "me", "--client-secret", "mine"},
		{"--items", "5", "--tls", "--ca-out", ca, "--base-path", "/lor/ims/rs/v1p0", "--case-url", "https://case.example.org", "--client-secret", "mine"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		printed := &until{end: cancel}
		c := serveCatalog()
		c.SetArgs(args)
		c.SetOut(printed)
		if err := c.ExecuteContext(ctx); err != nil {
			t.Errorf("%v: %v", args, err)
		}
		cancel()
		ours := len(args) == 6
		for _, want := range []string{`5 resources`, `base URL +https?://127\.0\.0\.1:\d+(/lor)?/ims/rs/v1p0\n`, `token URL +https?://\S+/token\n`,
			`scope +http://www\.imsglobal\.org/ltirs\n`, `client id +(me|rollcall)\n`, `client secret +mine\n`, `other client +(me|rollcall)-other \w+`} {
			if !regexp.MustCompile(want).MatchString(printed.String()) {
				t.Errorf("%v prints no %s:\n%s", args, want, printed)
			}
		}
		if ours != strings.Contains(printed.String(), "CASE URL") || !ours != strings.Contains(printed.String(), "base URL         https") {
			t.Errorf("%v prints\n%s", args, printed)
		}
	}
}
