package client

import (
	"context"
	"fmt"
	"net/http"
)

// ScopeMembers is the scope of rosters (NRPS 2.0 §2.3).
const ScopeMembers = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"

// mediaMembers is the media type of a page of a roster.
const mediaMembers = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"

// Member is somebody of a roster. What the platform doesn't tell is empty.
type Member struct {
	UserID     string   `json:"user_id"`
	Roles      []string `json:"roles"`
	Status     string   `json:"status"` // empty: Active
	Name       string   `json:"name"`
	GivenName  string   `json:"given_name"`
	FamilyName string   `json:"family_name"`
	Email      string   `json:"email"`
}

// Active tells whether a member takes part in the course.
func (m Member) Active() bool { return m.Status == "" || m.Status == "Active" }

// Roster is a course's members, all of them.
type Roster struct {
	Members []Member
	// Differences is where changes can be read later; "" where the platform has nothing of the kind.
	Differences string
}

// page is a page of a roster. Members is nil where it says nothing of any.
type page struct {
	Members *[]Member `json:"members"`
}

// mostPages bounds a roster that has no end.
const mostPages = 1000

// Members reads a roster to its end, by the address of the launch, as it came. What isn't whole
// is an error: of the course nothing is known then, least of all who left it.
func (c *Client) Members(ctx context.Context, p Platform, address string) (Roster, error) {
	var out Roster
	seen := map[string]bool{}
	for next := address; next != ""; {
		switch {
		case seen[next]:
			return Roster{}, fmt.Errorf("%w: its pages lead back to one that was read", ErrRoster)
		case len(seen) == mostPages:
			return Roster{}, fmt.Errorf("%w: it has more than %d pages", ErrRoster, mostPages)
		case !sameHost(address, next):
			return Roster{}, fmt.Errorf("%w: its next page is on another host", ErrRoster)
		}
		seen[next] = true
		a, err := c.do(ctx, p, call{what: "reading the roster", scopes: []string{ScopeMembers}, method: http.MethodGet, url: next,
			accept: mediaMembers, good: []int{http.StatusOK}})
		if err != nil {
			return Roster{}, fmt.Errorf("%w: %w", ErrRoster, err)
		}
		var read page
		if err := a.read("reading the roster", &read); err != nil {
			return Roster{}, fmt.Errorf("%w: %w", ErrRoster, err)
		}
		if read.Members == nil {
			return Roster{}, fmt.Errorf("%w: a page has no members, not even an empty list", ErrRoster)
		}
		out.Members = append(out.Members, *read.Members...)
		links := Links(next, a.header)
		out.Differences = related(links, "differences")
		next = related(links, "next")
	}
	return out, nil
}
