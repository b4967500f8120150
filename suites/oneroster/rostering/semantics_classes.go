package rostering

import (
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
)

// classChecks judge courses, classes and enrollments.
func classChecks() []rest.Check {
	placed := []string{"enrollments", "classes", "academicSessions"}
	return rules(
		rule{"classes.subject-codes", "A class has as many subject codes as subjects", "classes.subject-codes", []string{"classes"}, "classes",
			"a class with subjectCodes", classSubjects},
		rule{"classes.school-type", "The school of a class is a school", "classes.school-type", []string{"classes", "orgs"}, "classes",
			"a class whose school is listed", classSchool},
		rule{"classes.term-types", "The terms of a class are terms or semesters", "classes.term-types", []string{"classes", "academicSessions"},
			"classes", "a class with a term", classTerms},
		rule{"courses.subject-codes", "A course has as many subject codes as subjects", "courses.subject-codes", []string{"courses"}, "courses",
			"a course with subjectCodes", courseSubjects},
		rule{"courses.school-year-type", "schoolYear of a course is a school year", "courses.school-year-type",
			[]string{"courses", "academicSessions"}, "courses", "a course with a schoolYear", courseYear},
		rule{"enrollments.begin-within-session", "Enrollments begin within the sessions of the class", "enrollments.begin-within-session", placed,
			"enrollments", "an enrollment with a beginDate", enrollmentBegin},
		rule{"enrollments.end-within-session", "Enrollments end within the sessions of the class", "enrollments.end-within-session", placed,
			"enrollments", "an enrollment with an endDate", enrollmentEnd},
		rule{"enrollments.dates-ordered", "An enrollment begins before it ends", "enrollments.dates-ordered", []string{"enrollments"},
			"enrollments", "an enrollment with both dates", enrollmentDates},
		rule{"enrollments.primary-teacher-only", "Only teachers are primary", "enrollments.primary-teacher-only", []string{"enrollments"},
			"enrollments", "an enrollment with primary", primaryTeachersOnly},
		rule{"enrollments.one-primary-teacher", "A class has at most one primary teacher at a time", "enrollments.one-primary-teacher",
			[]string{"enrollments"}, "enrollments", "an enrollment of a primary teacher", onePrimaryTeacher},
		rule{"enrollments.not-doubled", "Nobody is enrolled twice in a class at the same time, in the same role", "enrollments.not-doubled",
			[]string{"enrollments"}, "enrollments", "an enrollment", notDoubled},
		rule{"classes.teacher", "A class with students has a teacher", "classes.teacher", []string{"enrollments", "classes"}, "classes",
			"an active class with students", classTeacher},
		rule{"enrollments.school", "The school of an enrollment is that of its class", "enrollments.school", []string{"enrollments", "classes"},
			"enrollments", "an enrollment whose class is listed", enrollmentSchool},
	)
}

func classSubjects(r *Roster, see verdictOn) {
	for i := range r.Classes {
		if c := &r.Classes[i]; len(c.SubjectCodes) > 0 {
			see(len(c.SubjectCodes) == len(c.Subjects), place{i, c.SourcedID, "/subjectCodes"},
				fmt.Sprintf("%d, one for each subject", len(c.Subjects)), fmt.Sprintf("%d", len(c.SubjectCodes)))
		}
	}
}

func courseSubjects(r *Roster, see verdictOn) {
	for i := range r.Courses {
		if c := &r.Courses[i]; len(c.SubjectCodes) > 0 {
			see(len(c.SubjectCodes) == len(c.Subjects), place{i, c.SourcedID, "/subjectCodes"},
				fmt.Sprintf("%d, one for each subject", len(c.Subjects)), fmt.Sprintf("%d", len(c.SubjectCodes)))
		}
	}
}

func classSchool(r *Roster, see verdictOn) {
	for i := range r.Classes {
		c := &r.Classes[i]
		if org := r.Org(idOf(c.School)); org != nil {
			see(org.Type == "school" || strings.HasPrefix(org.Type, "ext:"), place{i, c.SourcedID, "/school"}, "an org of type school",
				"an org of type "+org.Type)
		}
	}
}

