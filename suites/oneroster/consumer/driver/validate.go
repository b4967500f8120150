package driver

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
)

// Defaults of the section.
const (
	DefaultListen = "127.0.0.1:0"
	syncTimeout   = 2 * time.Minute
	personTimeout = 15 * time.Minute
	quietFor      = 2 * time.Second
	beginsWithin  = 30 * time.Second
	bundleName    = "oneroster.zip"
)

// Validate puts defaults in, and holds the section to what can be used.
func (s *Section) Validate(t *harness.Target) error {
	s.fill()
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		return t.Problem("consumer.listen", fmt.Sprintf("%q is no host:port", s.Listen),
			"write it like 127.0.0.1:9480, or 127.0.0.1:0 for any free port")
	}
	if err := t.ValidURL("consumer.public_url", s.PublicURL, "https://rollcall.example.org"); err != nil {
		return err
	}
	if (s.CertFile == "") != (s.KeyFile == "") {
		return t.Problem("cert_file", "cert_file and key_file go together", "give both, or none for plain http")
	}
	if s.Client.Set() && (s.Client.ID == "" || s.Client.Secret == "") {
		return t.Problem("consumer.client", "id and secret go together", "give both, or none: Rollcall makes them anew then")
	}
	for _, check := range []func(*harness.Target) error{s.validateTriggers, s.validateHooks, s.validateDrop, s.validateHolds,
		s.validateSteps} {
		if err := check(t); err != nil {
			return err
		}
	}
	return nil
}

// fill puts the defaults in.
func (s *Section) fill() {
	if s.Listen == "" {
		s.Listen = DefaultListen
	}
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	for _, t := range []*Trigger{&s.Sync, &s.Push} {
		if !t.Set() && (t != &s.Sync || !s.Drop.Set()) {
			continue
		}
		if len(t.Modes) == 0 {
			t.Modes = []string{Full}
		}
		if t.Timeout == 0 {
			t.Timeout = harness.Duration(syncTimeout)
			if t.Person {
				t.Timeout = harness.Duration(personTimeout)
			}
		}
		if t.Set() && t.waits() && t.Done.Command == "" && t.Done.Quiet == 0 {
			t.Done.Quiet = harness.Duration(quietFor)
		}
		if t.Done.Begins == 0 {
			t.Done.Begins = harness.Duration(min(beginsWithin, time.Duration(t.Timeout)))
		}
	}
	for _, h := range []*Hook{&s.Connect, &s.Reset, &s.Drop.Connect} {
		if h.Set() && h.Timeout == 0 {
			h.Timeout = harness.Duration(syncTimeout)
		}
	}
	if u := s.Drop.Upload; u != nil && u.Method == "" {
		u.Method = http.MethodPut
		if u.Field != "" {
			u.Method = http.MethodPost
		}
	}
	if s.Drop.Set() && s.Drop.Name == "" {
		s.Drop.Name = bundleName
	}
	if f := s.Drop.SFTP; f != nil && f.Address != "" {
		if _, _, err := net.SplitHostPort(f.Address); err != nil {
			f.Address = net.JoinHostPort(strings.Trim(f.Address, "[]"), "22")
		}
	}
	if s.Holds.Set() && s.Holds.Timeout == 0 {
		s.Holds.Timeout = harness.Duration(syncTimeout)
	}
	if p := s.Holds.Pages; p != nil && len(p.Shows) == 0 {
		p.Shows = []string{"$givenName", "$familyName"}
	}
	if p := s.Holds.Provider; p != nil {
		for _, b := range p.bases() {
			*b.url = strings.TrimRight(*b.url, "/")
		}
	}
}

// waits tells whether the way in which the product is made to act doesn't tell when it has ended.
func (t Trigger) waits() bool { return t.Command == "" && t.Webhook == nil }

// said tells whether anything is said of how the product acts, beside what makes it do so.
func (t Trigger) said() bool {
	return len(t.Modes) > 0 || t.Timeout > 0 || t.Tell != "" || t.Done != Done{}
}

