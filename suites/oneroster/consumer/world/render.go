package world

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// instant writes an instant as the standard does.
const instant = "2006-01-02T15:04:05.000Z"

// Collections lists the collections in the order in which references lead backwards.
func Collections() []string {
	return []string{"orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics", "resources", "categories",
		"scoreScales", "lineItems", "results", "assessmentLineItems", "assessmentResults"}
}

// All renders the objects of a collection as a version of OneRoster has them, in their order. References have no href:
// where they lead is known to who serves them.
func (w *World) All(collection, version string) (out []map[string]any) {
	add := func(b fixtures.Base, members map[string]any) {
		object := map[string]any{"sourcedId": b.SourcedID, "status": string(b.Status),
			"dateLastModified": b.DateLastModified.UTC().Format(instant)}
		if len(b.Metadata) > 0 {
			object["metadata"] = b.Metadata
		}
		for k, v := range members {
			switch x := v.(type) {
			case nil:
				continue
			case string:
				if x == "" {
					continue
				}
			case []any:
				if len(x) == 0 && (collection != "users" || k != "roles" && k != "orgs") {
					continue
				}
			case map[string]any:
				if x == nil {
					continue
				}
			}
			object[k] = v
		}
		out = append(out, object)
	}
	old := version == "1.1"
	switch collection {
	case "orgs":
		for _, o := range w.Org {
			add(o.Base, map[string]any{"name": o.Name, "type": o.Type, "identifier": o.Identifier, "parent": ref("org", o.Parent),
				"children": refs("org", o.Children)})
		}
	case "academicSessions":
		for _, s := range w.AcademicSession {
			add(s.Base, map[string]any{"title": s.Title, "startDate": string(s.StartDate), "endDate": string(s.EndDate), "type": s.Type,
				"parent": ref("academicSession", s.Parent), "children": refs("academicSession", s.Children), "schoolYear": s.SchoolYear})
		}
	case "courses":
		for _, c := range w.Course {
			add(c.Base, map[string]any{"title": c.Title, "schoolYear": ref("academicSession", c.SchoolYear), "courseCode": c.CourseCode,
				"grades": texts(c.Grades), "subjects": texts(c.Subjects), "org": ref("org", c.Org), "subjectCodes": texts(c.SubjectCodes),
				"resources": refs("resource", c.Resources)})
		}
	case "classes":
		for _, c := range w.Class {
			add(c.Base, map[string]any{"title": c.Title, "classCode": c.ClassCode, "classType": c.ClassType, "location": c.Location,
				"grades": texts(c.Grades), "subjects": texts(c.Subjects), "course": ref("course", c.Course), "school": ref("org", c.School),
				"terms": refs("academicSession", c.Terms), "subjectCodes": texts(c.SubjectCodes), "periods": texts(c.Periods),
				"resources": refs("resource", c.Resources)})
		}
	case "users":
		for _, u := range w.User {
			add(u.Base, w.user(u, old))
		}
	case "enrollments":
		for _, e := range w.Enrollment {
			add(e.Base, map[string]any{"user": ref("user", e.User), "class": ref("class", e.Class), "school": ref("org", e.School),
				"role": e.Role, "primary": e.Primary, "beginDate": string(e.BeginDate), "endDate": string(e.EndDate)})
		}
	case "demographics":
		for _, d := range w.Demographic {
			add(d.Base, map[string]any{"birthDate": string(d.BirthDate), "sex": sex(d.Sex, old),
				"americanIndianOrAlaskaNative": d.AmericanIndianOrAlaskaNative, "asian": d.Asian, "blackOrAfricanAmerican": d.BlackOrAfricanAmerican,
				"nativeHawaiianOrOtherPacificIslander": d.NativeHawaiianOrOtherPacificIslander, "white": d.White,
				"demographicRaceTwoOrMoreRaces": d.DemographicRaceTwoOrMoreRaces, "hispanicOrLatinoEthnicity": d.HispanicOrLatinoEthnicity,
				"countryOfBirthCode": d.CountryOfBirthCode, "stateOfBirthAbbreviation": d.StateOfBirthAbbreviation, "cityOfBirth": d.CityOfBirth,
				"publicSchoolResidenceStatus": d.PublicSchoolResidenceStatus})
		}
	case "resources":
		for _, r := range w.Resource {
			add(r.Base, map[string]any{"title": r.Title, "roles": texts(r.Roles), "importance": r.Importance, "vendorResourceId": r.VendorResourceID,
				"vendorId": r.VendorID, "applicationId": r.ApplicationID})
		}
	case "categories":
		for _, c := range w.Category {
			members := map[string]any{"title": c.Title}
			if !old {
				members["weight"] = numeral(c.Weight)
			}
			add(c.Base, members)
		}
	case "scoreScales":
		for _, s := range w.ScoreScale {
			var values []any
			for _, v := range s.Values {
				values = append(values, map[string]any{"itemValueLHS": v.LHS, "itemValueRHS": v.RHS})
			}
			add(s.Base, map[string]any{"title": s.Title, "type": s.Type, "course": ref("course", s.Course), "class": ref("class", s.Class),
				"scoreScaleValue": values})
		}
	case "lineItems":
		for _, l := range w.LineItem {
			if old && l.GradingPeriod == "" {
				continue // 1.1 has none without
			}
			members := map[string]any{"title": l.Title, "description": l.Description, "assignDate": at(l.AssignDate), "dueDate": at(l.DueDate),
				"class": ref("class", l.Class), "category": ref("category", l.Category), "gradingPeriod": ref("academicSession", l.GradingPeriod),
				"resultValueMin": numeral(l.ResultValueMin), "resultValueMax": numeral(l.ResultValueMax)}
			if !old {
				members["school"], members["academicSession"] = ref("org", l.School), ref("academicSession", l.AcademicSession)
				members["scoreScale"] = ref("scoreScale", l.ScoreScale)
			} else {
				if l.ResultValueMin == "" {
					members["resultValueMin"] = json.Number("0")
				}
				if l.ResultValueMax == "" {
					members["resultValueMax"] = json.Number("100")
				}
			}
			add(l.Base, members)
		}
	case "assessmentLineItems":
		for _, l := range w.AssessmentItem {
			add(l.Base, map[string]any{"title": l.Title, "description": l.Description, "class": ref("class", l.Class),
				"parentAssessmentLineItem": ref("assessmentLineItem", l.Parent), "scoreScale": ref("scoreScale", l.ScoreScale),
				"resultValueMin": numeral(l.ResultValueMin), "resultValueMax": numeral(l.ResultValueMax)})
		}
	case "assessmentResults":
		for _, r := range w.AssessmentResult {
			add(r.Base, map[string]any{"assessmentLineItem": ref("assessmentLineItem", r.AssessmentLineItem), "student": ref("user", r.Student),
				"score": numeral(r.Score), "textScore": r.TextScore, "scoreDate": string(r.ScoreDate), "scorePercentile": numeral(r.ScorePercentile),
				"scoreStatus": r.ScoreStatus, "comment": r.Comment, "scoreScale": ref("scoreScale", r.ScoreScale)})
		}
	case "results":
		for _, r := range w.Result {
			if old && (r.Score == "" || !w.timed(r.LineItem)) {
				continue // as above, nor results without a score
			}
			members := map[string]any{"lineItem": ref("lineItem", r.LineItem), "student": ref("user", r.Student), "score": numeral(r.Score),
				"scoreStatus": r.ScoreStatus, "scoreDate": string(r.ScoreDate), "comment": r.Comment}
			if !old {
				members["class"], members["scoreScale"], members["textScore"] = ref("class", r.Class), ref("scoreScale", r.ScoreScale), r.TextScore
				members["late"], members["missing"], members["incomplete"], members["inProgress"] = r.Late, r.Missing, r.Incomplete, r.InProgress
			}
			add(r.Base, members)
		}
	}
	return out
}

