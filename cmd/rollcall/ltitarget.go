package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	reflti "github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	ltiplatform "github.com/rollcall-edu/rollcall/suites/lti/platform"
)

// The registration of Rollcall, as a tool, at the reference platform.
const (
	ownClient = "rollcall-judge"
	ownOther  = "rollcall-judge-2"
)

// ownScopes are those that Rollcall may have there.
func ownScopes() []string {
	return []string{
		"https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
		"https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
		"https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
		"https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
		"https://purl.imsglobal.org/spec/lti-ags/scope/score",
	}
}

// ownRegistrations are two: the second is there to be mistaken for the first, and has no
// links.
func ownRegistrations(origin string) []platform.Registration {
	one := platform.Registration{
		ClientID:     ownClient,
		Name:         "Rollcall",
		LoginURL:     origin + "/login",
		RedirectURIs: []string{origin + "/callback"},
		TargetURI:    origin + "/target",
		PickerURI:    origin + "/target?pick",
		JWKSURL:      origin + "/jwks",
		Deployments:  []string{"judge-1", "judge-2"},
		Custom:       ownCustom(),
		Scopes:       ownScopes(),
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
func platformSection(p *district.Platform, listen, origin, cert, key string) *lti.Section {
	teacher, student, parent, course := p.People()
	sign := func(user string) []browser.Step {
		return []browser.Step{{Open: p.Origin + "/"}, {Select: "#user", Value: user}, {Click: "#signin"}, {Wait: "#courses"}}
	}
	link := func(n int, as string) []browser.Step {
		steps := []browser.Step{{Open: p.Origin + "/courses/" + course}, {Click: fmt.Sprintf("#links li:nth-child(%d) a.as-%s", n, as)}}
		if as == "window" {
			steps = append(steps, browser.Step{Window: true})
		}
		return steps
	}
	outside := outsider(p, course) // comes to the course, and leaves it
	another := ""                  // learner: one result makes no pages
	for _, m := range p.Members(course, platform.Registration{}) {
		if m.User != student && slices.Contains(p.Roles(course, m.User), reflti.Membership+"Learner") {
			another = m.User
		}
	}
	// Where the store can't be written nothing was issued that could be over.
	over, _ := p.Grant(context.Background(), platform.Granted{Client: ownClient, Scopes: ownScopes()}, time.Now().Add(-time.Minute))
	people := browser.Step{Open: p.Origin + "/courses/" + course + "/people"}
	custom := ownCustom()
	custom["part"] = "quiz"
	return &lti.Section{
		Listen:        listen,
		PublicURL:     origin,
		CertFile:      cert,
		KeyFile:       key,
		ClientID:      ownClient,
		OtherClientID: ownOther,
		Deployments:   []string{"judge-1", "judge-2"},
		Platform: lti.Platform{
			Issuer:       p.Issuer(),
			AuthURL:      p.AuthURL(),
			JWKSURL:      p.JWKSURL(),
			TokenURL:     p.TokenURL(),
			Scopes:       ownScopes(),
			ExpiredToken: over, OtherElsewhere: true,
			Users: []lti.User{
				{Name: "a teacher", Role: "instructor", Steps: sign(teacher)},
				{Name: "a student", Role: "learner", Steps: sign(student)},
				{Name: "a parent", Role: "mentor", Steps: sign(parent)},
				{Name: "another student", Role: "learner", Steps: sign(another)},
			},
			Gradebook: []browser.Step{{Open: p.Origin + "/courses/" + course + "/gradebook"}, {Wait: "#book"}},
			Roster: lti.Roster{
				By:     "a teacher",
				Enroll: []browser.Step{people, {Select: "#who", Value: outside}, {Click: "#enroll button"}, {Wait: `[id="member-` + outside + `"]`}},
				Leave:  []browser.Step{people, {Click: `[id="member-` + outside + `"] .leave`}, {Wait: `#who option[value="` + outside + `"]`}},
			},
			Links: []lti.Link{
				{Name: "quiz", Steps: link(1, "same"), Custom: custom},
				{Name: "practice", Steps: link(2, "same")},
				{Name: "quiz in a frame", As: "frame", SameAs: "quiz", Steps: link(1, "frame")},
				{Name: "quiz in a window", As: "window", SameAs: "quiz", Steps: link(1, "window")},
			},
			Picks: picksAt(p.Origin+"/courses/"+course, origin+"/target?pick"),
		},
	}
}

// picksAt are the places of the reference platform from which content of a course is picked.
func picksAt(course, target string) []lti.Pick {
	pick := func(name, as, by string) lti.Pick {
		steps := []browser.Step{{Open: course + "/content"}, {Click: fmt.Sprintf(`#pickers a.as-%s[href*="tool=%s"]`, by, ownClient)}}
		if as == "window" {
			steps = append(steps, browser.Step{Window: true})
		}
		return lti.Pick{Name: name, As: as, Steps: steps, Target: target}
	}
	first := pick("content in the same window", "", "same")
	first.Shows = []browser.Step{{Open: course + "/content"}, {Wait: "#content"}}
	first.Opens = []browser.Step{{Open: course}, {Click: `#links a.as-same[aria-label*="$title"]`}}
	first.Remove = []browser.Step{{Open: course + "/content"}, {Click: `#content button[aria-label*="$title"]`}}
	asked := pick("content that somebody says yes to", "", "asked")
	asked.Confirm = []browser.Step{{Click: "#confirm"}, {Wait: "#added"}}
	return []lti.Pick{first, pick("content in a frame", "frame", "frame"), pick("content in a window", "window", "window"), asked,
		pick("one link or text", "", "one")}
}
