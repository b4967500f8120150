package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// The scopes of grades (AGS 2.0 §2.6).
const (
	scope              = "https://purl.imsglobal.org/spec/lti-ags/scope/"
	ScopeLineItem      = scope + "lineitem"
	ScopeLineItemsRead = scope + "lineitem.readonly"
	ScopeResults       = scope + "result.readonly"
	ScopeScore         = scope + "score"
	mediaLineItem      = "application/vnd.ims.lis.v2.lineitem+json"
	mediaLineItems     = "application/vnd.ims.lis.v2.lineitemcontainer+json"
	mediaResults       = "application/vnd.ims.lis.v2.resultcontainer+json"
	mediaScore         = "application/vnd.ims.lis.v1.score+json"
	timeForm           = "2006-01-02T15:04:05.000Z07:00" // to the millisecond: a second has several scores
)

// mostItems bounds a list of line items that has no end.
const mostItems = 10_000

// Endpoint is where a launch says that grades are kept (AGS 2.0 §3.1.2).
type Endpoint struct {
	Scope     []string `json:"scope"`
	LineItems string   `json:"lineitems"`
	LineItem  string   `json:"lineitem"`
}

// allows picks the first of some scopes that is offered.
func (e Endpoint) allows(scopes ...string) ([]string, error) {
	for _, s := range scopes {
		if slices.Contains(e.Scope, s) {
			return []string{s}, nil
		}
	}
	return nil, ErrNotOffered
}

// LineItem is a column of a gradebook.
type LineItem struct {
	ID             string  `json:"id,omitempty"`
	Maximum        float64 `json:"scoreMaximum"`
	Label          string  `json:"label"`
	Tag            string  `json:"tag,omitempty"`
	ResourceID     string  `json:"resourceId,omitempty"`
	ResourceLinkID string  `json:"resourceLinkId,omitempty"`
}

// Score is what a platform is told of somebody's work (AGS 2.0 §3.4). What is nil or empty is
// not said; 0 points are said.
type Score struct {
	UserID      string      `json:"userId"`
	Activity    string      `json:"activityProgress"`
	Grading     string      `json:"gradingProgress"`
	At          time.Time   `json:"-"`
	Timestamp   string      `json:"timestamp"`
	Given       *float64    `json:"scoreGiven,omitempty"`
	Maximum     *float64    `json:"scoreMaximum,omitempty"`
	Comment     string      `json:"comment,omitempty"`
	ScoringUser string      `json:"scoringUserId,omitempty"`
	Submission  *Submission `json:"submission,omitempty"`
}

// Submission says when somebody worked, apart from when it was scored.
type Submission struct {
	Started   string `json:"startedAt,omitempty"`
	Submitted string `json:"submittedAt,omitempty"`
}

// Stamp writes a point in time as scores have it.
func Stamp(t time.Time) string { return t.UTC().Format(timeForm) }

// Result is what stands in a gradebook.
type Result struct {
	ID      string   `json:"id"`
	UserID  string   `json:"userId"`
	Score   *float64 `json:"resultScore"`
	Maximum *float64 `json:"resultMaximum"`
	Comment string   `json:"comment"`
}

// below adds to the path of a line item's address, in front of its query (AGS 2.0 §3.3.2).
func below(item, name string) (string, error) {
	u, err := url.Parse(item)
	if err != nil {
		return "", fmt.Errorf("the address of the line item: %w", err)
	}
	return u.JoinPath(name).String(), nil
}

// with adds parameters to an address, and keeps what it has.
func with(address string, more url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("the address of the line items: %w", err)
	}
	q := u.Query()
	for name, values := range more {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// LineItems lists the line items that belong to a resource of the tool, to their end.
func (c *Client) LineItems(ctx context.Context, p Platform, e Endpoint, resource string) ([]LineItem, error) {
	scopes, err := e.allows(ScopeLineItem, ScopeLineItemsRead)
	if err != nil {
		return nil, err
	}
	first, err := with(e.LineItems, url.Values{"resource_id": {resource}})
	if err != nil {
		return nil, err
	}
	const what = "reading the line items"
	var out []LineItem
	seen := map[string]bool{}
	for next := first; next != ""; {
		if seen[next] || len(out) > mostItems || !sameHost(first, next) {
			return nil, fmt.Errorf("%s: their pages don't come to an end", what)
		}
		seen[next] = true
		a, err := c.do(ctx, p, call{what: what, scopes: scopes, method: http.MethodGet, url: next, accept: mediaLineItems,
			good: []int{http.StatusOK}})
		if err != nil {
			return nil, err
		}
		var items []LineItem
		if err := a.read(what, &items); err != nil {
			return nil, err
		}
		for _, i := range items { // a platform may know no filters
			if i.ResourceID == resource {
				out = append(out, i)
			}
		}
		next = related(Links(next, a.header), "next")
	}
	return out, nil
}

// MakeLineItem makes a line item and gives it as the platform has it.
func (c *Client) MakeLineItem(ctx context.Context, p Platform, e Endpoint, item LineItem) (LineItem, error) {
	scopes, err := e.allows(ScopeLineItem)
	if err != nil {
		return item, err
	}
	body, err := json.Marshal(item)
	if err != nil {
		return item, fmt.Errorf("writing a line item: %w", err)
	}
	const what = "making a line item"
	a, err := c.do(ctx, p, call{what: what, scopes: scopes, method: http.MethodPost, url: e.LineItems,
		accept: mediaLineItem, media: mediaLineItem,
		body: body, good: []int{http.StatusCreated, http.StatusOK}, once: true})
	if err != nil {
		return item, err
	}
	if err := a.read(what, &item); err != nil {
		return item, err
	}
	if item.ID == "" {
		return item, errors.New("the line item that was made has no id")
	}
	return item, nil
}

// Post sends a score. Every success counts, whatever comes with it. ErrSuperseded says that the
// platform has one that is as new: this one, of which the answer got lost, or a newer one.
func (c *Client) Post(ctx context.Context, p Platform, e Endpoint, item string, s Score) error {
	scopes, err := e.allows(ScopeScore)
	if err != nil {
		return err
	}
	address, err := below(item, "scores")
	if err != nil {
		return err
	}
	s.Timestamp = Stamp(s.At)
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("writing a score: %w", err)
	}
	a, err := c.do(ctx, p, call{what: "sending a score", scopes: scopes, method: http.MethodPost, url: address, media: mediaScore, body: body,
		good: []int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent}})
	if a.status == http.StatusConflict {
		return ErrSuperseded
	}
	return err
}

// Results reads what stands in a gradebook for somebody at a line item; none where there is nothing.
func (c *Client) Results(ctx context.Context, p Platform, e Endpoint, item, user string) ([]Result, error) {
	scopes, err := e.allows(ScopeResults)
	if err != nil {
		return nil, err
	}
	address, err := below(item, "results")
	if err == nil {
		address, err = with(address, url.Values{"user_id": {user}})
	}
	if err != nil {
		return nil, err
	}
	const what = "reading results"
	a, err := c.do(ctx, p, call{what: what, scopes: scopes, method: http.MethodGet, url: address,
		accept: mediaResults, good: []int{http.StatusOK}})
	if err != nil {
		return nil, err
	}
	var out []Result
	if err := a.read(what, &out); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(r Result) bool { return r.UserID != "" && r.UserID != user }), nil
}

// Offers tells whether a launch offers what scores take.
func (e Endpoint) Offers() bool {
	return slices.Contains(e.Scope, ScopeScore) && (e.LineItem != "" || e.LineItems != "" && slices.Contains(e.Scope, ScopeLineItem))
}
