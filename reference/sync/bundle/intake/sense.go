package intake

import (
	"regexp"
	"slices"
	"strings"
)

// senses is what rows are held to that stand elsewhere.
type senses struct {
	orgs, sessions map[string]string            // the types
	parents        map[string]map[string]string // by file
	primary        map[uint64]bool              // users with a primary role at an org
}

func newSenses() senses {
	return senses{orgs: map[string]string{}, sessions: map[string]string{}, primary: map[uint64]bool{},
		parents: map[string]map[string]string{"orgs": {}, "academicSessions": {}}}
}

var urn = regexp.MustCompile(`^urn:uuid:[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// sense looks whether a row contradicts itself, or others that came before.
func (k *intake) sense(f file, row []string, at func() string) {
	get := func(name string) string {
		return row[slices.IndexFunc(f.columns, func(c column) bool { return c.name == name })]
	}
	backwards := func(begin, end string) {
		if b, e := get(begin), get(end); b != "" && e != "" && b >= e {
			k.breaks(Sense, at(), "%s isn't before %s", begin, end)
		}
	}
	list := func(name string) int {
		if v := get(name); v != "" {
			return strings.Count(v, ",") + 1
		}
		return 0
	}
	codes := func() {
		if a, b := list("subjects"), list("subjectCodes"); a > 0 && b > 0 && a != b {
			k.breaks(Sense, at(), "there are %d subjects and %d codes", a, b)
		}
	}
	school := func() {
		if t := k.senses.orgs[get("schoolSourcedId")]; t != "" && t != "school" && !strings.HasPrefix(t, "ext:") {
			k.breaks(Sense, at(), "schoolSourcedId leads to an org that is no school")
		}
	}
	tree := func(types map[string]string) {
		id := strings.Clone(row[0])
		types[id] = strings.Clone(get("type"))
		if p := get("parentSourcedId"); p != "" {
			k.senses.parents[f.name][id] = strings.Clone(p)
		}
	}
	switch f.name {
	case "orgs":
		tree(k.senses.orgs)
	case "academicSessions":
		tree(k.senses.sessions)
		backwards("startDate", "endDate")
	case "courses":
		codes()
		if t := k.senses.sessions[get("schoolYearSourcedId")]; t != "" && t != "schoolYear" && !strings.HasPrefix(t, "ext:") {
			k.breaks(Sense, at(), "schoolYearSourcedId leads to a session that is no school year")
		}
	case "classes":
		codes()
		school()
	case "roles":
		backwards("beginDate", "endDate")
		if get("roleType") == "primary" {
			h := k.hash(get("userSourcedId") + "\x00" + get("orgSourcedId"))
			if k.senses.primary[h] {
				k.breaks(Sense, at(), "the user has another primary role at the org")
			}
			k.senses.primary[h] = true
		}
	case "enrollments":
		backwards("beginDate", "endDate")
		school()
	case "lineItems":
		if low, high := get("resultValueMin"), get("resultValueMax"); low != "" && high != "" && number(low) >= number(high) {
			k.breaks(Sense, at(), "resultValueMin isn't below resultValueMax")
		}
	case "lineItemLearningObjectiveIds", "resultLearningObjectiveIds":
		if get("source") == "case" && !urn.MatchString(get("learningObjectiveId")) {
			k.breaks(Sense, at(), "learningObjectiveId is no URN of a UUID")
		}
	}
}

// sensesEnd looks whether each parent has a parent less.
func (k *intake) sensesEnd() {
	for file, parents := range k.senses.parents {
		for id := range parents {
			at, steps := id, 0
			for ; parents[at] != ""; at = parents[at] {
				if steps++; steps > len(parents) {
					k.breaks(Sense, file+".csv", "parents lead round in a circle")
					return
				}
			}
		}
	}
}
