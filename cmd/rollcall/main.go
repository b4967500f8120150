// Command rollcall judges implementations of OneRoster and LTI Advantage, and
// runs reference ones. It wires the judge, the reference and the reports
// together and decides nothing itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/ecosystem"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/assessment"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/importer"
	"github.com/rollcall-edu/rollcall/suites/oneroster/gradebook"
	"github.com/rollcall-edu/rollcall/suites/oneroster/resources"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rostering"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup says that a run outlives its terminal
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	context.AfterFunc(ctx, stop) // whoever asks twice doesn't want to wait
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// suites lists every suite this program judges with.
func suites() []harness.Suite {
	return []harness.Suite{
		rostering.Suite(), resources.Suite(), gradebook.Suite(), assessment.Suite(),
		rostering.Suite11(), resources.Suite11(), gradebook.Suite11(),
		gradebook.PushSuite(), assessment.PushSuite(), gradebook.PushSuite11(), // what is written comes when all is read
		csv.Suite(nil), consumer.Suite(), consumer.Suite11(), consumer.Drops(), toolSuite(), platformSuite(), resourcesearch.Suite(),
		resourcesearch.LinkSuite(), searcher.Suite(), ecosystem.Suite(),
	}
}

// ofPlatform tells whether a profile is one of LTI platforms.
func ofPlatform(profile string) bool { return slices.Contains(platformSuite().Profiles, profile) }

// known are the suites that are explained and listed: beside those of `rollcall run` the one
// of `rollcall csv importer`, which is given what it judges by that command.
func known() []harness.Suite { return append(suites(), importer.Suite(nil, nil)) }

// sections are those that a target file may have, of all suites.
func sections() []func() harness.Section { return harness.Sections(suites()...) }

// exit is an error that only carries an exit code: the words have been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// run is the program as a function of its arguments and streams.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	if len(args) > 0 && args[0] == harness.ShardArgument {
		return harness.Child(ctx, suites(), in, out)
	}
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	var code exit
	var config *harness.ConfigError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &config):
		fmt.Fprintln(errs, "rollcall: "+reports.Printable(err.Error()))
		return reports.ExitConfiguration
	case errors.As(err, new(usage)):
		fmt.Fprintln(errs, "rollcall: "+reports.Printable(err.Error()))
		return reports.ExitConfiguration
	}
	fmt.Fprintln(errs, "rollcall: "+reports.Printable(err.Error()))
	return reports.ExitJudge
}
