package ecosystem

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// Defaults of the section.
const (
	defaultWithin  = 24 * time.Hour // rosters are synced by night
	triggerTimeout = time.Minute
	personTimeout  = 15 * time.Minute
)

// Validate puts defaults in, and holds the section to what can be used.
func (s *Section) Validate(t *harness.Target) error {
	if len(s.Systems) == 0 {
		return nil // another product's file
	}
	s.fill()
	for _, check := range []func(*harness.Target) error{s.validateSystems, s.validatePeople, s.validateTriggers, s.validateIDs,
		s.validatePlaces} {
		if err := check(t); err != nil {
			return err
		}
	}
	return nil
}

func (s *Section) fill() {
	if s.Within == 0 {
		s.Within = harness.Duration(defaultWithin)
	}
	for i := range s.Systems {
		if y := &s.Systems[i]; y.Within == 0 {
			y.Within = s.Within
		}
	}
	for _, p := range s.triggers() {
		if p.trigger.Timeout == 0 {
			p.trigger.Timeout = harness.Duration(triggerTimeout)
			if p.trigger.Person != "" {
				p.trigger.Timeout = harness.Duration(personTimeout)
			}
		}
	}
	for i := range s.IDs {
		if s.IDs[i].SIS == "" {
			s.IDs[i].SIS = "sourcedId"
		}
	}
}

type placedTrigger struct {
	key     string
	trigger *Trigger
}

// triggers lists them with where they stand.
func (s *Section) triggers() []placedTrigger {
	out := []placedTrigger{{"change.enroll", &s.Change.Enroll}, {"change.withdraw", &s.Change.Withdraw}}
	for i := range s.Systems {
		out = append(out, placedTrigger{"systems.sync", &s.Systems[i].Sync}, placedTrigger{"systems.push", &s.Systems[i].Push})
	}
	return out
}

// choice words that a value is none of those that there are.
func choice(t *harness.Target, where, value string, of []string) error {
	return t.Problem(where, fmt.Sprintf("there is no %q", value), spelling.Remedy(value, of, "write one of "+strings.Join(of, ", ")))
}

func (s *Section) validateSystems(t *harness.Target) error {
	var names []string
	for _, y := range s.Systems {
		switch {
		case y.Name == "":
			return t.Problem("district.systems", "a system has no name", "give each a short name, such as lms")
		case slices.Contains(names, y.Name):
			return t.Problem("district.systems", fmt.Sprintf("two systems are called %s", y.Name), "give each a name of its own")
		case !slices.Contains(Roles(), y.Role):
			return choice(t, "district.systems.role", y.Role, Roles())
		case y.File == "" && y.Role != Assessment:
			return t.Problem("district.systems.file", fmt.Sprintf("nothing says where %s lies", y.Name),
				"name its target file; `rollcall init` writes one")
		}
		names = append(names, y.Name)
		if y.File == "" {
			continue
		}
		if _, err := os.Stat(beside(t, y.File)); err != nil {
			return t.Problem("district.systems.file", fmt.Sprintf("the target file of %s can't be read: %v", y.Name, err),
				"name it relative to the district file; where the system isn't there leave it out: its flows are not tested then")
		}
	}
	if n := len(s.of(SIS)); n != 1 {
		return t.Problem("district.systems", fmt.Sprintf("there are %d systems with the role sis", n),
			"name one SIS: it is what all others are held to; where there is none of yours, `rollcall serve district` has one")
	}
	if s.Class == "" {
		return t.Problem("district.class", "nothing says in which class the story plays",
			"give the sourcedId of a class of the SIS that may be tried with")
	}
	return nil
}

func (s *Section) validatePeople(t *harness.Target) error {
	parts := []string{Teacher, Learner, Newcomer, Withdrawn}
	var met []string
	for _, p := range s.People {
		switch {
		case !slices.Contains(parts, p.Part):
			return choice(t, "district.people.part", p.Part, parts)
		case slices.Contains(met, p.Part):
			return t.Problem("district.people.part", fmt.Sprintf("two people are the %s", p.Part), "name one for each part")
		case p.SourcedID == "":
			return t.Problem("district.people.sourcedId", fmt.Sprintf("nothing says who the %s is in the SIS", p.Part), "give their sourcedId")
		}
		met = append(met, p.Part)
		for _, in := range p.SignIn {
			if y, is := s.system(in.At); !is || y.Role != Platform {
				return choice(t, "district.people.sign_in.at", in.At, s.named(Platform))
			}
			if (in.User == "") == (len(in.Steps) == 0) {
				return t.Problem("district.people.sign_in", fmt.Sprintf("how the %s signs in at %s isn't clear", p.Part, in.At),
					"name a user of lti.platform.users of its target file, or give steps: one of the two")
			}
		}
	}
	return nil
}

