package onerosterfault

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// refsIn calls change with every GUIDRef in a value.
func refsIn(v any, change func(object)) {
	switch v := v.(type) {
	case object:
		if _, isRef := v["href"]; isRef {
			change(v)
			return
		}
		for _, inner := range v {
			refsIn(inner, change)
		}
	case []any:
		for _, inner := range v {
			refsIn(inner, change)
		}
	}
}

func refs(change func(object)) func(*answer) {
	return func(a *answer) { a.objects(func(o object) { refsIn(o, change) }) }
}

// every changes each object of a kind of answer that satisfies which.
func every(which func(object) bool, change func(object)) func(*answer) {
	return func(a *answer) {
		a.objects(func(o object) {
			if which(o) {
				change(o)
			}
		})
	}
}

func has(names ...string) func(object) bool {
	return func(o object) bool {
		for _, n := range names {
			if _, there := o[n]; !there {
				return false
			}
		}
		return true
	}
}

// usersIn applies to answers that hold users, whatever fields were asked for.
func usersIn(a *answer) bool {
	parts := strings.Split(strings.Trim(a.path, "/"), "/")
	kind := parts[len(parts)-1]
	if len(parts)%2 == 0 {
		kind = parts[len(parts)-2]
	}
	return succeeded(a) && slices.Contains([]string{"users", "students", "teachers"}, kind)
}

// whole applies to answers for which no fields were selected: what a fault adds
// to every object must not look like a fault of the selection.
func whole(a *answer) bool { return succeeded(a) && !a.request.URL.Query().Has("fields") }

func toBool(v any) any { return str(v) == "true" }

func joined(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	var parts []string
	for _, p := range list {
		parts = append(parts, str(p))
	}
	return strings.Join(parts, ",")
}

// renamed changes the name of a member of the envelope.
func renamed(from, to string) func(*answer) {
	return func(a *answer) {
		a.envelope(func(e object) {
			if v, there := e[from]; there {
				delete(e, from)
				e[to] = v
			}
		})
	}
}

