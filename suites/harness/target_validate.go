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

// Problem words what is wrong with the target file, at a key: its path, or the end of it.
func (t *Target) Problem(key, cause, remedy string) error {
	return &ConfigError{File: t.path, Line: t.line(key), Key: key, Cause: cause, Remedy: remedy}
}

func (t *Target) validate() error {
	if t.Rollcall != formatVersion {
		return t.Problem("rollcall", fmt.Sprintf("file format %d is not known", t.Rollcall), "write `rollcall: 1` at the top")
	}
	if strings.TrimSpace(t.Name) == "" {
		return t.Problem("name", "the target has no name", "give the name that shall stand on the report")
	}
	c, err := catalogue.Load()
	if err != nil {
		return err
	}
	if len(t.Profiles) == 0 {
		return t.Problem("profiles", "no profile is chosen", "list at least one of: "+strings.Join(profileIDs(c), ", "))
	}
	for i, id := range t.Profiles {
		if _, ok := c.Profile(id); !ok {
			return t.Problem("profiles", fmt.Sprintf("there is no profile %q", shortened(id)),
				spelling.Remedy(id, profileIDs(c), "choose from: "+strings.Join(profileIDs(c), ", ")))
		}
		if slices.Contains(t.Profiles[:i], id) {
			return t.Problem("profiles", id+" is listed twice", "leave one out")
		}
	}
	if t.Stance == "" {
		t.Stance = catalogue.Certification
	}
	for _, section := range t.sections {
		if err := section.Validate(t); err != nil {
			return err
		}
	}
	for _, feature := range t.Disclaims {
		if features := c.Features(); !slices.Contains(features, feature) {
			return t.Problem("disclaims", fmt.Sprintf("there is no feature %q to disclaim", shortened(feature)),
				spelling.Remedy(feature, features, "choose from: "+strings.Join(features, ", ")))
		}
	}
	if l := t.Limits; l.MaxBodyMiB < 0 || l.PageSize < 0 || l.RequestsPerSecond < 0 || l.Concurrency < 0 || l.MaxObjects < 0 ||
		l.MemoryMiB < 0 {
		return t.Problem("limits", "a limit is negative", "leave it out for the default")
	}
	return t.validateWaivers(c)
}

func profileIDs(c *catalogue.Catalogue) []string {
	var ids []string
	for _, p := range c.Profiles() {
		ids = append(ids, p.ID)
	}
	return ids
}

// ValidURL holds the address of a service to a bare http or https URL. example is one.
func (t *Target) ValidURL(key, value, example string) error {
	if value == "" || t.Container != nil && strings.HasPrefix(value, "/") {
		return nil // with a container, paths are completed once it runs
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return t.Problem(key, fmt.Sprintf("%q is not an absolute http or https URL", value), "write it in full, like "+example)
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return t.Problem(key, "the URL has a query or a fragment", "give the bare base URL")
	}
	return nil
}

func (t *Target) validateWaivers(c *catalogue.Catalogue) error {
	for _, w := range t.Waivers {
		if _, ok := c.Requirement(w.Requirement); !ok {
			var ids []string // those of the target's profiles, for a waiver is of one of them
			for _, id := range t.Profiles {
				profile, _ := c.Profile(id)
				ids = append(ids, profile.Requirements...)
			}
			slices.Sort(ids)
			ids = slices.Compact(ids)
			return t.Problem("waivers", fmt.Sprintf("there is no requirement %q to waive", shortened(w.Requirement)),
				spelling.Remedy(w.Requirement, ids, "find its id with `rollcall list requirements`"))
		}
		if w.Reason == "" || w.Owner == "" {
			return t.Problem("waivers", "the waiver of "+w.Requirement+" has no reason or no owner", "say why it is excused and who answers for it")
		}
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil {
			return t.Problem("waivers", fmt.Sprintf("the waiver of %s expires on %q", w.Requirement, w.Expires), "give the last day as YYYY-MM-DD")
		}
	}
	return nil
}