func (s *Section) validateTriggers(t *harness.Target) error {
	for _, trigger := range []struct {
		key string
		of  Trigger
	}{{"sync", s.Sync}, {"push", s.Push}} {
		ways := trigger.of.ways()
		path := key + "." + trigger.key
		switch {
		case len(ways) > 1:
			return t.Problem(path, fmt.Sprintf("it says several ways to make the product act: %s", strings.Join(ways, ", ")), "keep one of them")
		case len(ways) == 0 && trigger.of.said() && (trigger.key != "sync" || !s.Drop.Set()):
			return t.Problem(path, "it doesn't say how the product is made to act",
				"add one of command, webhook, steps, schedule and person: docs/judging-a-consumer.md has an example of each")
		case trigger.of.Tell != "" && !trigger.of.Person:
			return t.Problem(path+".tell", "it is for a person, and nobody is asked", "add `person: true` beside it, or leave it out")
		}
		for i, mode := range trigger.of.Modes {
			if mode != Full && mode != Delta {
				return t.Problem(path+".modes", fmt.Sprintf("there is no mode %q", mode), "write [full], [delta] or [full, delta]")
			}
			if slices.Contains(trigger.of.Modes[:i], mode) {
				return t.Problem(path+".modes", fmt.Sprintf("the mode %s is given twice", mode), "leave one out")
			}
		}
		if q := time.Duration(trigger.of.Done.Quiet); q > 0 && q >= time.Duration(trigger.of.Timeout) {
			return t.Problem(path+".done", fmt.Sprintf("quiet is %s, and timeout %s: it would never be seen to end", q,
				time.Duration(trigger.of.Timeout)),
				"raise timeout, or lower quiet")
		}
	}
	return nil
}

func (s *Section) validateHooks(t *harness.Target) error {
	for _, h := range []struct {
		key string
		of  Hook
	}{{"connect", s.Connect}, {"reset", s.Reset}, {"drop.connect", s.Drop.Connect}} {
		path := key + "." + h.key
		if h.of.Command != "" && h.of.Webhook != nil {
			return t.Problem(path, "it has a command and a webhook", "keep one of them")
		}
		if !h.of.Set() && h.of.Timeout > 0 {
			return t.Problem(path, "it has a timeout, and nothing to wait for", "add a command or a webhook, or leave it out")
		}
	}
	for _, w := range s.webhooks() {
		if err := act.ValidWebhook(t, key+"."+w.key+".webhook", w.hook, words, "https://lms.example.org/api/roster/sync"); err != nil {
			return err
		}
	}
	return nil
}

func (s *Section) validateDrop(t *harness.Target) error {
	d := s.Drop
	n := 0
	for _, given := range []bool{d.Folder != "", d.Upload != nil, d.SFTP != nil} {
		if given {
			n++
		}
	}
	path := key + ".drop"
	switch {
	case n > 1:
		return t.Problem(path, "it says several places for bundles", "keep one of folder, upload and sftp")
	case n == 0 && (d.Name != "" || d.Unpacked || d.Connect.Set()):
		return t.Problem(path, "it doesn't say where bundles go", "add one of folder, upload and sftp")
	case strings.ContainsAny(d.Name, "/\\\x00") || d.Name == "." || d.Name == "..":
		return t.Problem(path+".name", fmt.Sprintf("%q is no name of a file", act.Shortened(d.Name)),
			"write it like oneroster.zip; the folder has a key of its own")
	case d.Upload != nil && d.Unpacked:
		return t.Problem(path+".unpacked", "an upload is one file", "leave unpacked out, or drop into a folder or by sftp")
	}
	if u := d.Upload; u != nil {
		if err := act.ValidAddress(t, path+".upload.url", u.URL, "https://lms.example.org/api/roster/upload"); err != nil {
			return err
		}
		if err := act.ValidRequest(t, path+".upload", u.Method, u.Header, u.Expect); err != nil {
			return err
		}
		if u.Method == http.MethodGet || u.Method == http.MethodHead || u.Method == http.MethodDelete {
			return t.Problem(path+".upload.method", u.Method+" uploads nothing", "write PUT or POST")
		}
		if len(u.Fields) > 0 && u.Field == "" {
			return t.Problem(path+".upload.fields", "there are fields of a form, and no field for the bundle",
				"add `field: file`, or how the endpoint calls it")
		}
	}
	if f := d.SFTP; f != nil {
		switch host, port, err := net.SplitHostPort(f.Address); {
		case f.Address == "" || err != nil || host == "" || port == "":
			return t.Problem(path+".sftp.address", fmt.Sprintf("%q is no host or host:port", f.Address), "write it like sftp.example.org:22")
		case f.User == "":
			return t.Problem(path+".sftp.user", "there is no user", "add the name by which Rollcall logs in")
		case (f.Password == "") == (f.KeyFile == ""):
			return t.Problem(path+".sftp", "one of password and key_file is wanted", "give the password as ${NAME}, or the path of a private key")
		case f.HostKey == "":
			return t.Problem(path+".sftp.host_key", "nothing says which key the server has",
				"add its fingerprint: `ssh-keyscan HOST | ssh-keygen -lf -` prints it (SHA256:…)")
		}
		if _, err := hostKey(f.HostKey); err != nil {
			return t.Problem(path+".sftp.host_key", err.Error(), hostKeyRemedy)
		}
	}
	return nil
}

