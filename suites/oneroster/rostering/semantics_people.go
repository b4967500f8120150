package rostering

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// peopleChecks judge what users say of themselves and of each other.
func peopleChecks() []rest.Check {
	users := []string{"users"}
	return rules(
		rule{"users.one-primary-role", "Every user has exactly one primary role for each org", "users.one-primary-role", users, "users",
			"a user with a role", onePrimaryRole},
		rule{"users.agents-mutual", "Users who name each other as agents do so both ways", "users.agents-mutual", users, "users",
			"a user with an agent", agentsMutual},
		rule{"users.parent-agents", "Every parent has a student as agent", "users.parent-agents", users, "users", "a user with the role parent",
			parentAgents},
		rule{"users.teacher-agents", "No student has a teacher as agent who is nothing else", "users.teacher-agents", users, "users",
			"a student with an agent", teacherAgents},
		rule{"users.primary-org", "primaryOrg is one of the orgs of the user's roles", "users.primary-org", users, "users",
			"a user with a primaryOrg", primaryOrg},
		rule{"users.role-profile", "userProfile of a role is a profile of the user", "users.role-profile", users, "users",
			"a user whose role names a userProfile", roleProfile},
		rule{"users.profile-unique", "A profileId stands once in a user", "users.profile-unique", users, "users", "a user with a userProfile",
			profileUnique},
		rule{"users.role-dates", "A role begins before it ends", "users.role-dates", users, "users", "a role with beginDate and endDate",
			roleDates},
		rule{"users.master-identifier", "userMasterIdentifier is no copy of the sourcedId", "users.master-identifier", users, "users",
			"a user with a userMasterIdentifier", masterIdentifier},
		rule{"users.profiles-preferred", "Users with a username have userProfiles as well", "users.profiles-preferred", users, "users",
			"a user with a username", profilesPreferred},
		rule{"users.ids-preferred", "Users with an identifier have userIds as well", "users.ids-preferred", users, "users",
			"a user with an identifier", idsPreferred},
		rule{"users.username-unique", "No two users have one username", "users.username-unique", users, "users", "a user with a username",
			usernameUnique},
		rule{"demographics.user", "Demographics have the sourcedId of a user", "demographics.user", []string{"users", "demographics"},
			"demographics", "a demographics record", demographicsUser},
	)
}

func onePrimaryRole(r *Roster, see verdictOn) {
	for i := range r.Users {
		u := &r.Users[i]
		primary, orgs := map[string]int{}, []string{}
		for _, role := range u.Roles {
			org := idOf(role.Org)
			if org == "" {
				continue // the form of references is judged by itself
			}
			if _, met := primary[org]; !met {
				orgs = append(orgs, org)
			}
			if role.RoleType == "primary" {
				primary[org]++
			} else {
				primary[org] += 0
			}
		}
		for _, org := range orgs {
			see(primary[org] == 1, place{i, u.SourcedID, "/roles"}, "exactly one role with roleType primary for org "+org,
				fmt.Sprintf("%d of them", primary[org]))
		}
	}
}

func agentsMutual(r *Roster, see verdictOn) {
	for i := range r.Users {
		u := &r.Users[i]
		for _, a := range u.Agents {
			other := r.User(a.SourcedID)
			if other == nil || u.Status != "active" || other.Status != "active" {
				continue // a dangling agent is judged with the references
			}
			see(names(other.Agents, u.SourcedID), place{i, u.SourcedID, "/agents"}, "an agent who names the user as agent too",
				"user "+other.SourcedID+" does not")
		}
	}
}

func parentAgents(r *Roster, see verdictOn) {
	for i := range r.Users {
		u := &r.Users[i]
		if !u.HasRole("parent") || u.Status != "active" {
			continue
		}
		ok := slices.ContainsFunc(u.Agents, func(a Ref) bool {
			other := r.User(a.SourcedID)
			return other == nil || other.HasRole("student")
		})
		see(ok, place{i, u.SourcedID, "/agents"}, "at least one agent who is a student",
			fmt.Sprintf("%d agents, no student among them", len(u.Agents)))
	}
}

func teacherAgents(r *Roster, see verdictOn) {
	for i := range r.Users {
		u := &r.Users[i]
		if !u.HasRole("student") {
			continue
		}
		for _, a := range u.Agents {
			other := r.User(a.SourcedID)
			if other == nil {
				continue
			}
			only := other.HasRole("teacher") && !slices.ContainsFunc(other.Roles, func(role Role) bool { return role.Role != "teacher" })
			// A teacher may be a parent of a pupil as well, and says so by a role.
			see(!only, place{i, u.SourcedID, "/agents"}, "agents who are relatives or guardians",
				"user "+other.SourcedID+" is a teacher and nothing else")
		}
	}
}

