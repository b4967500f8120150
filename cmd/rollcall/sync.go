package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	gosync "sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// syncFlags are what `rollcall sync` is told.
type syncFlags struct {
	from, to         string
	connection       service.Connection
	rosters, v1p1    bool
	full, delta      bool
	confirm          bool
	every, fullEvery time.Duration
	listen           string
	assessment       string
	resettable       bool
	faults           []string
}

func syncCommand() *cobra.Command {
	f := &syncFlags{}
	c := &cobra.Command{
		Use:   "sync",
		Short: "Keep a mirror of a roster in step with a SIS, as a OneRoster consumer does",
		Long: `Be the reference's OneRoster consumer: read the rosters, resources and gradebooks of a SIS, or
a bundle of CSV files, into a mirror, and keep it in step. The mirror is a store as those of
"rollcall serve sis --db" and "rollcall csv export --db"; "rollcall serve platform --roster"
goes by it.

--from is the base URL of the Rostering service of OneRoster 1.2 (the other two services are
looked for beside it, at the paths that the standard gives them), that of OneRoster 1.1, or a
bundle: a .zip file or a folder. Everything is read first, held to what a roster has to be, and
then taken in as one step: of a sync that fails the mirror is as it was before, and one that was
killed goes on where it was. After a full sync only what changed is read, until the next full
one.

A sync that would delete more than a small part of what is there waits for a person: look at
what it says, and run it again with --confirm, which takes in exactly what was read then.

With --every it goes on, by a schedule; with --listen it has a page that shows how things
stand, metrics for Prometheus, and takes syncs by POST /sync.

Exit codes: 0 in step, 1 the roster was refused, for it breaks a rule, 2 the SIS or the
bundle could not be read, 4 a person has to confirm, or it was interrupted.`,
		Example: `  rollcall sync --from https://sis.example/ims/oneroster/rostering/v1p2 --to mirror.db \
    --token-url https://sis.example/token --client-id me
  rollcall sync --from export.zip --to mirror.db
  rollcall sync --from https://sis.example/ims/oneroster/v1p1 --to mirror.db --token-url https://sis.example/token --client-id me \
    --every 15m --full-every 24h --listen 127.0.0.1:9600
  rollcall sync --to mirror.db --confirm`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	x := c.Flags()
	x.StringVar(&f.from, "from", "", "base URL of the Rostering service or of OneRoster 1.1, or a bundle of CSV files")
	x.StringVar(&f.to, "to", "", "the mirror: SQLite file or PostgreSQL DSN, made where it isn't there")
	x.StringVar(&f.connection.TokenURL, "token-url", "", "where access tokens are granted")
	x.StringVar(&f.connection.ClientID, "client-id", "", "client id; the key, where requests are signed")
	x.StringVar(&f.connection.ClientSecret, "client-secret", os.Getenv("ROLLCALL_CLIENT_SECRET"),
		"its secret (default: $ROLLCALL_CLIENT_SECRET)")
	x.StringVar(&f.connection.CAFile, "ca", "", "authorities that it trusts instead of those of the system (PEM)")
	x.StringVar(&f.connection.Gradebook, "gradebook", "", "base URL of the Gradebook service (default: beside the Rostering service)")
	x.StringVar(&f.connection.Resources, "resources", "", "base URL of the Resources service (default: beside the Rostering service)")
	x.BoolVar(&f.rosters, "rosters-only", false, "look for neither of them")
	x.BoolVar(&f.v1p1, "v1p1", false, "--from is a service of OneRoster 1.1 (default: where its path says v1p1)")
	x.BoolVar(&f.connection.Signed, "signed", false, "sign requests of 1.1 by OAuth 1.0a instead of asking for tokens")
	x.BoolVar(&f.full, "full", false, "read everything")
	x.BoolVar(&f.delta, "delta", false, "read only what changed (default: whichever is due)")
	x.BoolVar(&f.confirm, "confirm", false, "take in the roster that waits for a person")
	x.DurationVar(&f.every, "every", 0, "go on, and sync this often, such as 15m")
	x.DurationVar(&f.fullEvery, "full-every", 24*time.Hour, "read everything after so long")
	x.StringVar(&f.listen, "listen", "", "go on, and show how things stand here, such as 127.0.0.1:9600")
	x.BoolVar(&f.resettable, "resettable", false, "with --listen: take POST /reset, by which everything is forgotten, from whoever judges it")
	x.StringVar(&f.assessment, "assess", "", "sourcedId of a class that takes a test: push its results to the SIS after each sync")
	x.StringArrayVar(&f.faults, "fault", nil, "make it misbehave (repeatable; see `rollcall list faults`)")
	return c
}

func (f *syncFlags) run(cmd *cobra.Command) error {
	if f.to == "" {
		return usage{errors.New("--to is needed: the mirror, an SQLite file or a PostgreSQL DSN; see `rollcall sync --help`")}
	}
	if f.full && f.delta {
		return usage{errors.New("--full and --delta are one or the other; see `rollcall sync --help`")}
	}
	if f.from == "" && !f.confirm && f.listen == "" {
		return usage{errors.New("--from is needed: where the rosters are; see `rollcall sync --help`")}
	}
	if f.every < 0 || f.every > 0 && f.from == "" {
		return usage{errors.New("--every is a time above 0, and needs --from; see `rollcall sync --help`")}
	}
	if f.resettable && f.listen == "" {
		return usage{errors.New("--resettable is for a consumer that takes requests, by --listen; see `rollcall sync --help`")}
	}
	if err := faultsOf("consumer", f.faults); err != nil {
		return err
	}
	o := district.ConsumerOptions{Faults: f.faults, DB: f.to, Options: sync.Options{FullEvery: f.fullEvery}, Reset: f.resettable}
	if f.from != "" {
		if err := f.connect(); err != nil {
			return err
		}
		o.Connection = &f.connection
	}
	if f.assessment != "" {
		forget, err := f.assess(cmd.Context(), &o)
		if err != nil {
			return err
		}
		defer forget()
	}
	out := newTelling(cmd.OutOrStdout())
	if f.listen == "" && f.every == 0 {
		return f.once(cmd.Context(), o, out)
	}
	o.Listen, o.Delta, o.Told = f.listen, f.every, out.tell
	consumer, err := district.StartConsumer(cmd.Context(), o)
	if err != nil {
		return &harness.ConfigError{Key: "sync", Cause: err.Error(), Remedy: "see `rollcall sync --help`"}
	}
	defer consumer.Close()
	exposed(cmd.ErrOrStderr(), f.listen, "", "the mirror")
	out.line("Reference consumer\n\n  open    %s/\n  mirror  %s\n\nCtrl-C ends it.\n", consumer.Origin, f.to)
	return consumer.Wait()
}

// connect makes the connection that --from means.
func (f *syncFlags) connect() error {
	c := &f.connection
	bad := func(cause, remedy string) error {
		return &harness.ConfigError{Key: "--from", Cause: cause, Remedy: remedy}
	}
	u, err := url.Parse(f.from)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		if _, err := os.Stat(f.from); err != nil {
			return bad(err.Error(), "name a .zip file, a folder, or an address that begins with https://")
		}
		c.Bundle = f.from
		return nil
	}
	base := strings.TrimRight(f.from, "/")
	if f.v1p1 || strings.Contains(u.Path, "/v1p1") {
		c.Version, c.V1P1 = "1.1", base
	} else {
		c.Version, c.Rostering = "1.2", base
		if origin, is := strings.CutSuffix(base, rosteringPath); is && !f.rosters {
			c.Gradebook, c.Resources = cmp.Or(c.Gradebook, origin+gradebookPath), cmp.Or(c.Resources, origin+resourcesPath)
		}
	}
	if err := c.Check(); err != nil {
		return bad(err.Error(), "see `rollcall sync --help` for how the SIS is named, and who asks")
	}
	return nil
}

