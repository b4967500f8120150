package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// The registration of Rollcall, as a tool, at the reference platform.
const (
	ownClient = "rollcall-judge"
	ownOther  = "rollcall-judge-2"
	ownScope  = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
)

// ownRegistrations are two: the second is there to be mistaken for the first, and has no
// links.
func ownRegistrations(origin string) []platform.Registration {
	one := platform.Registration{
		ClientID:     ownClient,
		Name:         "Rollcall",
		LoginURL:     origin + "/login",
		RedirectURIs: []string{origin + "/callback"},
		TargetURI:    origin + "/target",
		JWKSURL:      origin + "/jwks",
		Deployments:  []string{"judge-1", "judge-2"},
		Custom:       ownCustom(),
		Scopes:       []string{ownScope},
	}
	other := one
	other.ClientID, other.Deployments = ownOther, nil
	return []platform.Registration{one, other}
}

// ownCustom are the custom parameters of Rollcall's registration: one that is plain, and
// one for each variable whose value can be judged, by its name in small letters.
func ownCustom() map[string]string {
	out := map[string]string{"kind": "judged"}
	for _, v := range ltiplatform.Variables() {
		out[strings.ToLower(strings.NewReplacer("$", "", ".", "_").Replace(v))] = v
	}
	return out
}

// platformSection is the part of a target file that describes the reference
// platform, with the steps by which people come to a launch.
func platformSection(p *district.Platform, listen, origin, cert, key string) string {
	teacher, student, parent, course := p.People()
	sign := func(user string) string {
		return fmt.Sprintf("[{open: %q}, {select: \"#user\", value: %q}, {click: \"#signin\"}, {wait: \"#courses\"}]", p.Origin+"/", user)
	}
	link := func(n int, as string) string {
		follow := ""
		if as == "window" {
			follow = ", {window: true}"
		}
		return fmt.Sprintf("[{open: %q}, {click: \"#links li:nth-child(%d) a.as-%s\"}%s]", p.Origin+"/courses/"+course, n, as, follow)
	}
	var custom []string
	for name, value := range ownCustom() {
		custom = append(custom, name+": "+value)
	}
	slices.Sort(custom)
	var b strings.Builder
	fmt.Fprintf(&b, `lti:
  listen: %s
  public_url: %s
  cert_file: %q
  key_file: %q
  client_id: %s
  other_client_id: %s
  deployments: [judge-1, judge-2]
  platform:
    issuer: %s
    auth_url: %s
    jwks_url: %s
    token_url: %s
    scopes: [%s]
    users:
      - {name: a teacher, role: instructor, steps: %s}
      - {name: a student, role: learner, steps: %s}
      - {name: a parent, role: mentor, steps: %s}
    links:
      - {name: quiz, steps: %s, custom: {part: quiz, %s}}
      - {name: practice, steps: %s}
      - {name: quiz in a frame, as: frame, same_as: quiz, steps: %s}
      - {name: quiz in a window, as: window, same_as: quiz, steps: %s}
`, listen, origin, cert, key, ownClient, ownOther, p.Issuer(), p.AuthURL(), p.JWKSURL(), p.TokenURL(), ownScope, sign(teacher), sign(student), sign(parent), link(1, "same"), strings.Join(custom, ", "), link(2, "same"), link(1, "frame"), link(1, "window"))
	return b.String()
}