// named lists the names of the systems of some roles.
func (s *Section) named(roles ...string) (out []string) {
	for _, y := range s.Systems {
		if slices.Contains(roles, y.Role) {
			out = append(out, y.Name)
		}
	}
	return out
}

func (s *Section) validateTriggers(t *harness.Target) error {
	for _, p := range s.triggers() {
		ways := 0
		for _, given := range []bool{p.trigger.Command != "", p.trigger.Webhook != nil, len(p.trigger.Steps) > 0, p.trigger.Person != ""} {
			if given {
				ways++
			}
		}
		if ways > 1 {
			return t.Problem("district."+p.key, "it is told in two ways", "give one of command, webhook, steps and person")
		}
		if w := p.trigger.Webhook; w != nil {
			if u, err := url.Parse(w.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
				return t.Problem("district."+p.key+".webhook.url", fmt.Sprintf("%q is no address of http or https", w.URL),
					"write it in full, like https://sis.example.org/api/enroll?who=$person")
			}
		}
	}
	return nil
}

func (s *Section) validateIDs(t *harness.Target) error {
	for _, m := range s.IDs {
		if !slices.Contains(Kinds(), m.Kind) {
			return choice(t, "district.ids.kind", m.Kind, Kinds())
		}
		if y, is := s.system(m.At); m.At != "" && (!is || y.Role == SIS) {
			return choice(t, "district.ids.at", m.At, s.named(Platform, Tool, Assessment, Catalog))
		}
		if m.Table != "" {
			if _, err := readTable(beside(t, m.Table)); err != nil {
				return t.Problem("district.ids.table", err.Error(), "write a CSV file of two columns: the id in the SIS, and the one there")
			}
		}
	}
	return nil
}

func (s *Section) validatePlaces(t *harness.Target) error {
	for _, p := range s.Places {
		if y, is := s.system(p.Platform); !is || y.Role != Platform {
			return choice(t, "district.places.platform", p.Platform, s.named(Platform))
		}
		if y, is := s.system(p.Tool); p.Tool != "" && (!is || y.Role != Tool) {
			return choice(t, "district.places.tool", p.Tool, s.named(Tool))
		}
	}
	for _, p := range s.Picks {
		if y, is := s.system(p.Platform); !is || y.Role != Platform {
			return choice(t, "district.picks.platform", p.Platform, s.named(Platform))
		}
		y, is := s.system(p.From)
		if !is || y.Role != Tool && y.Role != Catalog {
			return choice(t, "district.picks.from", p.From, s.named(Tool, Catalog))
		}
		if y.Role == Catalog && p.Title == "" {
			return t.Problem("district.picks.title", "nothing says which item of the catalogue is picked", "give its name, as the catalogue has it")
		}
		if _, is := s.system(p.Tool); p.Tool != "" && !is {
			return choice(t, "district.picks.tool", p.Tool, s.named(Tool))
		}
	}
	for _, o := range s.Grades {
		if y, is := s.system(o.Platform); !is || y.Role != Platform {
			return choice(t, "district.grades.platform", o.Platform, s.named(Platform))
		}
	}
	for where, script := range s.scripts() {
		for i, step := range script {
			n := 0
			for _, given := range []bool{step.Open != "", step.Fill != "", step.Select != "", step.Click != "", step.Wait != "",
				step.Frame != "", step.Window} {
				if given {
					n++
				}
			}
			if n != 1 || step.Value != "" && step.Fill == "" && step.Select == "" {
				return t.Problem("district."+where, fmt.Sprintf("step %d (%s) doesn't say one thing to do", i+1, step),
					"let each step say one of open, fill, select, click, wait, frame and window; value goes with fill and select")
			}
		}
	}
	return nil
}

// scripts lists the steps of the section by where they stand.
func (s *Section) scripts() map[string][]browser.Step {
	out := map[string][]browser.Step{}
	add := func(where string, steps []browser.Step) { out[where] = append(out[where], steps...) }
	for _, p := range s.People {
		for _, in := range p.SignIn {
			add("people.sign_in.steps", in.Steps)
		}
	}
	for _, p := range s.triggers() {
		add(p.key+".steps", p.trigger.Steps)
	}
	for _, p := range s.Places {
		add("places.steps", p.Steps)
		add("places.score", p.Score)
	}
	for _, p := range s.Picks {
		add("picks.steps", p.Steps)
		add("picks.opens", p.Opens)
		add("picks.remove", p.Remove)
	}
	for _, o := range s.Grades {
		add("grades.steps", o.Steps)
	}
	return out
}
