package driver

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// view is what an object says, freed of how it is written: members of it and of what is in
// it, by their folded names. What is empty isn't there.
type view struct {
	values map[string]value
	status string // active or tobedeleted; empty where it has none
	// roles tells that a user has roles as in 1.2, and not one role and orgs as in 1.1.
	roles bool
	kinds []string // of which kind it is, such as the type of an org; a user is of each role
}

// value is what one member says. Lists have no order.
type value struct {
	pointer string   // of the member as it was written
	items   []string // each as it was written
	raw     any
}

// sort says how a member's text may be written in different ways and mean the same.
type sort int

const (
	plainText  sort = iota // but for its normal form and blanks around it
	anyCase                // words of a vocabulary, addresses, names to sign in with
	numeral                // 1, 1.0
	truth                  // true, "true", 1
	dated                  // a day, or an instant with any offset
	digits                 // numbers to call
	grade                  // 09, 9
	identified             // refers to an object
)

// sorts are those of members that aren't plain text, by their folded names.
var sorts = map[string]sort{
	"username": anyCase, "email": anyCase, "type": anyCase, "role": anyCase, "roles": anyCase, "roletype": anyCase, "classtype": anyCase,
	"sex": anyCase, "scorestatus": anyCase, "importance": anyCase,
	"sms": digits, "phone": digits, "grades": grade,
	"enableduser": truth, "primary": truth, "inprogress": truth, "incomplete": truth, "late": truth, "missing": truth,
	"americanindianoralaskanative": truth, "asian": truth, "blackorafricanamerican": truth, "nativehawaiianorotherpacificislander": truth,
	"white": truth, "demographicracetwoormoreraces": truth, "hispanicorlatinoethnicity": truth,
	"startdate": dated, "enddate": dated, "begindate": dated, "birthdate": dated, "assigndate": dated, "duedate": dated, "scoredate": dated,
	"schoolyear": numeral, "weight": numeral, "resultvaluemin": numeral, "resultvaluemax": numeral, "score": numeral,
	"parent": identified, "org": identified, "orgs": identified, "course": identified, "school": identified, "terms": identified, "class": identified,
	"user": identified, "agents": identified, "resources": identified, "primaryorg": identified, "category": identified, "lineitem": identified,
	"student": identified, "academicsession": identified, "scorescale": identified, "parentlineitem": identified,
	"assessmentlineitem": identified, "parentassessmentlineitem": identified,
}

// renamed are members that have other names elsewhere: in CSV, in 1.1, and in what products
// print. Names are folded.
var renamed = map[string]string{
	"preferredgivenname": "preferredfirstname", "preferredfamilyname": "preferredlastname",
	"gradingperiod": "academicsession", "mobile": "sms", "learningobjectiveids": "learningobjectives",
}

// passed are members that are the product's own to say, that follow from others, or that nobody
// gives away.
var passed = []string{"sourcedid", "status", "datelastmodified", "href", "children", "password", "collection"}

