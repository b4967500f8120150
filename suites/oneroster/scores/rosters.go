package scores

import (
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Rosters are what the Rostering service beside says of classes, sessions and enrollments. Each
// is read when it is first asked for: a check of flags needs none of it.
type Rosters struct {
	corpus  *rest.Corpus
	symbols *rest.Symbols

	classes  func() map[uint32]Class
	sessions func() map[uint32]Session
	orgs     func() map[uint32]string
	seats    func() map[seat]bool
}

// Class is what a class of the rosters says of itself.
type Class struct {
	School, Course uint32
	Terms          []uint32
}

// Session is an academic session of the rosters.
type Session struct{ Type, Start, End string }

// seat is a student in a class.
type seat struct{ class, student uint32 }

func newRosters(c *rest.Corpus, symbols *rest.Symbols) *Rosters {
	r := &Rosters{corpus: c, symbols: symbols}
	r.classes = sync.OnceValue(r.readClasses)
	r.sessions = sync.OnceValue(r.readSessions)
	r.orgs = sync.OnceValue(r.readOrgs)
	r.seats = sync.OnceValue(r.readSeats)
	return r
}

// each reads a collection of the rosters; nothing where it was not read.
func each[T any](c *rest.Corpus, name string, visit func(id string, object T)) {
	raw := c.Beside(name)
	if raw == nil {
		return
	}
	_ = raw.Each(func(_ int, id string, object []byte) bool {
		visit(id, rest.Read[T](object))
		return true
	})
}

func (r *Rosters) readClasses() map[uint32]Class {
	out := map[uint32]Class{}
	each(r.corpus, "classes", func(id string, c struct {
		School *rest.Ref  `json:"school"`
		Course *rest.Ref  `json:"course"`
		Terms  []rest.Ref `json:"terms"`
	}) {
		class := Class{School: r.symbols.Intern(c.School.ID()), Course: r.symbols.Intern(c.Course.ID())}
		for _, term := range c.Terms {
			class.Terms = append(class.Terms, r.symbols.Intern(term.SourcedID))
		}
		out[r.symbols.Intern(id)] = class
	})
	return out
}

func (r *Rosters) readSessions() map[uint32]Session {
	out := map[uint32]Session{}
	each(r.corpus, "academicSessions", func(id string, s struct {
		Type  string `json:"type"`
		Start string `json:"startDate"`
		End   string `json:"endDate"`
	}) {
		out[r.symbols.Intern(id)] = Session{Type: s.Type, Start: s.Start, End: s.End}
	})
	return out
}

func (r *Rosters) readOrgs() map[uint32]string {
	out := map[uint32]string{}
	each(r.corpus, "orgs", func(id string, o struct {
		Type string `json:"type"`
	}) {
		out[r.symbols.Intern(id)] = o.Type
	})
	return out
}

// readSeats takes in who is a student of a class, at whatever time and of whatever status: what
// somebody got stays when he leaves. Of people and classes that nothing here refers to none is
// kept.
func (r *Rosters) readSeats() map[seat]bool {
	out := map[seat]bool{}
	each(r.corpus, "enrollments", func(_ string, e struct {
		User  *rest.Ref `json:"user"`
		Class *rest.Ref `json:"class"`
		Role  string    `json:"role"`
	}) {
		class, known := r.symbols.Symbol(e.Class.ID())
		student, met := r.symbols.Symbol(e.User.ID())
		if known && met && (e.Role == "student" || strings.HasPrefix(e.Role, "ext:")) {
			out[seat{class, student}] = true
		}
	})
	return out
}

// Class finds a class by symbol.
func (r *Rosters) Class(id uint32) (Class, bool) {
	c, known := r.classes()[id]
	return c, known
}

// Session finds a session by symbol.
func (r *Rosters) Session(id uint32) (Session, bool) {
	s, known := r.sessions()[id]
	return s, known
}

// OrgType gives the type of an org.
func (r *Rosters) OrgType(id uint32) (string, bool) {
	t, known := r.orgs()[id]
	return t, known
}

// Enrolled tells whether somebody is, or was, a student of a class.
func (r *Rosters) Enrolled(student, class uint32) bool { return r.seats()[seat{class, student}] }

// Schools lists the schools of classes, in order.
func (r *Rosters) Schools() []uint32 {
	var out []uint32
	for _, c := range r.classes() {
		if c.School != 0 {
			out = append(out, c.School)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Classes lists the classes, in order.
func (r *Rosters) Classes() []uint32 {
	var out []uint32
	for id := range r.classes() {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// Rosters12 is the Rostering service beside a gradebook or assessments. more are the requirements
// that take a collection of it, beyond those that both services have.
func Rosters12(more map[string][]string) *rest.Beside {
	return rosters(more, service.Rostering(), func(t *harness.Target) string { return oneroster.Of(t).Rostering })
}

// Rosters11 is that of OneRoster 1.1, below the same root.
func Rosters11(more map[string][]string) *rest.Beside {
	return rosters(more, service.Rostering11(), func(t *harness.Target) string { return oneroster.Of(t).V1P1 })
}

func rosters(more map[string][]string, of *service.Service, address func(*harness.Target) string) *rest.Beside {
	wants := map[string][]string{
		"classes":     {"references.item-class", hrefResolves, hrefObject},
		"users":       {"references.result-student", hrefResolves, hrefObject},
		"enrollments": {"results.student-enrolled"},
	}
	for collection, names := range more {
		wants[collection] = append(wants[collection], names...)
	}
	return &rest.Beside{Service: of, Suite: "oneroster." + of.Name, For: wants, Address: address}
}

// ScalesBeside is the Gradebook service beside assessments, for the score scales.
func ScalesBeside() *rest.Beside {
	return &rest.Beside{Service: service.Gradebook(), Suite: "oneroster.gradebook",
		For: map[string][]string{scaleCollection: {"references.item-scale", "references.result-scale", "results.scale-score",
			"results.scale-text"}},
		Address: func(t *harness.Target) string { return oneroster.Of(t).Gradebook }}
}
