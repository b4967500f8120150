package sis

import (
	"strconv"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
)

// From the fixture's rows to the objects of wire.go.

func wireOrg(o fixtures.Org) org {
	return org{
		base: oneroster.BaseOf(o.Base), Name: o.Name, Type: o.Type, Identifier: o.Identifier,
		Parent: optionalReference("org", o.Parent), Children: references("org", o.Children),
	}
}

func wireAcademicSession(s fixtures.AcademicSession) academicSession {
	return academicSession{
		base: oneroster.BaseOf(s.Base), Title: s.Title, StartDate: date(s.StartDate), EndDate: date(s.EndDate), Type: s.Type,
		Parent: optionalReference("academicSession", s.Parent), Children: references("academicSession", s.Children),
		SchoolYear: s.SchoolYear,
	}
}

func wireCourse(c fixtures.Course) course {
	return course{
		base: oneroster.BaseOf(c.Base), Title: c.Title, SchoolYear: optionalReference("academicSession", c.SchoolYear),
		CourseCode: c.CourseCode, Grades: c.Grades, Subjects: c.Subjects, Org: optionalReference("org", c.Org),
		SubjectCodes: c.SubjectCodes, Resources: resourceRefs(c.Resources),
	}
}

func wireClass(c fixtures.Class) class {
	return class{
		base: oneroster.BaseOf(c.Base), Title: c.Title, ClassCode: c.ClassCode, ClassType: c.ClassType, Location: c.Location,
		Grades: c.Grades, Subjects: c.Subjects, Course: reference("course", c.Course), School: reference("org", c.School),
		Terms: references("academicSession", c.Terms), SubjectCodes: c.SubjectCodes, Periods: c.Periods,
		Resources: resourceRefs(c.Resources),
	}
}

func wireUser(u fixtures.User) user {
	w := user{
		base: oneroster.BaseOf(u.Base), UserMasterIdentifier: u.UserMasterIdentifier, Username: u.Username,
		EnabledUser: strconv.FormatBool(u.EnabledUser),
		GivenName:   u.GivenName, FamilyName: u.FamilyName, MiddleName: u.MiddleName,
		PreferredFirstName: u.PreferredFirstName, PreferredMiddleName: u.PreferredMiddleName,
		PreferredLastName: u.PreferredLastName, Pronouns: u.Pronouns,
		PrimaryOrg: optionalReference("org", u.PrimaryOrg), Identifier: u.Identifier,
		Email: u.Email, SMS: u.SMS, Phone: u.Phone, Agents: references("user", u.Agents),
		Grades: u.Grades, Password: u.Password, Resources: resourceRefs(u.Resources),
		Roles: make([]role, 0, len(u.Roles)),
	}
	for _, id := range u.UserIDs {
		w.UserIDs = append(w.UserIDs, userID(id))
	}
	for _, r := range u.Roles {
		w.Roles = append(w.Roles, role{
			RoleType: r.RoleType, Role: r.Role, Org: reference("org", r.Org), UserProfile: r.UserProfile,
			BeginDate: date(r.BeginDate), EndDate: date(r.EndDate),
		})
	}
	for _, p := range u.UserProfiles {
		profile := userProfile{
			ProfileID: p.ProfileID, ProfileType: p.ProfileType, VendorID: p.VendorID,
			ApplicationID: p.ApplicationID, Description: p.Description,
		}
		for _, c := range p.Credentials {
			profile.Credentials = append(profile.Credentials, credential(c))
		}
		w.UserProfiles = append(w.UserProfiles, profile)
	}
	return w
}

func wireEnrollment(e fixtures.Enrollment) enrollment {
	return enrollment{
		base: oneroster.BaseOf(e.Base), User: reference("user", e.User), Class: reference("class", e.Class),
		School: reference("org", e.School), Role: e.Role, Primary: e.Primary,
		BeginDate: date(e.BeginDate), EndDate: date(e.EndDate),
	}
}

func wireDemographics(d fixtures.Demographics) demographics {
	return demographics{
		base: oneroster.BaseOf(d.Base), BirthDate: date(d.BirthDate), Sex: d.Sex,
		AmericanIndianOrAlaskaNative:         d.AmericanIndianOrAlaskaNative,
		Asian:                                d.Asian,
		BlackOrAfricanAmerican:               d.BlackOrAfricanAmerican,
		NativeHawaiianOrOtherPacificIslander: d.NativeHawaiianOrOtherPacificIslander,
		White:                                d.White,
		DemographicRaceTwoOrMoreRaces:        d.DemographicRaceTwoOrMoreRaces,
		HispanicOrLatinoEthnicity:            d.HispanicOrLatinoEthnicity,
		CountryOfBirthCode:                   d.CountryOfBirthCode,
		StateOfBirthAbbreviation:             d.StateOfBirthAbbreviation,
		CityOfBirth:                          d.CityOfBirth,
		PublicSchoolResidenceStatus:          d.PublicSchoolResidenceStatus,
	}
}
