package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// demoTTL is short, so that the demo can show a token expire without a wait.
const demoTTL = 4 * time.Second

// demoGC lets the heap of a district, which is small, grow by so many percent between two
// collections: browsers need the processor more.
const demoGC = 400

func demoCommand() *cobra.Command {
	f := &runFlags{}
	var data string
	var faults []string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Judge the reference district with every suite, and write the reports",
		Long: `Bring up the reference district Riverbend Unified (https, on 127.0.0.1), judge it
with every suite there is, and write the reports: the SIS, its CSV files, a consumer, the
catalogue, the tool and the platform, and the district as a whole, whose picture is
district/district.html; the last three in a browser. Beside it a story is played and kept as a page
with pictures, story.html: a teacher picks a quiz, a learner does it, the score stands in
the gradebook, and the teacher has the last word. With --fault the reference misbehaves,
and the role whose fault it is is judged alone: see how a failure looks.`,
		Example: "  rollcall demo\n  rollcall demo --fault page-overlap --out broken-report\n  rollcall demo --fault tool-nonce-unchecked --out broken-report\n  rollcall demo --data medium --stance strict",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			size, err := fixtures.ParseSize(data)
			if err != nil {
				return &harness.ConfigError{Key: "--data", Cause: err.Error(), Remedy: "choose small, medium or scale:N"}
			}
			broken, err := sortFaults(faults)
			if err != nil {
				return err
			}
			if err := writable(f.out); err != nil {
				return err
			}
			f.demo = demoCall(f, data, faults)
			if broken.any() && !broken.of("sis", "case") {
				return demoBeside(cmd, f, broken)
			}
			ca := filepath.Join(f.out, "demo-ca.pem")
			s, err := district.StartSIS(cmd.Context(), district.Options{Data: size, Faults: broken["sis"], TLS: true, CAFile: ca, TokenTTL: demoTTL,
				Seed: f.seed, Case: &district.CaseOptions{Faults: broken["case"]}})
			if err != nil {
				return fmt.Errorf("starting the reference district: %w", err)
			}
			defer s.Close()
			defer debug.SetGCPercent(debug.SetGCPercent(demoGC))
			fmt.Fprintf(cmd.ErrOrStderr(), "The reference district is up at %s\n", s.BaseURL)
			path := filepath.Join(f.out, "demo-target.yaml")
			text, err := targetFor(s, ca, allProfiles())
			if err != nil {
				return err
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				return &harness.ConfigError{Key: "--out", Cause: err.Error(), Remedy: "name a folder you may write to"}
			}
			f.target = path
			target, err := readTarget(f)
			if err != nil {
				return err
			}
			if broken.any() || len(f.focus) > 0 {
				err = execute(cmd.Context(), target, f, cmd.OutOrStdout(), cmd.ErrOrStderr())
				if broken.of("tool", "platform", "consumer", "catalog", "searcher", "district") {
					err = errors.Join(err, demoBeside(cmd, f, broken))
				}
				return err
			}
			return demoWhole(cmd, f, target, size)
		},
	}
	c.Flags().StringVar(&data, "data", "small", "small, medium or scale:N (N students, seven classes each)")
	c.Flags().StringArrayVar(&faults, "fault", nil, "make the reference misbehave (repeatable; see `rollcall list faults`)")
	c.Flags().StringVarP(&f.out, "out", "o", "demo-report", "folder for the report")
	c.Flags().StringVar(&f.stance, "stance", "", "certification or strict")
	c.Flags().StringSliceVar(&f.focus, "focus", nil, "judge only this check, requirement, prefix* or label of the SIS, or of the role whose fault it is (repeatable)")
	c.Flags().BoolVar(&f.notes, "notes", false, "show also where options (MAY) are used in another way")
	c.Flags().IntVar(&f.shards, "shards", 0, "child processes (default: one a core, at most 4)")
	c.Flags().Uint64Var(&f.seed, "seed", 0, "vary the reference and the judge (0: the plain reference)")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress, only the summary")
	return c
}

// demoWhole judges the whole district: the others wait a good part of their time, in which the SIS and
// its files are judged.
func demoWhole(cmd *cobra.Command, f *runFlags, target *harness.Target, size fixtures.Size) error {
	ctx, out, errs := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	line := &board{}
	beside, err := openBeside(cmd, f, roleFaults{})
	if err != nil {
		return err
	}
	defer beside.close()
	f.show = line.beside(errs, f.quiet, "SIS")
	f.niceness = sisNiceness
	wait := beside.judge(ctx, errs, line)
	tale := func(io.Writer) error { return nil }
	if beside.story != nil {
		tale = beside.story(ctx)
	}
	said := spoken{paint: colour(out)}
	failed := execute(ctx, target, f, &said, errs)
	if failed == nil {
		failed = demoBundle(ctx, size, f, &said)
	}
	line.say(out, errs, &said)
	failed = errors.Join(failed, wait(out))
	failed = errors.Join(failed, tale(out))
	if beside.picture != "" {
		fmt.Fprintf(out, "\nThe picture of the district, with its systems and the nine flows between them: %s\n", beside.picture)
	}
	return failed
}

// What takes longest goes first: the platform, whose launches come one after the other, and the consumer, which
// waits most of its time, then the tool, then the catalogue and the SIS, which need the least time by themselves.
const sisNiceness = 10

var nicenessOf = map[string]int{"tool": 4, "catalogue": sisNiceness}

// demoCall words how the demo was called, without its focus.
func demoCall(f *runFlags, data string, faults []string) string {
	out := "rollcall demo"
	if data != "small" {
		out += " --data " + data
	}
	for _, fault := range faults {
		out += " --fault " + quoteArg(fault)
	}
	if f.stance != "" {
		out += " --stance " + f.stance
	}
	if f.out != "demo-report" {
		out += " --out " + quoteArg(f.out)
	}
	return out
}

// demoBundle writes the same district as a bundle of CSV files and judges that.
func demoBundle(ctx context.Context, size fixtures.Size, f *runFlags, out io.Writer) error {
	d, err := fixtures.New(size, fixtures.DefaultSeed)
	if err != nil {
		return err
	}
	path := filepath.Join(f.out, "riverbend.zip")
	if _, err := generate(path, d, bundle.Options{Outcomes: demoOutcomes}); err != nil {
		return &harness.ConfigError{Key: "--out", Cause: err.Error(), Remedy: "name a folder you may write to"}
	}
	fmt.Fprintf(out, "\nThe same district as CSV files: rollcall csv check %s\n\n", quoteArg(path))
	check := &csvFlags{stance: f.stance, format: "text", out: filepath.Join(f.out, "csv"), quiet: true}
	return check.check(ctx, path, out, io.Discard)
}

// demoOutcomes is for how many classes the bundle of the demo holds results.
const demoOutcomes = 5
