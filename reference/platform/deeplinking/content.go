package deeplinking

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// content is what was added to a course.
type content struct {
	ID         string          `json:"id"`
	Course     string          `json:"course"`
	Tool       string          `json:"tool"`
	Deployment string          `json:"deployment"`
	Item       lti.ContentItem `json:"item"`
}

// link is what opens the tool, where the content does.
func (c content) link() (l platform.Link, is bool) {
	if c.Item.Type != lti.TypeLTI {
		return l, false
	}
	title := c.Item.Title
	if title == "" {
		title = "Content without a title"
	}
	return platform.Link{ID: c.ID, Title: title, Description: c.Item.Text, Course: c.Course, Tool: c.Tool, Deployment: c.Deployment,
		Target: c.Item.URL, Custom: c.Item.Custom, Item: &c.Item}, true
}

// content lists all that was added, in the order in which it was.
func (s *Service) content(ctx context.Context) (out []content, err error) {
	err = s.p.Store().Scan(ctx, contentKept, 0, 1<<31-1, func(_ store.Key, body []byte) error {
		var c content
		if err := json.Unmarshal(body, &c); err != nil {
			return err
		}
		out = append(out, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the content of courses: %w", err)
	}
	return out, nil
}

// of lists the content of a course.
func (s *Service) of(ctx context.Context, course string) ([]content, error) {
	all, err := s.content(ctx)
	return slices.DeleteFunc(all, func(c content) bool { return c.Course != course }), err
}

var errFull = errors.New("the course has as much content as there is room for")

// add keeps what was picked, all of it or nothing, and has the links of it in the course.
func (s *Service) add(ctx context.Context, pick Pick, items []lti.ContentItem) error {
	had, err := s.of(ctx, pick.Course)
	if err != nil {
		return err
	}
	if len(had)+len(items) > mostContent {
		return errFull
	}
	var all []content
	for _, item := range items {
		all = append(all, content{lti.Random(), pick.Course, pick.Tool, pick.Deployment, item})
	}
	err = s.p.Store().Update(ctx, func(tx store.Tx) error {
		for _, c := range all {
			body, err := json.Marshal(c)
			if err != nil {
				return err
			}
			if _, err := tx.Put(contentKept, store.Document{SourcedID: c.ID, Body: body}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping content: %w", err)
	}
	for _, c := range all {
		l, is := c.link()
		if !is {
			continue
		}
		s.p.AddLink(l)
		if c.Item.LineItem == nil || s.o.LineItems == nil {
			continue
		}
		declared := *c.Item.LineItem
		if declared.Label == "" { // it is called as the link is
			declared.Label = l.Title
		}
		if err := s.o.LineItems.Declare(ctx, l, declared); err != nil {
			return fmt.Errorf("making the line item of a link: %w", err)
		}
	}
	return nil
}

// Add keeps something that was chosen elsewhere than in a tool's picker, such as in a catalogue, as one that opens a tool
// in a deployment, or a link to a page.
func (s *Service) Add(ctx context.Context, course, tool, deployment string, item lti.ContentItem) error {
	return s.add(ctx, Pick{Course: course, Tool: tool, Deployment: deployment}, s.p.Given([]lti.ContentItem{item}))
}

// submitted finds whoever sends a form of the editor's own.
func (s *Service) submitted(w http.ResponseWriter, r *http.Request) (teacher, bool) {
	t, ok := s.editing(w, r)
	if !ok {
		return t, false
	}
	if r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(t.csrf), []byte(r.PostForm.Get("token"))) != 1 {
		s.p.Problem(w, http.StatusForbidden, "This form was not opened here.")
		return t, false
	}
	return t, true
}

// remove takes content out of a course.
func (s *Service) remove(w http.ResponseWriter, r *http.Request) {
	t, ok := s.submitted(w, r)
	if !ok {
		return
	}
	all, err := s.of(r.Context(), t.course.ID)
	if err != nil {
		s.p.Forgetful(w)
		return
	}
	id := r.PostForm.Get("id")
	if !slices.ContainsFunc(all, func(c content) bool { return c.ID == id }) {
		s.p.Problem(w, http.StatusNotFound, "There is no such content in this course.")
		return
	}
	err = s.p.Store().Update(r.Context(), func(tx store.Tx) error {
		_, err := tx.Delete(contentKept, id)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		s.p.Forgetful(w)
		return
	}
	if l, there := s.p.Link(id); there && s.o.LineItems != nil {
		if err := s.o.LineItems.Withdraw(r.Context(), l); err != nil {
			s.p.Forgetful(w)
			return
		}
	}
	s.p.RemoveLink(id)
	http.Redirect(w, r, "/courses/"+url.PathEscape(t.course.ID)+"/content", http.StatusSeeOther)
}

// confirm keeps what was picked once somebody has said yes.
func (s *Service) confirm(w http.ResponseWriter, r *http.Request) {
	t, ok := s.submitted(w, r)
	if !ok {
		return
	}
	pick, there, err := s.picks.Take(r.Context(), r.PostForm.Get("pick"), s.p.Now())
	switch {
	case err != nil:
		s.p.Forgetful(w)
	case !there || pick.Session != t.csrf || pick.Course != t.course.ID || len(pick.Items) == 0:
		s.p.Problem(w, http.StatusNotFound, "Nothing waits to be added.")
	default:
		s.keep(w, r, pick, pick.Items, "")
	}
}
