package platformfault

import (
	"net/url"
	"slices"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// hints remembers whose login_hint is whose.
type hints struct {
	mu sync.Mutex
	of map[string]string // login_hint by user
}

// remembering makes a platform notice the hints that it gives out.
func (h *hints) remembering(c *platform.Config) {
	h.of = map[string]string{}
	c.Login = bend.Then(c.Login, func(v url.Values, l *platform.Pending) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.of[l.User] = v.Get("login_hint")
	})
}

// holds tells whether a hint fits what is wanted of its user.
func (h *hints) holds(hint string, fits func(user string) bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for user, v := range h.of {
		if v == hint && fits(user) {
			return true
		}
	}
	return false
}

// instead puts another check in the place of one.
func instead(id string, broken func(*platform.Asked) (code security.ErrorCode, text string)) []platform.Check {
	checks := slices.Clone(platform.Checks())
	i := slices.IndexFunc(checks, func(x platform.Check) bool { return x.ID == id })
	checks[i].Broken = broken
	return checks
}

// hintFaults are platforms that take one person's hint from another.
func hintFaults() map[string]behaviour {
	denied := func(ok bool) (code security.ErrorCode, text string) {
		if ok {
			return "", ""
		}
		return security.AccessDenied, "This login_hint is not known."
	}
	return map[string]behaviour{
		// login_hint has to be somebody's, and whose it is doesn't count.
		"platform-hint-login-known": {Bend: func(c *platform.Config) {
			h := &hints{}
			h.remembering(c)
			c.Checks = instead("user", func(a *platform.Asked) (security.ErrorCode, string) {
				return denied(a.Pending == nil || a.Pending.User == a.User && h.holds(a.Query.Get("login_hint"), func(string) bool { return true }))
			})
		}},
		// One place keeps the launch that was begun last, whoever began it.
		"platform-launch-last": {Bend: func(c *platform.Config) {
			var mu sync.Mutex
			var last string // its lti_message_hint
			c.Login = func(_ url.Values, l *platform.Pending) {
				mu.Lock()
				defer mu.Unlock()
				last = l.Hint
			}
			c.Checks = append([]platform.Check{{ID: "last", Broken: func(a *platform.Asked) (security.ErrorCode, string) {
				mu.Lock()
				defer mu.Unlock()
				if a.Pending != nil && a.Pending.Hint != last {
					a.Pending = nil
				}
				return "", ""
			}}}, platform.Checks()...)
		}},
		// Who is signed in has the right login_hint, and anybody's lti_message_hint.
		"platform-hint-message-any": {Bend: func(c *platform.Config) {
			h := &hints{}
			h.remembering(c)
			c.Checks = instead("user", func(a *platform.Asked) (security.ErrorCode, string) {
				return denied(a.Pending == nil || h.holds(a.Query.Get("login_hint"), func(user string) bool { return user == a.User }))
			})
		}},
	}
}
