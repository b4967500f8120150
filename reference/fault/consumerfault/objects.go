package consumerfault

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	stdsync "sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// thing is an object on its way, with its members.
type thing struct {
	*sync.Object
	members map[string]any
	reading sync.Reading
}

// in tells whether it is of one of some collections.
func (t *thing) in(all ...store.Collection) bool { return slices.Contains(all, t.Collection) }

// text gives a member that is a text.
func (t *thing) text(name string) string {
	s, _ := t.members[name].(string)
	return s
}

// refers gives the sourcedId that a member refers to.
func (t *thing) refers(name string) string {
	m, _ := t.members[name].(map[string]any)
	s, _ := m["sourcedId"].(string)
	return s
}

// each changes every object that comes, or leaves it out.
func each(change func(*thing) (kept bool)) behaviour {
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		return next.Read(ctx, r, func(p sync.Page) error {
			var kept []sync.Object
			for _, o := range p.Objects {
				stays, err := changed(&o, r, change)
				if err != nil {
					return err
				}
				if stays {
					kept = append(kept, o)
				}
			}
			p.Objects, p.Total = kept, -1 // the source's isn't the number of what is kept
			return yield(p)
		})
	})
}

func changed(o *sync.Object, r sync.Reading, change func(*thing) bool) (bool, error) {
	d := json.NewDecoder(bytes.NewReader(o.Body))
	d.UseNumber()
	t := thing{Object: o, reading: r}
	if err := d.Decode(&t.members); err != nil || t.members == nil {
		return true, nil //nolint:nilerr // it is no object, and goes on as it is
	}
	if !change(&t) {
		return false, nil
	}
	o.SourcedID, o.Status = t.text("sourcedId"), t.text("status")
	body, err := json.Marshal(t.members)
	if err != nil {
		return false, fmt.Errorf("writing an object: %w", err)
	}
	o.Body = body
	return true, nil
}

// texts changes every text of an object, but for what references and addresses are.
func texts(v any, change func(key, text string) string) any {
	return textsOf("", v, change)
}

func textsOf(key string, v any, change func(key, text string) string) any {
	switch v := v.(type) {
	case string:
		return change(key, v)
	case []any:
		for i := range v {
			v[i] = textsOf(key, v[i], change)
		}
	case map[string]any:
		for name := range v {
			v[name] = textsOf(name, v[name], change)
		}
	}
	return v
}

// named are the members in which people's names and titles are.
var named = []string{"givenName", "familyName", "middleName", "title", "name", "username", "email"}

// names changes the names of people and things.
func names(change func(string) string) behaviour {
	return each(func(t *thing) bool {
		texts(t.members, func(key, text string) string {
			if slices.Contains(named, key) {
				return change(text)
			}
			return text
		})
		return true
	})
}

// ids changes all sourcedIds, those of references too.
func ids(change func(string) string) behaviour {
	return each(func(t *thing) bool {
		texts(t.members, func(key, text string) string {
			if key == "sourcedId" {
				return change(text)
			}
			return text
		})
		return true
	})
}

// cut is at most the first n characters of a text.
func cut(text string, n int) string {
	r := []rune(text)
	return string(r[:min(n, len(r))])
}

// member changes a member of the objects of one collection.
func member(of store.Collection, name string, change func(any) any) behaviour {
	return each(func(t *thing) bool {
		if v, there := t.members[name]; there && t.in(of) {
			t.members[name] = change(v)
		}
		return true
	})
}

// roles changes the roles of people.
func roles(change func([]any) []any) behaviour {
	return member(sis.Users, "roles", func(v any) any {
		list, is := v.([]any)
		if !is || len(list) == 0 {
			return v
		}
		return change(list)
	})
}

func dayBefore(v any) any {
	s, _ := v.(string)
	at, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return v
	}
	return at.AddDate(0, 0, -1).Format(time.DateOnly)
}

func objectFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-ids-cut": ids(func(s string) string { return cut(s, 12) }),
		"consumer-ids-digits": ids(func(s string) string {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, s)
		}),
		"consumer-names-cut": names(func(s string) string { return cut(s, 8) }),
		"consumer-names-ascii": names(func(s string) string {
			return strings.Map(func(r rune) rune {
				if r > 127 {
					return '?'
				}
				return r
			}, s)
		}),
		"consumer-names-twice-encoded": names(func(s string) string {
			var b strings.Builder
			for _, c := range []byte(s) {
				b.WriteRune(rune(c))
			}
			return b.String()
		}),
		"consumer-names-escaped": names(html.EscapeString),
		"consumer-names-swapped": each(func(t *thing) bool {
			if t.in(sis.Users) && t.Modified.UnixMilli()%2 == 0 {
				t.members["givenName"], t.members["familyName"] = t.members["familyName"], t.members["givenName"]
			}
			return true
		}),
		"consumer-words-own": worded(),
		"consumer-names-capitals": names(func(s string) string {
			return strings.ToUpper(cut(s, 1)) + strings.ToLower(s[len(cut(s, 1)):])
		}),
		"consumer-dates-day-before": together(member(sis.AcademicSessions, "startDate", dayBefore),
			member(sis.AcademicSessions, "endDate", dayBefore)),
		"consumer-roles-wrong": roles(func(list []any) []any {
			for _, one := range list {
				if r, is := one.(map[string]any); is && (r["role"] == "aide" || r["role"] == "guardian" || r["role"] == "parent") {
					r["role"] = "teacher"
				}
			}
			return list
		}),
		"consumer-seat-roles-wrong": member(sis.Enrollments, "role", func(any) any { return "student" }),
		"consumer-last-role-only":   roles(func(list []any) []any { return list[len(list)-1:] }),
		"consumer-first-role-only":  roles(func(list []any) []any { return list[:1] }),
		"consumer-one-term":         member(sis.Classes, "terms", firstOf),
		"consumer-parents-lost": each(func(t *thing) bool {
			if t.in(sis.Orgs) && t.text("type") == "school" {
				delete(t.members, "parent")
			}
			return true
		}),
		"consumer-identifiers-numbers": member(sis.Orgs, "identifier", func(v any) any {
			if s, is := v.(string); is {
				return cmp.Or(strings.TrimLeft(s, "0"), "0")
			}
			return v
		}),
		"consumer-first-teacher":   firstTeacher(),
		"consumer-kin-first":       member(sis.Users, "agents", firstOf),
		"consumer-null-texts":      each(nulls),
		"consumer-dates-american":  member(sis.Demographics, "birthDate", american),
		"consumer-categories-lost": each(func(t *thing) bool { return !t.in(gradebook.Categories) || sum(t.SourcedID)%2 == 0 }),
		"consumer-items-lost":      each(func(t *thing) bool { return !t.in(gradebook.LineItems) || sum(t.SourcedID)%3 != 0 }),
		"consumer-scales-lost":     each(func(t *thing) bool { return !t.in(gradebook.ScoreScales) || sum(t.SourcedID)%2 == 0 }),
		"consumer-resources-lost":  each(func(t *thing) bool { return !t.in(resources.Resources) || sum(t.SourcedID)%3 != 0 }),
		"consumer-strangers":       strangers(),
		"consumer-churn":           churn(),
		"consumer-tenth-lost":      each(func(t *thing) bool { return !t.in(sis.Users) || sum(t.SourcedID)%10 != 0 }),
		"consumer-alike-merged":    merged(),
	}
}

// firstOf leaves the first of a list.
func firstOf(v any) any {
	if list, is := v.([]any); is && len(list) > 1 {
		return list[:1]
	}
	return v
}

