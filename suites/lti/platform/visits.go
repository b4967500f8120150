package platform

import (
	"context"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// Signing in is most of what a launch costs, and opening a tab much of the rest. Where the
// steps of a link begin with an address, they can be taken by somebody who has signed in
// before, in a tab that was emptied: the launch is another one, the session is the same.
// Launches that look at sessions, or that end one, sign in by themselves.

// visits keeps those who are signed in. Launches of different people may go on side by side,
// those of one person don't.
type visits struct {
	mu   sync.Mutex
	of   map[string]*session // by user
	lost int                 // sessions that had ended when they were used again
	// controls counts from one the launches of a user that had to be refused since a good one
	// was made beside them; 0: none was, or it failed.
	controls map[string]int
}

func noVisits() visits { return visits{of: map[string]*session{}, controls: map[string]int{}} }

// session is somebody who is signed in.
type session struct {
	owner *browser.Page // in which they signed in: with it the session ends
	work  *browser.Page // in which their launches are made; nil: in a new one
	mark  string        // by which Rollcall's side knows their requests
}

// mostLost is how many sessions may end between launches until each launch signs in by
// itself.
const mostLost = 2

// visit is a page for one launch.
type visit struct {
	page *browser.Page
	used bool // somebody has signed in for an earlier launch
	kept *session
	mark string
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
func (j *judge) visit(ctx context.Context, user lti.User, link lti.Link, fresh bool) (visit, error) {
	j.visits.mu.Lock()
	lost, s := j.visits.lost, j.visits.of[user.Name]
	j.visits.mu.Unlock()
	if fresh || lost >= mostLost || !shareable(link) {
		page, err := j.browser.Open(ctx, browser.PageOptions{})
		if err != nil {
			return visit{}, err
		}
		mark := side.Random()
		j.stamp(page, mark)
		return visit{page: page, mark: mark}, page.Run(ctx, user.Steps)
	}
	if s != nil {
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
	s = &session{owner: owner, mark: side.Random()}
	j.stamp(owner, s.mark)
	v, err := j.again(ctx, s, link)
	if err != nil {
		owner.Close()
		return visit{}, err
	}
	j.visits.mu.Lock()
	j.visits.of[user.Name] = s
	j.visits.mu.Unlock()
	return v, nil
}

// stamp has Rollcall's side know the requests of a page's context.
func (j *judge) stamp(p *browser.Page, mark string) {
	_ = p.SetCookie(j.tool.origin, markCookie, mark) // where it isn't taken nothing is made side by side
}

// shareable tells whether a link can be opened by somebody who has signed in before.
func shareable(l lti.Link) bool { return len(l.Steps) > 0 && l.Steps[0].Open != "" }

// again gives a page of a session. A link that opens a window has a tab of its own, which
// may not come back from there.
func (j *judge) again(ctx context.Context, s *session, link lti.Link) (visit, error) {
	if slices.ContainsFunc(link.Steps, func(step browser.Step) bool { return step.Window }) {
		page, err := s.owner.Beside(ctx)
		return visit{page: page, mark: s.mark}, err
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
	return visit{page: s.work, kept: s, mark: s.mark}, nil
}

// drop forgets a session.
func (j *judge) drop(user lti.User) {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
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
func (j *judge) renounce(user lti.User) {
	j.visits.mu.Lock()
	j.visits.lost++
	j.visits.mu.Unlock()
	j.drop(user)
}

// losing tells whether sessions end between launches, so that each launch signs in by itself.
func (j *judge) losing() bool {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	return j.visits.lost >= mostLost
}

// covered tells whether a good launch stands for the next that has to be refused.
func (j *judge) covered(user lti.User) bool {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	n := j.visits.controls[user.Name]
	return n > 0 && n <= mostRefused
}

// cover notes that a user's good launch stands for those that have to be refused.
func (j *judge) cover(user lti.User) {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	j.visits.controls[user.Name] = 1
}

// count counts a launch that has to be refused.
func (j *judge) count(user lti.User) {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	j.visits.controls[user.Name]++
}

// uncover has the next that has to be refused wait for a good launch.
func (j *judge) uncover(user lti.User) {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	delete(j.visits.controls, user.Name)
}
