package onerosterfault

import (
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
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

//go:embed gradebook-faults.yaml
var gradebookFaults []byte

//go:embed gradebook-variants.yaml
var gradebookVariants []byte

//go:embed assessment-faults.yaml
var assessmentFaults []byte

//go:embed assessment-variants.yaml
var assessmentVariants []byte

// Where the services of OneRoster begin in a path, whatever stands before. Assessments lie
// below the base of the gradebook.
const (
	rosteringBase  = "/ims/oneroster/rostering/v1p2"
	resourcesBase  = "/ims/oneroster/resources/v1p2"
	gradebookBase  = "/ims/oneroster/gradebook/v1p2"
	assessmentBase = gradebookBase + "/assessment"
)

// Data is what a provider of OneRoster serves, as far as faults and variants change it.
type Data struct{ District fixtures.District }

type (
	behaviour = fault.Behaviour[Data]
	wrapper   = bend.Wrapper
)

// Rostering are the faults and variants of a provider's Rostering service, and of what it
// shares with others: the token endpoint and the transport.
var Rostering = fault.NewKind("Rostering provider", func() (fault.Tables, error) {
	return fault.ReadTables("Rostering provider", rosteringFaults, rosteringVariants, rosteringBehaviours(), nil, nil)
}, rosteringBehaviours, func(*Data, fault.Fault) {})

// Resources are those of its Resources service. Many do what those of Rostering do, to
// this service alone.
var Resources = beside("Resources provider", "or12.resources.", resourcesFaults, resourcesVariants, resourcesBehaviours)

// Gradebook are those of its Gradebook service, but for assessments.
var Gradebook = beside("Gradebook provider", "or12.gradebook.", gradebookFaults, gradebookVariants, gradebookBehaviours)

// Assessment are those of its assessments.
var Assessment = beside("Assessment Results provider", "or12.assessment.", assessmentFaults, assessmentVariants, assessmentBehaviours)

// origin is a kind whose entries those of others may be like.
type origin struct {
	kind         *fault.Kind[Data]
	requirements string
}

// beside makes the kind of a service of which many faults are like those of Rostering, or of
// others.
func beside(
	role, requirements string, faults, variants []byte, behaviours func() map[string]behaviour, others ...origin,
) *fault.Kind[Data] {
	return fault.NewKind(role, func() (fault.Tables, error) {
		t, err := fault.ReadTables(role, faults, variants, behaviours(), nil, nil)
		if err != nil {
			return t, err
		}
		var from []fault.Origin
		for _, o := range append([]origin{{Rostering, "or12.rostering."}}, others...) {
			like, err := o.kind.Tables()
			if err != nil {
				return t, err
			}
			from = append(from, fault.Origin{Tables: like, Requirements: o.requirements})
		}
		return t, t.Inherit(requirements, from...)
	}, behaviours, func(*Data, fault.Fault) {})
}

// Services lists the kinds of faults that a provider of OneRoster can have.
func Services() []*fault.Kind[Data] {
	return []*fault.Kind[Data]{
		Rostering, Resources, Gradebook, Assessment, Push, AssessmentPush, V1P1, V1P1Resources, V1P1Gradebook, V1P1Push, Versions,
	}
}

// find gives the service that a fault or variant is of, and what it asks of the set-up.
func find(id string) (*fault.Kind[Data], fault.Setup, error) {
	for _, k := range Services() {
		if setup, known, err := k.Setup(id); known || err != nil {
			return k, setup, err
		}
	}
	return nil, fault.Setup{}, fmt.Errorf("there is no fault or variant %q; `rollcall list faults` shows all", id)
}

// Lookup gives what a fault or variant of any service asks of the reference's set-up.
func Lookup(id string) (fault.Setup, error) {
	_, setup, err := find(id)
	return setup, err
}

// Wrap puts faults and variants around the handler of a provider (its services, token
// endpoint and discovery documents together), the first outermost.
func Wrap(h http.Handler, ids ...string) (http.Handler, error) {
	for _, id := range slices.Backward(ids) {
		b, err := behaviourOf(id)
		if err != nil {
			return nil, err
		}
		h = b.Wrap(h)
	}
	return h, nil
}

// behaviourOf gives what a fault or variant of any service does.
func behaviourOf(id string) (*fault.Bent[Data], error) {
	k, _, err := find(id)
	if err != nil {
		return nil, err
	}
	return k.Of(id)
}

// Reshape changes the data that a reference is loaded with, where a fault or variant is
// about these. Others leave them as they are.
func Reshape(d fixtures.District, ids ...string) (fixtures.District, error) {
	for _, id := range ids {
		b, err := behaviourOf(id)
		if err != nil {
			return nil, err
		}
		d = b.Bend(Data{d}).District
	}
	return d, nil
}

// rosteringWrappers gathers what the topic files can do to a service.
func rosteringWrappers() map[string]wrapper {
	return fault.Gather(pagingFaults(), queryFaults(), payloadFaults(), semanticFaults(), errorFaults(), securityFaults(), transportFaults(),
		moreFaults(),
		fieldFaults(), lateFaults(), seenFaults(), missedFaults(), gatewayFaults(), gatewayVariants(), headerVariants(),
		payloadVariants(), bySetup())
}

// everywhere are those that befall all services of a provider: the identifiers of one
// stand in references of another.
var everywhere = []string{"ids-reserved", "reserved-id-404"}

func rosteringBehaviours() map[string]behaviour {
	all := map[string]behaviour{}
	for id, w := range rosteringWrappers() {
		all[id] = behaviour{Wrap: at(rosteringBase, id, w)}
	}
	reshape(all, reshapes())
	return all
}

// reshape has behaviours change the data too.
func reshape(all map[string]behaviour, by map[string]func(fixtures.District) fixtures.District) {
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
			if other := serviceOf(r.URL.Path); other != "" && other != base {
				h.ServeHTTP(w, r)
				return
			}
			inner.ServeHTTP(w, r)
		})
	}
}

