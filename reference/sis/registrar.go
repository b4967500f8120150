package sis

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Registrar does in the store of a SIS what the office of a school does during a year: people come, leave, move
// and are called otherwise, classes are closed. Each is one transaction, after which what changed has a new
// dateLastModified; what is gone is flagged tobedeleted (OneRoster 1.2 information model, status).
type Registrar struct {
	store store.Store
	now   func() time.Time
	mu    sync.Mutex // one change after the other
}

// Errors of a Registrar.
var (
	ErrNoPerson = errors.New("the SIS has no such person")
	ErrNoClass  = errors.New("the SIS has no such class")
	ErrNotThere = errors.New("that person is not in that class")
	ErrNoName   = errors.New("a person needs a given name and a family name")
)

// NewRegistrar gives one for a store that a provider serves.
func NewRegistrar(s store.Store) *Registrar { return &Registrar{store: s, now: time.Now} }

// Newcomer is a learner who comes to a school.
type Newcomer struct {
	GivenName, FamilyName string
	Class                 string // sourcedId: the first one, whose school the learner comes to
}

// Add takes a learner in, with demographics, and enrolls them in a class. It gives their sourcedId.
func (g *Registrar) Add(ctx context.Context, n Newcomer) (sourcedID string, err error) {
	n.GivenName, n.FamilyName = strings.TrimSpace(n.GivenName), strings.TrimSpace(n.FamilyName)
	if n.GivenName == "" || n.FamilyName == "" {
		return "", ErrNoName
	}
	sourcedID = "new-" + strings.ToLower(rand.Text()[:12])
	return sourcedID, g.change(ctx, "taking a learner in", func(tx store.Tx) error {
		class, err := live(tx, Classes, n.Class, rowClass, func(c *fixtures.Class) *fixtures.Base { return &c.Base }, ErrNoClass)
		if err != nil {
			return err
		}
		login := strings.ToLower(string([]rune(n.GivenName)[:1])) + sourcedID[4:10]
		user := fixtures.User{
			UserMasterIdentifier: "master-" + sourcedID[4:],
			Username:             login,
			EnabledUser:          true,
			GivenName:            n.GivenName,
			FamilyName:           n.FamilyName,
			Roles:                []fixtures.Role{{RoleType: "primary", Role: "student", Org: class.School}},
			PrimaryOrg:           class.School,
			Identifier:           sourcedID[4:],
			Email:                login + "@riverbend.example",
			Grades:               class.Grades[:min(len(class.Grades), 1)],
		}
		user.SourcedID = sourcedID
		key, err := enter(g, tx, Users, &user.Base, func() any { return wireUser(user) })
		if err != nil {
			return err
		}
		if err := tx.Link(relationStudents, store.Whole, key); err != nil { // that of the school follows from the enrollment
			return err
		}
		person := fixtures.Demographics{Sex: "unspecified", BirthDate: "2011-05-17"}
		person.SourcedID = sourcedID
		if _, err := enter(g, tx, Demographics, &person.Base, func() any { return wireDemographics(person) }); err != nil {
			return err
		}
		_, err = g.enroll(tx, user, class, "student")
		return err
	})
}

// Enroll has somebody take part in a class, as a student or a teacher, and gives the sourcedId of the enrollment.
func (g *Registrar) Enroll(ctx context.Context, user, class, role string) (sourcedID string, err error) {
	return sourcedID, g.change(ctx, "enrolling somebody", func(tx store.Tx) (err error) {
		u, c, err := both(tx, user, class)
		if err == nil {
			sourcedID, err = g.enroll(tx, u, c, role)
		}
		return err
	})
}

// Withdraw ends what somebody is in a class.
func (g *Registrar) Withdraw(ctx context.Context, user, class string) error {
	return g.ending(ctx, "withdrawing somebody", Users, user, func(tx store.Tx, held []string) error {
		_, c, err := both(tx, user, class)
		if err != nil {
			return err
		}
		n, err := g.end(tx, held, func(e fixtures.Enrollment) bool { return e.Class == c.SourcedID })
		if err == nil && n == 0 {
			err = ErrNotThere
		}
		return err
	})
}

