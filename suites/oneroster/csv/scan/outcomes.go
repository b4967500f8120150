package scan

import (
	"errors"
	"math"
	"strconv"
)

// birthRule: people of a school were born before today, and not in another century
// than anybody alive.
func (f *file) birthRule() rowRule {
	birth, number := f.column("birthDate"), f.s.rules.Number("rules.birth-date")
	latest := f.s.today
	earliest := latest - 120*372
	return func(w *worker, e *entry) {
		day := w.value[birth]
		if day != none && (day > latest || day < earliest) {
			w.rowSays(number, birth, "born in "+strconv.Itoa(int(yearOf(day))))
		}
	}
}

// enrollmentRule: schools, days, and who is enrolled how.
func (f *file) enrollmentRule() rowRule {
	school := f.isA("rules.enrollment-school", "schoolSourcedId", "school")
	same := f.sameSchool("rules.enrollment-class-school", "schoolSourcedId", "classSourcedId")
	dates := f.ordered("rules.enrollment-dates", "beginDate", "endDate")
	class, user, role := f.column("classSourcedId"), f.column("userSourcedId"), f.column("role")
	primary, begin, end := f.column("primary"), f.column("beginDate"), f.column("endDate")
	classes, users := f.targets[class], f.targets[user]
	span, other := f.s.rules.Number("rules.enrollment-span"), f.s.rules.Number("rules.enrollment-role")
	onlyTeachers := f.s.rules.Number("rules.primary-student")
	teacher, student := f.termOf(role, "teacher"), f.termOf(role, "student")
	bits := f.bitsOf(role)
	// Administrators and proctors of a class come with many roles.
	var wants [64]uint32
	wants[teacher], wants[student] = uint32(bits[teacher]), uint32(bits[student])
	results := f.s.bundle.Entry("results") != nil
	known := users != nil && users.complete() && (f.s.version.Name == "1.1" && users.lossy == nil || f.s.whole("roles"))
	return func(w *worker, e *entry) {
		school(w)
		same(w)
		dates(w)
		c, u := w.found[class], w.found[user]
		if c > 0 && classes != nil {
			x := classes.facts[c-1]
			switch {
			case w.status:
			case w.value[role] == teacher:
				classes.mark(c-1, markEnrolled|markTaught)
			case w.value[role] > 0:
				classes.mark(c-1, markEnrolled)
			case w.value[role] == 0:
				classes.mark(c-1, markTaught) // a role of the producer's own may be one that teaches
			}
			b, n := w.value[begin], w.value[end]
			if x.a != none && (b != none && (b < x.a || b >= x.b) || n != none && (n > x.b || n <= x.a)) {
				w.rowSays(span, begin, "the terms of the class are other days")
			}
			if w.value[role] == teacher && w.value[primary] == 1 && !w.status {
				w.key(keyTeacher, teacherHash(c-1, b, n))
			}
		}
		if w.value[primary] == 1 && w.value[role] != teacher && w.value[role] > 0 {
			w.rowSays(onlyTeachers, primary, "role is "+string(w.cell(role)))
		}
		if u == 0 || users == nil {
			return
		}
		users.mark(u-1, markEnrolled)
		if c > 0 && !w.status {
			w.stays.Add(enrolledKey(users, u-1, c-1))
		}
		if v := w.value[role]; known && v > 0 && wants[v] != 0 && users.marked(u-1)&wants[v] == 0 {
			w.rowSays(other, role, "the user has no such role")
		}
		if results && c > 0 && w.value[role] == student {
			w.key(keyEnrolled, two(u-1, c-1))
		}
	}
}

// teacherHash makes one key of a class and the days of an enrollment.
func teacherHash(class uint32, begin, end int32) uint64 {
	return pair(two(class, uint32(begin)), uint64(uint32(end)))
}

