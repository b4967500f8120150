package fault

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/strictyaml"
)

//go:embed faults.yaml
var rosteringFaults []byte

//go:embed variants.yaml
var rosteringVariants []byte

//go:embed resources-faults.yaml
var resourcesFaults []byte

//go:embed resources-variants.yaml
var resourcesVariants []byte

// Where the services of OneRoster begin in a path, whatever stands before.
const (
	rosteringBase = "/ims/oneroster/rostering/v1p2"
	resourcesBase = "/ims/oneroster/resources/v1p2"
)

// Data is what a provider of OneRoster serves, as far as faults and variants change it.
type Data struct{ District fixtures.District }

// wrapper makes one handler out of another.
type wrapper func(http.Handler) http.Handler

// Rostering are the faults and variants of a provider's Rostering service, and of what it
// shares with others: the token endpoint and the transport.
var Rostering = NewKind("Rostering provider", func() (Tables, error) {
	return ReadTables("Rostering provider", rosteringFaults, rosteringVariants, rosteringBehaviours(), nil, nil)
}, rosteringBehaviours, func(*Data, Fault) {})

// Resources are those of its Resources service. Many do what those of Rostering do, to
// this service alone.
var Resources = NewKind("Resources provider", func() (Tables, error) {
	t, err := ReadTables("Resources provider", resourcesFaults, resourcesVariants, resourcesBehaviours(), nil, nil)
	if err != nil {
		return t, err
	}
	like, err := Rostering.tables()
	if err != nil {
		return t, err
	}
	return t, t.inherit(like, "or12.rostering.", "or12.resources.")
}, resourcesBehaviours, func(*Data, Fault) {})

// Services lists the kinds of faults that a provider of OneRoster can have.
func Services() []*Kind[Data] { return []*Kind[Data]{Rostering, Resources} }

// Faults lists the faults of the Rostering service, in the order of the table.
func Faults() ([]Fault, error) { return Rostering.Faults() }

// Variants lists its variants, in the order of the table.
func Variants() ([]Variant, error) { return Rostering.Variants() }

// find gives the service that a fault or variant is of, and what it asks of the set-up.
func find(id string) (*Kind[Data], Setup, error) {
	for _, k := range Services() {
		if setup, known, err := k.Setup(id); known || err != nil {
			return k, setup, err
		}
	}
	return nil, Setup{}, fmt.Errorf("there is no fault or variant %q; `rollcall list faults` shows all", id)
}

// Lookup gives what a fault or variant of any service asks of the reference's set-up.
func Lookup(id string) (Setup, error) {
	_, setup, err := find(id)
	return setup, err
}

// Wrap puts faults and variants around the handler of a provider (its services, token
// endpoint and discovery documents together), the first outermost.
func Wrap(h http.Handler, ids ...string) (http.Handler, error) {
	for _, id := range slices.Backward(ids) {
		k, _, err := find(id)
		if err != nil {
			return nil, err
		}
		b, err := k.Of(id)
		if err != nil {
			return nil, err
		}
		h = b.Wrap(h)
	}
	return h, nil
}

// Reshape changes the data that a reference is loaded with, where a fault or variant is
// about these. Others leave them as they are.
func Reshape(d fixtures.District, ids ...string) (fixtures.District, error) {
	for _, id := range ids {
		k, _, err := find(id)
		if err != nil {
			return nil, err
		}
		b, err := k.Of(id)
		if err != nil {
			return nil, err
		}
		d = b.Bend(Data{d}).District
	}
	return d, nil
}

// rosteringWrappers gathers what the topic files can do to a service.
func rosteringWrappers() map[string]wrapper {
	return Gather(pagingFaults(), queryFaults(), payloadFaults(), semanticFaults(), errorFaults(), securityFaults(), transportFaults(),
		moreFaults(),
		fieldFaults(), lateFaults(), seenFaults(), missedFaults(), gatewayFaults(), gatewayVariants(), headerVariants(),
		payloadVariants(), bySetup())
}

// everywhere are those that befall all services of a provider: the identifiers of one
// stand in references of another.
var everywhere = []string{"ids-reserved", "reserved-id-404"}

func rosteringBehaviours() map[string]Behaviour[Data] {
	all := map[string]Behaviour[Data]{}
	for id, w := range rosteringWrappers() {
		all[id] = Behaviour[Data]{Wrap: at(rosteringBase, id, w)}
	}
	reshape(all, reshapes())
	return all
}

// reshape has behaviours change the data too.
func reshape(all map[string]Behaviour[Data], by map[string]func(fixtures.District) fixtures.District) {
	for id, change := range by {
		b := all[id]
		b.Bend = func(d *Data) { d.District = change(d.District) }
		all[id] = b
	}
}

