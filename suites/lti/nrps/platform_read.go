package nrps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/platform"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

// absolute is an address with a scheme and a host.
var absolute = regexp.MustCompile(`^https?://[^\s/?#]+[^\s#]*$`)

// page is an answer of the service.
type page struct {
	*harness.Response
	body    map[string]any
	members []member
	list    bool   // the body has a list of members
	next    string // address of the next page
	diff    string // address of what changes
}

// member is somebody in a container.
type member map[string]any

func (m member) text(name string) string { s, _ := m[name].(string); return s }

// id is that by which launches know them.
func (m member) id() string { return m.text("user_id") }

// active tells whether they take part in the course, as far as their status can be read.
func (m member) active() bool { return m.text("status") != "Inactive" && m.text("status") != "Deleted" }

// principals are the roles in a course that they have, refined ones by what they refine.
func (m member) principals() []string { return principals(m["roles"]) }

func principals(roles any) []string {
	var out []string
	list, _ := roles.([]any)
	if one, is := roles.(string); is { // which is told of where forms are judged
		list = []any{one}
	}
	for _, r := range list {
		text, _ := r.(string)
		if p := platform.Principal(text); p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// plainly tells whether somebody has a role in a course itself, and not one that refines it.
func (m member) plainly(role string) bool {
	list, _ := m["roles"].([]any)
	return slices.ContainsFunc(list, func(r any) bool {
		return slices.Contains([]any{membership + role, role, "urn:lti:role:ims/lis/" + role}, r)
	})
}

// ask asks for members with a good token, as a tool does.
func ask(ctx context.Context, t *harness.T, address string) page {
	return askBy(ctx, t, harness.Request{URL: address})
}

// askBy does so by another request.
func askBy(ctx context.Context, t *harness.T, r harness.Request) page {
	return opened(t, platform.Ask(ctx, t, scope, formed(r)))
}

// asked asks with whatever token; "" sends none.
func asked(ctx context.Context, t *harness.T, token string, r harness.Request) page {
	return opened(t, platform.Do(ctx, t, token, formed(r)))
}

// formed completes a request for members.
func formed(r harness.Request) harness.Request {
	r.Owner = reqReadable
	if r.Header == nil {
		r.Header = http.Header{"Accept": {mediaType}}
	}
	return r
}

// opened takes an answer apart.
func opened(t *harness.T, r *harness.Response) page {
	p := page{Response: r}
	if json.Unmarshal(p.Body, &p.body) != nil {
		return p
	}
	list, is := p.body["members"].([]any)
	p.list = is
	for _, x := range list {
		m, _ := x.(map[string]any) // what is none has no id either
		p.members = append(p.members, m)
	}
	hush(t, p.members)
	links := weblink.Targets(p.Header.Values("Link"), p.URL)
	p.next, p.diff = links["next"], links["differences"]
	return p
}

// personal are the members that say who somebody is.
var personal = []string{"name", "given_name", "middle_name", "family_name", "email", "picture", "lis_person_sourcedid",
	"lti11_legacy_user_id"}

// hush has what members tell of people hidden, wherever it turns up.
func hush(t *harness.T, members []member) {
	for _, m := range members {
		for _, name := range personal {
			if v := m.text(name); v != "" {
				t.Session().Redactor().Person(v)
			}
		}
	}
}

// usable tells whether an answer holds members.
func (p page) usable() bool { return p.Problem == "" && p.Status == http.StatusOK && p.list }

// what words an answer.
func (p page) what() string {
	if p.Problem == "" && p.Status == http.StatusOK && !p.list {
		return p.Summary() + ", without a list of members"
	}
	return p.Summary()
}

// roster is what several pages hold.
type roster struct {
	pages   []page
	members []member
	// endless says why the pages don't end; more, that they are more than Rollcall turns.
	endless string
	more    bool
	failed  *page // which holds no members
	// astray is a next link that leads to a host which is none of the platform's: no token goes there.
	astray string
}

// mostPages bounds how many pages are turned where nobody knows how many there must be:
// enough for the largest lecture, at the sizes that are in use.
const mostPages = 60

// walk turns pages to the end.
func walk(ctx context.Context, t *harness.T, address string, most int) roster {
	var out roster
	asked, seen, idle := map[string]bool{}, map[string]bool{}, 0
	for address != "" {
		if asked[address] {
			out.endless = "a next link leads to a page that was there before"
			return out
		}
		if len(out.pages) >= most {
			out.more = true
			return out
		}
		if len(out.pages) > 0 && platform.Stranger(t, address) {
			out.astray = address
			return out
		}
		asked[address] = true
		p := ask(ctx, t, address)
		if !p.usable() {
			out.failed = &p
			return out
		}
		fresh := false
		for _, m := range p.members {
			fresh = fresh || !seen[m.id()]
			seen[m.id()] = true
		}
		out.pages, out.members = append(out.pages, p), append(out.members, p.members...)
		if idle++; fresh {
			idle = 0
		}
		if idle >= mostIdle && p.next != "" {
			out.endless = fmt.Sprintf("%d pages, one after the other, tell of nobody new and lead on", idle)
			return out
		}
		address = p.next
	}
	return out
}

// mostIdle is how many pages may bring nobody new: some hold only people who were left out for
// a filter.
const mostIdle = 4

// whole reads all members. Where that doesn't come to an end, or they can't be told apart, it
// says so of all requirements of the check.
func whole(ctx context.Context, t *harness.T) (roster, bool) {
	r := walk(ctx, t, address(t), mostPages)
	o, stuck := r.stuck()
	if !stuck {
		o, stuck = r.nameless()
	}
	if stuck {
		t.NotTested(o)
	}
	return r, !stuck
}

// nameless says that members can't be told apart.
func (r roster) nameless() (harness.Obstacle, bool) {
	if slices.ContainsFunc(r.members, func(m member) bool { return m.id() == "" }) {
		return harness.BlockedBy(reqUserID, "members have no user_id by which they could be told apart", r.pages[0].Response), true
	}
	return harness.Obstacle{}, false
}

// roleless says why no role parts the members.
func (r roster) roleless() harness.Obstacle {
	if slices.ContainsFunc(r.members, func(m member) bool { return len(m.principals()) == 0 }) {
		return harness.BlockedBy(PlatformPrefix+"member.roles-known", "members have no role that is known", r.pages[0].Response)
	}
	return harness.NoData("all members of the course have the same role, so that a filter would show nothing",
		"Have lti.platform.links open a course with a teacher and a learner in it.")
}

// stuck says what is in the way of all members.
func (r roster) stuck() (harness.Obstacle, bool) {
	switch {
	case r.failed != nil && len(r.pages) == 0:
		return harness.BlockedBy(reqReadable, "members can't be read: "+r.failed.what(), r.failed.Response), true
	case r.failed != nil:
		return harness.BlockedBy(PlatformPrefix+"page.whole", "a next link brings no members: "+r.failed.what(), r.failed.Response), true
	case r.astray != "":
		return harness.BlockedBy(PlatformPrefix+"page.whole", "a next link leads to another host: "+r.astray, r.last().Response), true
	case r.endless != "":
		return harness.BlockedBy(reqEnds, r.endless, r.last().Response), true
	case r.more:
		return harness.Unconfigured(fmt.Sprintf("the course has more than %d pages of members, which is more than Rollcall reads", mostPages),
			"Have lti.platform.links open a smaller course."), true
	}
	return harness.Obstacle{}, false
}

func (r roster) last() page { return r.pages[len(r.pages)-1] }

// ids lists whom a roster tells of, each once.
func (r roster) ids() map[string]member {
	out := map[string]member{}
	for _, m := range r.members {
		out[m.id()] = m
	}
	return out
}

// proof is the pages as exchanges.
func (r roster) proof() []*harness.Response {
	var out []*harness.Response
	for _, p := range r.pages[:min(len(r.pages), 5)] {
		out = append(out, p.Response)
	}
	return out
}

// with adds parameters to an address, which may have some already; they stay as they are.
func with(address string, params ...string) string {
	for i := 0; i+1 < len(params); i += 2 {
		sign := "?"
		if strings.Contains(address, "?") {
			sign = "&"
		}
		address += sign + params[i] + "=" + url.QueryEscape(params[i+1])
	}
	return address
}

// differ words by whom two rosters differ.
func differ(got, want map[string]member) string {
	lost, more := 0, 0
	for id := range want {
		if _, there := got[id]; !there {
			lost++
		}
	}
	for id := range got {
		if _, there := want[id]; !there {
			more++
		}
	}
	switch {
	case lost > 0 && more > 0:
		return fmt.Sprintf("%s missing, %s more", many(lost, "member"), many(more, "member"))
	case lost > 0:
		return many(lost, "member") + " missing"
	case more > 0:
		return many(more, "member") + " more"
	}
	return ""
}
