package platform

import (
	"context"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// Profile is what a platform claims that launches tools.
const Profile = "lti13-core-platform"

// Prefix begins the ids of the requirements on platforms.
const Prefix = "lti13.platform."

// group holds all checks together: they share one browser and Rollcall's tool.
const group = "lti-platform"

// checkTimeout bounds a check that opens every link as every user, by hand where
// there are no steps. What hangs is given up long before.
const checkTimeout = 15 * time.Minute

// Suite judges platforms: their launches, and the services of LTI Advantage that are given.
func Suite(parts ...Part) harness.Suite {
	var all []harness.Check
	for _, c := range append(append(launchChecks(), refusalChecks()...), serviceChecks()...) {
		for i, id := range c.Requirements {
			c.Requirements[i] = Prefix + id
		}
		c.Group, c.Timeout = group, checkTimeout
		c.Needs = append([]harness.Need{registered()}, c.Needs...)
		all = append(all, c)
	}
	profiles := []string{Profile}
	for _, p := range parts {
		all = append(all, p.checks()...)
		profiles = append(profiles, p.Profile)
	}
	return harness.Suite{
		ID:       "lti.platform",
		Title:    "LTI 1.3 platforms",
		Role:     "platform",
		Checks:   all,
		Profiles: profiles,
		Section:  lti.New,
		Doctor:   doctor,
		Open:     open,
		Owner: func(s *harness.Session, r *harness.Response) string {
			for _, p := range parts {
				if p.Owner != nil {
					if id := p.Owner(s, r); id != "" {
						return id
					}
				}
			}
			return owner(s, r)
		},
	}
}

func doctor(ctx context.Context, s *harness.Session) []harness.Diagnosis {
	p := lti.Of(s.Target).Platform
	if p.Issuer == "" || p.AuthURL == "" || p.JWKSURL == "" {
		return []harness.Diagnosis{{
			Name:   "platform",
			Fatal:  true,
			Detail: "the target file doesn't say what the platform is",
			Remedy: "add `lti: {platform: {issuer: …, auth_url: …, jwks_url: …}}` to it",
		}}
	}
	if s.Interactive() {
		return side.Answers(ctx, s, "platform", "lti.platform.jwks_url", p.JWKSURL)
	}
	found := side.Diagnose(ctx, s, "platform", "lti.platform.jwks_url", p.JWKSURL)
	if s.Thorough() && side.Fine(found) {
		found = append(found, trySteps(ctx, s)...)
	}
	return found
}