func (s *Section) validateHolds(t *harness.Target) error {
	h := s.Holds
	path := key + ".holds"
	if ways := h.ways(); len(ways) > 1 {
		return t.Problem(path, "it says several ways to read what the product holds: "+strings.Join(ways, ", "), "keep one of them")
	} else if len(ways) == 0 && (len(h.Keeps) > 0 || len(h.Rewrites) > 0 || h.Flagged != "" || h.Timeout > 0) {
		return t.Problem(path, "it doesn't say how to read what the product holds", "add one of export, query, provider and pages")
	}
	for _, name := range h.Keeps {
		if !slices.Contains(Collections(), name) {
			return t.Problem(path+".keeps", fmt.Sprintf("there is no collection %q", act.Shortened(name)),
				"choose from: "+strings.Join(Collections(), ", "))
		}
	}
	for _, name := range h.Rewrites {
		if err := validRewrite(t, path+".rewrites", name); err != nil {
			return err
		}
	}
	if e := h.Export; e != nil {
		switch {
		case e.URL != "" && (e.Command != "" || e.File != ""):
			return t.Problem(path+".export", "it has a URL and a file or a command", "keep one of them")
		case e.URL == "" && e.Command == "" && e.File == "":
			return t.Problem(path+".export", "it doesn't say where the export is", "add file, command or url")
		case e.URL != "":
			if err := act.ValidAddress(t, path+".export.url", e.URL, "https://lms.example.org/api/export.zip"); err != nil {
				return err
			}
		}
		if err := act.ValidRequest(t, path+".export", http.MethodGet, e.Header, nil); err != nil {
			return err
		}
	}
	if q := h.Query; q != nil {
		switch {
		case (q.URL == "") == (q.Command == ""):
			return t.Problem(path+".query", "one of command and url is wanted", "give the one that prints JSON lines")
		case q.URL != "":
			if err := act.ValidAddress(t, path+".query.url", q.URL, "https://lms.example.org/api/held"); err != nil {
				return err
			}
		}
		if err := act.ValidRequest(t, path+".query", http.MethodGet, q.Header, nil); err != nil {
			return err
		}
	}
	if p := h.Provider; p != nil {
		any := false
		for _, b := range p.bases() {
			if err := t.ValidURL(path+".provider."+b.key, *b.url, "https://lms.example.org/ims/oneroster/rostering/v1p2"); err != nil {
				return err
			}
			any = any || *b.url != ""
		}
		if !any {
			return t.Problem(path+".provider", "it names no service", "add rostering, or v1p1 for OneRoster 1.1")
		}
		if err := t.ValidURL(path+".provider.auth.token_url", p.Auth.TokenURL, "https://lms.example.org/oauth2/token"); err != nil {
			return err
		}
		if err := p.Auth.Validate(t, path+".provider.auth", p.Auth.OAuth1 == nil); err != nil {
			return err
		}
	}
	if p := h.Pages; p != nil && len(p.Steps) == 0 {
		return t.Problem(path+".pages", "there are no steps that lead to a person's page",
			"add steps, such as `- open: https://lms.example.org/users?search=$username`")
	}
	return nil
}

// validateSteps holds each step to say one thing.
func (s *Section) validateSteps(t *harness.Target) error {
	for where, script := range s.scripts() {
		if err := act.ValidSteps(t, key+"."+where, script); err != nil {
			return err
		}
	}
	return nil
}
