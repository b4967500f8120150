package ags

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// What the service has is in the platform's store.
const (
	booksKept  store.Collection = "platformGradebooks" // of courses: what lists of line items belong to
	itemsKept  store.Collection = "platformLineItems"
	gradesKept store.Collection = "platformGrades" // of a learner in a line item, with what became of them
	itemsOf                     = "platformLineItemsOf"
	gradesOf                    = "platformGradesOf"
)

// Collections are those that the platform's store has to be opened with
// (platform.OpenStore).
func Collections() []store.Collection {
	return []store.Collection{booksKept, itemsKept, gradesKept}
}

// Column is a line item with what the platform knows of it.
type Column struct {
	ID         string `json:"id"`
	Course     string `json:"course"` // sourcedId of the class
	Client     string `json:"client"` // of the tool that it belongs to
	Deployment string `json:"deployment"`
	// Coupled says that it came with its link, which it stays with: the tool can't delete it.
	Coupled bool     `json:"coupled,omitempty"`
	Item    LineItem `json:"item"` // its id is left out
}

// Released tells whether learners see their marks.
func (c Column) Released() bool { return c.Item.GradesReleased == nil || *c.Item.GradesReleased }

// Grade is how a learner stands in a line item.
type Grade struct {
	Column   string `json:"column"`
	User     string `json:"user"` // sourcedId
	Activity string `json:"activity,omitempty"`
	Grading  string `json:"grading,omitempty"`
	Last     string `json:"last,omitempty"` // timestamp of the score that was taken last
	// Mark is what the tool gives: the last score that was fully graded. nil: none.
	Mark       *Mark      `json:"mark,omitempty"`
	Submission Submission `json:"submission,omitzero"`
	// Override is a teacher's own mark, which stands until it is let go; nil: none.
	Override *Override `json:"override,omitempty"`
	// History is what became of it, from the first on: every score that was taken, and
	// what teachers did.
	History []Event `json:"history,omitempty"`
}

// mostEvents bounds a history; of a longer one the oldest is forgotten.
const mostEvents = 1000

// Mark is a score with what it is out of.
type Mark struct {
	Given   float64 `json:"given"`
	Maximum float64 `json:"maximum"`
	Comment string  `json:"comment,omitempty"`
	By      string  `json:"by,omitempty"` // scoringUserId, as the tool sent it
}

// Override is a mark that a teacher gave by hand.
type Override struct {
	Mark
	By string    `json:"who"` // sourcedId of the teacher
	At time.Time `json:"at"`
}

// Points gives a mark in the scale of a line item.
func (m *Mark) Points(c Column) (points float64, there bool) {
	if m == nil {
		return 0, false
	}
	return m.Given * c.Item.ScoreMaximum / m.Maximum, true
}

// Stands gives the mark that counts: the override where there is one; nil: none.
func (g Grade) Stands() *Mark {
	if g.Override != nil {
		return &g.Override.Mark
	}
	return g.Mark
}

// Kinds of what a history tells.
const (
	Scored     = "score"    // a tool's score was taken
	Overridden = "override" // a teacher gave a mark by hand
	LetGo      = "let go"   // a teacher let go of it
)

// Event is one thing that became of a learner's grade.
type Event struct {
	Kind  string    `json:"kind"`
	At    time.Time `json:"at"`              // when the platform heard of it
	Score *Score    `json:"score,omitempty"` // of a Scored one, as the tool sent it
	Mark  *Mark     `json:"mark,omitempty"`  // of an override
	By    string    `json:"by,omitempty"`    // sourcedId of the teacher
}

// ErrNoColumn says that there is no such line item, ErrNoLearner that somebody is no
// learner of its course.
var (
	ErrNoColumn  = errors.New("there is no such line item")
	ErrNoLearner = errors.New("this is no learner of the course")
)

// Columns lists the line items of a course, in the order in which they were made.
func (s *Service) Columns(ctx context.Context, course string) ([]Column, error) {
	all, err := s.columnsOf(ctx, course)
	return values(all), err
}

func (s *Service) columnsOf(ctx context.Context, course string) ([]keyed[Column], error) {
	key, err := s.store.Find(ctx, booksKept, course)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return read[Column](ctx, s.store, itemsOf, key, itemsKept)
}

// Column finds a line item by its id.
func (s *Service) Column(ctx context.Context, id string) (Column, error) {
	c, _, err := s.column(ctx, id)
	return c, err
}