func primaryOrg(r *Roster, see verdictOn) {
	for i := range r.Users {
		u := &r.Users[i]
		if u.PrimaryOrg == nil {
			continue
		}
		see(slices.ContainsFunc(u.Roles, func(role Role) bool { return idOf(role.Org) == u.PrimaryOrg.SourcedID }),
			place{i, u.SourcedID, "/primaryOrg"}, "the org of one of the roles", u.PrimaryOrg.SourcedID)
	}
}

func roleProfile(r *Roster, see verdictOn) {
	for i := range r.Users {
		u := &r.Users[i]
		for n, role := range u.Roles {
			if role.UserProfile == "" {
				continue
			}
			ok := false
			for _, p := range u.UserProfiles {
				ok = ok || p.ProfileID == role.UserProfile
			}
			see(ok, place{i, u.SourcedID, fmt.Sprintf("/roles/%d/userProfile", n)}, "the profileId of one of the user's userProfiles",
				fmt.Sprintf("a value that none of the %d profiles has", len(u.UserProfiles)))
		}
	}
}

func profileUnique(r *Roster, see verdictOn) {
	for i := range r.Users {
		u := &r.Users[i]
		seen := map[string]bool{}
		for n, p := range u.UserProfiles {
			see(p.ProfileID == "" || !seen[p.ProfileID], place{i, u.SourcedID, fmt.Sprintf("/userProfiles/%d/profileId", n)},
				"a profileId of its own", "the profileId of a profile before")
			seen[p.ProfileID] = true
		}
	}
}

func roleDates(r *Roster, see verdictOn) {
	for i := range r.Users {
		u := &r.Users[i]
		for n, role := range u.Roles {
			if plainDate(role.BeginDate) && plainDate(role.EndDate) {
				see(role.BeginDate < role.EndDate, place{i, u.SourcedID, fmt.Sprintf("/roles/%d/endDate", n)},
					"beginDate before endDate (the end is excluded)",
					role.BeginDate+" to "+role.EndDate)
			}
		}
	}
}

func masterIdentifier(r *Roster, see verdictOn) {
	for i := range r.Users {
		if u := &r.Users[i]; u.MasterID != "" {
			see(u.MasterID != u.SourcedID, place{i, u.SourcedID, "/userMasterIdentifier"}, "an identifier of its own", "the sourcedId")
		}
	}
}

func usernameUnique(r *Roster, see verdictOn) {
	whose := map[string]string{}
	for i := range r.Users {
		u := &r.Users[i]
		name := strings.ToLower(strings.TrimSpace(u.Username))
		if name == "" || u.Status == "tobedeleted" {
			continue
		}
		other, taken := whose[name]
		see(!taken || other == u.SourcedID, place{i, u.SourcedID, "/username"}, "a username of its own", "that of user "+other)
		if !taken {
			whose[name] = u.SourcedID
		}
	}
}

func profilesPreferred(r *Roster, see verdictOn) {
	some, with := 0, 0
	for i := range r.Users {
		if u := &r.Users[i]; u.Username != "" {
			some++
			if len(u.UserProfiles) > 0 {
				with++
			}
		}
	}
	if some > 0 {
		// The advice is to the system, not for each user: an account may have
		// no profile yet.
		see(with > 0, place{-1, "/users", "/userProfiles"}, "userProfiles on some users who have a username",
			fmt.Sprintf("none on %d users", some))
	}
}

func idsPreferred(r *Roster, see verdictOn) {
	some, with := 0, 0
	for i := range r.Users {
		if u := &r.Users[i]; u.Identifier != "" {
			some++
			if len(u.UserIDs) > 0 {
				with++
			}
		}
	}
	if some > 0 {
		see(with > 0, place{-1, "/users", "/userIds"}, "userIds on some users who have an identifier", fmt.Sprintf("none on %d users", some))
	}
}

func demographicsUser(r *Roster, see verdictOn) {
	for i := range r.Demographics {
		d := &r.Demographics[i]
		if d.Status == "tobedeleted" {
			continue // the user may be gone already
		}
		see(strings.TrimSpace(d.SourcedID) != "" && r.Has("user", d.SourcedID), place{i, d.SourcedID, "/sourcedId"}, "the sourcedId of a user",
			d.SourcedID)
	}
}
