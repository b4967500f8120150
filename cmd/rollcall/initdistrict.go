package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/ecosystem"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/spelling"
)

// districtSystem is a system of a district file that init writes.
type districtSystem struct {
	Name, Role, File string
	users            []lti.User
}

// districtPerson is somebody of its story.
type districtPerson struct {
	Part, ID string
	SignIn   []districtSignIn
}

type districtSignIn struct{ At, User string }

// Tools are the systems that platforms launch.
func (a answers) Tools() []districtSystem { return a.systemsOf(ecosystem.Tool) }

// Platforms are those of a district.
func (a answers) Platforms() []districtSystem { return a.systemsOf(ecosystem.Platform) }

func (a answers) systemsOf(role string) (out []districtSystem) {
	for _, y := range a.Systems {
		if y.Role == role {
			out = append(out, y)
		}
	}
	return out
}

// settle reads what was said of a district's systems (role=file), beside which the district file will be, and finds in
// their own target files who can sign in.
func (a *answers) settle(path string) error {
	given := strings.FieldsFunc(a.SystemFiles, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	for _, text := range given {
		role, file, is := strings.Cut(text, "=")
		if !is || file == "" {
			return &harness.ConfigError{Key: "--system", Cause: fmt.Sprintf("%q doesn't say a role and a file", text),
				Remedy: "write it like platform=lms.yaml; roles are " + strings.Join(ecosystem.Roles(), ", ")}
		}
		if !slices.Contains(ecosystem.Roles(), role) {
			return &harness.ConfigError{Key: "--system", Cause: fmt.Sprintf("there is no role %q", role),
				Remedy: spelling.Remedy(role, ecosystem.Roles(), "write one of "+strings.Join(ecosystem.Roles(), ", "))}
		}
		y := districtSystem{Name: strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), Role: role, File: file}
		if slices.ContainsFunc(a.Systems, func(o districtSystem) bool { return o.Name == y.Name }) {
			return &harness.ConfigError{Key: "--system", Cause: "two systems are called " + y.Name,
				Remedy: "call their files otherwise: a system is named by its file"}
		}
		at := file
		if !filepath.IsAbs(at) {
			at = filepath.Join(filepath.Dir(path), file)
		}
		// Secrets may be anywhere; whether they are set is not asked here.
		target, err := harness.ReadTarget(at, func(string) (string, bool) { return "secret", true }, sections()...)
		if err != nil {
			return err
		}
		y.users = lti.Of(target).Platform.Users
		a.Systems = append(a.Systems, y)
	}
	a.cast()
	return nil
}

// cast gives each part of the story to a user of each platform, as far as the platforms' files name enough of them.
func (a *answers) cast() {
	for _, p := range []struct {
		part, id string
		role     string
		nth      int
	}{{ecosystem.Teacher, a.TeacherID, "instructor", 0}, {ecosystem.Learner, a.LearnerID, "learner", 0},
		{ecosystem.Newcomer, a.NewcomerID, "learner", 1}, {ecosystem.Withdrawn, a.WithdrawnID, "learner", 2}} {
		if p.id == "" {
			continue
		}
		who := districtPerson{Part: p.part, ID: p.id}
		for _, y := range a.Platforms() {
			n := 0
			in := districtSignIn{At: y.Name}
			for _, u := range y.users {
				if u.Role == p.role {
					if n == p.nth {
						in.User = u.Name
					}
					n++
				}
			}
			who.SignIn = append(who.SignIn, in)
		}
		a.People = append(a.People, who)
	}
}
