package platform

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Followed says what became other by Follow.
type Followed struct {
	Courses int // that there are now
	People  int
	Came    int // to a course
	Changed int // in a course, to another role
	Left    int // a course
}

// Follow takes in what the SIS says now, as one step: courses, people, who is in which course,
// and what is assigned to whom. Whoever isn't there any more can't sign in, and whoever isn't
// in a course any more can't open its links, even where a launch was begun before. Services
// tell who came and left as they do of changes by hand (NRPS 2.0, differences).
//
// What was changed by hand stands for as long as the SIS says the same of that person in that
// course; where it says something new, that counts.
//
// Where the district can't be read to its end nothing changes.
func (p *Platform) Follow(ctx context.Context, d fixtures.District) (Followed, error) {
	next := readSchool(d, p.contextOf)
	if source, fails := d.(interface{ Err() error }); fails && source.Err() != nil {
		return Followed{}, fmt.Errorf("reading what the SIS says: %w", source.Err())
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	last := p.school()
	next.keepPlaces(last)
	out := Followed{Courses: len(next.courses), People: len(next.people)}
	changes, roster := next.differences(last, &out)
	if len(changes) > 0 {
		err := p.c.Store.Update(ctx, func(tx store.Tx) error {
			for _, k := range changes {
				if err := keep(tx, k); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return Followed{}, fmt.Errorf("keeping who came and left: %w", err)
		}
	}
	next.now.Store(roster)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taught.Store(next)
	p.relink(last, next)
	return out, nil
}

// keepPlaces has everybody stay where they were among all people, for places of pages are told
// to tools; whoever is new comes last.
func (s *school) keepPlaces(last *school) {
	before := map[string]bool{}
	for _, id := range last.order {
		before[id] = true
	}
	s.order = append(slices.Clone(last.order), slices.DeleteFunc(s.order, func(id string) bool { return before[id] })...)
}

// differences gives what the SIS changed since it was read last, and who is in the courses now.
// A course that is gone keeps its members for when it comes back.
func (s *school) differences(last *school, count *Followed) ([]kept, *roster) {
	was := last.now.Load()
	now := &roster{at: was.at, members: maps.Clone(was.members)}
	var changes []kept
	for course, old := range last.said {
		if s.said[course] == nil {
			s.said[course] = old
		}
	}
	for _, c := range s.courses {
		said, before := s.said[c.id], last.said[c.id]
		if before == nil {
			now.members[c.id] = said // nobody could have asked who was in it
			count.Came += len(said)
			continue
		}
		members, own := now.members[c.id], false
		change := func(user string, m membership) {
			if !own {
				members, own = maps.Clone(members), true
			}
			now.at++
			m.At = now.at
			members[user] = m
			changes = append(changes, kept{Course: c.id, User: user, Followed: true, membership: m})
		}
		for user, m := range said {
			old, was := before[user]
			here, in := members[user]
			in = in && !here.Left
			switch {
			case was && slices.Equal(old.Roles, m.Roles):
			case in && slices.Equal(here.Roles, m.Roles):
			case in:
				count.Changed++
				change(user, membership{Roles: m.Roles, Inactive: here.Inactive})
			default:
				count.Came++
				change(user, membership{Roles: m.Roles})
			}
		}
		for user, here := range members {
			_, known := s.people[user]
			_, was := before[user]
			_, is := said[user]
			if !here.Left && (!known || was && !is) {
				count.Left++
				here.Left = true
				change(user, here)
			}
		}
		now.members[c.id] = members
	}
	return changes, now
}

// relink gives new courses their links to tools, and takes those of courses away that are
// gone, or are called otherwise now; p.mu is held. Links that somebody picked stay.
func (p *Platform) relink(last, next *school) {
	fresh := map[string]bool{}
	for _, c := range next.courses {
		if old, there := last.course(c.id); !there || old.title != c.title {
			fresh[c.id] = true
		}
	}
	p.links = slices.DeleteFunc(p.links, func(l Link) bool {
		_, there := next.places[l.Course]
		return l.Item == nil && (!there || fresh[l.Course])
	})
	for _, t := range p.c.Tools {
		for _, c := range next.courses {
			if fresh[c.id] {
				p.linkTo(t, c)
			}
		}
	}
}