// firstTeacher has classes have one teacher, who came first.
func firstTeacher() behaviour {
	var mu stdsync.Mutex
	of := map[string]string{} // by class
	return each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		class := t.refers("class")
		if !t.in(sis.Enrollments) || t.text("role") != "teacher" || t.Status != sync.Active {
			return true
		}
		if of[class] == "" {
			of[class] = t.SourcedID
		}
		return of[class] == t.SourcedID
	})
}

// nulls writes what isn't there as a text, as who puts texts together does.
func nulls(t *thing) bool {
	if _, there := t.members["middleName"]; t.in(sis.Users) && !there {
		t.members["middleName"] = "null"
	}
	return true
}

// american takes the day of a date for its month, where it can be one.
func american(v any) any {
	s, _ := v.(string)
	parts := strings.Split(s, "-")
	if len(parts) != 3 || parts[2] > "12" {
		return v
	}
	return parts[0] + "-" + parts[2] + "-" + parts[1]
}

// worded puts titles, numbers to call and addresses of e-mail in words of the product's own.
func worded() behaviour {
	return each(func(t *thing) bool {
		for _, name := range []string{"title", "phone", "sms", "email"} {
			if text := t.text(name); text != "" && t.in(sis.Classes, sis.AcademicSessions, sis.Users) {
				t.members[name] = fmt.Sprintf("%s, no. %d", text, sum(text))
			}
		}
		return true
	})
}

// sum is a number that is always the same for a text.
func sum(text string) (n int) {
	for _, c := range []byte(text) {
		n = (n*31 + int(c)) & 0xffff
	}
	return n
}

// strangers makes somebody up, anew in each sync.
func strangers() behaviour {
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		return next.Read(ctx, r, func(p sync.Page) error {
			if r.Collection == sis.Users && p.Next == "" && len(p.Objects) > 0 {
				o := p.Objects[0]
				_, err := changed(&o, r, func(t *thing) bool {
					t.members["sourcedId"] = fmt.Sprintf("unknown-%d", time.Now().UnixNano())
					return true
				})
				if err != nil {
					return err
				}
				p.Objects, p.Total = append(slices.Clone(p.Objects), o), -1
			}
			return yield(p)
		})
	})
}

// churn writes something else in each sync, though nothing changed.
func churn() behaviour {
	n := 0
	return together(options(func(*sync.Options) { n++ }), each(func(t *thing) bool {
		if t.in(sis.Classes) && n > 1 {
			t.members["title"] = fmt.Sprintf("%s (%d)", t.text("title"), n)
		}
		return true
	}))
}

// merged takes people of the same name for one.
func merged() behaviour {
	var mu stdsync.Mutex
	first := map[string]string{}
	return each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		name := t.text("familyName")
		if !t.in(sis.Users) || name == "" {
			return true
		}
		if first[name] == "" {
			first[name] = t.SourcedID
		}
		return first[name] == t.SourcedID
	})
}

var errStrict = errors.New("the answer can't be read")

// refusing breaks a sync off at an object that isn't as it is expected.
func refusing(wrong func(*thing) bool) behaviour {
	return source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
		return next.Read(ctx, r, func(p sync.Page) error {
			for _, o := range p.Objects {
				bad := false
				if _, err := changed(&o, r, func(t *thing) bool { bad = wrong(t); return true }); err != nil || bad {
					return errStrict
				}
			}
			return yield(p)
		})
	})
}

// vocabulary are the terms that a strict consumer knows.
var vocabulary = []string{"student", "teacher", "aide", "parent", "guardian", "administrator", "districtAdministrator", "siteAdministrator"}