func classTerms(r *Roster, see verdictOn) {
	for i := range r.Classes {
		c := &r.Classes[i]
		for _, ref := range c.Terms {
			if s := r.Session(ref.SourcedID); s != nil {
				see(s.Type == "term" || s.Type == "semester" || strings.HasPrefix(s.Type, "ext:"), place{i, c.SourcedID, "/terms"},
					"sessions of type term or semester", "type "+s.Type)
			}
		}
	}
}

func courseYear(r *Roster, see verdictOn) {
	for i := range r.Courses {
		c := &r.Courses[i]
		if s := r.Session(idOf(c.SchoolYear)); s != nil {
			see(s.Type == "schoolYear" || strings.HasPrefix(s.Type, "ext:"), place{i, c.SourcedID, "/schoolYear"},
				"an academic session of type schoolYear", "type "+s.Type)
		}
	}
}

// span gives the first and the last day of the sessions of a class; ok is false
// when they can't be known.
func span(r *Roster, class *Class) (from, to string, ok bool) {
	for _, ref := range class.Terms {
		s := r.Session(ref.SourcedID)
		if s == nil || !plainDate(s.StartDate) || !plainDate(s.EndDate) || s.StartDate >= s.EndDate {
			return "", "", false
		}
		if from == "" || s.StartDate < from {
			from = s.StartDate
		}
		to = max(to, s.EndDate)
	}
	return from, to, from != ""
}

// spans gives the span of each class by symbol of its sourcedId.
func spans(r *Roster) map[uint32][2]string {
	out := map[uint32][2]string{}
	for i := range r.Classes {
		c := &r.Classes[i]
		symbol, used := r.Symbol(c.SourcedID)
		if from, to, ok := span(r, c); ok && used {
			out[symbol] = [2]string{from, to}
		}
	}
	return out
}

// eachEnrollment visits enrollments with their index. The sourcedId is read from
// the spool only when it is needed, for a million of them are held in columns.
func eachEnrollment(r *Roster, visit func(i int, e Enrollment)) {
	for i, e := range r.Enrollments {
		visit(i, e)
	}
}

func enrollmentAt(r *Roster, i int, pointer string) place {
	id, _, _ := r.Raw("enrollments").At(i)
	return place{i, id, pointer}
}

func enrollmentBegin(r *Roster, see verdictOn) {
	within := spans(r)
	eachEnrollment(r, func(i int, e Enrollment) {
		begin := r.Text(e.Begin)
		if w, known := within[e.Class]; known && plainDate(begin) {
			if ok := begin >= w[0] && begin <= w[1]; ok {
				see(true, place{}, "", "")
			} else {
				see(false, enrollmentAt(r, i, "/beginDate"), fmt.Sprintf("a day within the class's sessions, %s to %s", w[0], w[1]), begin)
			}
		}
	})
}

func enrollmentEnd(r *Roster, see verdictOn) {
	within := spans(r)
	eachEnrollment(r, func(i int, e Enrollment) {
		end := r.Text(e.End)
		if w, known := within[e.Class]; known && plainDate(end) {
			if ok := end >= w[0] && end <= w[1]; ok {
				see(true, place{}, "", "")
			} else {
				see(false, enrollmentAt(r, i, "/endDate"), fmt.Sprintf("a day within the class's sessions, %s to %s", w[0], w[1]), end)
			}
		}
	})
}

func enrollmentDates(r *Roster, see verdictOn) {
	eachEnrollment(r, func(i int, e Enrollment) {
		begin, end := r.Text(e.Begin), r.Text(e.End)
		if !plainDate(begin) || !plainDate(end) {
			return
		}
		if begin < end {
			see(true, place{}, "", "")
			return
		}
		see(false, enrollmentAt(r, i, "/endDate"), "beginDate before endDate (the end is excluded)", begin+" to "+end)
	})
}

func primaryTeachersOnly(r *Roster, see verdictOn) {
	eachEnrollment(r, func(i int, e Enrollment) {
		if r.Text(e.Primary) == "" {
			return
		}
		role := r.Text(e.Role)
		if r.Text(e.Primary) != "true" || role == "teacher" || strings.HasPrefix(role, "ext:") {
			see(true, place{}, "", "")
			return
		}
		see(false, enrollmentAt(r, i, "/primary"), `"true" for teachers only`, `"true" with role `+role)
	})
}