// teacherKey gives the key of a primary teacher, for the second reading.
func teacherKey(w *worker) (uint64, string, bool) {
	f := w.f
	class, role, primary := f.column("classSourcedId"), f.column("role"), f.column("primary")
	begin, end := f.column("beginDate"), f.column("endDate")
	classes := f.targets[class]
	if classes == nil || string(w.cell(role)) != "teacher" || string(w.cell(primary)) != "true" || string(w.cell(1)) == "tobedeleted" {
		return 0, "", false
	}
	day := func(column int) int32 {
		if d, ok := parseDay(w.cell(column)); ok {
			return d
		}
		return none
	}
	c, ok := classes.ids.Find(f.s.hash(w.cell(class)))
	text := string(w.cell(class)) + "\x00" + string(w.cell(begin)) + "\x00" + string(w.cell(end))
	return teacherHash(c, day(begin), day(end)), text, ok
}

// Facts of line items: ref is the class, a and b the bits of the least and the
// greatest value.
func (f *file) lineItemRule() rowRule {
	assign, due, number := f.column("assignDate"), f.column("dueDate"), f.s.rules.Number("rules.line-item-dates")
	least, most := f.column("resultValueMin"), f.column("resultValueMax")
	class, bad := f.column("classSourcedId"), f.s.rules.Number("rules.line-item-range")
	school := func(*worker) {}
	if f.table.Column("schoolSourcedId") >= 0 {
		school = f.sameSchool("rules.line-item-school", "schoolSourcedId", "classSourcedId")
	}
	return func(w *worker, e *entry) {
		school(w)
		if a, d := w.value[assign], w.value[due]; a != none && d != none && a > d {
			w.rowSays(number, due, "assignDate is "+string(w.cell(assign)))
		}
		e.fact.ref = w.found[class]
		x, hasX := w.number32(least)
		y, hasY := w.number32(most)
		if hasX {
			e.fact.a, e.fact.flags = int32(math.Float32bits(x)), e.fact.flags|hasMin
		}
		if hasY {
			e.fact.b, e.fact.flags = int32(math.Float32bits(y)), e.fact.flags|hasMax
		}
		if hasX && hasY && x > y {
			w.rowSays(bad, most, "resultValueMin is "+string(w.cell(least)))
		}
	}
}

// number32 reads a number of the current row.
func (w *worker) number32(column int) (float32, bool) {
	v := w.cell(column)
	if len(v) == 0 || !isFloat(v) {
		return 0, false
	}
	// What no float holds is parsed as an infinity, which is in no range.
	x, err := strconv.ParseFloat(string(v), 32)
	return float32(x), err == nil || errors.Is(err, strconv.ErrRange)
}

func (f *file) resultRule() rowRule {
	item, user := f.column("lineItemSourcedId"), f.column("studentSourcedId")
	score, class := f.column("score"), f.table.Column("classSourcedId")
	items, users := f.targets[item], f.targets[user]
	notStudent, enrolled := f.s.rules.Number("rules.result-student"), f.s.rules.Number("rules.result-enrolled")
	outside, other := f.s.rules.Number("rules.result-range"), f.s.rules.Number("rules.result-class")
	student := uint32(f.s.roleBits["student"])
	pairs := f.s.keys[keyEnrolled]
	complete, rolesWhole := f.s.whole("enrollments"), f.s.version.Name == "1.1" || f.s.files["roles"] == nil || f.s.whole("roles")
	return func(w *worker, e *entry) {
		i, u := w.found[item], w.found[user]
		if u > 0 && users != nil && users.complete() && rolesWhole && users.marked(u-1)&allRoles != 0 && users.marked(u-1)&student == 0 {
			w.rowSays(notStudent, user, "the user is no student")
		}
		if i == 0 || items == nil {
			return
		}
		x := items.facts[i-1]
		if complete && u > 0 && x.ref > 0 && (pairs == nil || !pairs.Has(two(u-1, x.ref-1))) {
			w.rowSays(enrolled, user, "the user is not enrolled in the class of the line item")
		}
		if class >= 0 && w.found[class] > 0 && x.ref > 0 && w.found[class] != x.ref {
			w.rowSays(other, class, "the line item belongs to another class")
		}
		v, ok := w.number32(score)
		if ok && (x.flags&hasMin != 0 && v < math.Float32frombits(uint32(x.a)) || x.flags&hasMax != 0 && v > math.Float32frombits(uint32(x.b))) {
			w.rowSays(outside, score, "outside of resultValueMin and resultValueMax of the line item")
		}
	}
}