// likes gives the entries of tables that name one of another service.
func likes(tables ...[]byte) map[string]string {
	out := map[string]string{}
	for _, table := range tables {
		var entries []struct {
			ID   string         `yaml:"id"`
			Like string         `yaml:"like"`
			Rest map[string]any `yaml:",inline"`
		}
		if strictyaml.Unmarshal(table, &entries) != nil {
			return nil // a broken table is told where it is read
		}
		for _, e := range entries {
			if e.Like != "" {
				out[e.ID] = e.Like
			}
		}
	}
	return out
}

// ofService gathers what a service can do: its own, and what is like that of others.
func ofService(base string, own map[string]wrapper, data map[string]func(fixtures.District) fixtures.District,
	tables ...[]byte) map[string]behaviour {
	all := map[string]behaviour{}
	for id, w := range own {
		all[id] = behaviour{Wrap: at(base, id, w)}
	}
	wrappers := fault.Gather(rosteringWrappers(), resourceFaults(), gradebookWrappers(), pushWrappers(), v1p1Wrappers())
	shapes := fault.Gather(reshapes(), resourceReshapes(), gradebookReshapes())
	data = maps.Clone(data)
	for id, like := range likes(tables...) {
		if w, wraps := wrappers[like]; wraps {
			all[id] = behaviour{Wrap: at(base, like, w)}
		}
		if change, changes := shapes[like]; changes {
			data[id] = change
		}
	}
	reshape(all, data)
	return all
}

func resourcesBehaviours() map[string]behaviour {
	all := ofService(resourcesBase, resourceFaults(), resourceReshapes(), resourcesFaults, resourcesVariants)
	for id, w := range referenceFaults() {
		all[id] = behaviour{Wrap: at(rosteringBase, id, w)}
	}
	return all
}

func gradebookBehaviours() map[string]behaviour {
	return ofService(gradebookBase, gradebookWrappers(), gradebookReshapes(), gradebookFaults, gradebookVariants)
}

func assessmentBehaviours() map[string]behaviour {
	return ofService(assessmentBase, assessmentWrappers(), assessmentReshapes(), assessmentFaults, assessmentVariants)
}

// serviceOf tells the service of a path, assessments from the gradebook too, and those of 1.1 by
// what is asked for; "" where it is none's.
func serviceOf(path string) string {
	if strings.Contains(path, assessmentBase) {
		return assessmentBase
	}
	base := baseOf(path)
	if base != v1p1Base {
		return base
	}
	_, below, _ := strings.Cut(path, base)
	parts := strings.Split(strings.Trim(below, "/"), "/")
	name := parts[len(parts)-1]
	if len(parts)%2 == 0 {
		name = parts[len(parts)-2]
	}
	switch name {
	case "resources":
		return v1p1ResourcesBase
	case "categories", "lineItems", "results":
		return v1p1GradebookBase
	}
	return v1p1Base
}

// baseOf gives the base path of the service that a path or URL leads to, or "".
func baseOf(path string) string {
	for _, base := range []string{rosteringBase, resourcesBase, gradebookBase, v1p1Base} {
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
