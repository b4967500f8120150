package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/riverbend"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/suites/ecosystem"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch"
)

// districtJudge is what a district has to know of Rollcall before it starts, so that Rollcall can judge it: its
// registrations as a tool and as a platform, and where the target files go.
type districtJudge struct {
	dir, ca, cert, key string

	asTool, toolListen         string
	asPlatform, platformListen string
}

// judged prepares the district for being judged, where target files are to be written; else it gives nil.
func (f *districtFlags) judged() (*districtJudge, error) {
	if f.targets == "" {
		return nil, nil
	}
	if err := os.MkdirAll(f.targets, 0o700); err != nil {
		return nil, &harness.ConfigError{Key: "--target", Cause: err.Error(), Remedy: "name a folder you may write to"}
	}
	j, err := newDistrictJudge(f.targets, f.options.TLS)
	if err != nil {
		return nil, err
	}
	f.options.Judged = true
	j.join(&f.options)
	return j, nil
}

// newDistrictJudge finds addresses for Rollcall's own side, and writes its certificate; made is that of the district.
func newDistrictJudge(dir string, made *security.SelfMade) (j *districtJudge, err error) {
	j = &districtJudge{dir: dir}
	if j.asTool, j.toolListen, err = ownSide("tool.localhost"); err != nil {
		return nil, err
	}
	if j.asPlatform, j.platformListen, err = ownSide("platform.localhost"); err != nil {
		return nil, err
	}
	if made == nil {
		j.asTool, j.asPlatform = "http"+j.asTool[len("https"):], "http"+j.asPlatform[len("https"):]
		return j, nil
	}
	if len(made.AuthorityPEM) > 0 {
		j.ca = filepath.Join(dir, "ca.pem")
		if err := made.WriteAuthority(j.ca); err != nil {
			return nil, err
		}
	}
	j.cert, j.key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	return j, made.WritePair(j.cert, j.key)
}

// join registers Rollcall at the district's platforms and tools.
func (j *districtJudge) join(o *riverbend.Options) {
	o.Known = append(o.Known, ownPlatform(j.asPlatform))
	o.Tools = append(o.Tools, ownRegistrations(j.asTool)...)
}

// path is where the target file of a system is.
func (j *districtJudge) path(name string) string { return filepath.Join(j.dir, name+".yaml") }

// write writes the target file of each system.
func (j *districtJudge) write(d *riverbend.District) error {
	if s := d.SIS; s != nil {
		s.Case = d.Case
		text, err := targetFor(s, "", allProfiles())
		s.Case = nil // it is the district's to close
		if err != nil {
			return err
		}
		if err := j.keep(riverbend.SIS, text); err != nil {
			return err
		}
	}
	for _, p := range d.Platforms {
		sections := []harness.Section{platformSection(p.Platform, j.toolListen, j.asTool, j.cert, j.key), followerSection(p.Sync)}
		if err := j.target(p.Name, "reference/platform", platformSuite().Profiles, sections...); err != nil {
			return err
		}
	}
	for _, t := range d.Tools {
		sections := []harness.Section{j.toolSection(t)}
		if t.Sync != nil {
			sections = append(sections, followerSection(t.Sync))
		}
		if err := j.target(t.Name, "reference/tool", toolProfiles(), sections...); err != nil {
			return err
		}
	}
	if d.Assessment != nil {
		s := followerSection(d.Assessment.Consumer)
		s.Holds.Query.URL = d.Assessment.Origin + "/results" // what it has itself, and not what it has read
		err := j.target(riverbend.Assessment, "reference/assessment", consumerProfiles()[:1], s)
		if err != nil {
			return err
		}
	}
	if d.Catalog != nil {
		if err := j.target(riverbend.Catalog, "reference/catalog", resourcesearch.Suite().Profiles, catalogSection(d.Catalog)); err != nil {
			return err
		}
	}
	if d.Cast.Class == "" {
		return nil // whom the story is about is for whoever has the SIS to say
	}
	s := j.districtSection(d)
	if err := j.declare(d, s); err != nil {
		return err
	}
	return j.target("district", "reference/riverbend", []string{"district"}, s)
}