// Move has a learner leave one class for another.
func (g *Registrar) Move(ctx context.Context, user, from, to string) error {
	return g.ending(ctx, "moving a learner", Users, user, func(tx store.Tx, held []string) error {
		u, c, err := both(tx, user, to)
		if err != nil {
			return err
		}
		n, err := g.end(tx, held, func(e fixtures.Enrollment) bool { return e.Class == from })
		if err == nil && n == 0 {
			err = ErrNotThere
		}
		if err == nil {
			_, err = g.enroll(tx, u, c, "student")
		}
		return err
	})
}

// Leave has somebody leave the district: the person is flagged, with demographics and all enrollments.
func (g *Registrar) Leave(ctx context.Context, user string) error {
	return g.ending(ctx, "having somebody leave", Users, user, func(tx store.Tx, held []string) error {
		u, err := live(tx, Users, user, rowUser, func(u *fixtures.User) *fixtures.Base { return &u.Base }, ErrNoPerson)
		if err != nil {
			return err
		}
		if _, err := g.end(tx, held, func(fixtures.Enrollment) bool { return true }); err != nil {
			return err
		}
		u.Status = fixtures.ToBeDeleted
		if _, err := enter(g, tx, Users, &u.Base, func() any { return wireUser(u) }); err != nil {
			return err
		}
		base := func(d *fixtures.Demographics) *fixtures.Base { return &d.Base }
		d, err := live(tx, Demographics, user, rowDemographics, base, store.ErrNotFound)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			d.Status = fixtures.ToBeDeleted
			_, err = enter(g, tx, Demographics, &d.Base, func() any { return wireDemographics(d) })
		}
		return err
	})
}

// Rename has somebody be called otherwise; where one of the names is empty it stays.
func (g *Registrar) Rename(ctx context.Context, user, given, family string) error {
	return g.change(ctx, "renaming somebody", func(tx store.Tx) error {
		u, err := live(tx, Users, user, rowUser, func(u *fixtures.User) *fixtures.Base { return &u.Base }, ErrNoPerson)
		if err != nil {
			return err
		}
		if given = strings.TrimSpace(given); given != "" {
			u.GivenName = given
		}
		if family = strings.TrimSpace(family); family != "" {
			u.FamilyName = family
		}
		_, err = enter(g, tx, Users, &u.Base, func() any { return wireUser(u) })
		return err
	})
}

// CloseClass has a class be over: it is flagged, with all its enrollments.
func (g *Registrar) CloseClass(ctx context.Context, class string) error {
	return g.ending(ctx, "closing a class", Classes, class, func(tx store.Tx, held []string) error {
		c, err := live(tx, Classes, class, rowClass, func(c *fixtures.Class) *fixtures.Base { return &c.Base }, ErrNoClass)
		if err != nil {
			return err
		}
		if _, err := g.end(tx, held, func(fixtures.Enrollment) bool { return true }); err != nil {
			return err
		}
		c.Status = fixtures.ToBeDeleted
		_, err = enter(g, tx, Classes, &c.Base, func() any { return wireClass(c) })
		return err
	})
}

func (g *Registrar) change(ctx context.Context, what string, work func(store.Tx) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.transact(ctx, what, work)
}

