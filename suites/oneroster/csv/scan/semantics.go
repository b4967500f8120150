package scan

import (
	"bytes"
	"math"
	"strconv"
	"sync/atomic"
)

// Rules between the columns of a row and the records it refers to. Each function
// prepares, for one file, what is done with every row: it looks its columns and
// rules up once. Facts are packed as the comment of each says.

func (f *file) ruleOfRows() rowRule {
	switch f.table.Name {
	case "academicSessions":
		return f.sessionRule()
	case "orgs":
		return f.orgRule()
	case "courses":
		return f.courseRule()
	case "classes":
		return f.classRule()
	case "users":
		return f.userRule()
	case "userProfiles":
		user := f.column("userSourcedId")
		return func(w *worker, e *entry) { e.fact.ref = w.found[user] }
	case "roles":
		return f.roleRule()
	case "demographics":
		return f.birthRule()
	case "enrollments":
		return f.enrollmentRule()
	case "lineItems":
		return f.lineItemRule()
	case "results":
		return f.resultRule()
	case "lineItemLearningObjectiveIds", "resultLearningObjectiveIds":
		return f.objectiveRule()
	case "userResources":
		return f.userResourceRule()
	}
	return nil
}

// ordered makes a rule of two days in a row: the first is before the second.
func (f *file) ordered(id, from, to string) func(w *worker) {
	number, a, b := f.s.rules.Number(id), f.column(from), f.column(to)
	return func(w *worker) {
		if w.value[a] != none && w.value[b] != none && w.value[a] >= w.value[b] {
			w.rowSays(number, b, from+" is "+string(w.cell(a)))
		}
	}
}

// terms of the vocabularies that rules look at, by number, one up.
func (f *file) termOf(column int, name string) int32 {
	for i, t := range f.table.Columns[column].Terms {
		if t == name {
			return int32(i) + 1
		}
	}
	return -1
}

// Facts of sessions: a and b are the first and the last day, kind the type, ref
// the year of schoolYear.
func (f *file) sessionRule() rowRule {
	dates := f.ordered("rules.session-dates", "startDate", "endDate")
	year, number := f.column("schoolYear"), f.s.rules.Number("rules.session-year")
	start, end, kind := f.column("startDate"), f.column("endDate"), f.column("type")
	schoolYear := f.termOf(kind, "schoolYear")
	return func(w *worker, e *entry) {
		dates(w)
		e.fact.a, e.fact.b = w.value[start], w.value[end]
		if k := w.value[kind]; k > 0 {
			e.fact.kind = uint8(k)
		}
		if w.value[kind] == schoolYear && w.value[year] != none && w.value[end] != none {
			// The end is exclusive, and some years end with December.
			if y := yearOf(w.value[end]); w.value[year] != y && w.value[year] != y-1 {
				w.rowSays(number, year, "the school year ends "+string(w.cell(end)))
			}
		}
	}
}

// Facts of orgs: kind is the type.
func (f *file) orgRule() rowRule {
	kind := f.column("type")
	return func(w *worker, e *entry) {
		if k := w.value[kind]; k > 0 {
			e.fact.kind = uint8(k)
		}
	}
}

// isA makes a rule that a reference leads to a record of one of some types;
// types that extend the vocabulary are taken for right.
func (f *file) isA(id, column string, types ...string) func(w *worker) {
	number, c := f.s.rules.Number(id), f.column(column)
	target := f.targets[c]
	if target == nil {
		return func(*worker) {}
	}
	var right [64]bool
	right[0] = true
	for _, t := range types {
		right[target.termOf(target.column("type"), t)] = true
	}
	terms := target.table.Columns[target.column("type")].Terms
	return func(w *worker) {
		if p := w.found[c]; p > 0 {
			if k := target.facts[p-1].kind; !right[k] {
				w.rowSays(number, c, "it is of type "+terms[k-1])
			}
		}
	}
}

// subjects makes the rule that subjects and subjectCodes go together.
func (f *file) subjects() func(w *worker) {
	number, a, b := f.s.rules.Number("rules.subjects"), f.column("subjects"), f.column("subjectCodes")
	return func(w *worker) {
		x, y := w.raw(a), w.raw(b)
		if len(x) == 0 || len(y) == 0 {
			return
		}
		n, m := bytes.Count(x, comma)+1, bytes.Count(y, comma)+1
		if n != m {
			w.rowSays(number, b, strconv.Itoa(n)+" subjects, "+strconv.Itoa(m)+" codes")
		}
	}
}