// districtSection says how the story is played that judges the district as a whole.
func (j *districtJudge) districtSection(d *riverbend.District) *ecosystem.Section {
	c := d.Cast
	s := &ecosystem.Section{
		Class: c.Class,
		// Two syncs may be missed, one that runs and the one that it holds up, and each takes a moment.
		Within: harness.Duration(3*d.Every() + 10*time.Second),
		People: []ecosystem.Person{
			j.person(d, "a teacher", ecosystem.Teacher, c.Teacher),
			j.person(d, "a learner", ecosystem.Learner, c.Learner),
			j.person(d, "who comes to the class", ecosystem.Newcomer, c.Newcomer),
			j.person(d, "who leaves the class", ecosystem.Withdrawn, c.Leaver),
		},
	}
	pushes := func(c *district.Consumer) ecosystem.Trigger {
		return ecosystem.Trigger{Webhook: &ecosystem.Webhook{URL: c.Origin + "/sync"}}
	}
	system := func(name, role string) ecosystem.System {
		return ecosystem.System{Name: name, Role: role, File: name + ".yaml"}
	}
	if d.SIS != nil {
		s.Systems = append(s.Systems, system(riverbend.SIS, ecosystem.SIS))
		change := func(what string) ecosystem.Trigger {
			return ecosystem.Trigger{Webhook: &ecosystem.Webhook{
				URL: d.Address() + "/changes/" + what + "?person=$person&class=$class&role=$role"}}
		}
		s.Change = ecosystem.Changes{Enroll: change("enroll"), Withdraw: change("withdraw")}
	}
	for _, p := range d.Platforms {
		x := system(p.Name, ecosystem.Platform)
		x.Push = pushes(p.Sync)
		s.Systems = append(s.Systems, x)
		home := p.Home(c)
		course := p.Origin + "/courses/" + url.PathEscape(home)
		first := func(client string) []platform.Link { // none, or one
			all := p.Links(home, client)
			return all[:min(1, len(all))]
		}
		for _, l := range first(ownClient) {
			s.Places = append(s.Places, ecosystem.Place{Name: "Rollcall at " + p.Name, Platform: p.Name, Steps: []browser.Step{
				{Open: course}, {Click: `#links a.as-same[href^="/links/` + l.ID + `?"]`}}})
		}
		for _, t := range d.Tools {
			place := func(name, client, resource string) {
				for _, l := range first(client) {
					s.Places = append(s.Places, ecosystem.Place{Name: name + " at " + p.Name, Platform: p.Name, Tool: t.Name, Resource: resource,
						Steps: []browser.Step{{Open: course}, {Click: `#links a.as-same[href^="/links/` + l.ID + `?"]`}}})
				}
			}
			if t.Name == riverbend.Quiz {
				place(t.Name, t.Name, "")
			} else if place(t.Name, t.Name, c.ReaderID); c.Guide != nil {
				place("the guide", riverbend.Guide, c.GuideID)
			}
			if t.Name == riverbend.Quiz {
				s.Picks = append(s.Picks, ecosystem.Pick{
					Name:     "a quiz at " + p.Name,
					Platform: p.Name,
					From:     t.Name,
					Steps: append([]browser.Step{{Open: course + "/content"}, {Click: `#pickers a.as-same[href*="tool=` + t.Name + `"]`},
						{Wait: "#picker"}}, append(picking().Steps, browser.Step{Wait: "#added"})...),
					Opens:  []browser.Step{{Open: course}, {Click: `#links a.as-same[aria-label^="$title"]`}},
					Remove: []browser.Step{{Open: course + "/content"}, {Click: `#content button[aria-label*="$title"]`}},
				})
			}
		}
		if d.Catalog != nil && d.Offer != "" {
			s.Picks = append(s.Picks, ecosystem.Pick{
				Name:     "an item of the catalogue at " + p.Name,
				Platform: p.Name,
				From:     riverbend.Catalog,
				Title:    d.Offer,
				Tool:     riverbend.Reader,
				Steps: []browser.Step{{Open: course + "/search"}, {Fill: "#words", Value: "$title"}, {Click: "#find button"},
					{Click: `#found button[aria-label="Add $title"]`}, {Wait: "#added"}},
				Opens:  []browser.Step{{Open: course}, {Click: `#links a.as-same[aria-label^="$title"]`}},
				Remove: []browser.Step{{Open: course + "/content"}, {Click: `#content button[aria-label="Remove $title"]`}},
			})
		}
		s.Grades = append(s.Grades, ecosystem.Override{Platform: p.Name, Steps: []browser.Step{{Open: course + "/gradebook"},
			{Click: `#book a[aria-label^="$givenName $familyName, $title:"]`}, {Fill: "#points", Value: "$score"},
			{Click: `#override button[value=override]`}, {Wait: "#done"}}})
	}
	for _, t := range d.Tools {
		s.Systems = append(s.Systems, system(t.Name, ecosystem.Tool))
	}
	if d.Assessment != nil {
		x := system(riverbend.Assessment, ecosystem.Assessment)
		x.Push = ecosystem.Trigger{Webhook: &ecosystem.Webhook{URL: d.Assessment.Origin + "/tests?class=$class&push=now"}}
		s.Systems = append(s.Systems, x)
	}
	if d.Catalog != nil {
		s.Systems = append(s.Systems, system(riverbend.Catalog, ecosystem.Catalog))
	}
	return s
}