func (s *Service) column(ctx context.Context, id string) (c Column, key store.Key, err error) {
	key, err = s.store.Find(ctx, itemsKept, id)
	if err == nil {
		there := false
		err = s.store.Read(ctx, itemsKept, []store.Key{key}, func(_ store.Key, body []byte) error {
			there = true
			return json.Unmarshal(body, &c)
		})
		if err == nil && !there {
			err = store.ErrNotFound
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		err = ErrNoColumn
	}
	return c, key, err
}

// Grades lists how the learners of a course stand in a line item, those of whom something
// is known.
func (s *Service) Grades(ctx context.Context, column string) ([]Grade, error) {
	all, err := s.grades(ctx, column)
	return values(all), err
}

func (s *Service) grades(ctx context.Context, column string) ([]keyed[Grade], error) {
	c, key, err := s.column(ctx, column)
	if err != nil {
		return nil, err
	}
	all, err := read[Grade](ctx, s.store, gradesOf, key, gradesKept)
	// Who left the course has no place in its gradebook.
	return slices.DeleteFunc(all, func(g keyed[Grade]) bool { return !s.learns(c.Course, g.value.User) }), err
}

// Grade tells how a learner stands in a line item, with what became of it.
func (s *Service) Grade(ctx context.Context, column, user string) (g Grade, err error) {
	g = Grade{Column: column, User: user}
	key, err := s.store.Find(ctx, gradesKept, gradeID(column, user))
	if errors.Is(err, store.ErrNotFound) {
		return g, nil
	}
	if err != nil {
		return g, err
	}
	err = s.store.Read(ctx, gradesKept, []store.Key{key}, func(_ store.Key, body []byte) error { return json.Unmarshal(body, &g) })
	return g, err
}

// Override gives a learner a mark by hand, in points of the line item. It stands until
// LetGo, whatever the tool sends meanwhile.
func (s *Service) Override(ctx context.Context, column, user, teacher string, points float64, comment string) error {
	return s.byHand(ctx, column, user, func(c Column, g *Grade) Event {
		m := Mark{Given: points, Maximum: c.Item.ScoreMaximum, Comment: comment}
		g.Override = &Override{Mark: m, By: teacher, At: s.p.Now().UTC()}
		return Event{Kind: Overridden, Mark: &m, By: teacher}
	})
}

// LetGo takes an override away: what the tool sent last counts again.
func (s *Service) LetGo(ctx context.Context, column, user, teacher string) error {
	return s.byHand(ctx, column, user, func(_ Column, g *Grade) Event {
		g.Override = nil
		return Event{Kind: LetGo, By: teacher}
	})
}

func (s *Service) byHand(ctx context.Context, column, user string, change func(Column, *Grade) Event) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		c, key, err := get[Column](tx, itemsKept, column)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoColumn
		}
		if err != nil {
			return err
		}
		if !s.learns(c.Course, user) {
			return ErrNoLearner
		}
		g, _, err := get[Grade](tx, gradesKept, gradeID(column, user))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		g.Column, g.User = column, user
		e := change(c, &g)
		return s.keepGrade(tx, key, g, e)
	})
}

// Release says whether learners see the marks of a line item, and tools the overrides.
func (s *Service) Release(ctx context.Context, column string, released bool) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		c, _, err := get[Column](tx, itemsKept, column)
		if errors.Is(err, store.ErrNotFound) {
			return ErrNoColumn
		}
		if err != nil {
			return err
		}
		c.Item.GradesReleased = &released
		_, err = put(tx, itemsKept, c.ID, c)
		return err
	})
}

// Couple makes the line item that comes with a link (the declarative way of AGS 2.0 §3.2.1):
// it is told in launches of the link, and the tool can't delete it.
func (s *Service) Couple(ctx context.Context, l platform.Link, item LineItem) (Column, error) {
	item.ID, item.ResourceLinkID = "", l.ID
	c := Column{Course: l.Course, Client: l.Tool, Deployment: l.Deployment, Coupled: true, Item: item}
	err := s.make(ctx, &c)
	return c, err
}