var comma = []byte{','}

func (f *file) courseRule() rowRule {
	year, subjects := f.isA("rules.course-year", "schoolYearSourcedId", "schoolYear"), f.subjects()
	return func(w *worker, e *entry) {
		year(w)
		subjects(w)
	}
}

// Facts of classes: ref is the school, a and b are the first and the last day of
// the terms, none where one of them is not known.
func (f *file) classRule() rowRule {
	school, subjects := f.isA("rules.class-school", "schoolSourcedId", "school"), f.subjects()
	schoolColumn, terms := f.column("schoolSourcedId"), f.column("termSourcedIds")
	sessions := f.targets[terms]
	number := f.s.rules.Number("rules.class-term")
	return func(w *worker, e *entry) {
		school(w)
		subjects(w)
		e.fact.ref = w.found[schoolColumn]
		e.fact.a, e.fact.b = none, none
		if sessions == nil {
			return
		}
		kind := sessions.column("type")
		term, semester := uint8(sessions.termOf(kind, "term")), uint8(sessions.termOf(kind, "semester"))
		from, to, known := int32(math.MaxInt32), int32(none), true
		eachItem(w.cell(terms), func(item []byte) {
			p, ok := sessions.ids.Find(w.f.s.hash(item))
			if !ok {
				known = false
				return
			}
			t := sessions.facts[p]
			if t.kind != 0 && t.kind != term && t.kind != semester {
				w.rowSays(number, terms, "a session of type "+sessions.table.Columns[kind].Terms[t.kind-1])
			}
			if t.a == none || t.b == none || t.a >= t.b {
				known = false
				return
			}
			from, to = min(from, t.a), max(to, t.b)
		})
		if known && from < to {
			e.fact.a, e.fact.b = from, to
		}
	}
}

func eachItem(list []byte, visit func(item []byte)) {
	for len(list) > 0 {
		item, rest, more := bytes.Cut(list, comma)
		if item = bytes.TrimSpace(item); len(item) > 0 {
			visit(item)
		}
		if !more {
			return
		}
		list = rest
	}
}

// objectiveRule: identifiers of CASE items are URNs.
func (f *file) objectiveRule() rowRule {
	source, id, number := f.column("source"), f.column("learningObjectiveId"), f.s.rules.Number("rules.objective-urn")
	caseTerm := f.termOf(source, "case")
	return func(w *worker, e *entry) {
		if v := w.cell(id); w.value[source] == caseTerm && len(v) > 0 && !isURN(v) {
			w.rowSays(number, id, "source is case")
		}
	}
}

func isURN(v []byte) bool {
	const prefix = "urn:uuid:"
	if len(v) != len(prefix)+36 || string(bytes.ToLower(v[:len(prefix)])) != prefix {
		return false
	}
	for i, c := range v[len(prefix):] {
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
		default:
			return false
		}
	}
	return true
}

// sameSchool makes the rule that an org is the school of a class of the row.
func (f *file) sameSchool(id, org, class string) func(w *worker) {
	number, o, c := f.s.rules.Number(id), f.column(org), f.column(class)
	classes := f.targets[c]
	if classes == nil || f.targets[o] == nil {
		return func(*worker) {}
	}
	return func(w *worker) {
		if w.found[o] == 0 || w.found[c] == 0 {
			return
		}
		if school := classes.facts[w.found[c]-1].ref; school != 0 && school != w.found[o] {
			w.rowSays(number, o, "the class belongs to another school")
		}
	}
}

func (f *file) userResourceRule() rowRule {
	school := f.sameSchool("rules.user-resource-org", "orgSourcedId", "classSourcedId")
	return func(w *worker, e *entry) { school(w) }
}

// marked gives what later files have said of a record so far.
func (f *file) marked(place uint32) uint32 { return atomic.LoadUint32(&f.marks[place]) }

// mark sets bits of what later files say of a record.
func (f *file) mark(place uint32, bits uint32) {
	m := &f.marks[place]
	if atomic.LoadUint32(m)&bits != bits {
		atomic.OrUint32(m, bits)
	}
}
