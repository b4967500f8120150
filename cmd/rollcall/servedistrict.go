package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/districtfault"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// districtFlags are what `rollcall serve district` is told.
type districtFlags struct {
	webFlags
	options           riverbend.Options
	scale             int
	rotate            time.Duration
	school            syncFlags // the SIS of somebody else's
	platforms, others string
	targets           string
	search            searchFlags // of a catalogue of somebody else's
	between           []string    // faults and variants between systems
}

func serveDistrict() *cobra.Command {
	f := &districtFlags{}
	c := &cobra.Command{
		Use:   "district",
		Short: "Run a whole district: SIS, platform, tools, assessment app, catalogue, linked and in step",
		Long: `Run the whole of Riverbend Unified, in one process and linked with each other: a SIS, a platform
with its gradebook, two tools, of which one is rostered and a resource that the SIS assigns, an
assessment app, a catalogue of learning content and a CASE server. Each reads the rosters of the
SIS by a consumer of its own, with a page that shows how it stands; marks and test results go back
to the SIS. Open the start page: it says who can sign in where, lets you change the SIS, and
shows the nine flows in which OneRoster and LTI Advantage meet. Browsers find names below
localhost on this machine by themselves.

--without leaves places for systems of your own: sis, platform, quiz, reader, tool (both), assessment,
catalog, case. Your SIS is named by --sis and those that follow it, or to each consumer later by PUT
/connection; your platforms by --platforms, a list as that of "rollcall serve tool"; your tools by
--tools, a list as that of "rollcall serve platform". What these have to be told is printed.

--target writes a target file for each system into a folder, and district.yaml, by which "rollcall run"
judges all of them together.

With --db all of it is kept in one database, and goes on with it when it is started again. Others
know the systems by their addresses; --listen with a port has these stay the same: the start page
is at that port, the systems at the ones behind it. With --fault the system whose fault it is
misbehaves.`,
		Example: "  rollcall serve district\n  rollcall serve district --db district.db --listen 127.0.0.1:9500 --ca-out ca.pem\n" +
			"  rollcall serve district --without sis --sis https://sis.example/ims/oneroster/rostering/v1p2 \\\n" +
			"    --sis-token-url https://sis.example/token --sis-client-id me\n" +
			"  rollcall serve district --target district-targets",
		Args: cobra.NoArgs,
		RunE: f.run,
	}
	x, o := c.Flags(), &f.options
	x.StringVar(&f.listen, "listen", "127.0.0.1:0", "address of the start page; the systems are at the ports behind it, port 0 is any free ones")
	x.StringVar(&o.Host, "host", "localhost", "name below which browsers find the systems, as in platform.localhost")
	x.StringSliceVar(&o.Without, "without", nil, "leave a system out, for one of your own (repeatable)")
	x.IntVar(&f.scale, "scale", 0, "have so many students, with seven classes each (default: the small district)")
	x.StringVar(&f.db, "db", "", "SQLite file or PostgreSQL DSN, in which all of them keep what they have (default: in memory)")
	x.DurationVar(&o.Every, "sync-every", time.Minute, "how often each system reads what changed in the SIS, and pushes to it")
	x.StringVar(&f.caOut, "ca-out", "", "write the self-made authority here, for others to trust")
	x.StringVar(&f.cert, "cert", "", "certificate of platform and tools (PEM); self-made otherwise")
	x.StringVar(&f.key, "key", "", "its private key (PEM)")
	x.StringVar(&f.trust, "trust", "", "authorities of your own platform and tools (PEM)")
	x.BoolVar(&f.plain, "plain", false, "http instead of https: browsers then keep no cookies across sites")
	x.StringArrayVar(&f.faults, "fault", nil, "misbehave: a fault or variant of `rollcall list faults` (repeatable)")
	x.StringVar(&f.school.from, "sis", "", "base URL of the Rostering service of your own SIS, or of its OneRoster 1.1")
	x.StringVar(&f.school.connection.TokenURL, "sis-token-url", "", "where it grants access tokens")
	x.StringVar(&f.school.connection.ClientID, "sis-client-id", "", "client id there")
	x.StringVar(&f.school.connection.ClientSecret, "sis-client-secret", os.Getenv("ROLLCALL_SIS_SECRET"),
		"its secret (default: $ROLLCALL_SIS_SECRET)")
	x.StringVar(&f.school.connection.CAFile, "sis-ca", "", "authorities by which it is trusted, instead of those of the system (PEM)")
	f.search.add(c)
	x.StringVar(&f.platforms, "platforms", "", "YAML list of your own platforms, which the tools know then")
	x.StringVar(&f.others, "tools", "", "YAML list of your own tools, which the platform knows then")
	x.StringVar(&f.targets, "target", "", "also write a target file for each system, and one for the district, into this folder")
	rotation(c, &f.rotate)
	return c
}

