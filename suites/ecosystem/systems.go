package ecosystem

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch"
)

// district is everything that the story goes through.
type district struct {
	others  map[string]bool // ids that were met beside the class: whether the SIS has another class by them
	session *harness.Session
	section *Section
	systems map[string]*system
	browser *browser.Browser
	seen    *Sightings
	desks   map[string]*desk // by where they listen
	visits  map[string]*visit
	changed []string // parts whose change was made in the SIS
}

// system is one of its systems, read and let in to.
type system struct {
	System
	target  *harness.Target
	session *harness.Session
	driver  *driver.Driver
	token   granted
}

// standing are the sections that target files of systems may have.
func standing() []func() harness.Section {
	return []func() harness.Section{oneroster.New, driver.NewSection, lti.New, resourcesearch.New}
}

// opened reads the target files of all systems. What can't be read is said of the system, and no error.
func opened(s *harness.Session) (*district, error) {
	d := &district{session: s, section: Of(s.Target), systems: map[string]*system{}, desks: map[string]*desk{}, visits: map[string]*visit{},
		seen: &Sightings{People: map[string]PersonSeen{}, Exchanges: map[string]harness.Evidence{}}}
	o := browser.Options{Insecure: s.Target.TLS.Insecure}
	for _, y := range d.section.Systems {
		told := SystemSeen{Name: y.Name, Role: y.Role, Title: y.Name, Within: time.Duration(y.Within)}
		at := &system{System: y}
		if y.File != "" {
			if err := d.read(at, &told, &o); err != nil {
				told.Problem = err.Error()
			}
		}
		d.systems[y.Name] = at
		d.seen.Systems = append(d.seen.Systems, told)
	}
	if s.Target.TLS.CAFile != "" {
		if pem, err := os.ReadFile(s.Target.TLS.CAFile); err == nil {
			o.TrustPEM = append(o.TrustPEM, pem...)
		}
	}
	b, err := browser.New(o)
	if err != nil {
		return nil, &harness.ConfigError{Key: "browser", Cause: err.Error(), Remedy: "install Chromium, or name one in ROLLCALL_CHROMIUM"}
	}
	d.browser = b
	return d, nil
}

// read reads the target file of a system, and is let in.
func (d *district) read(at *system, told *SystemSeen, o *browser.Options) error {
	var err error
	if at.target, err = harness.ReadTarget(beside(d.session.Target, at.File), os.LookupEnv, standing()...); err != nil {
		return err
	}
	told.Title, told.Vendor = at.target.Name, at.target.Vendor
	if at.target.Product != "" {
		told.Title = at.target.Product
	}
	of := harness.Suite{ID: "ecosystem." + at.Name}
	switch at.Role {
	case SIS, Assessment:
		of.Access = oneroster.Access()
	case Catalog:
		of.Access = resourcesearch.Access()
	}
	if at.session, err = d.session.Beside(at.target, of, "p-"+at.Name+"-"); err != nil {
		return err
	}
	at.driver = driver.New(at.session, nil)
	told.Holds, told.Hosts = driver.Of(at.target).Holds.Set(), hostsOf(at.target)
	told.Searches = resourcesearch.Of(at.target).URL != ""
	told.Grades = oneroster.Of(at.target).Gradebook != ""
	if file := at.target.TLS.CAFile; file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading tls.ca_file of %s: %w", at.File, err)
		}
		o.TrustPEM = append(o.TrustPEM, pem...)
	}
	o.Insecure = o.Insecure || at.target.TLS.Insecure
	o.Hosts = append(o.Hosts, lti.Of(at.target).Hosts()...)
	return nil
}

// hostsOf lists where a system is met, by its target file: host:port.
func hostsOf(t *harness.Target) (out []string) {
	l := lti.Of(t)
	addresses := []*string{&l.Platform.Issuer, &l.Platform.AuthURL, &l.Platform.TokenURL, &l.Platform.JWKSURL, &l.Tool.LoginURL,
		&l.Tool.TargetLinkURI, &l.Tool.JWKSURL}
	addresses = append(addresses, oneroster.Of(t).Addresses()...)
	addresses = append(addresses, driver.Of(t).Addresses()...)
	addresses = append(addresses, resourcesearch.Of(t).Addresses()...)
	for _, a := range addresses {
		if h := host(*a); h != "" && !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

func (d *district) close() {
	for _, v := range d.visits {
		v.page.Close()
	}
	for _, at := range d.systems {
		if at.driver != nil {
			at.driver.Close()
		}
		if at.session != nil {
			at.session.Close()
		}
	}
	for _, k := range d.desks {
		_ = k.server.Close() // the run is over
	}
	d.browser.Close()
}

// of lists the systems of a role that could be read.
func (d *district) of(role string) (out []*system) {
	for _, y := range d.section.Systems {
		if at := d.systems[y.Name]; y.Role == role && at.target != nil {
			out = append(out, at)
		}
	}
	return out
}

// sis is the one SIS; nil where its file can't be read.
func (d *district) sis() *system {
	if all := d.of(SIS); len(all) > 0 {
		return all[0]
	}
	return nil
}

// keep keeps an exchange as evidence, and gives its id.
func (d *district) keep(e *harness.Evidence) string {
	if e == nil {
		return ""
	}
	d.seen.Exchanges[e.ID] = *e
	return e.ID
}

// ask sends a request to a system, and keeps the exchange.
func (d *district) ask(ctx context.Context, at *system, r harness.Request) (*harness.Response, string) {
	response, e := at.session.Record(ctx, r)
	return response, d.keep(e)
}

// hush has what tells who people are hidden wherever it turns up.
func (d *district) hush(o object) {
	for _, name := range []string{"name", "given_name", "middle_name", "family_name", "email", "picture", "givenName", "familyName",
		"middleName", "username", "preferred_username", "phone", "sms"} {
		if v := o.text(name); len(v) > 2 {
			d.session.Redactor().Person(v)
		}
	}
}

// cause words an error without what belongs to the set-up of a file.
func cause(err error) string {
	var c *harness.ConfigError
	if errors.As(err, &c) {
		return c.Cause
	}
	return err.Error()
}

var reading = http.Header{"Accept": {"application/json"}}

// patience is how long a story waits for a system that has an interval, and no way to be told.
const patience = 30 * time.Minute

// until asks again and again until something holds, at most for a time. It tells how long it took.
func until(ctx context.Context, limit time.Duration, done func() bool) (took time.Duration, held bool) {
	began := time.Now()
	pause := min(max(limit/40, 300*time.Millisecond), 15*time.Second)
	for {
		if done() {
			return time.Since(began), true
		}
		if time.Since(began) > limit {
			return time.Since(began), false
		}
		select {
		case <-ctx.Done():
			return time.Since(began), false
		case <-time.After(pause):
		}
	}
}

// filled puts words into steps.
func filled(steps []browser.Step, words map[string]string) []browser.Step {
	out := slices.Clone(steps)
	for i := range out {
		for _, text := range []*string{&out[i].Open, &out[i].Fill, &out[i].Select, &out[i].Value, &out[i].Click, &out[i].Wait, &out[i].Frame} {
			*text = worded(*text, words, func(s string) string { return s })
		}
	}
	return out
}

// worded puts words into a text, each as encode writes it: longer names first.
func worded(text string, words map[string]string, encode func(string) string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	names := make([]string, 0, len(words))
	for name := range words {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		text = strings.ReplaceAll(text, "$"+name, encode(words[name]))
	}
	return text
}
