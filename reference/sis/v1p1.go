package sis

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// V1P1Path is the one root path of OneRoster 1.1, below which all its services lie.
const V1P1Path = "/ims/oneroster/v1p1"

// The scopes of OneRoster 1.1, which came late in its life.
const (
	V1P1ScopeRoster       = oneroster.ScopePrefixV1P1 + "roster.readonly"
	V1P1ScopeRosterCore   = oneroster.ScopePrefixV1P1 + "roster-core.readonly"
	V1P1ScopeDemographics = oneroster.ScopePrefixV1P1 + "roster-demographics.readonly"
	V1P1ScopeResources    = oneroster.ScopePrefixV1P1 + "resource.readonly"
)

// userV1P1 is a user of OneRoster 1.1: of one role in all orgs, and always with a username.
type userV1P1 struct {
	base
	Username    string    `json:"username"`
	UserIDs     []userID  `json:"userIds,omitempty"`
	EnabledUser string    `json:"enabledUser"`
	GivenName   string    `json:"givenName"`
	FamilyName  string    `json:"familyName"`
	MiddleName  string    `json:"middleName,omitempty"`
	Role        string    `json:"role"`
	Identifier  string    `json:"identifier,omitempty"`
	Email       string    `json:"email,omitempty"`
	SMS         string    `json:"sms,omitempty"`
	Phone       string    `json:"phone,omitempty"`
	Agents      []guidRef `json:"agents,omitempty"`
	Orgs        []guidRef `json:"orgs"` // at least one
	Grades      []string  `json:"grades,omitempty"`
	Password    string    `json:"password,omitempty"`
}

// V1P1 describes Rostering, Resources and Gradebook of OneRoster 1.1, as one service of the same
// data: what 1.2 has beyond them is left out, and users and marks have the shape of 1.1.
func V1P1() oneroster.Service {
	rostering, ofResources, marks := Rostering(), resources.Service(), gradebook.V1P1()
	objects := maps.Clone(rostering.Objects)
	maps.Copy(objects, ofResources.Objects)
	maps.Copy(objects, marks.Objects)
	objects[Users] = reflect.TypeFor[userV1P1]()
	views := map[store.Collection]oneroster.View{
		Users:        {Show: showUserV1P1, Differs: []string{"role", "orgs", "username"}},
		Demographics: {Show: showDemographicsV1P1, Differs: []string{"sex"}},
	}
	maps.Copy(views, marks.Dialect.Views)
	return oneroster.Service{
		Name:       "OneRoster 1.1",
		Path:       V1P1Path,
		Operations: operationsV1P1(rostering.Operations, ofResources.Operations, marks.Operations),
		Endpoints:  endpointsV1P1(rostering.Endpoints, ofResources.Endpoints, marks.Endpoints),
		Objects:    objects,
		Relations:  slices.Concat(rostering.Relations, ofResources.Relations, marks.Relations),
		Composed:   marks.Composed,
		Shortcuts:  slices.Concat(rostering.Shortcuts, marks.Shortcuts),
		Referrals:  marks.Referrals,
		Scopes: append([]oneroster.Scope{
			{Name: V1P1ScopeRoster, Description: "All reads of rosters but those of demographics."},
			{Name: V1P1ScopeRosterCore, Description: "The core reads: each collection and each single object, without demographics."},
			{Name: V1P1ScopeDemographics, Description: "The reads of demographics."},
			{Name: V1P1ScopeResources, Description: "All reads of resources."},
		}, marks.Scopes...),
		Vocabularies: marks.Vocabularies,
		Dialect: &oneroster.Dialect{
			Version:     "1.1",
			ScopePrefix: oneroster.ScopePrefixV1P1,
			Views:       views,
			Shown:       marks.Dialect.Shown,
			Merged:      []string{BasePath, resources.BasePath, gradebook.BasePath},
			Minors: map[string]string{
				"unknownobject": "unknown object", "invaliddata": "invalid data", "unauthorisedrequest": "unauthorized",
				"internal_server_error": "", "deletefailure": "", // 1.1 has none for them
			},
			Signed: true,
		},
	}
}

// operationsV1P1 takes the tables of 1.2: the same operations, but for the resources of users,
// and with one scope for resources.
func operationsV1P1(tables ...[]byte) []byte {
	var all []map[string]any
	for _, table := range tables {
		var some []map[string]any
		_ = json.Unmarshal(table, &some) // read, and checked, where 1.2 is served
		for _, o := range some {
			switch o["operationId"] {
			case "getResourcesForUser":
				continue
			case "getAllResources", "getResource":
				o["scopes"] = []string{"resource.readonly"}
			}
			all = append(all, o)
		}
	}
	merged, _ := json.Marshal(all)
	return merged
}