// declare says which ids the systems don't have as they are, with a table where that is how they are made.
func (j *districtJudge) declare(d *riverbend.District, s *ecosystem.Section) error {
	for _, id := range d.IDs() {
		m := ecosystem.Mapping{Kind: id.Kind, At: id.At, Prefix: id.Prefix}
		if id.Table != nil {
			m.Table = id.Kind + ".csv"
			var b strings.Builder
			roster, err := d.SIS.Roster(context.Background())
			if err != nil {
				return err
			}
			for u := range roster.Users() {
				fmt.Fprintf(&b, "%s,%s\n", u.SourcedID, id.Table(u.SourcedID))
			}
			if err := os.WriteFile(filepath.Join(j.dir, m.Table), []byte(b.String()), 0o600); err != nil {
				return &harness.ConfigError{Key: "--target", Cause: err.Error(), Remedy: "name a folder you may write to"}
			}
		}
		s.IDs = append(s.IDs, m)
	}
	return nil
}

// person is somebody of the story, who signs in at each platform of the district.
func (j *districtJudge) person(d *riverbend.District, name, part string, who riverbend.Person) ecosystem.Person {
	out := ecosystem.Person{Name: name, Part: part, SourcedID: who.ID}
	for _, p := range d.Platforms {
		out.SignIn = append(out.SignIn, ecosystem.SignIn{At: p.Name, Steps: []browser.Step{{Open: p.Origin + "/"},
			{Select: "#user", Value: p.Account(who)}, {Click: "#signin"}, {Wait: "#courses"}}})
	}
	return out
}

// toolSection is that of a tool of the district.
func (j *districtJudge) toolSection(t *riverbend.Tool) *lti.Section {
	return toolSection(t.Tool, j.platformListen, j.asPlatform, j.cert, j.key)
}

// followerSection describes a consumer of the district, which reads the district's own SIS: it can be made to sync, and
// tells what it holds.
func followerSection(c *district.Consumer) *driver.Section {
	return &driver.Section{
		Sync: driver.Trigger{Webhook: &act.Webhook{URL: c.Origin + "/sync?mode=$mode"},
			Modes: []string{driver.Full, driver.Delta}},
		Connect: driver.Hook{Webhook: &act.Webhook{URL: c.Origin + "/connection", Method: http.MethodPut}},
		Holds:   driver.Holder{Query: &driver.Query{URL: c.Origin + "/held"}},
	}
}

// target writes a target file.
func (j *districtJudge) target(name, product string, profiles []string, sections ...harness.Section) error {
	text, err := harness.WriteTarget(harness.Target{
		Name:     "Riverbend Unified: " + name,
		Vendor:   "Rollcall",
		Product:  product,
		Version:  version,
		Profiles: profiles,
		TLS:      harness.TLS{CAFile: j.ca},
	}, sections...)
	if err != nil {
		return fmt.Errorf("writing the target file of %s: %w", name, err)
	}
	return j.keep(name, text)
}

func (j *districtJudge) keep(name string, text []byte) error {
	if err := os.WriteFile(j.path(name), text, 0o600); err != nil {
		return &harness.ConfigError{Key: "--target", Cause: err.Error(), Remedy: "name a folder you may write to"}
	}
	return nil
}
