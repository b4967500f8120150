package ags

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Claim names the service in launches (AGS 2.0 §3.1).
const Claim = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"

// Scopes of the service (AGS 2.0 §3.1).
const (
	ScopeLineItem     = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
	ScopeLineItemRead = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
	ScopeResult       = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
	ScopeScore        = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
)

// Scopes lists them all.
func Scopes() []string { return []string{ScopeLineItem, ScopeLineItemRead, ScopeResult, ScopeScore} }

// Media types of what is sent and answered (AGS 2.0 §3.2.2, §3.3.3, §3.4.2).
const (
	TypeLineItem  = "application/vnd.ims.lis.v2.lineitem+json"
	TypeLineItems = "application/vnd.ims.lis.v2.lineitemcontainer+json"
	TypeResult    = "application/vnd.ims.lis.v2.result+json"
	TypeResults   = "application/vnd.ims.lis.v2.resultcontainer+json"
	TypeScore     = "application/vnd.ims.lis.v1.score+json"
)

// Service is the running service. It is safe for concurrent use.
type Service struct {
	p     *platform.Platform
	store store.Store
}

// New makes the service of a platform, whose store has Collections.
func New(p *platform.Platform) *Service { return &Service{p: p, store: p.Store()} }

// Claim tells a launch of the service, where its tool may use any of it.
func (s *Service) Claim(l *platform.Pending) (name string, claim any) {
	var scopes []string
	for _, scope := range Scopes() {
		if slices.Contains(l.Tool.Scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return "", nil
	}
	out := map[string]any{"scope": scopes, "lineitems": s.address(l.Link.Course, l.Link.Deployment)}
	columns, err := s.Columns(context.Background(), l.Link.Course)
	if err != nil {
		return Claim, out // the launch is worth more than the one address
	}
	var own []Column
	for _, c := range columns {
		if c.Client == l.Tool.ClientID && c.Deployment == l.Link.Deployment && c.Item.ResourceLinkID == l.Link.ID {
			own = append(own, c)
		}
	}
	if len(own) == 1 { // of several none is the one (AGS 2.0 §3.1)
		out["lineitem"] = s.itemAddress(own[0])
	}
	return Claim, out
}

// address is where the line items of a course and a deployment are.
func (s *Service) address(course, deployment string) string {
	c, _ := s.p.Course(course)
	return s.p.Issuer() + "/ags/" + url.PathEscape(c.Context) + "/" + url.PathEscape(deployment) + "/lineitems"
}

func (s *Service) itemAddress(c Column) string { return s.address(c.Course, c.Deployment) + "/" + c.ID }

// learns tells whether somebody is a learner of a course.
func (s *Service) learns(course, user string) bool {
	return slices.ContainsFunc(s.p.Roles(course, user), func(role string) bool { return role == lti.Membership+"Learner" })
}

// learner finds somebody in a course by what tools know them by.
func (s *Service) learner(course, subject string) (user string, there bool) {
	for _, m := range s.p.Members(course, platform.Registration{}) {
		if m.Subject == subject && s.learns(course, m.User) {
			return m.User, true
		}
	}
	return "", false
}

// operation is what one method does to one kind of address.
type operation struct {
	scopes []string // any of which will do
	takes  string   // media type of the body; "": none is read
	do     func(*call) error
}

// call is a request that may be answered.
type call struct {
	w          http.ResponseWriter
	r          *http.Request
	origin     string // of the platform
	client     string
	course     string
	deployment string
	column     Column // of addresses below a line item
	body       []byte
}

// Handle adds what the service answers.
func (s *Service) Handle(mux *http.ServeMux) {
	const items, item = "/ags/{context}/{deployment}/lineitems", "/ags/{context}/{deployment}/lineitems/{item}"
	reading, writing := []string{ScopeLineItem, ScopeLineItemRead}, []string{ScopeLineItem}
	for path, methods := range map[string]map[string]operation{
		items: {
			http.MethodGet:  {scopes: reading, do: s.list},
			http.MethodPost: {scopes: writing, takes: TypeLineItem, do: s.create},
		},
		item: {
			http.MethodGet:    {scopes: reading, do: s.show},
			http.MethodPut:    {scopes: writing, takes: TypeLineItem, do: s.replace},
			http.MethodDelete: {scopes: writing, do: s.delete},
		},
		item + "/results":        {http.MethodGet: {scopes: []string{ScopeResult}, do: s.results}},
		item + "/results/{user}": {http.MethodGet: {scopes: []string{ScopeResult}, do: s.result}},
		item + "/scores":         {http.MethodPost: {scopes: []string{ScopeScore}, takes: TypeScore, do: s.score}},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := s.serve(w, r, methods); err != nil {
				deny(w, err)
			}
		})
	}
}