// fold frees the name of a member of how it is written: givenName, given_name, GIVENNAME.
func fold(name string) string {
	if !strings.ContainsAny(name, "_- ") {
		return strings.ToLower(name)
	}
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// viewOf reads an object. resolve gives the sourcedId that is meant by one that was written.
func viewOf(collection string, members map[string]any, resolve func(string) string) view {
	v := view{values: map[string]value{}}
	names := map[string]string{} // folded: as written
	for name := range members {
		names[fold(name)] = name
	}
	get := func(folded string) any { return members[names[folded]] }
	if s, ok := text(get("status")); ok && s != "" {
		v.status = "active"
		if s = strings.ToLower(s); s == "tobedeleted" || s == "inactive" || s == "deleted" {
			v.status = "tobedeleted"
		}
	}
	for _, name := range keysOf(members) {
		v.add("", name, members[name], resolve)
	}
	if collection == "users" {
		v.users(get("roles"), get("role"), resolve)
	}
	v.kinds = v.kindsOf(collection)
	return v
}

// escapes writes a name as a part of a JSON pointer (RFC 6901 §3).
var escapes = strings.NewReplacer("~", "~0", "/", "~1")

// add takes in a member, whose pointer begins with a path.
func (v *view) add(path, name string, of any, resolve func(string) string) {
	folded := fold(name)
	pointer := path + "/" + escapes.Replace(name)
	if path == "" {
		if slices.Contains(passed, folded) || folded == "roles" && !isTexts(of) {
			return
		}
		for _, end := range []string{"sourcedids", "sourcedid"} { // as CSV has it
			if base, cut := strings.CutSuffix(folded, end); cut && base != "" {
				folded = base
				if end == "sourcedids" {
					folded += "s"
				}
			}
		}
		if other := renamed[folded]; other != "" {
			if _, both := v.values[other]; both {
				return
			}
			folded = other
		}
	}
	if path != "" {
		folded = fold(path) + "/" + folded
	}
	switch x := of.(type) {
	case nil:
	case map[string]any:
		if id, is := reference(x); is {
			v.put(folded, pointer, []string{resolve(id)}, of)
			return
		}
		for _, k := range keysOf(x) {
			v.add(pointer, k, x[k], resolve)
		}
	case []any:
		v.put(folded, pointer, itemsOf(folded, x, resolve), of)
	case []string:
		v.put(folded, pointer, x, of)
	default:
		s, ok := text(x)
		if !ok {
			s = fmt.Sprint(x)
		}
		if s = strings.TrimSpace(s); sorts[folded] == identified && s != "" {
			s = resolve(s)
		}
		v.put(folded, pointer, []string{s}, of)
	}
}

// put keeps what is not empty.
func (v *view) put(folded, pointer string, items []string, raw any) {
	items = slices.DeleteFunc(slices.Clone(items), func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(items) > 0 {
		v.values[folded] = value{pointer: pointer, items: items, raw: raw}
	}
}

// reference gives the sourcedId of a reference.
func reference(x map[string]any) (string, bool) {
	for k, v := range x {
		if fold(k) == "sourcedid" {
			return text(v)
		}
	}
	return "", false
}

func isTexts(v any) bool {
	list, is := v.([]any)
	if !is {
		_, is = v.([]string)
		return is
	}
	for _, x := range list {
		if _, ok := x.(string); !ok {
			return false
		}
	}
	return true
}

// itemsOf gives the items of a list, each as one text.
func itemsOf(folded string, list []any, resolve func(string) string) (out []string) {
	for _, x := range list {
		switch x := x.(type) {
		case map[string]any:
			if id, is := reference(x); is {
				out = append(out, resolve(id))
				continue
			}
			if folded == "userids" {
				kind, _ := text(x["type"])
				id, _ := text(x["identifier"])
				out = append(out, kind+":"+id)
				continue
			}
			if source, is := text(x["source"]); is { // a set of learning objectives
				for _, member := range []string{"learningObjectiveIds", "learningObjectiveResults"} {
					ids, _ := x[member].([]any)
					for _, id := range ids {
						if o, is := id.(map[string]any); is {
							id = o["learningObjectiveId"]
						}
						s, _ := text(id)
						out = append(out, source+":"+s)
					}
				}
				continue
			}
			out = append(out, one(x))
		case []any:
			out = append(out, one(x))
		default:
			s, _ := text(x)
			if sorts[folded] == identified && s != "" {
				s = resolve(s)
			}
			out = append(out, s)
		}
	}
	return out
}

// one gives a value as JSON without what is empty in it; numbers as they are meant.
func one(v any) string {
	text, err := json.Marshal(bared(v))
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

func bared(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, item := range x {
			if b := bared(item); b != nil {
				out[fold(k)] = b
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		var out []any
		for _, item := range x {
			if b := bared(item); b != nil {
				out = append(out, b)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case string:
		if x == "" {
			return nil
		}
		return canonical(plainText, x)
	case nil:
		return nil
	}
	s, _ := text(v)
	return canonical(numeral, s)
}

// users takes in roles: as 1.2 has them, each with its org; and what 1.1 has of them.
func (v *view) users(roles, role any, resolve func(string) string) {
	list, _ := roles.([]any)
	if maps, is := roles.([]map[string]any); is {
		for _, m := range maps {
			list = append(list, m)
		}
	}
	var pairs, orgs, all []string
	further := map[string][]string{}
	first := ""
	for _, x := range list {
		m, is := x.(map[string]any)
		if !is {
			continue
		}
		name, org := "", ""
		kind, rest := "", map[string]string{}
		for k, of := range m {
			switch s, _ := text(of); fold(k) {
			case "role":
				name = s
			case "org", "orgsourcedid":
				if o, is := of.(map[string]any); is {
					s, _ = reference(o)
				}
				if s != "" {
					org = resolve(s)
				}
			case "roletype":
				kind = s
				rest["roletype"] = s
			case "begindate", "enddate":
				if s != "" {
					rest[fold(k)] = canonical(dated, s)
				}
			}
		}
		pair := name + " at " + org
		pairs, all = append(pairs, pair), append(all, name)
		if org != "" {
			orgs = append(orgs, org)
		}
		for k, s := range rest {
			if s != "" {
				further[k] = append(further[k], pair+": "+s)
			}
		}
		if first == "" || kind == "primary" {
			first = name
		}
	}
	if len(pairs) == 0 {
		if s, _ := text(role); s != "" {
			v.kinds = []string{s}
		}
		return
	}
	v.roles, v.kinds = true, all
	v.put("roles", "/roles", pairs, roles)
	for k, items := range further {
		v.put("roles/"+k, "/roles", items, roles)
	}
	v.put("role", "/roles", []string{first}, roles)
	if _, given := v.values["orgs"]; !given {
		v.put("orgs", "/roles", orgs, roles)
	}
}

// kindsOf tells of which kinds an object is.
func (v *view) kindsOf(collection string) []string {
	member := map[string]string{"orgs": "type", "academicSessions": "type", "enrollments": "role", "classes": "classtype"}[collection]
	if collection == "users" {
		return v.kinds
	}
	if member == "" {
		return nil
	}
	return v.values[member].items
}

// sortOf says how a member is compared, by its folded path.
func sortOf(folded string) sort { return sorts[folded[strings.LastIndex(folded, "/")+1:]] }

// same tells whether two members say the same.
func same(folded string, a, b value) bool {
	s := sortOf(folded)
	if s == dated && len(a.items) == 1 && len(b.items) == 1 {
		return sameDate(a.items[0], b.items[0])
	}
	set := func(items []string) []string {
		out := make([]string, 0, len(items))
		for _, x := range items {
			out = append(out, canonical(s, x))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	x, y := set(a.items), set(b.items)
	if slices.Equal(x, y) {
		return true
	}
	// A list that came as one text, as in CSV.
	if len(a.items) != len(b.items) && (len(a.items) == 1 || len(b.items) == 1) {
		return slices.Equal(set(parts(a.items)), set(parts(b.items)))
	}
	return false
}

// parts takes apart what may be a list in one text.
func parts(items []string) []string {
	if len(items) != 1 {
		return items
	}
	return strings.Split(items[0], ",")
}

// canonical writes a text in the one way of its sort.
func canonical(s sort, x string) string {
	x = strings.Join(strings.Fields(norm.NFC.String(x)), " ")
	switch s {
	case anyCase:
		return strings.ToLower(x)
	case numeral:
		if len(x) < 40 && !strings.ContainsAny(x, "eE/_xX") { // an exponent could ask for a number without end
			if r, ok := new(big.Rat).SetString(x); ok {
				return r.RatString()
			}
		}
	case truth:
		switch strings.ToLower(x) {
		case "true", "1", "yes", "t":
			return "true"
		case "false", "0", "no", "f":
			return "false"
		}
	case dated:
		if at, day, ok := instant(x); ok && day {
			return at.Format(time.DateOnly)
		} else if ok {
			return at.UTC().Format(time.RFC3339)
		}
	case digits:
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, x)
	case grade:
		if len(x) == 2 && x[0] == '0' {
			return x[1:]
		}
		return strings.ToUpper(x)
	}
	return x
}

// instant reads a date or a dateTime; day tells that there is no time in it.
func instant(x string) (at time.Time, day, ok bool) {
	if at, err := time.Parse(time.DateOnly, x); err == nil {
		return at, true, true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05",
		"2006-01-02T15:04Z07:00",
		"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05-07"} {
		if at, err := time.Parse(layout, x); err == nil {
			return at, false, true
		}
	}
	return time.Time{}, false, false
}

// sameDate compares dates: an instant is one whatever its offset, to the second; a day is one
// with an instant of it, by its own offset or by UTC.
func sameDate(a, b string) bool {
	x, dayX, ok := instant(strings.TrimSpace(a))
	y, dayY, ok2 := instant(strings.TrimSpace(b))
	switch {
	case !ok || !ok2:
		return strings.TrimSpace(a) == strings.TrimSpace(b)
	case dayX == dayY:
		return x.Truncate(time.Second).Equal(y.Truncate(time.Second))
	case dayY:
		x, y = y, x
	}
	of := x.Format(time.DateOnly) // x is the day
	return y.Format(time.DateOnly) == of || y.UTC().Format(time.DateOnly) == of
}
