package districtfault

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

// instructor and learner are roles in a course.
const (
	instructor = lti.Membership + "Instructor"
	learner    = lti.Membership + "Learner"
)

// lis gives the lis claim of a launch.
func lis(claims map[string]any) map[string]any {
	m, _ := claims[lti.Namespace+"lis"].(map[string]any)
	return m
}

// launches are mistakes in what a platform tells tools of who comes, and from where.
func launches() map[string]behaviour {
	return map[string]behaviour{
		"between-launch-without-person": claimed(func(c map[string]any, _ *platform.Pending) { delete(lis(c), "person_sourcedid") }),
		"between-launch-other-person":   claimed(otherPerson()),
		"between-launch-by-mail": claimed(func(c map[string]any, _ *platform.Pending) {
			if m := lis(c); m["person_sourcedid"] != nil {
				m["person_sourcedid"] = c["email"]
			}
		}),
		"between-launch-one-subject": claimed(func(c map[string]any, _ *platform.Pending) {
			if roles, _ := c[lti.Namespace+"roles"].([]string); len(roles) > 0 && roles[0] == learner {
				c["sub"] = "learner"
			}
		}),
		"between-launch-other-class": claimed(func(c map[string]any, _ *platform.Pending) {
			m := lis(c)
			m["course_section_sourcedid"] = m["course_offering_sourcedid"]
		}),
		"between-launch-without-class": claimed(func(c map[string]any, _ *platform.Pending) { delete(lis(c), "course_section_sourcedid") }),
		"between-launch-other-course": claimed(func(c map[string]any, _ *platform.Pending) {
			lis(c)["course_offering_sourcedid"] = "offering-1"
		}),
		"between-launch-role-widened": claimed(func(c map[string]any, _ *platform.Pending) {
			c[lti.Namespace+"roles"] = append([]string{instructor}, rolesOf(c)...)
		}),
		"between-launch-role-narrowed": claimed(func(c map[string]any, _ *platform.Pending) {
			for i, role := range rolesOf(c) {
				if role == instructor {
					rolesOf(c)[i] = learner
				}
			}
		}),
		"between-launch-demographics": claimed(func(c map[string]any, _ *platform.Pending) {
			c["birthdate"], c["gender"] = "2011-05-17", "female"
		}),
		"between-launch-mail-in-address": mailInAddress(),
	}
}

// mailInAddress has the address at which a launch begins at the tool say whose mail address it is.
func mailInAddress() behaviour {
	var mu sync.Mutex
	mails, hints := map[string]string{}, map[string]string{} // of people; of logins
	action := regexp.MustCompile(`action="([^"]+)"`)
	hint := regexp.MustCompile(`name="login_hint" value="([^"]+)"`)
	return together(
		school(func() func(fixtures.District) fixtures.District {
			return func(d fixtures.District) fixtures.District {
				mu.Lock()
				defer mu.Unlock()
				for u := range d.Users() {
					mails[u.SourcedID] = u.Email
				}
				return d
			}
		}),
		made(func(c *platform.Config) {
			c.Login = bend.Then(c.Login, func(v url.Values, l *platform.Pending) {
				mu.Lock()
				defer mu.Unlock()
				hints[v.Get("login_hint")] = mails[l.User]
			})
		}),
		served(func() func(http.Handler) http.Handler {
			return bend.Below("/links/", bend.Rewritten(func(page string) string {
				m := hint.FindStringSubmatch(page)
				if m == nil {
					return page
				}
				mu.Lock()
				mail := hints[html.UnescapeString(m[1])]
				mu.Unlock()
				return action.ReplaceAllString(page, `action="$1?login=`+url.QueryEscape(mail)+`"`)
			}))
		}))
}

func rolesOf(claims map[string]any) []string {
	roles, _ := claims[lti.Namespace+"roles"].([]string)
	return roles
}

// otherPerson has all launches be of whoever launched first.
func otherPerson() func(map[string]any, *platform.Pending) {
	var mu sync.Mutex
	first := ""
	return func(c map[string]any, _ *platform.Pending) {
		mu.Lock()
		defer mu.Unlock()
		m := lis(c)
		own, _ := m["person_sourcedid"].(string)
		switch {
		case own == "":
		case first == "":
			first = own
		default:
			m["person_sourcedid"] = first
		}
	}
}

// members are mistakes in class lists.
func members() map[string]behaviour {
	list := func(change func(members []map[string]any) []map[string]any) behaviour {
		return served(func() func(http.Handler) http.Handler {
			return bend.Below("/nrps/", bend.Rewritten(func(body string) string {
				var all struct {
					ID      string           `json:"id"`
					Context map[string]any   `json:"context"`
					Members []map[string]any `json:"members"`
				}
				if json.Unmarshal([]byte(body), &all) != nil || all.Members == nil {
					return body
				}
				all.Members = change(all.Members)
				text, err := json.Marshal(all)
				if err != nil {
					return body
				}
				return string(text)
			}))
		})
	}
	every := func(change func(m map[string]any)) behaviour {
		return list(func(all []map[string]any) []map[string]any {
			for _, m := range all {
				change(m)
			}
			return all
		})
	}
	return map[string]behaviour{
		"between-members-without-person": every(func(m map[string]any) { delete(m, "lis_person_sourcedid") }),
		"between-members-by-mail": every(func(m map[string]any) {
			if m["email"] != nil {
				m["lis_person_sourcedid"] = m["email"]
			}
		}),
		"between-members-other-subject": every(func(m map[string]any) {
			id, _ := m["user_id"].(string)
			m["user_id"] = "m-" + strings.ToLower(id)
		}),
		"between-members-short": list(func(all []map[string]any) []map[string]any {
			var out []map[string]any
			n := 0
			for _, m := range all {
				roles, _ := m["roles"].([]any)
				if n++; len(roles) > 0 && roles[0] == learner && n%2 == 0 {
					continue
				}
				out = append(out, m)
			}
			return out
		}),
		"between-members-role-widened": every(func(m map[string]any) {
			roles, _ := m["roles"].([]any)
			m["roles"] = append([]any{instructor}, roles...)
		}),
		"between-members-demographics": every(func(m map[string]any) { m["birthDate"], m["sex"] = "2011-05-17", "female" }),
	}
}