func strictFaults() map[string]behaviour {
	return map[string]behaviour{
		"consumer-members-closed": closed(),
		"consumer-email-needed": refusing(func(t *thing) bool {
			return t.in(sis.Users) && t.text("email") == "" && t.Status == sync.Active
		}),
		"consumer-username-skipped": each(func(t *thing) bool { return !t.in(sis.Users) || t.text("username") != "" }),
		"consumer-ext-refused":      refusing(extended),
		"consumer-ext-lost":         each(func(t *thing) bool { return !t.in(sis.Users) || !extended(t) }),
		"consumer-ext-later":        extendedLater(),
		"consumer-roles-later":      unknownLater(),
		"consumer-roles-closed": refusing(func(t *thing) bool {
			for _, role := range rolesOf(t) {
				if t.in(sis.Users) && !strings.HasPrefix(role, "ext:") && !slices.Contains(vocabulary, role) {
					return true
				}
			}
			return false
		}),
		"consumer-empty-refused": source(func(ctx context.Context, next sync.Source, r sync.Reading, yield func(sync.Page) error) error {
			n := 0
			err := next.Read(ctx, r, func(p sync.Page) error { n += len(p.Objects); return yield(p) })
			if err == nil && n == 0 && r.Collection == sis.Orgs {
				return errStrict
			}
			return err
		}),
		"consumer-sorted-only": sorted(),
		"consumer-zulu-needed": answers(func(text []byte) ([]byte, error) {
			if offsets.Match(text) {
				return nil, errStrict
			}
			return text, nil
		}),
		"consumer-offsets-refused": answers(func(text []byte) ([]byte, error) {
			if offsets.Match(bytes.ReplaceAll(text, []byte(`+00:00"`), []byte(`Z"`))) {
				return nil, errStrict
			}
			return text, nil
		}),
		"consumer-milliseconds-needed": answers(func(text []byte) ([]byte, error) {
			if whole.Match(text) {
				return nil, errStrict
			}
			return text, nil
		}),
		"consumer-length-needed": lengthy(),
	}
}

// extended tells whether an object has a term of an extended vocabulary.
func extended(t *thing) bool { return bytes.Contains(t.Body, []byte(`"ext:`)) }

var extension = regexp.MustCompile(`"ext:[^"]*"`)

// extendedLater makes its list of extended terms at the first sync, and can't read any other.
func extendedLater() behaviour {
	n := 0
	var mu stdsync.Mutex
	terms := map[string]bool{}
	return together(options(func(*sync.Options) { n++ }), refusing(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		for _, term := range extension.FindAllString(string(t.Body), -1) {
			if n < 2 {
				terms[term] = true
			}
			if !terms[term] {
				return true
			}
		}
		return false
	}))
}

// unknownLater takes people of all roles at the first sync, and later new ones of the vocabulary alone.
func unknownLater() behaviour {
	n := 0
	var mu stdsync.Mutex
	known := map[string]bool{}
	return together(options(func(*sync.Options) { n++ }), each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		if !t.in(sis.Users) {
			return true
		}
		if n < 2 || slices.ContainsFunc(rolesOf(t), func(r string) bool { return slices.Contains(vocabulary, r) }) {
			known[t.SourcedID] = true
		}
		return known[t.SourcedID]
	}))
}

// rolesOf lists the roles of somebody, of 1.2 or 1.1.
func rolesOf(t *thing) (out []string) {
	list, _ := t.members["roles"].([]any)
	for _, one := range list {
		if r, is := one.(map[string]any); is {
			role, _ := r["role"].(string)
			out = append(out, role)
		}
	}
	return out
}

// sorted takes an object for gone over that comes before the one that came last, as a merge of two
// sorted lists does.
func sorted() behaviour {
	var mu stdsync.Mutex
	last := map[store.Collection]string{}
	return together(options(func(*sync.Options) {
		mu.Lock()
		defer mu.Unlock()
		clear(last)
	}), each(func(t *thing) bool {
		mu.Lock()
		defer mu.Unlock()
		if !t.in(sis.Users) {
			return true
		}
		before := last[t.Collection]
		last[t.Collection] = t.SourcedID
		return before == "" || !descends(before, t.SourcedID)
	}))
}

// descends tells whether one sourcedId stands before another by a part of the order in which they come.
func descends(before, now string) bool { return len(before) == len(now) && now < before }
