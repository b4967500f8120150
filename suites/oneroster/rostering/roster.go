package rostering

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/corpus"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Roster is what the crawl brought home, as the checks of one process read it:
// small kinds as decoded objects, enrollments in compact form, everything raw in
// the spool. It is read-only.
type Roster struct {
	Sessions     []AcademicSession
	Orgs         []Org
	Courses      []Course
	Classes      []Class
	Users        []User
	Enrollments  []Enrollment
	Demographics []Demographics

	service *service.Service
	raw     map[string]*corpus.Collection
	facts   map[string]CrawlFacts
	symbols []string
	byText  map[string]uint32
	seed    uint64
	shared  map[string]string         // texts that objects have in common
	places  map[string]map[string]int // kind → sourcedId → index in the slice above
}

// Enrollment in compact form; the numbers are symbols of Roster.Text.
type Enrollment struct {
	User, Class, School, Role, Status, Primary, Begin, End uint32
	Modified                                               int64 // milliseconds since 1970; 0 when unreadable
}

// Text gives the text of a symbol.
func (r *Roster) Text(symbol uint32) string { return r.symbols[symbol] }

// Symbol gives the symbol of a text; ok is false when no enrollment uses it.
func (r *Roster) Symbol(text string) (symbol uint32, ok bool) {
	symbol, ok = r.byText[text]
	return symbol, ok
}

func (r *Roster) intern(text string) uint32 {
	if s, ok := r.byText[text]; ok {
		return s
	}
	s := uint32(len(r.symbols))
	text = strings.Clone(text)
	r.symbols = append(r.symbols, text)
	r.byText[text] = s
	return s
}