// filled makes the options of the flags.
func (f *districtFlags) filled() error {
	o := &f.options
	broken, err := sortFaults(f.faults)
	if err != nil {
		return err
	}
	o.Faults = riverbend.Faults{SIS: broken["sis"], CASE: broken["case"], Platform: broken["platform"], Tool: broken["tool"],
		Consumer: broken["consumer"], Catalog: broken["catalog"]}
	if err := checkRotation(f.rotate); err != nil {
		return err
	}
	if o.Every <= 0 {
		return &harness.ConfigError{Key: "--sync-every", Cause: "it is no time above 0", Remedy: "choose some seconds or minutes"}
	}
	if f.scale < 0 || f.scale > fixtures.MaxStudents {
		return &harness.ConfigError{Key: "--scale", Cause: fmt.Sprintf("there can be from 1 to %d students", fixtures.MaxStudents),
			Remedy: "choose a number of students, or leave it out"}
	}
	if f.scale > 0 {
		o.Data = fixtures.Scale(f.scale)
	}
	if f.school.from != "" {
		if err := f.school.connect(); err != nil {
			return err
		}
		if f.school.connection.Bundle != "" {
			return &harness.ConfigError{Key: "--sis", Cause: "it is a file, to which nothing can be pushed", Remedy: "give the address of a service"}
		}
		o.School = &f.school.connection
	}
	if o.Search, err = f.search.catalog(); err != nil {
		return err
	}
	if err := readList(f.platforms, "--platforms", &o.Known); err != nil {
		return err
	}
	if err := readList(f.others, "--tools", &o.Tools); err != nil {
		return err
	}
	bent, err := districtfault.Kind.Of(broken["district"]...)
	if err != nil {
		return err
	}
	*o, f.between = bent.Bend(*o), broken["district"]
	o.DB, o.Listen, o.ClientSecret = f.db, f.listen, os.Getenv("ROLLCALL_CLIENT_SECRET")
	o.TLS, o.TrustPEM, err = f.certificates(append(o.Hosts(), "tool.localhost")...)
	return err
}

func (f *districtFlags) run(cmd *cobra.Command, _ []string) error {
	if err := f.filled(); err != nil {
		return err
	}
	judge, err := f.judged()
	if err != nil {
		return err
	}
	if f.scale > 100_000 {
		fmt.Fprintf(cmd.ErrOrStderr(), "loading %d students …\n", f.scale)
	}
	began := time.Now()
	d, err := riverbend.Start(cmd.Context(), f.options)
	if err != nil {
		return &harness.ConfigError{Key: "serve district", Cause: err.Error(), Remedy: "see `rollcall serve district --help`"}
	}
	defer d.Close()
	for _, p := range d.Platforms {
		p.RotateKeys(cmd.Context(), f.rotate)
	}
	exposed(cmd.ErrOrStderr(), f.listen, "", "the district")
	out := cmd.OutOrStdout()
	f.describe(out, d, time.Since(began))
	if judge != nil {
		if err := judge.write(d); err != nil {
			return err
		}
		fmt.Fprintf(out, "\nWrote target files: judge the district with `rollcall run %s`\n", quoteArg(judge.path("district")))
	}
	fmt.Fprintln(out, "\nCtrl-C ends it.")
	return d.Wait()
}

