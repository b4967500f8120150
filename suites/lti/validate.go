package lti

import (
	"fmt"
	"net"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Validate puts defaults in, and holds the section to what can be used.
func (l *Section) Validate(t *harness.Target) error {
	l.fill()
	if _, _, err := net.SplitHostPort(l.Listen); err != nil {
		return t.Problem("listen", fmt.Sprintf("%q is no host:port", l.Listen), "write it like 127.0.0.1:9460")
	}
	if err := l.validateOther(t); err != nil {
		return err
	}
	if (l.CertFile == "") != (l.KeyFile == "") {
		return t.Problem("cert_file", "cert_file and key_file go together", "give both, or none for plain http")
	}
	for _, u := range []struct{ key, value string }{{"public_url", l.PublicURL}, {"public_url", l.OtherPlatform.PublicURL},
		{"login_url", l.Tool.LoginURL},
		{"target_link_uri", l.Tool.TargetLinkURI}, {"jwks_url", l.Tool.JWKSURL},
		{"issuer", l.Platform.Issuer}, {"auth_url", l.Platform.AuthURL}, {"jwks_url", l.Platform.JWKSURL}, {"token_url", l.Platform.TokenURL}} {
		if u.value == "" {
			continue
		}
		if parsed, err := url.Parse(u.value); err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
			return t.Problem(u.key, fmt.Sprintf("%q is not an absolute http or https URL", u.value),
				"write it in full, like https://tool.example.org/lti/login")
		}
	}
	return l.validatePeople(t)
}

// validateOther holds the other platform to be another.
func (l *Section) validateOther(t *harness.Target) error {
	o := l.OtherPlatform
	if _, _, err := net.SplitHostPort(o.Listen); err != nil && (o.Set() || o.PublicURL != "" || o.ClientID != "" || len(o.Deployments) > 0) {
		return t.Problem("listen", fmt.Sprintf("%q is no host:port for the other platform", o.Listen), "write it like 127.0.0.1:9461")
	}
	if o.Set() && (o.Listen == l.Listen || o.PublicURL == l.PublicURL) {
		return t.Problem("other_platform", "it is where the first one is", "give it a listen and a public_url of its own, and register it at the tool too")
	}
	return nil
}

// validatePeople holds the users, the links and all steps to what can be used.
func (l *Section) validatePeople(t *harness.Target) error {
	p := l.Platform
	for _, k := range p.Links {
		if k.SameAs != "" && !slices.ContainsFunc(p.Links, func(o Link) bool {
			return o.Name == k.SameAs && o.Name != k.Name && o.SameAs == ""
		}) {
			return t.Problem("same_as", fmt.Sprintf("the link %s is the same as %q, which is no other link", k.Name, k.SameAs),
				"name a link of lti.platform.links that has no same_as itself")
		}
	}
	if r := p.Roster; (len(r.Enroll) == 0) != (len(r.Leave) == 0) {
		return t.Problem("roster", "enroll and leave go together", "give the steps for both, so that nobody stays enrolled, or for none")
	} else if r.By != "" && !slices.ContainsFunc(p.Users, func(u User) bool { return u.Name == r.By }) {
		return t.Problem("by", fmt.Sprintf("%q is no user", r.By), "name one of lti.platform.users")
	}
	for _, k := range p.Picks {
		if k.User != "" && !slices.ContainsFunc(p.Users, func(u User) bool { return u.Name == k.User }) {
			return t.Problem("user", fmt.Sprintf("%s is picked from by %q, who is nobody", k.Name, k.User), "name somebody of lti.platform.users")
		}
		if k.Name == "" || len(k.Steps) == 0 {
			return t.Problem("picks", "a place to pick from has no name, or no steps", "give both: how to call it, and how the picker is opened")
		}
	}
	for _, script := range l.steps() {
		for i, s := range script {
			if n := verbs(s); n != 1 {
				return t.Problem("steps", fmt.Sprintf("step %d (%s) says %d things to do", i+1, s, n),
					"let each step say one: open, fill, select, click, wait, frame or window")
			}
			if s.Value != "" && s.Fill == "" && s.Select == "" {
				return t.Problem("value", fmt.Sprintf("step %d (%s) has a value, which it has no use for", i+1, s), "give a value with fill or select")
			}
		}
	}
	return nil
}

// verbs counts what a step says to do.
func verbs(s browser.Step) int {
	n := 0
	for _, given := range []bool{s.Open != "", s.Fill != "", s.Select != "", s.Click != "", s.Wait != "", s.Frame != "", s.Window} {
		if given {
			n++
		}
	}
	return n
}
