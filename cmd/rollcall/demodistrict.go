package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/fault/districtfault"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// demoEvery is how often the systems of the demo's district sync: a story doesn't wait for minutes.
const demoEvery = 2 * time.Second

// openDistrict brings up the whole district, linked and in step, of which the demo judges what passes from one
// system to the next.
func openDistrict(cmd *cobra.Command, f *runFlags, broken roleFaults) (*demoRoles, error) {
	d := &demoRoles{}
	out := cmd.OutOrStdout()
	if _, err := browser.Find(); err != nil {
		fmt.Fprintf(out, "\nThe district as a whole is not judged, for people act in it: %v.\n", err)
		return d, nil
	}
	bent, err := districtfault.Kind.Of(broken["district"]...)
	if err != nil {
		return d, err
	}
	o := bent.Bend(riverbend.Options{Every: demoEvery, Judged: true})
	if o.TLS, err = security.NewSelfMade(time.Now(), append(o.Hosts(), "tool.localhost", "127.0.0.1", "localhost")...); err != nil {
		return d, err
	}
	o.TrustPEM = o.TLS.AuthorityPEM
	dir := filepath.Join(f.out, "systems")
	if err := writable(dir); err != nil {
		return d, err
	}
	judge, err := newDistrictJudge(dir, o.TLS)
	if err != nil {
		return d, err
	}
	judge.join(&o)
	whole, err := riverbend.Start(cmd.Context(), o)
	if err != nil {
		return d, fmt.Errorf("starting the whole district: %w", err)
	}
	d.closes = append(d.closes, func() { _ = whole.Close() })
	if err := judge.write(whole); err != nil {
		d.close()
		return d, err
	}
	x := &demoRole{what: "district", name: "the district as a whole", path: judge.path("district"), faults: broken["district"]}
	x.prepare(f, out)
	fmt.Fprintf(out, "%s, in a browser: rollcall run %s\n\n", capital(x.name), quoteArg(x.path))
	d.roles, d.picture = append(d.roles, x), filepath.Join(f.out, x.what, "district.html")
	return d, nil
}