// serve answers a request by the operation of its method.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, methods map[string]operation) error {
	o, there := methods[r.Method]
	if !there {
		var known []string
		for m := range methods {
			known = append(known, m)
		}
		slices.Sort(known)
		w.Header().Set("Allow", strings.Join(known, ", "))
		return refused(http.StatusMethodNotAllowed, "this address takes %s", strings.Join(known, ", "))
	}
	g, err := s.authorized(r, o.scopes)
	if err != nil {
		return err
	}
	c := &call{w: w, r: r, origin: s.p.Issuer(), client: g.Client, deployment: r.PathValue("deployment")}
	t, known := s.p.Tool(g.Client)
	course, taught := s.p.CourseIn(r.PathValue("context"))
	if c.course = course.ID; !known || !taught || !slices.Contains(t.Deployments, c.deployment) {
		return refused(http.StatusNotFound, "the tool isn't in such a course by such a deployment")
	}
	if id := r.PathValue("item"); id != "" {
		c.column, err = s.Column(r.Context(), id)
		// What is another's isn't there.
		if err == nil && (c.column.Client != c.client || c.column.Course != c.course || c.column.Deployment != c.deployment) {
			err = ErrNoColumn
		}
		if err != nil {
			return err
		}
	}
	if o.takes != "" {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != o.takes {
			return refused(http.StatusUnsupportedMediaType, "the body has to be %s", o.takes)
		}
		var large *http.MaxBytesError
		if c.body, err = io.ReadAll(r.Body); errors.As(err, &large) {
			return refused(http.StatusRequestEntityTooLarge, "the body is more than %d bytes", large.Limit)
		} else if err != nil {
			return refused(http.StatusBadRequest, "the body can't be read")
		}
	}
	return o.do(c)
}

// authorized tells what the token of a request is good for, if for any of the scopes.
func (s *Service) authorized(r *http.Request, scopes []string) (g platform.Granted, err error) {
	for _, scope := range scopes {
		if g, err = s.p.Authorized(r, scope); !errors.Is(err, platform.ErrScope) {
			break
		}
	}
	return g, err
}

func (s *Service) list(c *call) error {
	q := c.r.URL.Query()
	all, err := s.columnsOf(c.r.Context(), c.course)
	if err != nil {
		return err
	}
	return page(c, TypeLineItems, all, func(k keyed[Column]) (any, bool) {
		i := k.value.Item
		fits := func(name, value string) bool { return !q.Has(name) || q.Get(name) == value }
		return s.shown(k.value), k.value.Client == c.client && k.value.Deployment == c.deployment && fits("tag", i.Tag) &&
			fits("resource_id", i.ResourceID) && fits("resource_link_id", i.ResourceLinkID)
	})
}

// shown is a line item as it is told, with its address as its id.
func (s *Service) shown(c Column) LineItem {
	out := c.Item
	out.ID = s.itemAddress(c)
	return out
}

func (s *Service) create(c *call) error {
	item, err := readLineItem(c.body)
	if err != nil {
		return err
	}
	if item.ResourceLinkID != "" {
		l, there := s.p.Link(item.ResourceLinkID)
		if !there || l.Course != c.course || l.Tool != c.client || l.Deployment != c.deployment {
			return refused(http.StatusNotFound, "resourceLinkId names no link of the tool in this course")
		}
	}
	item.ID = "" // it is given here
	column := Column{Course: c.course, Client: c.client, Deployment: c.deployment, Item: item}
	if err := s.make(c.r.Context(), &column); err != nil {
		return err
	}
	c.w.Header().Set("Location", s.itemAddress(column))
	return answer(c.w, http.StatusCreated, TypeLineItem, s.shown(column))
}

func (s *Service) show(c *call) error {
	return answer(c.w, http.StatusOK, TypeLineItem, s.shown(c.column))
}

func (s *Service) replace(c *call) error {
	item, err := readLineItem(c.body)
	if err != nil {
		return err
	}
	if item.ID != "" && item.ID != s.itemAddress(c.column) {
		return refused(http.StatusBadRequest, "id is not that of this line item, and can't be changed")
	}
	column, err := s.change(c.r.Context(), c.column, item)
	if err != nil {
		return err
	}
	return answer(c.w, http.StatusOK, TypeLineItem, s.shown(column))
}