func (w *World) user(u fixtures.User, old bool) map[string]any {
	members := map[string]any{"enabledUser": strconv.FormatBool(u.EnabledUser), "username": u.Username, "givenName": u.GivenName,
		"familyName": u.FamilyName,
		"middleName": u.MiddleName, "identifier": u.Identifier, "email": u.Email, "sms": u.SMS, "phone": u.Phone, "agents": refs("user", u.Agents),
		"grades": texts(u.Grades)}
	var ids []any
	for _, id := range u.UserIDs {
		ids = append(ids, map[string]any{"type": id.Type, "identifier": id.Identifier})
	}
	members["userIds"] = ids
	if old {
		members["role"] = "student"
		var orgs []string
		for i, r := range u.Roles {
			if i == 0 {
				members["role"] = oldRole(r.Role)
			}
			orgs = append(orgs, r.Org)
		}
		members["orgs"] = refs("org", unique(orgs))
		if u.Username == "" {
			members["username"] = u.SourcedID
		}
		return members
	}
	members["userMasterIdentifier"], members["primaryOrg"], members["pronouns"] = u.UserMasterIdentifier, ref("org", u.PrimaryOrg), u.Pronouns
	members["preferredFirstName"], members["preferredMiddleName"], members["preferredLastName"] = u.PreferredFirstName,
		u.PreferredMiddleName, u.PreferredLastName
	members["resources"] = refs("resource", u.Resources)
	var profiles []any
	for _, x := range u.UserProfiles {
		profile := map[string]any{"profileId": x.ProfileID, "profileType": x.ProfileType, "vendorId": x.VendorID}
		for k, v := range map[string]string{"applicationId": x.ApplicationID, "description": x.Description} {
			if v != "" {
				profile[k] = v
			}
		}
		var credentials []any
		for _, c := range x.Credentials {
			credential := map[string]any{"type": c.Type, "username": c.Username}
			if c.Password != "" {
				credential["password"] = c.Password
			}
			credentials = append(credentials, credential)
		}
		if len(credentials) > 0 {
			profile["credentials"] = credentials
		}
		profiles = append(profiles, profile)
	}
	members["userProfiles"] = profiles
	roles := []any{}
	for _, r := range u.Roles {
		role := map[string]any{"roleType": r.RoleType, "role": r.Role, "org": ref("org", r.Org)}
		for k, v := range map[string]string{"userProfile": r.UserProfile, "beginDate": string(r.BeginDate), "endDate": string(r.EndDate)} {
			if v != "" {
				role[k] = v
			}
		}
		roles = append(roles, role)
	}
	members["roles"] = roles
	return members
}

func unique(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

// oldRole is the role that 1.1 has for one of 1.2.
func oldRole(role string) string {
	switch role {
	case "aide", "guardian", "parent", "proctor", "relative", "student", "teacher":
		return role
	}
	return "administrator"
}

func sex(s string, old bool) string {
	if old && s != "male" && s != "female" {
		return ""
	}
	return s
}

func ref(kind, id string) any {
	if id == "" {
		return nil
	}
	return map[string]any{"sourcedId": id, "type": kind}
}

func refs(kind string, ids []string) []any {
	var out []any
	for _, id := range ids {
		out = append(out, ref(kind, id))
	}
	return out
}

func texts(list []string) []any {
	var out []any
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

func numeral(n fixtures.Number) any {
	if n == "" {
		return nil
	}
	return json.Number(n)
}

func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(instant)
}

// timed tells whether a line item has a grading period.
func (w *World) timed(lineItem string) bool {
	return slices.ContainsFunc(w.LineItem, func(l fixtures.LineItem) bool { return l.SourcedID == lineItem && l.GradingPeriod != "" })
}