func onePrimaryTeacher(r *Roster, see verdictOn) {
	type held struct {
		stay
		user uint32
	}
	classes := map[uint32][]held{}
	eachEnrollment(r, func(i int, e Enrollment) {
		if r.Text(e.Primary) != "true" || r.Text(e.Role) != "teacher" || r.Text(e.Status) == "tobedeleted" {
			return
		}
		now := held{stay{r.Text(e.Begin), r.Text(e.End)}, e.User}
		for _, other := range classes[e.Class] {
			if other.user != now.user && !now.apart(other.stay) {
				see(false, enrollmentAt(r, i, "/primary"), "one primary teacher of class "+r.Text(e.Class)+" at a time",
					"another teacher is primary as well")
				return
			}
		}
		classes[e.Class] = append(classes[e.Class], now)
		see(true, place{}, "", "")
	})
}

// stay is the time of an enrollment; an absent date means that of the class.
type stay struct{ begin, end string }

// apart tells whether two stays have no day in common: ends are excluded.
func (s stay) apart(other stay) bool {
	return s.end != "" && other.begin != "" && s.end <= other.begin || other.end != "" && s.begin != "" && other.end <= s.begin
}

func notDoubled(r *Roster, see verdictOn) {
	// A million of them are held by their number alone.
	type seat struct{ user, class, role uint32 }
	first, more := make(map[seat]int32, len(r.Enrollments)), map[seat][]int32{}
	timeOf := func(i int32) stay { return stay{r.Text(r.Enrollments[i].Begin), r.Text(r.Enrollments[i].End)} }
	eachEnrollment(r, func(i int, e Enrollment) {
		if r.Text(e.Status) == "tobedeleted" || e.User == 0 || e.Class == 0 {
			return
		}
		at := seat{e.User, e.Class, e.Role}
		before, met := first[at]
		if !met {
			first[at] = int32(i)
			see(true, place{}, "", "")
			return
		}
		for _, other := range append([]int32{before}, more[at]...) {
			if !timeOf(int32(i)).apart(timeOf(other)) {
				see(false, enrollmentAt(r, i, ""), "one enrollment of user "+r.Text(e.User)+" in class "+r.Text(e.Class)+" at a time",
					"another one, with the same role and a day in common")
				return
			}
		}
		more[at] = append(more[at], int32(i))
		see(true, place{}, "", "")
	})
}

func classTeacher(r *Roster, see verdictOn) {
	students, teachers := map[uint32]bool{}, map[uint32]bool{}
	eachEnrollment(r, func(_ int, e Enrollment) {
		if r.Text(e.Status) == "tobedeleted" {
			return
		}
		switch role := r.Text(e.Role); {
		case role == "student":
			students[e.Class] = true
		case role == "teacher", strings.HasPrefix(role, "ext:"):
			teachers[e.Class] = true
		}
	})
	for i := range r.Classes {
		c := &r.Classes[i]
		symbol, used := r.Symbol(c.SourcedID)
		if c.Status == "tobedeleted" || !used || !students[symbol] {
			continue
		}
		see(teachers[symbol], place{i, c.SourcedID, ""}, "an enrollment with role teacher", "students, and no teacher")
	}
}

func enrollmentSchool(r *Roster, see verdictOn) {
	schools := map[uint32]string{}
	for i := range r.Classes {
		if symbol, used := r.Symbol(r.Classes[i].SourcedID); used && r.Classes[i].School != nil {
			schools[symbol] = r.Classes[i].School.SourcedID
		}
	}
	eachEnrollment(r, func(i int, e Enrollment) {
		school, known := schools[e.Class]
		if !known || r.Text(e.School) == "" {
			return
		}
		if school == r.Text(e.School) {
			see(true, place{}, "", "")
			return
		}
		see(false, enrollmentAt(r, i, "/school"), "the school of its class, "+school, r.Text(e.School))
	})
}