// describe says where everything is, and what systems in places that were left have to be told.
func (f *districtFlags) describe(w io.Writer, d *riverbend.District, took time.Duration) {
	o := f.options
	fmt.Fprintf(w, "Riverbend Unified, ready after %s\n\n  start here       %s/\n", took.Round(time.Millisecond), d.Origin)
	misbehaves(w, f.between)
	fmt.Fprintln(w)
	if d.SIS != nil {
		describe(w, d.SIS, district.Options{Data: cmp.Or(o.Data, fixtures.Small), Faults: o.Faults.SIS}, 0)
		fmt.Fprintln(w)
	}
	consumer := func(c *district.Consumer) {
		fmt.Fprintf(w, "  how it stands    %s/\n  syncs            every %s\n", c.Origin, o.Every)
	}
	for _, p := range d.Platforms {
		describePlatform(w, p.Platform)
		consumer(p.Sync)
		misbehaves(w, o.Faults.Platform)
		fmt.Fprintln(w)
	}
	for _, t := range d.Tools {
		fmt.Fprintf(w, "The %s: ", t.Name)
		describeTool(w, t.Tool)
		if t.Sync != nil {
			consumer(t.Sync)
		}
		misbehaves(w, o.Faults.Tool)
		fmt.Fprintln(w)
	}
	if d.Assessment != nil {
		fmt.Fprint(w, "Reference assessment app\n\n")
		consumer(d.Assessment.Consumer)
		fmt.Fprintf(w, "  takes tests      POST %s/tests?class=SOURCEDID\n\n", d.Assessment.Origin)
	}
	misbehaves(w, o.Faults.Consumer)
	if d.Catalog != nil {
		describeCatalog(w, d.Catalog, district.CatalogOptions{Items: library.DefaultCount})
		misbehaves(w, o.Faults.Catalog)
		fmt.Fprintln(w)
	}
	if d.Case != nil {
		describeCase(w, d.Case)
		misbehaves(w, o.Faults.CASE)
	}
	f.places(w, d)
}

// places says what systems of somebody else's have to be told, for each place that was left.
func (f *districtFlags) places(w io.Writer, d *riverbend.District) {
	if d.SIS == nil && f.options.School == nil {
		fmt.Fprint(w, "\nYour own SIS: give --sis, or tell each consumer where it is. Its client needs the scopes of all services that are there:\n")
		for _, c := range consumersOf(d) {
			fmt.Fprintf(w, "  curl -X PUT %s/connection -d '{\"rostering\":\"…\",\"gradebook\":\"…\",\"resources\":\"…\",\"token_url\":\"…\",\"client_id\":\"…\",\"client_secret\":\"…\"}'\n", c.Origin)
		}
	}
	if len(d.Platforms) == 0 && len(d.Tools) > 0 {
		var names []string
		for _, t := range d.Tools {
			names = append(names, t.Name)
		}
		fmt.Fprintf(w, "\nYour own platform: register %s there with the addresses above, and name it by --platforms (issuer, client_id, auth_url, "+
			"token_url, jwks_url, deployments).\n", strings.Join(names, " and "))
	}
	if len(d.Tools) == 0 && len(d.Platforms) > 0 {
		fmt.Fprintf(w, "\nYour own tools: register them by --tools, or as an administrator at %s/tools; they are told the platform's addresses above.\n",
			d.Platforms[0].Origin)
	}
}

// consumersOf lists the consumers of a district.
func consumersOf(d *riverbend.District) (out []*district.Consumer) {
	for _, p := range d.Platforms {
		out = append(out, p.Sync)
	}
	for _, t := range d.Tools {
		if t.Sync != nil {
			out = append(out, t.Sync)
		}
	}
	if d.Assessment != nil {
		out = append(out, d.Assessment.Consumer)
	}
	return out
}
