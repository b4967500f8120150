package sis

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Relations that span part of a collection: endpoints which show the objects of
// one kind among others.
const (
	relationSchools        = "schools"        // orgs of type school
	relationTerms          = "terms"          // sessions of type term or semester
	relationGradingPeriods = "gradingPeriods" // sessions of type gradingPeriod
	relationStudents       = "students"       // users with a role student in any org
	relationTeachers       = "teachers"       // users with a role teacher in any org
)

// Relations from an owner to the members of a sub-collection.
const (
	// By the reference that the member itself carries.
	relationSchoolClasses     = "school.classes"
	relationSchoolEnrollments = "school.enrollments"
	relationClassEnrollments  = "class.enrollments"
	relationCourseClasses     = "course.classes"
	relationTermClasses       = "term.classes"
	relationUserEnrollments   = "user.enrollments" // for filters only; no operation has it

	// By an enrollment: its role decides, whatever roles the user has in orgs.
	relationClassStudents  = "class.students"
	relationClassTeachers  = "class.teachers"
	relationUserClasses    = "user.classes" // in any role
	relationStudentClasses = "student.classes"
	relationTeacherClasses = "teacher.classes"

	// By either: a role in the school, or an enrollment there with that role;
	// the school of the course, or of a class of it.
	relationSchoolStudents = "school.students"
	relationSchoolTeachers = "school.teachers"
	relationSchoolCourses  = "school.courses"

	// By way of others: the terms of the school's classes (a session belongs to
	// no org of itself), and the grading periods anywhere below the term.
	relationSchoolTerms        = "school.terms"
	relationTermGradingPeriods = "term.gradingPeriods"
)

// ownedRelations are those that lead from the last object of a path.
var ownedRelations = []string{
	relationSchoolClasses, relationSchoolEnrollments, relationClassEnrollments, relationCourseClasses,
	relationTermClasses, relationClassStudents, relationClassTeachers, relationUserClasses, relationStudentClasses,
	relationTeacherClasses, relationSchoolStudents, relationSchoolTeachers, relationSchoolCourses,
	relationSchoolTerms, relationTermGradingPeriods,
}

// relationBuilder gathers who belongs to whom while a district is loaded. It
// expects the collections in the order of Collections: what is referred
// to comes before what refers to it. A reference to an object that does not
// exist makes no association.
type relationBuilder struct {
	ranks map[store.Collection]map[string]int32
	pairs map[string][]pair
	// Enrollments by rank, from which nine relations follow: they are made of it one
	// after the other, so that a large district takes a fraction of the memory.
	enrolled [][]enrolled

	// Marks by rank, of line items and of assessments: two relations follow from each.
	marks map[store.Collection][][]marked

	parents map[int32]string // of parts of assessments: the sourcedId of what they are part of

	termSessions  map[int32]bool   // ranks of terms and semesters
	sessionParent map[int32]string // the parent's sourcedId
	periods       []int32          // ranks of grading periods
}

type pair struct{ owner, member int32 }

// enrolled is what relations want to know of an enrollment: the ranks of what it refers
// to, unrelated where there is none, and the role.
type enrolled struct {
	school, class, user int32
	role                enrolledRole
}

// marked is what relations want to know of a result: the ranks of what it is for and of
// the student, unrelated where there is none.
type marked struct{ item, student int32 }

type enrolledRole uint8

const (
	otherwise enrolledRole = iota
	asStudent
	asTeacher
)

const unrelated int32 = -2

// enrolledChunk is how many lie together: a list that grew by copying would take twice
// the memory for the while.
const enrolledChunk = 1 << 14

func newRelationBuilder() *relationBuilder {
	return &relationBuilder{
		ranks:         map[store.Collection]map[string]int32{},
		pairs:         map[string][]pair{},
		marks:         map[store.Collection][][]marked{},
		parents:       map[int32]string{},
		termSessions:  map[int32]bool{},
		sessionParent: map[int32]string{},
	}
}

// enter gives the next object of a collection its rank.
func (b *relationBuilder) enter(c store.Collection, sourcedID string) int32 {
	if b.ranks[c] == nil {
		b.ranks[c] = map[string]int32{}
	}
	rank := int32(len(b.ranks[c]))
	b.ranks[c][strings.Clone(sourcedID)] = rank // as it comes it may hold a whole row of a file in memory
	return rank
}

// relate notes that the member belongs to the owner of that sourcedId.
func (b *relationBuilder) relate(relation string, owners store.Collection, ownerID string, member int32) {
	if owner, ok := b.ranks[owners][ownerID]; ok {
		b.pairs[relation] = append(b.pairs[relation], pair{owner, member})
	}
}

func (b *relationBuilder) span(relation string, member int32) {
	b.pairs[relation] = append(b.pairs[relation], pair{store.Whole, member})
}

func (b *relationBuilder) org(o fixtures.Org) {
	rank := b.enter(Orgs, o.SourcedID)
	if o.Type == "school" {
		b.span(relationSchools, rank)
	}
}