func (s *Service) delete(c *call) error {
	if c.column.Coupled {
		return refused(http.StatusForbidden, "the line item came with its link, and goes with it")
	}
	if err := s.remove(c.r.Context(), c.column.ID); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// Result is how a learner stands, as tools are told (AGS 2.0 §3.3).
type Result struct {
	ID            string   `json:"id"`
	ScoreOf       string   `json:"scoreOf"`
	UserID        string   `json:"userId"`
	ResultScore   *float64 `json:"resultScore,omitempty"`
	ResultMaximum float64  `json:"resultMaximum,omitempty"`
	Comment       string   `json:"comment,omitempty"`
	ScoringUserID string   `json:"scoringUserId,omitempty"`
}

// told is a grade as tools are told of it: an override once the marks are released.
func (s *Service) told(c Column, g Grade) Result {
	mark := g.Mark
	out := Result{ScoreOf: s.itemAddress(c), UserID: s.p.Subject(g.User), ResultMaximum: c.Item.ScoreMaximum}
	if g.Override != nil && c.Released() {
		mark = &g.Override.Mark
		out.ScoringUserID = s.p.Subject(g.Override.By)
	} else if mark != nil {
		out.ScoringUserID = mark.By
	}
	out.ID = out.ScoreOf + "/results/" + url.PathEscape(out.UserID)
	if points, there := mark.Points(c); there {
		out.ResultScore, out.Comment = &points, mark.Comment
	}
	return out
}

func (s *Service) results(c *call) error {
	q := c.r.URL.Query()
	all, err := s.grades(c.r.Context(), c.column.ID)
	if err != nil {
		return err
	}
	return page(c, TypeResults, all, func(k keyed[Grade]) (any, bool) {
		return s.told(c.column, k.value), !q.Has("user_id") || q.Get("user_id") == s.p.Subject(k.value.User)
	})
}

func (s *Service) result(c *call) error {
	user, there := s.learner(c.course, c.r.PathValue("user"))
	if !there {
		return ErrNoLearner
	}
	g, err := s.Grade(c.r.Context(), c.column.ID, user)
	if err != nil {
		return err
	}
	if len(g.History) == 0 {
		return refused(http.StatusNotFound, "there is no result of this learner yet")
	}
	return answer(c.w, http.StatusOK, TypeResult, s.told(c.column, g))
}

func (s *Service) score(c *call) error {
	score, err := readScore(c.body)
	if err != nil {
		return err
	}
	user, there := s.learner(c.course, score.User)
	if !there {
		return ErrNoLearner
	}
	if err := s.take(c.r.Context(), c.column.ID, user, score); err != nil {
		return err
	}
	return answer(c.w, http.StatusOK, "application/json",
		map[string]string{"resultUrl": s.itemAddress(c.column) + "/results/" + url.PathEscape(score.User)})
}

// mostListed is how many line items or results one answer has at most.
const mostListed = 100

// page answers with the part of a list that is asked for, and says where it goes on: behind
// the last one that was told, whatever comes or goes meanwhile (AGS 2.0 §3.2.6).
func page[V any](c *call, kind string, all []keyed[V], shown func(keyed[V]) (any, bool)) error {
	q := c.r.URL.Query()
	limit, after := mostListed, store.Key(-1)
	if q.Has("limit") {
		n, err := strconv.Atoi(q.Get("limit"))
		if err != nil || n < 1 {
			return refused(http.StatusBadRequest, "limit has to be a whole number, 1 or more")
		}
		limit = min(n, mostListed)
	}
	if q.Has("after") {
		n, err := strconv.ParseInt(q.Get("after"), 10, 32)
		if err != nil || n < 0 {
			return refused(http.StatusBadRequest, "this page isn't one of ours")
		}
		after = store.Key(n)
	}
	out, last := []any{}, after
	for _, k := range all {
		v, fits := shown(k)
		if !fits || k.key <= after {
			continue
		}
		if len(out) == limit {
			q.Set("after", fmt.Sprint(last))
			next := *c.r.URL
			next.RawQuery = q.Encode()
			c.w.Header().Set("Link", "<"+c.origin+next.RequestURI()+`>; rel="next"`)
			break
		}
		out, last = append(out, v), k.key
	}
	return answer(c.w, http.StatusOK, kind, out)
}

func answer(w http.ResponseWriter, status int, kind string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may be gone
	return nil
}
