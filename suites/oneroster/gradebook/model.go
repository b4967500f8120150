package gradebook

import (
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/scores"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Gradebook is the crawl as the checks of gradebooks read it. It is read-only.
type Gradebook struct {
	*scores.Book

	Categories []Category
	classes    []string         // those with line items, in order
	items      map[string][]int // class to its line items, by index
	members    []rest.Members
	results    func() map[uint32][]uint32 // class to the results that are said to be of it, by index
}

// Category of OneRoster 1.2.
type Category struct {
	rest.Base
	Weight *float64 `json:"weight"`
}

// samplesMost bounds the classes whose line items are told to checks that look for one to try
// parameters on.
const samplesMost = 200

func open(of *service.Service, beside []*rest.Beside, s *harness.Session) (*Gradebook, error) {
	g := &Gradebook{items: map[string][]int{}}
	var err error
	g.Book, err = scores.Open(of, terms, beside, s, func(_ string, object []byte) {
		g.Categories = append(g.Categories, rest.Read[Category](object))
	})
	if err != nil {
		return nil, err
	}
	for i := range g.Items {
		if class := g.Text(g.Items[i].Class); class != "" {
			g.items[class] = append(g.items[class], i)
		}
	}
	for class := range g.items {
		g.classes = append(g.classes, class)
	}
	slices.Sort(g.classes)
	g.results = sync.OnceValue(g.byClass)
	for _, class := range g.classes[:min(len(g.classes), samplesMost)] {
		g.members = append(g.members, g.lineItemsOf(class))
	}
	return g, nil
}

// byClass lists the results of each class: of that of their line item, and of the one that they
// name themselves. There may be a million, which are not gone through for each class.
func (g *Gradebook) byClass() map[uint32][]uint32 {
	out := map[uint32][]uint32{}
	for i := range g.Results {
		r := &g.Results[i]
		own := uint32(0)
		if x := g.ItemOf(r.Item); x != nil {
			own = x.Class
		}
		if own != 0 {
			out[own] = append(out[own], uint32(i))
		}
		if r.Class != 0 && r.Class != own {
			out[r.Class] = append(out[r.Class], uint32(i))
		}
	}
	return out
}

// lineItemsOf tells what the line items of a class are: those that refer to it.
func (g *Gradebook) lineItemsOf(class string) rest.Members {
	m := rest.Members{Parent: class, Must: map[string]bool{}, May: map[string]bool{}}
	for _, i := range g.items[class] {
		x := &g.Items[i]
		m.May[x.ID] = true
		if g.Active(x.Status) {
			m.Must[x.ID] = true
		}
	}
	return m
}

// Members lists what the line items of each class are, of the first classes.
func (g *Gradebook) Members() []rest.Members { return g.members }

// Parents gives a class, or a class and what is asked for within it, that has members.
func (g *Gradebook) Parents(op service.Operation) (ids []string, ok bool) {
	switch {
	case strings.HasSuffix(op.Path, "/scoreScales"):
		return g.scaleParent(op)
	case op.Kind == "result":
		return g.resultParent(op)
	}
	for _, m := range g.members {
		if len(m.Must) > 0 && g.listed("classes", m.Parent) {
			return []string{m.Parent}, true
		}
	}
	return nil, false
}

// listed tells whether rosters list an object, as far as these were read: nothing can be asked
// below one that is merely referred to.
func (g *Gradebook) listed(collection, id string) bool {
	return g.Beside(collection) == nil || g.InRosters(collection)(id)
}

func (g *Gradebook) scaleParent(op service.Operation) ([]string, bool) {
	for _, s := range g.sortedScales() {
		if s.Status != "active" || s.Class == 0 || !g.listed("classes", g.Text(s.Class)) {
			continue
		}
		if op.Root() == "classes" {
			return []string{g.Text(s.Class)}, true
		}
		if c, known := g.Rosters.Class(s.Class); known && c.School != 0 && g.listed("orgs", g.Text(c.School)) {
			return []string{g.Text(c.School)}, true
		}
	}
	return nil, false
}

// resultParent gives the ids of an active result of an active line item of a class.
func (g *Gradebook) resultParent(op service.Operation) ([]string, bool) {
	for i := range g.Results {
		r := &g.Results[i]
		x := g.ItemOf(r.Item)
		if x == nil || x.Class == 0 || r.Student == 0 || !g.Active(r.Status) || !g.Active(x.Status) {
			continue
		}
		class := g.Text(x.Class)
		if !g.listed("classes", class) {
			continue
		}
		switch {
		case strings.Contains(op.Path, "/lineItems/"):
			return []string{class, x.ID}, true
		case strings.Contains(op.Path, "/students/"):
			return []string{class, g.Text(r.Student)}, true
		}
		return []string{class}, true
	}
	return nil, false
}

// sortedScales are the score scales in the order of their ids.
func (g *Gradebook) sortedScales() []scores.Scale {
	var out []scores.Scale
	for _, s := range g.Scales {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b scores.Scale) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// read gives the crawl to a check.
func read(t *rest.T) *Gradebook { return t.Session().Shared.(*Gradebook) }