func (b *relationBuilder) academicSession(s fixtures.AcademicSession) {
	rank := b.enter(AcademicSessions, s.SourcedID)
	b.sessionParent[rank] = s.Parent
	switch s.Type {
	case "term", "semester":
		b.termSessions[rank] = true
		b.span(relationTerms, rank)
	case "gradingPeriod":
		b.periods = append(b.periods, rank)
		b.span(relationGradingPeriods, rank)
	}
}

func (b *relationBuilder) course(c fixtures.Course) {
	rank := b.enter(Courses, c.SourcedID)
	b.relate(relationSchoolCourses, Orgs, c.Org, rank)
}

func (b *relationBuilder) class(c fixtures.Class) {
	rank := b.enter(Classes, c.SourcedID)
	b.relate(relationSchoolClasses, Orgs, c.School, rank)
	b.relate(relationCourseClasses, Courses, c.Course, rank)
	if course, ok := b.ranks[Courses][c.Course]; ok {
		b.relate(relationSchoolCourses, Orgs, c.School, course)
	}
	for _, id := range c.Terms {
		b.relate(relationTermClasses, AcademicSessions, id, rank)
		if session, ok := b.ranks[AcademicSessions][id]; ok && b.termSessions[session] {
			b.relate(relationSchoolTerms, Orgs, c.School, session)
		}
	}
}

func (b *relationBuilder) user(u fixtures.User) {
	rank := b.enter(Users, u.SourcedID)
	for _, r := range u.Roles {
		switch r.Role {
		case "student":
			b.span(relationStudents, rank)
			b.relate(relationSchoolStudents, Orgs, r.Org, rank)
		case "teacher":
			b.span(relationTeachers, rank)
			b.relate(relationSchoolTeachers, Orgs, r.Org, rank)
		}
	}
}

// enrollment is told its rank: there may be millions, and nothing refers to one.
func (b *relationBuilder) enrollment(e fixtures.Enrollment, rank int32) {
	x := enrolled{school: b.rankOf(Orgs, e.School), class: b.rankOf(Classes, e.Class), user: b.rankOf(Users, e.User)}
	switch e.Role {
	case "student":
		x.role = asStudent
	case "teacher":
		x.role = asTeacher
	}
	if rank%enrolledChunk == 0 {
		b.enrolled = append(b.enrolled, make([]enrolled, 0, enrolledChunk))
	}
	last := len(b.enrolled) - 1
	b.enrolled[last] = append(b.enrolled[last], x)
}

// rankOf gives the rank of an object; unrelated where there is none.
func (b *relationBuilder) rankOf(c store.Collection, sourcedID string) int32 {
	if rank, ok := b.ranks[c][sourcedID]; ok {
		return rank
	}
	return unrelated
}

func (b *relationBuilder) scoreScale(s fixtures.ScoreScale) {
	b.relate(gradebook.ScoreScalesOfClass, Classes, s.Class, b.enter(gradebook.ScoreScales, s.SourcedID))
}

func (b *relationBuilder) lineItem(l fixtures.LineItem) {
	rank := b.enter(gradebook.LineItems, l.SourcedID)
	b.relate(gradebook.LineItemsOfClass, Classes, l.Class, rank)
	b.relate(gradebook.LineItemsOfCategory, gradebook.Categories, l.Category, rank)
	b.relate(gradebook.LineItemsOfScale, gradebook.ScoreScales, l.ScoreScale, rank)
	if category, ok := b.ranks[gradebook.Categories][l.Category]; ok {
		b.pairs[gradebook.CategoryOfLineItem] = append(b.pairs[gradebook.CategoryOfLineItem], pair{rank, category})
	}
}

func (b *relationBuilder) assessment(l fixtures.AssessmentLineItem) {
	rank := b.enter(gradebook.AssessmentLineItems, l.SourcedID)
	b.relate(gradebook.AssessmentsOfScale, gradebook.ScoreScales, l.ScoreScale, rank)
	if l.Parent != "" {
		b.parents[rank] = strings.Clone(l.Parent)
	}
}

// mark is told the rank of a result, as enrollment is told that of an enrollment.
func (b *relationBuilder) mark(items store.Collection, item, student string, rank int32) {
	all := b.marks[items]
	if rank%enrolledChunk == 0 {
		all = append(all, make([]marked, 0, enrolledChunk))
	}
	last := len(all) - 1
	all[last] = append(all[last], marked{b.rankOf(items, item), b.rankOf(Users, student)})
	b.marks[items] = all
}

// byMark lists the relations that follow from results, with what the results are for, and
// who owns one.
var byMark = map[string]struct {
	items store.Collection
	owner func(x marked) int32
}{
	gradebook.ResultsOfLineItem:   {gradebook.LineItems, func(x marked) int32 { return x.item }},
	gradebook.ResultsOfStudent:    {gradebook.LineItems, func(x marked) int32 { return x.student }},
	gradebook.ResultsOfAssessment: {gradebook.AssessmentLineItems, func(x marked) int32 { return x.item }},
	gradebook.TestsOfStudent:      {gradebook.AssessmentLineItems, func(x marked) int32 { return x.student }},
}

