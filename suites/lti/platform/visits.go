package platform

import (
	"context"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Signing in is most of what a launch costs, and opening a tab much of the rest. Where the
// steps of a link begin with an address, they can be taken by somebody who has signed in
// before, in a tab that was emptied: the launch is another one, the session is the same.
// Launches that look at sessions, or that end one, sign in by themselves.

// visits keeps those who are signed in.
type visits struct {
	mu   sync.Mutex
	of   map[string]*session // by user
	lost int                 // sessions that had ended when they were used again
}

// session is somebody who is signed in.
type session struct {
	owner *browser.Page // in which they signed in: with it the session ends
	work  *browser.Page // in which their launches are made; nil: in a new one
}

// mostLost is how many sessions may end between launches until each launch signs in by
// itself.
const mostLost = 2

// visit is a page for one launch.
type visit struct {
	page *browser.Page
	used bool // somebody has signed in for an earlier launch
	kept *session
}

// end is called when a launch is over. A page that may go on is not used again.
func (v visit) end(spoilt bool) {
	switch {
	case v.kept == nil:
		v.page.Close()
	case spoilt:
		v.page.Close()
		v.kept.work = nil
	}
}

// visit opens a page in which a user is signed in. Where signing in fails the page in which
// it failed is given all the same.
func (j *judge) visit(ctx context.Context, user harness.LTIUser, link harness.LTILink, fresh bool) (visit, error) {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	if fresh || j.visits.lost >= mostLost || len(link.Steps) == 0 || link.Steps[0].Open == "" {
		page, err := j.browser.Open(ctx, browser.PageOptions{})
		if err != nil {
			return visit{}, err
		}
		return visit{page: page}, page.Run(ctx, user.Steps)
	}
	if s := j.visits.of[user.Name]; s != nil {
		if v, err := j.again(ctx, s, link); err == nil {
			v.used = true
			return v, nil
		}
		j.drop(user) // the browser has ended
	}
	owner, err := j.browser.Open(j.ctx, browser.PageOptions{})
	if err != nil {
		return visit{}, err
	}
	if err := owner.Run(ctx, user.Steps); err != nil {
		return visit{page: owner}, err
	}
	_ = owner.Reset() // the page behind the sign-in has nothing more to do
	s := &session{owner: owner}
	v, err := j.again(ctx, s, link)
	if err != nil {
		owner.Close()
		return visit{}, err
	}
	j.visits.of[user.Name] = s
	return v, nil
}

// again gives a page of a session. A link that opens a window has a tab of its own, which
// may not come back from there.
func (j *judge) again(ctx context.Context, s *session, link harness.LTILink) (visit, error) {
	if slices.ContainsFunc(link.Steps, func(step browser.Step) bool { return step.Window }) {
		page, err := s.owner.Beside(ctx)
		return visit{page: page}, err
	}
	if s.work != nil && s.work.Reset() != nil {
		s.work.Close()
		s.work = nil
	}
	if s.work == nil {
		page, err := s.owner.Beside(j.ctx)
		if err != nil {
			return visit{}, err
		}
		s.work = page
	}
	return visit{page: s.work, kept: s}, nil
}

// drop forgets a session. It must be called with the lock held.
func (j *judge) drop(user harness.LTIUser) {
	s := j.visits.of[user.Name]
	if s == nil {
		return
	}
	if s.work != nil {
		s.work.Close()
	}
	s.owner.Close()
	delete(j.visits.of, user.Name)
}

// renounce forgets a session that brought no launch, which may have ended.
func (j *judge) renounce(user harness.LTIUser) {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	j.visits.lost++
	j.drop(user)
}