// at confines what a wrapper does to one service and to what the services share.
func at(base, id string, w wrapper) wrapper {
	if slices.Contains(everywhere, id) {
		return w
	}
	return func(h http.Handler) http.Handler {
		inner := w(h)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if other := baseOf(r.URL.Path); other != "" && other != base {
				h.ServeHTTP(w, r)
				return
			}
			inner.ServeHTTP(w, r)
		})
	}
}

// likes gives the entries of the tables of Resources that name one of Rostering.
var likes = sync.OnceValues(func() (map[string]string, error) {
	out := map[string]string{}
	for _, table := range [][]byte{resourcesFaults, resourcesVariants} {
		var entries []struct {
			ID   string         `yaml:"id"`
			Like string         `yaml:"like"`
			Rest map[string]any `yaml:",inline"`
		}
		if err := strictyaml.Unmarshal(table, &entries); err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Like != "" {
				out[e.ID] = e.Like
			}
		}
	}
	return out, nil
})

func resourcesBehaviours() map[string]Behaviour[Data] {
	all := map[string]Behaviour[Data]{}
	for id, w := range resourceFaults() {
		all[id] = Behaviour[Data]{Wrap: at(resourcesBase, id, w)}
	}
	for id, w := range referenceFaults() {
		all[id] = Behaviour[Data]{Wrap: at(rosteringBase, id, w)}
	}
	shared, _ := likes() // a broken table is told where it is read
	wrappers, data := rosteringWrappers(), reshapes()
	own := maps.Clone(resourceReshapes())
	for id, like := range shared {
		if w, wraps := wrappers[like]; wraps {
			all[id] = Behaviour[Data]{Wrap: at(resourcesBase, like, w)}
		}
		if change, changes := data[like]; changes {
			own[id] = change
		}
	}
	reshape(all, own)
	return all
}

// inherit fills what entries leave to those that they are like, with the requirements of
// another service. What may fail as well is added.
func (t *Tables) inherit(from Tables, theirs, own string) error {
	renamed := func(ids []string) []string {
		var out []string
		for _, id := range ids {
			out = append(out, strings.Replace(id, theirs, own, 1))
		}
		return out
	}
	err := fill("fault", t.Faults, from.Faults, func(f *Fault) (id, like string) { return f.ID, f.Like }, func(f, like *Fault) {
		f.Title, f.Provokes = cmp.Or(f.Title, like.Title), cmp.Or(f.Provokes, like.Provokes)
		f.Setup = cmp.Or(f.Setup, like.Setup)
		if f.Breaks == nil {
			f.Breaks = renamed(like.Breaks)
		}
		f.May = append(renamed(like.May), f.May...)
	})
	if err != nil {
		return err
	}
	return fill("variant", t.Variants, from.Variants, func(v *Variant) (id, like string) { return v.ID, v.Like }, func(v, like *Variant) {
		v.Title, v.Why = cmp.Or(v.Title, like.Title), cmp.Or(v.Why, like.Why)
		v.Observed, v.Setup = cmp.Or(v.Observed, like.Observed), cmp.Or(v.Setup, like.Setup)
	})
}

// fill has each entry that is like another one take from it.
func fill[E any](kind string, entries, from []E, names func(*E) (id, like string), take func(e, like *E)) error {
	for i := range entries {
		id, like := names(&entries[i])
		if like == "" {
			continue
		}
		at := slices.IndexFunc(from, func(x E) bool { its, _ := names(&x); return its == like })
		if at < 0 {
			return fmt.Errorf("%s is like %s, and there is no such %s", id, like, kind)
		}
		take(&entries[i], &from[at])
	}
	return nil
}

// baseOf gives the base path of the service that a path or URL leads to, or "".
func baseOf(path string) string {
	for _, base := range []string{rosteringBase, resourcesBase} {
		if strings.Contains(path, base) {
			return base
		}
	}
	return ""
}

// servicePath gives the path of a request below the base of its service, and whether
// it is a call of a service at all (not a token request, not discovery).
func servicePath(r *http.Request) (string, bool) {
	base := baseOf(r.URL.Path)
	_, path, _ := strings.Cut(r.URL.Path, base)
	if base == "" || strings.HasPrefix(path, "/discovery/") {
		return "", false
	}
	return path, true
}

// isToken tells whether the request is for a token: the only thing that is posted
// outside of the services.
func isToken(r *http.Request) bool {
	return r.Method == http.MethodPost && baseOf(r.URL.Path) == ""
}