// endpointsV1P1 puts the endpoints together. Who is a student or teacher is told by the one
// role that a user has here.
func endpointsV1P1(lists ...[]oneroster.Endpoint) []oneroster.Endpoint {
	var all []oneroster.Endpoint
	for _, list := range lists {
		for _, e := range list {
			if slices.ContainsFunc(all, func(known oneroster.Endpoint) bool { return known.Name == e.Name }) {
				continue // that an object only passes through
			}
			switch e.Subset {
			case relationStudents:
				e.Subset, e.Where = "", "role='student'"
			case relationTeachers:
				e.Subset, e.Where = "", "role='teacher'"
			}
			all = append(all, e)
		}
	}
	return all
}

// beyondV1P1 are the members of a user that OneRoster 1.1 doesn't have.
var beyondV1P1 = []string{"userMasterIdentifier", "preferredFirstName", "preferredMiddleName", "preferredLastName", "pronouns",
	"roles", "userProfiles", "primaryOrg", "resources"}

// rolesV1P1 are the roles of 1.2 that 1.1 calls otherwise.
var rolesV1P1 = map[string]string{
	"districtAdministrator": "administrator", "siteAdministrator": "administrator", "systemAdministrator": "administrator",
	"principal": "administrator", "counselor": "aide",
}

// AdministratorOf is what 1.2 calls who is an administrator in 1.1, by the type of the org.
func AdministratorOf(kind string) string {
	if slices.Contains([]string{"district", "local", "state", "national"}, kind) {
		return "districtAdministrator"
	}
	return "siteAdministrator"
}

// showUserV1P1 gives a user as OneRoster 1.1 has it: the role is the primary one, or else the
// first, and the orgs are those where the user has just that. Who has no username goes by the
// sourcedId.
func showUserV1P1(document []byte) []byte {
	out := append(make([]byte, 0, len(document)), '{')
	add := func(name string, value []byte) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(append(out, '"'), name...), `":`...), value...)
	}
	var sourcedID []byte
	username := false
	oneroster.Members(document, func(name string, value []byte) {
		switch {
		case name == "roles":
			role, orgs := roleV1P1(value)
			quoted, _ := json.Marshal(role)
			add("role", quoted)
			add("orgs", orgs)
		case slices.Contains(beyondV1P1, name):
		default:
			if name == "sourcedId" {
				sourcedID = value
			}
			username = username || name == "username"
			add(name, value)
		}
	})
	if !username {
		add("username", sourcedID)
	}
	return append(out, '}')
}

// roleV1P1 finds the one role of 1.1 in those of 1.2, and lists the orgs where it is had.
func roleV1P1(roles []byte) (role string, orgs []byte) {
	type had struct {
		role string
		org  []byte
	}
	var all []had
	primary := -1
	oneroster.Elements(roles, func(one []byte) {
		var h had
		oneroster.Members(one, func(name string, value []byte) {
			switch name {
			case "role":
				h.role = roleNameV1P1(oneroster.Text(value))
			case "org":
				h.org = value
			case "roleType":
				if primary < 0 && oneroster.Text(value) == "primary" {
					primary = len(all)
				}
			}
		})
		all = append(all, h)
	})
	if len(all) == 0 {
		return "", []byte("[]")
	}
	role = all[max(primary, 0)].role
	var seen []string
	orgs = []byte{'['}
	for _, h := range all {
		if h.role != role || slices.Contains(seen, string(h.org)) {
			continue
		}
		seen = append(seen, string(h.org))
		if len(orgs) > 1 {
			orgs = append(orgs, ',')
		}
		orgs = append(orgs, h.org...)
	}
	return role, append(orgs, ']')
}

func roleNameV1P1(role string) string {
	if other, renamed := rolesV1P1[role]; renamed {
		return other
	}
	if strings.HasPrefix(role, "ext:") {
		return "aide" // 1.1 speaks of no terms of one's own
	}
	return role
}

// showDemographicsV1P1 leaves out what 1.1 has no term for.
func showDemographicsV1P1(document []byte) []byte {
	out := append(make([]byte, 0, len(document)), '{')
	oneroster.Members(document, func(name string, value []byte) {
		if name == "sex" && !slices.Contains([]string{"male", "female"}, oneroster.Text(value)) {
			return
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(append(out, '"'), name...), `":`...), value...)
	})
	return append(out, '}')
}