// assess has what a class got in a test pushed after each sync.
func (f *syncFlags) assess(ctx context.Context, o *district.ConsumerOptions) (forget func() error, err error) {
	c := f.connection
	if c.Gradebook == "" || c.TokenURL == "" {
		return nil, &harness.ConfigError{Key: "--assess", Cause: "it isn't known where results are pushed to, or by whom",
			Remedy: "give --gradebook and --token-url"}
	}
	sender, err := sender(c.TokenURL, c.ClientID, c.ClientSecret, c.CAFile)
	if err != nil {
		return nil, &harness.ConfigError{Key: "--assess", Cause: err.Error(), Remedy: "see `rollcall sync --help`"}
	}
	to := push.SIS{Gradebook: c.Gradebook, Rostering: c.Rostering, Sender: sender}
	feed, forget, err := district.AssessmentFeed(ctx, f.to, f.assessment, to)
	if err != nil {
		return nil, &harness.ConfigError{Key: "--to", Cause: err.Error(), Remedy: "name an SQLite file or a PostgreSQL DSN"}
	}
	o.Feeds = append(o.Feeds, feed)
	return forget, nil
}

// once runs one sync, or takes in what waits.
func (f *syncFlags) once(ctx context.Context, o district.ConsumerOptions, out *telling) error {
	mirror, s, err := district.OpenConsumer(ctx, o)
	if err != nil {
		return &harness.ConfigError{
			Key:    "sync",
			Cause:  err.Error(),
			Remedy: "name an SQLite file or a PostgreSQL DSN by --to, and see `rollcall sync --help`",
		}
	}
	defer mirror.Close()
	defer s.Close()
	var done service.Outcome
	if f.confirm {
		state, err := mirror.State(ctx)
		if err != nil {
			return err
		}
		if state.Waiting == nil {
			return &harness.ConfigError{Key: "--confirm", Cause: "nothing waits to be confirmed", Remedy: "sync first"}
		}
		done = s.Confirm(ctx, state.Waiting.ID)
	} else {
		done = s.Sync(ctx, f.mode())
	}
	out.table(done)
	return ended(ctx, done)
}

