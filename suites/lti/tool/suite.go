package tool

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// Profile is what a tool claims that takes launches.
const Profile = "lti13-core-tool"

// The checks of a group share one browser and one platform. Where Rollcall is registered as
// one more platform, those of services are a group of their own there, and are made at the
// same time: neither can be mistaken for the other's.
const (
	group      = "lti-tool"
	otherGroup = "lti-tool-services"
)

// Suite judges tools: how they are launched, and how they use the services of LTI Advantage
// that are given.
func Suite(parts ...Part) harness.Suite {
	all, profiles := checks(), []string{Profile}
	services := map[string]bool{} // the checks of parts
	for _, p := range parts {
		for _, c := range p.checks() {
			services[c.ID] = true
			all = append(all, c)
		}
		if p.Profile != "" {
			profiles = append(profiles, p.Profile)
		}
	}
	return harness.Suite{
		ID: "lti.tool", Title: "LTI 1.3 tools", Role: "tool", Checks: all, Profiles: profiles,
		Section: lti.New, Doctor: doctor,
		Groups: func(t *harness.Target, c harness.Check) string {
			if services[c.ID] && lti.Of(t).OtherPlatform.Set() {
				return otherGroup
			}
			return group
		},
		Open: func(ctx context.Context, s *harness.Session) (any, error) {
			l := *lti.Of(s.Target)
			if l.OtherPlatform.Set() && !slices.ContainsFunc(s.Checks, func(id string) bool { return !services[id] }) {
				return openOther(ctx, s, l.Other())
			}
			return open(ctx, s, l)
		},
	}
}

// openOther opens what Rollcall's other platform is judged by.
func openOther(ctx context.Context, s *harness.Session, other lti.Section) (*judge, error) {
	j, err := open(ctx, s, other)
	var c *harness.ConfigError
	if errors.As(err, &c) && c.Key == side.ListenKey {
		c.Key = "lti.other_platform.listen"
	}
	return j, err
}

func doctor(ctx context.Context, s *harness.Session) []harness.Diagnosis {
	l := *lti.Of(s.Target)
	if l.Tool.LoginURL == "" || l.Tool.TargetLinkURI == "" {
		return []harness.Diagnosis{{
			Name:   "tool",
			Fatal:  true,
			Detail: "the target file doesn't say where the tool is",
			Remedy: "add `lti: {tool: {login_url: …, target_link_uri: …}}` to it",
		}}
	}
	// A login without parameters is refused by a tool, and shows that it is there.
	found := side.Diagnose(ctx, s, "tool", "lti.tool.login_url", l.Tool.LoginURL)
	if s.Thorough() && side.Fine(found) {
		found = append(found, tryLaunches(ctx, s)...)
	}
	return found
}

// launchTimeout bounds one check: a launch, its control, and what a stalled tool
// may cost.
const launchTimeout = 3 * time.Minute

// checkPrefix begins the ids of the checks of launches.
const checkPrefix = "tool."

func checks() []harness.Check {
	launches, err := Launches()
	if err != nil {
		panic(err) // embedded data
	}
	var out []harness.Check
	for _, l := range launches {
		requirements := []string{Prefix + l.Requirement}
		if l.Expect == "refuse" {
			requirements = append(requirements, reqVisible, reqNoCrash, reqUp)
			if l.Respond.Get {
				requirements = append(requirements, reqMethods)
			}
		} else if l.Expect == "answer" {
			requirements = append(requirements, reqUp)
		} else if l.Teacher != nil {
			requirements = append(requirements, reqTeacher)
		} else if l.Requirement == rotation {
			requirements = append(requirements, reqAtOnce)
		}
		out = append(out, harness.Check{
			ID:           checkPrefix + l.ID,
			Title:        l.holds(),
			Requirements: requirements,
			Labels:       []string{"launch", l.Expect},
			Group:        group,
			Timeout:      launchTimeout,
			Needs:        l.needs(),
			Body:         func(ctx context.Context, t *harness.T) { run(ctx, t, l) },
		})
	}
	for _, c := range attacks() {
		c.Group, c.Timeout, c.Labels = group, launchTimeout, []string{"launch", "attack"}
		c.Needs = append([]harness.Need{registered()}, c.Needs...)
		out = append(out, c)
	}
	return out
}

// holds says what must hold of a launch.
func (l Launch) holds() string {
	does := map[string]string{"open": "Opens a launch", "refuse": "Refuses a launch",
		"answer": "Opens a launch, or refuses it in words"}[l.Expect]
	return does + ": " + l.Title
}