// assign notes that a resource belongs to the owner of that sourcedId.
func (b *relationBuilder) assign(relation string, owners store.Collection, ownerID, resourceID string) {
	if resource, ok := b.ranks[resources.Resources][resourceID]; ok {
		b.relate(relation, owners, ownerID, resource)
	}
}

// byEnrollment lists the relations that follow from enrollments, with the pair that one
// makes; either is unrelated where it makes none.
var byEnrollment = map[string]func(x enrolled, rank int32) pair{
	relationSchoolEnrollments: func(x enrolled, rank int32) pair { return pair{x.school, rank} },
	relationClassEnrollments:  func(x enrolled, rank int32) pair { return pair{x.class, rank} },
	relationUserEnrollments:   func(x enrolled, rank int32) pair { return pair{x.user, rank} },
	relationUserClasses:       func(x enrolled, _ int32) pair { return pair{x.user, x.class} },
	relationClassStudents:     func(x enrolled, _ int32) pair { return in(x, asStudent, pair{x.class, x.user}) },
	relationStudentClasses:    func(x enrolled, _ int32) pair { return in(x, asStudent, pair{x.user, x.class}) },
	relationSchoolStudents:    func(x enrolled, _ int32) pair { return in(x, asStudent, pair{x.school, x.user}) },
	relationClassTeachers:     func(x enrolled, _ int32) pair { return in(x, asTeacher, pair{x.class, x.user}) },
	relationTeacherClasses:    func(x enrolled, _ int32) pair { return in(x, asTeacher, pair{x.user, x.class}) },
	relationSchoolTeachers:    func(x enrolled, _ int32) pair { return in(x, asTeacher, pair{x.school, x.user}) },
}

// in gives a pair that an enrollment makes in one role alone, and with a class and a
// user that there are.
func in(x enrolled, role enrolledRole, p pair) pair {
	if x.role != role || x.class == unrelated || x.user == unrelated {
		return pair{unrelated, unrelated}
	}
	return p
}

// pairsOf gives all pairs of a relation, sorted, each once, and forgets them.
func (b *relationBuilder) pairsOf(relation string) []pair {
	pairs := b.pairs[relation]
	delete(b.pairs, relation)
	if of := byEnrollment[relation]; of != nil {
		each := func(visit func(p pair)) {
			rank := int32(0)
			for _, chunk := range b.enrolled {
				for _, x := range chunk {
					if p := of(x, rank); p.owner != unrelated && p.member != unrelated {
						visit(p)
					}
					rank++
				}
			}
		}
		n := 0
		each(func(pair) { n++ })
		pairs = slices.Grow(pairs, n)
		each(func(p pair) { pairs = append(pairs, p) })
	}
	if of, is := byMark[relation]; is {
		n := 0
		for _, chunk := range b.marks[of.items] {
			n += len(chunk)
		}
		pairs = slices.Grow(pairs, n)
		rank := int32(0)
		for _, chunk := range b.marks[of.items] {
			for _, x := range chunk {
				if owner := of.owner(x); owner != unrelated {
					pairs = append(pairs, pair{owner, rank})
				}
				rank++
			}
		}
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		if x.owner != y.owner {
			return int(x.owner) - int(y.owner)
		}
		return int(x.member) - int(y.member)
	})
	return slices.Compact(pairs)
}

// gradingPeriods relates each grading period to all terms above it. It waits for
// the end, since a parent may come after its children.
func (b *relationBuilder) gradingPeriods() {
	sessions := b.ranks[AcademicSessions]
	for _, period := range b.periods {
		seen := map[int32]bool{period: true} // a circle must not hold us up
		for ancestor, ok := sessions[b.sessionParent[period]]; ok && !seen[ancestor]; ancestor, ok = sessions[b.sessionParent[ancestor]] {
			seen[ancestor] = true
			if b.termSessions[ancestor] {
				b.pairs[relationTermGradingPeriods] = append(b.pairs[relationTermGradingPeriods], pair{ancestor, period})
			}
		}
	}
}

// lists yields every list, in a fixed order, and forgets the pairs on the way. Users and
// ranks of sourcedIds aren't needed any more by then.
func (b *relationBuilder) lists() iter.Seq[store.List] {
	return func(yield func(store.List) bool) {
		b.gradingPeriods()
		for part, parent := range b.parents {
			b.relate(gradebook.PartsOfAssessment, gradebook.AssessmentLineItems, parent, part)
		}
		b.ranks = nil
		relations := slices.AppendSeq(slices.Collect(maps.Keys(b.pairs)), maps.Keys(byEnrollment))
		relations = slices.AppendSeq(relations, maps.Keys(byMark))
		slices.Sort(relations)
		for _, relation := range slices.Compact(relations) {
			pairs := b.pairsOf(relation)
			for len(pairs) > 0 {
				list := store.List{Relation: relation, Owner: pairs[0].owner}
				n := 0
				for n < len(pairs) && pairs[n].owner == list.Owner {
					list.Members = append(list.Members, pairs[n].member)
					n++
				}
				pairs = pairs[n:]
				if !yield(list) {
					return
				}
			}
		}
	}
}