// open reads the crawl in s.Dir.
func open(of *service.Service, s *harness.Session) (*Roster, error) {
	r := &Roster{service: of, seed: s.Seed, raw: map[string]*corpus.Collection{}, facts: map[string]CrawlFacts{},
		byText: map[string]uint32{}, places: map[string]map[string]int{}, shared: map[string]string{}}
	r.intern("")
	for _, c := range of.Collections {
		raw, err := corpus.Open(s.Dir, c.Name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.raw[c.Name] = raw
		var facts CrawlFacts
		if err := raw.Fact(&facts); err != nil {
			return nil, fmt.Errorf("reading the facts of %s: %w", c.Name, err)
		}
		if c.Derived() == "" {
			whole, err := r.load(c, raw, s.Crowded)
			if err != nil {
				return nil, err
			}
			if !whole {
				facts.Bound = "limits.memory_mib"
				raw.Complete, raw.Reason = false, "it takes more memory than limits.memory_mib lets Rollcall have"
			}
		}
		r.facts[c.Name] = facts
	}
	return r, nil
}

// loadStep is after how many objects, or bytes of them, the memory is looked at.
const (
	loadStep  = 2000
	loadBytes = 4 << 20
)

// load reads a collection, as far as memory goes: whole is false where it ended.
func (r *Roster) load(c collection, raw *corpus.Collection, crowded func() bool) (whole bool, err error) {
	place := map[string]int{}
	whole = true
	loaded := 0
	r.places[c.Kind] = place
	note := func(id string, i int) {
		if _, twice := place[id]; !twice {
			place[id] = i
		}
	}
	err = raw.Each(func(i int, id string, object []byte) bool {
		if loaded += len(object); i%loadStep == 0 || loaded > loadBytes {
			loaded = 0
			if whole = !crowded(); !whole {
				return false
			}
		}
		switch c.Kind {
		case "academicSession":
			r.Sessions = append(r.Sessions, read[AcademicSession](object))
		case "org":
			r.Orgs = append(r.Orgs, read[Org](object))
		case "course":
			r.Courses = append(r.Courses, read[Course](object))
		case "class":
			r.Classes = append(r.Classes, read[Class](object))
		case "user":
			r.Users = append(r.Users, r.slim(read[User](object)))
		case "demographics":
			r.Demographics = append(r.Demographics, r.slimDemographics(read[Demographics](object)))
		case "enrollment":
			r.Enrollments = append(r.Enrollments, r.compact(read[enrollment](object)))
			return true // found through the spool; a map of a million ids is dear
		}
		note(id, i)
		return true
	})
	return whole, err
}

// once gives one copy of a text that many objects share.
func (r *Roster) once(text string) string {
	if text == "" {
		return ""
	}
	if kept, met := r.shared[text]; met {
		return kept
	}
	text = strings.Clone(text)
	r.shared[text] = text
	return text
}

// slim lets users share the texts that they have in common, such as roles, orgs
// and instants, and drops what no check reads: a state has a million of them.
func (r *Roster) slim(u User) User {
	lean := func(ref *Ref) {
		if ref != nil {
			*ref = Ref{SourcedID: r.once(ref.SourcedID)}
		}
	}
	u.Status, u.DateLastModified = r.once(u.Status), r.once(u.DateLastModified)
	for i := range u.Roles {
		role := &u.Roles[i]
		role.RoleType, role.Role, role.BeginDate, role.EndDate = r.once(role.RoleType), r.once(role.Role), r.once(role.BeginDate), r.once(role.EndDate)
		lean(role.Org)
	}
	lean(u.PrimaryOrg)
	for i := range u.Agents {
		u.Agents[i] = Ref{SourcedID: u.Agents[i].SourcedID}
	}
	return u
}

func (r *Roster) slimDemographics(d Demographics) Demographics {
	d.Status, d.DateLastModified, d.BirthDate = r.once(d.Status), r.once(d.DateLastModified), r.once(d.BirthDate)
	return d
}

func read[T any](object []byte) (v T) {
	_ = decode(object, &v)
	return v
}

func (r *Roster) compact(e enrollment) Enrollment {
	id := func(ref *Ref) uint32 {
		if ref == nil {
			return 0
		}
		return r.intern(ref.SourcedID)
	}
	out := Enrollment{User: id(e.User), Class: id(e.Class), School: id(e.School), Role: r.intern(e.Role), Status: r.intern(e.Status),
		Primary: r.intern(e.Primary), Begin: r.intern(e.BeginDate), End: r.intern(e.EndDate)}
	if at, err := time.Parse(time.RFC3339Nano, e.DateLastModified); err == nil {
		out.Modified = at.UnixMilli()
	}
	return out
}

// roster gives the crawl to a check.
func roster(t *T) *Roster { return t.Session().Shared.(*Roster) }

// Raw gives the spool of a crawled collection; nil when it wasn't crawled.
func (r *Roster) Raw(name string) *corpus.Collection { return r.raw[name] }

// Facts gives what the crawl noted of a collection.
func (r *Roster) Facts(name string) CrawlFacts { return r.facts[name] }

// Index finds an object of a kind by sourcedId; -1 when the crawl has none.
func (r *Roster) Index(kind, id string) int {
	if kind == "enrollment" {
		if raw := r.raw["enrollments"]; raw != nil {
			return raw.Find(id)
		}
		return -1
	}
	if i, ok := r.places[kind][id]; ok {
		return i
	}
	return -1
}

// Has tells whether the crawl holds an object of that kind.
func (r *Roster) Has(kind, id string) bool { return r.Index(kind, id) >= 0 }

// Org, Session, Course, Class and User find one object; nil when there is none.
func (r *Roster) Org(id string) *Org { return at(r.Orgs, r.Index("org", id)) }
func (r *Roster) Session(id string) *AcademicSession {
	return at(r.Sessions, r.Index("academicSession", id))
}
func (r *Roster) Course(id string) *Course { return at(r.Courses, r.Index("course", id)) }
func (r *Roster) Class(id string) *Class   { return at(r.Classes, r.Index("class", id)) }
func (r *Roster) User(id string) *User     { return at(r.Users, r.Index("user", id)) }

// Status gives the status of an object of a small kind; empty when the crawl has
// none.
func (r *Roster) Status(kind, id string) string {
	var b *Base
	switch kind {
	case "org":
		if o := r.Org(id); o != nil {
			b = &o.Base
		}
	case "academicSession":
		if o := r.Session(id); o != nil {
			b = &o.Base
		}
	case "course":
		if o := r.Course(id); o != nil {
			b = &o.Base
		}
	case "class":
		if o := r.Class(id); o != nil {
			b = &o.Base
		}
	case "user":
		if o := r.User(id); o != nil {
			b = &o.Base
		}
	}
	if b == nil {
		return ""
	}
	return b.Status
}

func at[T any](list []T, i int) *T {
	if i < 0 {
		return nil
	}
	return &list[i]
}

// need tells whether collections were crawled whole; where one was not, the
// requirements hang on what broke the crawl off, because an answer computed from
// part of the data would accuse the innocent.
func need(t *T, requirements []string, names ...string) bool {
	for _, name := range names {
		if roster(t).raw[name] == nil {
			outside(t, "/"+name, requirements...)
			return false
		}
	}
	o, is := broken(t, names...)
	if is {
		t.NotTested(o, requirements...)
	}
	return !is
}

// exhibit gives the exchange of the crawl that brought object i of a
// collection, as evidence of the check.
func exhibit(t *T, name string, i int) []string {
	raw := roster(t).raw[name]
	if raw == nil || i < 0 {
		return nil
	}
	page, ok := raw.PageOf(i)
	if !ok || page.Evidence == nil {
		return nil
	}
	return []string{t.Adopt(page.Evidence)}
}

// members gives the sourcedIds of a crawled collection as a set.
func (r *Roster) members(name string) map[string]bool {
	set := map[string]bool{}
	if raw := r.raw[name]; raw != nil {
		_ = raw.Each(func(_ int, id string, _ []byte) bool { set[id] = true; return true })
	}
	return set
}

// difference words how two sets differ, at most three examples each way; empty
// when they don't.
func difference(want, got map[string]bool) string {
	return differ(apart(want, got), apart(got, want))
}

func differ(missing, extra []string) string {
	var parts []string
	if len(missing) > 0 {
		parts = append(parts, fmt.Sprintf("%d missing (%s)", len(missing), examples(missing)))
	}
	if len(extra) > 0 {
		parts = append(parts, fmt.Sprintf("%d too many (%s)", len(extra), examples(extra)))
	}
	return strings.Join(parts, ", ")
}

func apart(a, b map[string]bool) []string {
	var out []string
	for id := range a {
		if !b[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// inWords puts words into a list: orgs, users and classes.
func inWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func examples(ids []string) string {
	if len(ids) > 3 {
		return strings.Join(ids[:3], ", ") + ", …"
	}
	return strings.Join(ids, ", ")
}

// oddHref says what is wrong with the href of a reference on its face.
func oddHref(r Ref) string {
	u, err := url.Parse(r.Href)
	switch {
	case r.Href == "":
		return "is missing"
	case err != nil || !u.IsAbs() || u.Host == "":
		return "is not an absolute URL"
	}
	last := u.EscapedPath()[strings.LastIndexByte(u.EscapedPath(), '/')+1:]
	if id, err := url.PathUnescape(last); err == nil && r.SourcedID != "" && id != r.SourcedID && !strings.HasSuffix(u.Path, "/"+r.SourcedID) {
		return "does not end in the sourcedId"
	}
	return ""
}