func (f *syncFlags) mode() sync.Mode {
	switch {
	case f.full:
		return sync.Full
	case f.delta:
		return sync.Delta
	}
	return sync.Auto
}

// ended is how a sync ends the program.
func ended(ctx context.Context, done service.Outcome) error {
	err := done.Err()
	var waits *sync.WaitingError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return exit(reports.ExitIncomplete)
	case errors.As(err, &waits):
		return exit(reports.ExitIncomplete)
	case errors.As(err, new(*sync.RefusedError)):
		return exit(reports.ExitFailed)
	}
	return &harness.ConfigError{
		Key:    "sync",
		Cause:  err.Error(),
		Remedy: "the mirror is as it was; see whether the SIS answers, and sync again",
	}
}

// telling writes what comes of syncs, one at a time.
type telling struct {
	mu gosync.Mutex
	w  io.Writer
}

func newTelling(w io.Writer) *telling { return &telling{w: w} }

func (t *telling) line(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.w, format, args...)
}

// tell writes a line for a sync of many.
func (t *telling) tell(o service.Outcome) {
	at, mode := time.Now(), "sync"
	if o.Report != nil {
		at, mode = o.Started, string(o.Mode)
	}
	t.line("%s  %-5s  %s\n", at.UTC().Format(time.RFC3339), mode, reports.OneLine(o.Says()))
}

// followed writes what a platform took in of a mirror.
func (t *telling) followed(f platform.Followed, err error) {
	at := time.Now().UTC().Format(time.RFC3339)
	if err != nil {
		t.line("%s  %s\n", at, reports.OneLine(err.Error()))
		return
	}
	t.line("%s  the roster changed: %d courses and %d people; %d came to a course, %d left one, %d are something else there\n", at, f.Courses,
		f.People, f.Came, f.Left, f.Changed)
}

// table writes what one sync did.
func (t *telling) table(o service.Outcome) {
	waits, refused := errors.As(o.Err(), new(*sync.WaitingError)), errors.As(o.Err(), new(*sync.RefusedError))
	if o.Report == nil || o.Err() != nil && !waits && !refused {
		return // there is nothing but the error to tell
	}
	t.line("%s sync, %s\n", o.Mode, o.Ended.Sub(o.Started).Round(time.Millisecond))
	t.line("  %-20s %10s %9s %9s %9s\n", "", "read", "added", "changed", "deleted")
	for _, c := range o.Collections {
		if c.Left {
			t.line("  %-20s %10s\n", c.Collection, "not there")
			continue
		}
		t.line("  %-20s %10d %9d %9d %9d\n", c.Collection, c.Read, c.Added, c.Changed, c.Deleted+c.Flagged+c.Kept)
	}
	if refused {
		t.line("The roster is refused, and the mirror is as it was:\n")
	}
	for _, b := range o.Breaches {
		t.line("  %s\n", reports.Printable(b.String()))
	}
	if waits {
		t.line("The mirror is as it was. If that is what the SIS means, take it in: rollcall sync --to … --confirm\n")
	}
	for _, fed := range o.Fed {
		t.line("%s: %s\n", fed.Name, reports.OneLine(fed.Says+fed.Error))
	}
}