func payloadFaults() map[string]wrapper {
	return map[string]wrapper{
		"wrapper-wrong-terms":    changing(under("terms"), func(a *answer) { renamed("academicSessions", "terms")(a); renamed("academicSession", "term")(a) }),
		"wrapper-wrong-students": changing(under("students"), func(a *answer) { renamed("users", "students")(a); renamed("user", "student")(a) }),
		"wrapper-missing-single": changing(single, func(a *answer) {
			a.envelope(func(e object) {
				for name, v := range maps.Clone(e) { // not what is moved up meanwhile
					if inner, ok := v.(object); ok {
						delete(e, name)
						maps.Copy(e, inner)
					}
				}
			})
		}),
		"wrapper-bare-array": changing(both(collection, under("courses", "resources")), func(a *answer) {
			var envelope map[string]json.RawMessage
			if json.Unmarshal(a.body.Bytes(), &envelope) == nil {
				a.setBody(envelope[strings.Trim(a.path, "/")])
			}
		}),
		"wrapper-demographics-single": changing(both(single, under("demographics")), renamed("demographics", "demographic")),
		"empty-key-missing": changing(collection, func(a *answer) {
			if length(a) == 0 {
				a.setBody([]byte("{}"))
			}
		}),
		"enabled-user-boolean": changing(usersIn, member("enabledUser", toBool)),
		"primary-boolean":      changing(succeeded, member("primary", toBool)),
		"race-flag-boolean": changing(under("demographics"), func(a *answer) {
			member("asian", toBool)(a)
			member("white", toBool)(a)
			member("hispanicOrLatinoEthnicity", toBool)(a)
		}),
		"school-year-number":    changing(succeeded, func(a *answer) { a.objects(every1("schoolYear", func(v any) any { return json.Number(str(v)) })) }),
		"periods-string":        changing(succeeded, member("periods", joined)),
		"grades-string":         changing(succeeded, member("grades", joined)),
		"subjects-string":       changing(succeeded, member("subjects", joined)),
		"status-capitalised":    changing(succeeded, member("status", func(v any) any { return strings.ToUpper(str(v)[:1]) + str(v)[1:] })),
		"status-inactive":       changing(succeeded, member("status", func(v any) any { return strings.Replace(str(v), "tobedeleted", "inactive", 1) })),
		"modified-without-zone": changing(succeeded, member("dateLastModified", func(v any) any { return strings.TrimSuffix(str(v), "Z") })),
		"modified-bare-date":    changing(succeeded, member("dateLastModified", func(v any) any { return str(v)[:10] })),
		"modified-missing":      changing(under("academicSessions", "terms", "gradingPeriods"), func(a *answer) { a.objects(func(o object) { delete(o, "dateLastModified") }) }),
		"dates-as-date-times": changing(succeeded, func(a *answer) {
			member("startDate", midnight)(a)
			member("endDate", midnight)(a)
			member("beginDate", midnight)(a)
		}),
		"birth-date-us": changing(under("demographics"), member("birthDate", func(v any) any { return str(v)[5:7] + "/" + str(v)[8:] + "/" + str(v)[:4] })),
		"extra-members": changing(whole, func(a *answer) {
			a.objects(func(o object) { o["x_vendorFlag"] = true; o["vendorNote"] = "kept for the mobile app" })
		}),
		"null-member":             changing(both(usersIn, whole), func(a *answer) { a.objects(func(o object) { setAbsent(o, "middleName", nil) }) }),
		"empty-required":          changing(under("courses"), member("courseCode", func(any) any { return "" })),
		"family-name-missing":     changing(usersIn, func(a *answer) { a.objects(func(o object) { delete(o, "familyName") }) }),
		"roles-missing":           changing(both(usersIn, whole), func(a *answer) { a.objects(func(o object) { delete(o, "roles"); o["role"] = "student" }) }),
		"org-identifier-missing":  changing(under("orgs", "schools"), func(a *answer) { a.objects(func(o object) { delete(o, "identifier") }) }),
		"terms-of-class-empty":    changing(under("classes"), member("terms", func(any) any { return []any{} })),
		"role-outside-vocabulary": changing(usersIn, func(a *answer) { a.objects(roles(func(r object) { replace(r, "role", "parent", "mother") })) }),
		"role-type-outside":       changing(usersIn, func(a *answer) { a.objects(roles(func(r object) { replace(r, "roleType", "secondary", "other") })) }),
		"enrollment-role-outside": changing(succeeded, func(a *answer) { a.objects(func(o object) { replace(o, "role", "proctor", "substitute") }) }),
		"org-type-outside":        changing(under("orgs", "schools"), member("type", func(v any) any { return strings.Replace(str(v), "department", "departments", 1) })),
		"session-type-outside":    changing(under("academicSessions", "terms", "gradingPeriods"), member("type", func(v any) any { return strings.Replace(str(v), "semester", "halfYear", 1) })),
		"class-type-outside":      changing(succeeded, member("classType", func(v any) any { return strings.Replace(str(v), "homeroom", "advisory", 1) })),
		"sex-outside":             changing(under("demographics"), member("sex", func(v any) any { return strings.ToUpper(str(v)[:1]) })),
		"ext-malformed":           changing(usersIn, func(a *answer) { a.objects(roles(func(r object) { prefixed(r, "role", "ext:", "ext: ") })) }),
		"ref-without-type":        changing(succeeded, refs(func(r object) { delete(r, "type") })),
		"ref-plural-type":         changing(succeeded, refs(func(r object) { replace(r, "type", "academicSession", "academicSessions") })),
		"ref-term-type":           changing(under("classes"), refs(func(r object) { replace(r, "type", "academicSession", "term") })),
		"ref-without-href":        changing(both(succeeded, under("enrollments")), refs(func(r object) { delete(r, "href") })),
		"ref-relative-href": changing(succeeded, refs(func(r object) {
			if base := baseOf(str(r["href"])); base != "" {
				_, path, _ := strings.Cut(str(r["href"]), base)
				r["href"] = base + path
			}
		})),
		"ref-source-id":    changing(succeeded, refs(func(r object) { r["sourceId"] = r["sourcedId"]; delete(r, "sourcedId") })),
		"ref-other-scheme": changing(succeeded, refs(func(r object) { r["href"] = "x" + str(r["href"]) })),
		"ref-dead-href": changing(succeeded, refs(func(r object) {
			base := baseOf(str(r["href"]))
			r["href"] = strings.Replace(str(r["href"]), base+"/", base+"/v2/", 1)
		})),
		"ref-wrong-href": changing(under("enrollments"), refs(func(r object) {
			if str(r["type"]) == "class" {
				r["href"] = strings.Replace(str(r["href"]), "/classes/", "/courses/", 1)
			}
		})),
		"single-differs": changing(single, func(a *answer) {
			a.objects(func(o object) {
				appendTo(o, "title", " (detail)")
				appendTo(o, "name", " (detail)")
				appendTo(o, "familyName", " (detail)")
			})
		}),
		"mojibake":        changing(usersIn, func(a *answer) { a.objects(func(o object) { latin(o, "givenName"); latin(o, "familyName") }) }),
		"single-mojibake": changing(both(single, usersIn), func(a *answer) { a.objects(func(o object) { latin(o, "givenName"); latin(o, "familyName") }) }),
	}
}

// every1 changes a member only where it is a string: schoolYear is a reference
// in courses.
func every1(name string, change func(any) any) func(object) {
	return func(o object) {
		if _, isText := o[name].(string); isText {
			o[name] = change(o[name])
		}
	}
}

func midnight(v any) any { return str(v) + "T00:00:00.000Z" }

func setAbsent(o object, name string, v any) {
	if _, there := o[name]; !there {
		o[name] = v
	}
}

func replace(o object, name, from, to string) {
	if str(o[name]) == from {
		o[name] = to
	}
}

func prefixed(o object, name, from, to string) {
	if s := str(o[name]); strings.HasPrefix(s, from) {
		o[name] = to + strings.TrimPrefix(s, from)
	}
}

func appendTo(o object, name, tail string) {
	if s, there := o[name].(string); there {
		o[name] = s + tail
	}
}

// latin makes of a text what comes when UTF-8 is read as Latin-1.
func latin(o object, name string) {
	s, there := o[name].(string)
	if !there {
		return
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	o[name] = b.String()
}

// roles changes each role of a user.
func roles(change func(object)) func(object) {
	return func(o object) {
		list, _ := o["roles"].([]any)
		for _, r := range list {
			if m, ok := r.(object); ok {
				change(m)
			}
		}
	}
}
