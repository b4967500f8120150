package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// demoRoles are what of the reference district is judged beside the SIS, while it is up.
type demoRoles struct {
	roles  []*demoRole
	story  func(ctx context.Context) (wait func(out io.Writer) error) // begins it; nil: there is none
	closes []func()
	// picture is where that of the whole district will be; empty where it isn't judged.
	picture string
}

// openBeside brings up what is judged beside the SIS, and says what of it is; of a district in which something is
// broken no more than that. The caller closes what it gives.
func openBeside(cmd *cobra.Command, f *runFlags, broken roleFaults) (d *demoRoles, err error) {
	d = &demoRoles{}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	all := !broken.any()
	for _, part := range []struct {
		wanted bool
		open   func(*cobra.Command, *runFlags, roleFaults) (*demoRoles, error)
	}{
		{all || broken.of("tool", "platform"), openLTI},
		{all || broken.of("consumer"), openConsumer},
		{all || broken.of("catalog"), openCatalog},
		{all || broken.of("searcher"), openSearcher},
		{all || broken.of("district"), openDistrict},
	} {
		if !part.wanted {
			continue
		}
		opened, err := part.open(cmd, f, broken)
		if err != nil {
			return d, err
		}
		d.roles, d.closes = append(d.roles, opened.roles...), append(d.closes, opened.closes...)
		if opened.story != nil {
			d.story = opened.story
		}
		d.picture = cmp.Or(d.picture, opened.picture)
	}
	return d, nil
}

// demoBeside judges what of the district is broken, but for the SIS.
func demoBeside(cmd *cobra.Command, f *runFlags, broken roleFaults) error {
	d, err := openBeside(cmd, f, broken)
	if err != nil {
		return err
	}
	defer d.close()
	return d.judge(cmd.Context(), cmd.ErrOrStderr(), &board{})(cmd.OutOrStdout())
}

// close ends the servers, last things first.
func (d *demoRoles) close() {
	for _, end := range slices.Backward(d.closes) {
		end()
	}
}

// judge begins to judge the roles side by side: they don't disturb each other, and each
// waits a good part of its time. What it gives waits for them, and writes what they say.
func (d *demoRoles) judge(ctx context.Context, errs io.Writer, line *board) (wait func(out io.Writer) error) {
	for _, x := range d.roles {
		if len(d.roles) > 1 {
			x.flags.show = line.beside(errs, x.flags.quiet, x.what)
			x.flags.niceness = nicenessOf[x.what]
		}
	}
	var all sync.WaitGroup
	for _, x := range d.roles {
		all.Go(func() {
			target, err := readTarget(x.flags)
			if err == nil {
				err = execute(ctx, target, x.flags, &x.said, errs)
			}
			x.err = err
		})
	}
	return func(out io.Writer) (failed error) {
		all.Wait()
		for _, x := range d.roles {
			fmt.Fprintln(out)
			_, _ = x.said.WriteTo(out) // whoever reads may have gone
			failed = errors.Join(failed, x.err)
		}
		return failed
	}
}

// demoRole is a role of the district that the demo judges beside the SIS.
type demoRole struct {
	what, name string
	profiles   []string
	section    harness.Section
	beside     harness.Section // a second one; nil: none
	faults     []string

	path  string
	flags *runFlags
	said  spoken
	err   error
}

// capital begins a sentence with a name.
func capital(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// spoken keeps what a run says until its turn comes to be read.
type spoken struct {
	bytes.Buffer
	paint bool // it is for a terminal with colours
}

// describe writes the target file of a role, and how it is judged.
func (x *demoRole) describe(f *runFlags, ca string, out io.Writer) error {
	x.path = filepath.Join(f.out, "demo-"+x.what+".yaml")
	sections := []harness.Section{x.section}
	if x.beside != nil {
		sections = append(sections, x.beside)
	}
	text, err := harness.WriteTarget(harness.Target{
		Name:     "Rollcall reference " + x.what,
		Vendor:   "Rollcall",
		Product:  "reference/" + x.what,
		Version:  version,
		Profiles: x.profiles,
		TLS:      harness.TLS{CAFile: ca},
	}, sections...)
	if err != nil {
		return err
	}
	if err := os.WriteFile(x.path, text, 0o600); err != nil {
		return &harness.ConfigError{Key: "--out", Cause: err.Error(), Remedy: "name a folder you may write to"}
	}
	x.prepare(f, out)
	return nil
}

// prepare says how a role is judged whose target file is written.
func (x *demoRole) prepare(f *runFlags, out io.Writer) {
	// Everybody of the reference district is made up: pictures may be kept.
	x.said.paint = colour(out)
	x.flags = &runFlags{
		target:       x.path,
		out:          filepath.Join(f.out, x.what),
		stance:       f.stance,
		seed:         f.seed,
		quiet:        f.quiet,
		notes:        f.notes,
		keepPersonal: true,
	}
	if len(x.faults) > 0 {
		x.flags.focus, x.flags.demo = f.focus, f.demo
	}
}