func (g *Registrar) transact(ctx context.Context, what string, work func(store.Tx) error) error {
	if err := g.store.Update(ctx, work); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// ending is a change that ends enrollments of a person or a class, which it is given.
func (g *Registrar) ending(ctx context.Context, what string, of store.Collection, sourcedID string,
	work func(store.Tx, []string) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	held, err := g.held(ctx, of, sourcedID)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return g.transact(ctx, what, func(tx store.Tx) error { return work(tx, held) })
}

func both(tx store.Tx, user, class string) (u fixtures.User, c fixtures.Class, err error) {
	u, err = live(tx, Users, user, rowUser, func(u *fixtures.User) *fixtures.Base { return &u.Base }, ErrNoPerson)
	if err == nil {
		c, err = live(tx, Classes, class, rowClass, func(c *fixtures.Class) *fixtures.Base { return &c.Base }, ErrNoClass)
	}
	return u, c, err
}

// live reads an object that is active; missing is the error where there is none.
func live[Wire, Row any](tx store.Tx, c store.Collection, sourcedID string, row func(Wire) Row, base func(*Row) *fixtures.Base,
	missing error) (out Row, err error) {
	_, body, err := tx.Get(c, sourcedID)
	if errors.Is(err, store.ErrNotFound) {
		return out, missing
	}
	if err != nil {
		return out, err
	}
	var object Wire
	if err := json.Unmarshal(oneroster.AppendDocument(nil, body, oneroster.Addresses{}), &object); err != nil {
		return out, fmt.Errorf("reading %s of %s: %w", sourcedID, c, err)
	}
	if out = row(object); base(&out).Status != fixtures.Active {
		return out, missing
	}
	return out, nil
}

// enter stores an object as one that changed now.
func enter(g *Registrar, tx store.Tx, c store.Collection, b *fixtures.Base, encode func() any) (store.Key, error) {
	now := g.now().UTC().Truncate(time.Millisecond)
	if !now.After(b.DateLastModified) { // whoever asks for what changed since would miss it
		now = b.DateLastModified.Add(time.Millisecond)
	}
	b.DateLastModified = now
	if b.Status == "" {
		b.Status = fixtures.Active
	}
	body, err := oneroster.EncodeDocument(encode())
	if err != nil {
		return 0, fmt.Errorf("writing %s of %s: %w", b.SourcedID, c, err)
	}
	return tx.Put(c, store.Document{SourcedID: b.SourcedID, Body: body})
}

// enroll enters an enrollment, and what follows from it.
func (g *Registrar) enroll(tx store.Tx, u fixtures.User, c fixtures.Class, role string) (string, error) {
	e := fixtures.Enrollment{User: u.SourcedID, Class: c.SourcedID, School: c.School, Role: role}
	e.SourcedID = "enr-" + strings.ToLower(rand.Text()[:16])
	key, err := enter(g, tx, Enrollments, &e.Base, func() any { return wireEnrollment(e) })
	if err != nil {
		return "", err
	}
	x := enrolled{}
	for _, of := range []struct {
		key *int32
		in  store.Collection
		id  string
	}{{&x.user, Users, e.User}, {&x.class, Classes, e.Class}, {&x.school, Orgs, e.School}} {
		if *of.key, _, err = tx.Get(of.in, of.id); err != nil {
			return "", fmt.Errorf("reading what an enrollment refers to: %w", err)
		}
	}
	switch role {
	case "student":
		x.role = asStudent
	case "teacher":
		x.role = asTeacher
	}
	for relation, of := range byEnrollment {
		if p := of(x, key); p.owner != unrelated && p.member != unrelated {
			if err := tx.Link(relation, p.owner, p.member); err != nil {
				return "", err
			}
		}
	}
	return e.SourcedID, nil
}

// held gives the enrollments of a person or a class, before a transaction, within which lists can't be followed.
func (g *Registrar) held(ctx context.Context, of store.Collection, sourcedID string) (enrollments []string, err error) {
	relation := relationUserEnrollments
	if of == Classes {
		relation = relationClassEnrollments
	}
	owner, err := g.store.Find(ctx, of, sourcedID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil // who asks is told within
	}
	var keys []store.Key
	if err == nil {
		keys, err = g.store.Members(ctx, relation, owner)
	}
	if err == nil {
		err = g.store.Read(ctx, Enrollments, keys, func(_ store.Key, body []byte) error {
			var e struct {
				SourcedID string `json:"sourcedId"`
			}
			if err := json.Unmarshal(oneroster.AppendDocument(nil, body, oneroster.Addresses{}), &e); err != nil {
				return err
			}
			enrollments = append(enrollments, e.SourcedID)
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("reading the enrollments of %s: %w", sourcedID, err)
	}
	return enrollments, nil
}

// end flags those of the enrollments that are active and meant, and says how many. Lists keep them: they have what
// is flagged as what isn't.
func (g *Registrar) end(tx store.Tx, enrollments []string, meant func(fixtures.Enrollment) bool) (n int, err error) {
	for _, id := range enrollments {
		e, err := live(tx, Enrollments, id, rowEnrollment, func(e *fixtures.Enrollment) *fixtures.Base { return &e.Base }, store.ErrNotFound)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return n, err
		}
		if !meant(e) {
			continue
		}
		e.Status = fixtures.ToBeDeleted
		if _, err := enter(g, tx, Enrollments, &e.Base, func() any { return wireEnrollment(e) }); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
