package harness

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

func (t *Target) problem(key, cause, remedy string) error {
	return &ConfigError{File: t.path, Line: t.line(key), Key: key, Cause: cause, Remedy: remedy}
}

func (t *Target) validate() error {
	if t.Rollcall != 1 {
		return t.problem("rollcall", fmt.Sprintf("file format %d is not known", t.Rollcall), "write `rollcall: 1` at the top")
	}
	if strings.TrimSpace(t.Name) == "" {
		return t.problem("name", "the target has no name", "give the name that shall stand on the report")
	}
	c, err := catalogue.Load()
	if err != nil {
		return err
	}
	if len(t.Profiles) == 0 {
		return t.problem("profiles", "no profile is chosen", "list at least one of: "+strings.Join(profileIDs(c), ", "))
	}
	for i, id := range t.Profiles {
		if _, ok := c.Profile(id); !ok {
			return t.problem("profiles", fmt.Sprintf("there is no profile %q", shortened(id)),
				spelling.Remedy(id, profileIDs(c), "choose from: "+strings.Join(profileIDs(c), ", ")))
		}
		if slices.Contains(t.Profiles[:i], id) {
			return t.problem("profiles", id+" is listed twice", "leave one out")
		}
	}
	if t.Stance == "" {
		t.Stance = catalogue.Certification
	}
	for _, b := range append(t.OneRoster.bases(), base{"token_url", &t.OneRoster.Auth.TokenURL}) {
		if err := t.validURL(b.key, *b.url); err != nil {
			return err
		}
	}
	for _, b := range t.OneRoster.bases() {
		*b.url = strings.TrimRight(*b.url, "/")
	}
	if err := t.validateAuth(); err != nil {
		return err
	}
	for _, feature := range t.Disclaims {
		if features := c.Features(); !slices.Contains(features, feature) {
			return t.problem("disclaims", fmt.Sprintf("there is no feature %q to disclaim", shortened(feature)),
				spelling.Remedy(feature, features, "choose from: "+strings.Join(features, ", ")))
		}
	}
	if l := t.Limits; l.MaxBodyMiB < 0 || l.PageSize < 0 || l.RequestsPerSecond < 0 || l.Concurrency < 0 || l.MaxObjects < 0 ||
		l.MemoryMiB < 0 {
		return t.problem("limits", "a limit is negative", "leave it out for the default")
	}
	if err := t.validateLTI(); err != nil {
		return err
	}
	return t.validateWaivers(c)
}

// validateAuth holds the section to one of the two ways of being let in.
func (t *Target) validateAuth() error {
	auth := &t.OneRoster.Auth
	if auth.Method == "" {
		auth.Method = "basic"
	}
	credentials := auth.TokenURL != "" || auth.ClientID != "" || auth.ClientSecret != ""
	switch {
	case auth.Bearer != "" && (credentials || auth.Core != nil || auth.Scope != "" || len(auth.Parameters) > 0):
		return t.problem("bearer", "a token is given, and how to ask for one as well",
			"give either bearer, or token_url, client_id and client_secret")
	case auth.Bearer != "" && strings.ContainsAny(auth.Bearer, " \t\r\n"):
		return t.problem("bearer", "the token has blanks in it", "give the token alone, without \"Bearer\" before it")
	case auth.Bearer == "" && t.OneRoster.served() && (auth.TokenURL == "" || auth.ClientID == "" || auth.ClientSecret == ""):
		return t.problem("auth", "token_url, client_id and client_secret are all needed",
			"take them from the product's OAuth client registration; where it issues no tokens itself, give its issuer's, or a token as `bearer: ${ROLLCALL_TOKEN}`")
	}
	for name := range auth.Parameters {
		if slices.Contains([]string{"grant_type", "scope", "client_id", "client_secret"}, name) {
			return t.problem("parameters", name+" has a key of its own", "take it out of oneroster.auth.parameters")
		}
	}
	return nil
}

func profileIDs(c *catalogue.Catalogue) []string {
	var ids []string
	for _, p := range c.Profiles() {
		ids = append(ids, p.ID)
	}
	return ids
}

func (t *Target) validURL(key, value string) error {
	if value == "" || t.Container != nil && strings.HasPrefix(value, "/") {
		return nil // with a container, paths are completed once it runs
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return t.problem(key, fmt.Sprintf("%q is not an absolute http or https URL", value),
			"write it in full, like https://sis.example.org/ims/oneroster/rostering/v1p2")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return t.problem(key, "the URL has a query or a fragment", "give the bare base URL")
	}
	return nil
}

func (t *Target) validateWaivers(c *catalogue.Catalogue) error {
	for _, w := range t.Waivers {
		if _, ok := c.Requirement(w.Requirement); !ok {
			var ids []string
			for _, q := range c.Requirements() {
				ids = append(ids, q.ID)
			}
			return t.problem("waivers", fmt.Sprintf("there is no requirement %q to waive", shortened(w.Requirement)),
				spelling.Remedy(w.Requirement, ids, "find its id with `rollcall list requirements`"))
		}
		if w.Reason == "" || w.Owner == "" {
			return t.problem("waivers", "the waiver of "+w.Requirement+" has no reason or no owner", "say why it is excused and who answers for it")
		}
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil {
			return t.problem("waivers", fmt.Sprintf("the waiver of %s expires on %q", w.Requirement, w.Expires), "give the last day as YYYY-MM-DD")
		}
	}
	return nil
}
