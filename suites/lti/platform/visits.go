package platform

import (
	"context"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Signing in is most of what a launch costs. Where the steps of a link begin with an
// address, they can be taken in a tab beside the one in which a user has signed in before:
// the launch is another one, the session is the same. Launches that look at sessions, or
// that end one, sign in by themselves.

// visits keeps the tabs in which users are signed in.
type visits struct {
	mu   sync.Mutex
	tabs map[string]*browser.Page // by user
	lost int                      // sessions that had ended when they were used again
}

// mostLost is how many sessions may end between launches until each launch signs in by
// itself.
const mostLost = 2

// visit is a page for one launch, and whether somebody has signed in for an earlier one.
type visit struct {
	page *browser.Page
	used bool
	ends []*browser.Page // with the launch
}

func (v visit) close() {
	for _, p := range v.ends {
		p.Close()
	}
}

// visit opens a page in which a user is signed in. Where that fails the page that it
// failed in is given all the same.
func (j *judge) visit(ctx context.Context, user harness.LTIUser, link harness.LTILink, fresh bool) (visit, error) {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	if fresh || j.visits.lost >= mostLost || len(link.Steps) == 0 || link.Steps[0].Open == "" {
		page, err := j.browser.Open(ctx, browser.PageOptions{})
		if err != nil {
			return visit{}, err
		}
		return visit{page: page, ends: []*browser.Page{page}}, page.Run(ctx, user.Steps)
	}
	if tab := j.visits.tabs[user.Name]; tab != nil {
		if page, err := tab.Beside(ctx); err == nil {
			return visit{page: page, used: true, ends: []*browser.Page{page}}, nil
		}
		j.drop(user) // the browser has ended
	}
	tab, err := j.browser.Open(j.ctx, browser.PageOptions{})
	if err != nil {
		return visit{}, err
	}
	if err := tab.Run(ctx, user.Steps); err != nil {
		return visit{page: tab, ends: []*browser.Page{tab}}, err
	}
	page, err := tab.Beside(ctx)
	if err != nil {
		tab.Close()
		return visit{}, err
	}
	j.visits.tabs[user.Name] = tab
	return visit{page: page, ends: []*browser.Page{page}}, nil
}

// drop forgets a session. It must be called with the lock held.
func (j *judge) drop(user harness.LTIUser) {
	if tab := j.visits.tabs[user.Name]; tab != nil {
		tab.Close()
		delete(j.visits.tabs, user.Name)
	}
}

// renounce forgets a session that brought no launch, which may have ended.
func (j *judge) renounce(user harness.LTIUser) {
	j.visits.mu.Lock()
	defer j.visits.mu.Unlock()
	j.visits.lost++
	j.drop(user)
}
