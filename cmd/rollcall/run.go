package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/container"
)

// runFlags are what `run` and `demo` are told on the command line.
type runFlags struct {
	keepPersonal bool
	interactive  bool
	target       string
	out          string
	stance       string
	focus        []string
	onlyFailed   string
	baseline     string
	shard        string
	summary      string
	failFast     bool
	resume       bool
	shards       int
	seed         uint64
	quiet        bool
	notes        bool
	demo         string    // the demo that the run belongs to, as it was called
	show         *progress // nil: a line of its own
	niceness     int       // by which the run gives way to others beside it
}

// defaultOut is where reports go unless --out says otherwise.
const defaultOut = "rollcall-report"

func runCommand() *cobra.Command {
	f := &runFlags{}
	c := &cobra.Command{
		Use:   "run [TARGET]",
		Short: "Judge the product that target.yaml describes",
		Long: `Judge the product that the target file describes, and write the report:
report.json, report.html, junit.xml, findings.sarif and evidence.har, and district.html of a district, in the --out folder.

A doctor looks first whether the run can begin. Ctrl-C stops the run; the report
is written all the same, what was not reached is unknown in it, and --resume goes
on from there.

With --focus or --only-failed only a part is judged. Its report says so, and is
written into the folder "partial" of --out: the report of the whole stays as it is.

With --baseline only what is new fails: what was broken, or not tested, in that
report spares the exit code, and is named in the output and in the report. What was
examined then and can't be now is new (exit code 4).

With --shard 2/5 this is the second of five machines that share the work: its report
is of a part, in the folder shard-2-of-5 of --out. ` + "`rollcall merge`" + ` makes one of all.`,
		Example: `  rollcall run
  rollcall run staging.yaml --stance strict --out reports/staging
  rollcall run --focus paging --fail-fast
  rollcall run --focus or12.rostering.paging.total-count
  rollcall run --only-failed rollcall-report/report.json
  rollcall run campus.yaml --interactive
  rollcall run --baseline main/report.json
  rollcall run --shard 2/5
  rollcall run --resume`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.name(args)
			target, err := readTarget(f)
			if err != nil {
				return err
			}
			announce(cmd.ErrOrStderr(), target, f)
			return execute(cmd.Context(), target, f, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	targetFlag(c, &f.target)
	c.Flags().StringVarP(&f.out, "out", "o", defaultOut, "folder for the report")
	c.Flags().StringVar(&f.stance, "stance", "", "certification or strict; overrides the target file")
	c.Flags().StringSliceVar(&f.focus, "focus", nil, "run only this check, requirement, prefix* or label (repeatable)")
	c.Flags().StringVar(&f.onlyFailed, "only-failed", "", "run only what a saved report.json shows as failed, warned, in error or unknown, and what that blocks")
	summaryFlag(c, &f.summary)
	c.Flags().StringVar(&f.shard, "shard", "", "judge the part of one of several machines, such as 2/5")
	c.Flags().StringVar(&f.baseline, "baseline", "", "a saved report.json: fail only on what is new since then")
	c.Flags().BoolVar(&f.failFast, "fail-fast", false, "stop at the first broken MUST")
	c.Flags().BoolVar(&f.resume, "resume", false, "go on from the events.jsonl in the --out folder")
	c.Flags().IntVar(&f.shards, "shards", 0, "child processes (default: one a core, at most 4; one for a large target)")
	c.Flags().Uint64Var(&f.seed, "seed", 0, "fix what the judge chooses by chance (default: random, named in the report)")
	c.Flags().BoolVar(&f.keepPersonal, "keep-personal-data", false,
		"leave personal data in the evidence: for systems whose people are made up")
	c.Flags().BoolVar(&f.interactive, "interactive", false, "a person opens the launches, in a browser of their own: for platforms without scripted steps")
	c.Flags().BoolVar(&f.notes, "notes", false, "show also where options (MAY) are used in another way; they decide nothing")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress, only the summary")
	return c
}

// execute judges a target, writes the reports and says where they are.
func execute(ctx context.Context, target *harness.Target, f *runFlags, out, errs io.Writer) error {
	if f.interactive && !slices.ContainsFunc(target.Profiles, ofPlatform) {
		return &harness.ConfigError{
			Key:    "--interactive",
			Cause:  "only profiles of LTI platforms have launches for a person to open",
			Remedy: "leave it out: Rollcall drives everything else by itself",
		}
	}
	focus, err := f.narrowed(out)
	if err != nil {
		return err
	}
	var baseline *reports.Report
	if f.baseline != "" {
		if baseline, err = readReport(f.baseline, "--baseline"); err != nil {
			return err
		}
	}
	dir := f.out
	share, err := harness.ParseShare(f.shard)
	if err != nil {
		return err
	}
	switch {
	case share.Of > 0:
		dir = filepath.Join(f.out, fmt.Sprintf("shard-%d-of-%d", share.Number, share.Of))
	case len(focus) > 0:
		dir = filepath.Join(f.out, partialFolder)
	}
	if err := writable(dir); err != nil {
		return err
	}
	release, err := harness.Hold(dir)
	if err != nil {
		return err
	}
	defer release()
	defer outlivePipes()()
	show := f.show
	if show == nil {
		show = newProgress(errs, f.quiet)
	}
	run, err := harness.New(target, suites(), harness.Options{
		Focus: focus, FailFast: f.failFast, Shards: f.shards, Seed: f.seed, Resume: f.resume, Events: harness.EventsFile(dir), Judge: judge(),
		Repeat: f.repeat, Observe: show.observe, Starter: container.Start, KeepPersonal: f.keepPersonal, Interactive: f.interactive,
		Niceness: f.niceness, Baseline: baseline, Share: share,
	})
	if err != nil {
		return err
	}
	report, err := run.Run(ctx)
	show.done()
	if report == nil {
		return err
	}
	files, saveErr := save(report, dir)
	textErr := reports.Text(out, report, reports.TextOptions{Color: colour(out), Notes: f.notes})
	fmt.Fprintln(out)
	for _, file := range files {
		fmt.Fprintln(out, "  "+file)
	}
	if report.Run.Interrupted && f.demo == "" {
		fmt.Fprintln(out, "\nGo on from here: "+report.Run.Repeat+" --resume")
	}
	if errors.Is(textErr, syscall.EPIPE) {
		textErr = nil // nobody reads any more; the report is written
	}
	summaryErr := summarise(out, report, f.summary)
	for _, e := range []error{err, saveErr, textErr, summaryErr} {
		if e != nil {
			return e
		}
	}
	if report.Exit != reports.ExitConforms {
		return exit(report.Exit)
	}
	return nil
}

// outlivePipes keeps the program from ending with whoever read its words, before the
// report is written. The function that it returns puts things back.
func outlivePipes() func() {
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	return func() { signal.Stop(broken) }
}

// writable makes the output folder and proves that a file can be written there,
// before an hour's run finds out that it can't.
func writable(dir string) error {
	problem := func(err error) error {
		return &harness.ConfigError{Key: "--out", Cause: fmt.Sprintf("the output folder %s can't be written: %v", dir, err),
			Remedy: "name another folder with --out, or free some disk space"}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return problem(err)
	}
	probe, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return problem(err)
	}
	defer os.Remove(probe.Name())
	if _, err := probe.Write(make([]byte, 64<<10)); err != nil {
		probe.Close()
		return problem(err)
	}
	if err := probe.Close(); err != nil {
		return problem(err)
	}
	return nil
}

// written is a rendering, and the file that it is written to.
type written struct{ format, file string }

// outputs are the renderings that every run writes.
var outputs = []written{
	{"json", "report.json"}, {"html", "report.html"}, {"junit", "junit.xml"}, {"sarif", "findings.sarif"}, {"har", "evidence.har"},
}

// save writes the renderings. Where the folder has become unwritable meanwhile,
// the report itself is saved in the temporary folder: evidence is never lost.
func save(r *reports.Report, dir string) ([]string, error) {
	var files []string
	all := outputs
	if r.District != nil {
		all = append(slices.Clone(outputs), written{"district", "district.html"})
	}
	for _, o := range all {
		path := filepath.Join(dir, o.file)
		if err := renderFile(o.format, path, r); err != nil {
			cause := &harness.ConfigError{
				Key:    "--out",
				Cause:  err.Error(),
				Remedy: "free some disk space, then run `rollcall report render` on a saved report.json",
			}
			if rescue, tempErr := os.MkdirTemp("", "rollcall-report-"); tempErr == nil {
				if path := filepath.Join(rescue, "report.json"); renderFile("json", path, r) == nil {
					files = append(files, path)
				}
			}
			return files, cause
		}
		files = append(files, path)
	}
	return files, nil
}