// Decouple removes the line items that came with a link, with all grades in them, once the link is
// taken out of its course.
func (s *Service) Decouple(ctx context.Context, l platform.Link) error {
	columns, err := s.Columns(ctx, l.Course)
	if err != nil {
		return err
	}
	for _, c := range columns {
		if !c.Coupled || c.Item.ResourceLinkID != l.ID {
			continue
		}
		if err := s.remove(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// make keeps a new line item, as the last of its course.
func (s *Service) make(ctx context.Context, c *Column) error {
	c.ID = lti.Random()[:16]
	return s.store.Update(ctx, func(tx store.Tx) error {
		_, book, err := get[string](tx, booksKept, c.Course)
		if errors.Is(err, store.ErrNotFound) {
			book, err = put(tx, booksKept, c.Course, c.Course)
		}
		if err != nil {
			return err
		}
		key, err := put(tx, itemsKept, c.ID, c)
		if err != nil {
			return err
		}
		return tx.Link(itemsOf, book, key)
	})
}

// change puts what a tool sends in the place of a line item of its own. What binds it to
// its link stays.
func (s *Service) change(ctx context.Context, of Column, item LineItem) (c Column, err error) {
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if c, _, err = get[Column](tx, itemsKept, of.ID); err != nil {
			return err
		}
		item.ID, item.ResourceLinkID = "", c.Item.ResourceLinkID
		c.Item = item
		_, err = put(tx, itemsKept, c.ID, c)
		return err
	})
	return c, err
}

// remove deletes a line item with all grades in it.
func (s *Service) remove(ctx context.Context, id string) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		c, key, err := get[Column](tx, itemsKept, id)
		if err != nil {
			return err
		}
		for {
			grade, _, err := tx.Oldest(gradesKept, gradeID(id, ""))
			if errors.Is(err, store.ErrNotFound) {
				break
			}
			if err != nil {
				return err
			}
			at, err := tx.Delete(gradesKept, grade)
			if err != nil {
				return err
			}
			if err := tx.Unlink(gradesOf, key, at); err != nil {
				return err
			}
		}
		_, book, err := get[string](tx, booksKept, c.Course)
		if err != nil {
			return err
		}
		if err := tx.Unlink(itemsOf, book, key); err != nil {
			return err
		}
		_, err = tx.Delete(itemsKept, id)
		return err
	})
}

// take keeps a score, unless a later one was taken before (AGS 2.0 §3.4.8).
func (s *Service) take(ctx context.Context, column, user string, score Score) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		_, key, err := get[Column](tx, itemsKept, column)
		if err != nil {
			return err
		}
		g, _, err := get[Grade](tx, gradesKept, gradeID(column, user))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if later(g.Last, score.Timestamp) {
			return refused(http.StatusConflict, "a score of %s was taken before, which is later", g.Last)
		}
		g.Column, g.User = column, user
		g.took(score)
		return s.keepGrade(tx, key, g, Event{Kind: Scored, Score: &score})
	})
}

// took changes a grade by a score.
func (g *Grade) took(score Score) {
	g.Last, g.Activity, g.Grading = score.Timestamp, score.Activity, score.Grading
	if score.Submission != (Submission{}) {
		g.Submission = score.Submission
	}
	if score.Grading != FullyGraded {
		return // what isn't settled changes no mark (AGS 2.0 §3.4.7)
	}
	if score.Given == nil {
		g.Mark = nil
		return
	}
	g.Mark = &Mark{Given: *score.Given, Maximum: *score.Maximum, By: score.ScoringUser}
	if score.Comment != nil {
		g.Mark.Comment = *score.Comment
	}
}

// keepGrade keeps a grade, with one event more of its history.
func (s *Service) keepGrade(tx store.Tx, item store.Key, g Grade, e Event) error {
	e.At = s.p.Now().UTC()
	g.History = append(g.History, e)
	g.History = g.History[max(0, len(g.History)-mostEvents):]
	key, err := put(tx, gradesKept, gradeID(g.Column, g.User), g)
	if err != nil {
		return err
	}
	return tx.Link(gradesOf, item, key)
}

func gradeID(column, user string) string { return column + "/" + user }

// keyed is a document with its place in its collection.
type keyed[V any] struct {
	key   store.Key
	value V
}

func values[V any](all []keyed[V]) []V {
	var out []V
	for _, k := range all {
		out = append(out, k.value)
	}
	return out
}

// read gives the documents of a list.
func read[V any](ctx context.Context, s store.Store, relation string, owner store.Key, c store.Collection) (all []keyed[V], err error) {
	keys, err := s.Members(ctx, relation, owner)
	if err != nil {
		return nil, err
	}
	err = s.Read(ctx, c, keys, func(key store.Key, body []byte) error {
		var v V
		if err := json.Unmarshal(body, &v); err != nil {
			return fmt.Errorf("reading %s: %w", c, err)
		}
		all = append(all, keyed[V]{key, v})
		return nil
	})
	return all, err
}

func get[V any](tx store.Tx, c store.Collection, id string) (v V, key store.Key, err error) {
	key, body, err := tx.Get(c, id)
	if err != nil {
		return v, key, err
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return v, key, fmt.Errorf("reading %s: %w", c, err)
	}
	return v, key, nil
}

func put(tx store.Tx, c store.Collection, id string, v any) (store.Key, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, fmt.Errorf("writing %s: %w", c, err)
	}
	return tx.Put(c, store.Document{SourcedID: id, Body: body})
}
