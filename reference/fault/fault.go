package fault

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

// Fault is one deliberate misbehaviour.
type Fault struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	// Provokes names the mistake of a consumer that the fault brings out, for
	// those who test one against the reference.
	Provokes string `yaml:"provokes,omitempty"`
	// Breaks lists the requirements that must fail with the fault on.
	Breaks []string `yaml:"breaks"`
	// May lists others that may fail as a consequence; a trailing * is any.
	May []string `yaml:"may,omitempty"`
	// Setup is how the reference must be set up for the fault to show.
	Setup Setup `yaml:"setup,omitempty"`
}

// Variant is one legal oddity.
type Variant struct {
	ID    string `yaml:"id"`
	Title string `yaml:"title"`
	Why   string `yaml:"why"` // why the standard allows it
	Setup Setup  `yaml:"setup,omitempty"`
}

// Setup is what a fault or variant asks of the reference beside its wrapper.
type Setup struct {
	TokenTTL Seconds `yaml:"token_ttl,omitempty"` // life of access tokens
	TLS      bool    `yaml:"tls,omitempty"`       // serve https
	OldTLS   bool    `yaml:"old_tls,omitempty"`   // accept TLS 1.0 too
	// PathPrefix stands before the base path; MaxLimit is the largest page.
	PathPrefix string `yaml:"path_prefix,omitempty"`
	MaxLimit   int    `yaml:"max_limit,omitempty"`
}

// Seconds is a duration written as a number of seconds.
type Seconds float64

// Duration converts to Go's own.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// wrapper makes one handler out of another.
type wrapper func(http.Handler) http.Handler

var tables = sync.OnceValues(func() (t struct {
	faults   []Fault
	variants []Variant
}, err error) {
	if err = yaml.UnmarshalWithOptions(faultTable, &t.faults, yaml.Strict()); err != nil {
		return t, fmt.Errorf("reading the table of faults: %w", err)
	}
	if err = yaml.UnmarshalWithOptions(variantTable, &t.variants, yaml.Strict()); err != nil {
		return t, fmt.Errorf("reading the table of variants: %w", err)
	}
	behaviours := behaviours()
	known := map[string]bool{}
	for _, id := range slices.Concat(ids(t.faults, func(f Fault) string { return f.ID }), ids(t.variants, func(v Variant) string { return v.ID })) {
		if known[id] {
			return t, fmt.Errorf("%s is in the tables twice", id)
		}
		known[id] = true
		if behaviours[id] == nil {
			return t, fmt.Errorf("%s is in a table, but nothing does it", id)
		}
	}
	for id := range behaviours {
		if !known[id] {
			return t, fmt.Errorf("%s can be done, but is in no table", id)
		}
	}
	return t, nil
})

func ids[T any](list []T, id func(T) string) []string {
	var out []string
	for _, v := range list {
		out = append(out, id(v))
	}
	return out
}

// Faults lists all faults, in the order of the table.
func Faults() ([]Fault, error) {
	t, err := tables()
	return slices.Clone(t.faults), err
}

// Variants lists all variants, in the order of the table.
func Variants() ([]Variant, error) {
	t, err := tables()
	return slices.Clone(t.variants), err
}

// Lookup gives what a fault or variant asks of the reference's set-up.
func Lookup(id string) (Setup, error) {
	t, err := tables()
	if err != nil {
		return Setup{}, err
	}
	for _, f := range t.faults {
		if f.ID == id {
			return f.Setup, nil
		}
	}
	for _, v := range t.variants {
		if v.ID == id {
			return v.Setup, nil
		}
	}
	return Setup{}, fmt.Errorf("there is no fault or variant %q; `rollcall list faults` shows all", id)
}

// Wrap puts faults and variants around the handler of a Rostering Provider (its
// service, token endpoint and discovery documents together), the first
// outermost.
func Wrap(h http.Handler, ids ...string) (http.Handler, error) {
	all := behaviours()
	for _, id := range slices.Backward(ids) {
		if _, err := Lookup(id); err != nil {
			return nil, err
		}
		h = all[id](h)
	}
	return h, nil
}

// behaviours gathers what the topic files can do.
func behaviours() map[string]wrapper {
	all := map[string]wrapper{}
	for _, topic := range []map[string]wrapper{pagingFaults(), queryFaults(), payloadFaults(), semanticFaults(), errorFaults(), securityFaults(), transportFaults(), moreFaults(), fieldFaults(), lateFaults(), headerVariants(), payloadVariants(), dataVariants()} {
		for id, w := range topic {
			if all[id] != nil {
				panic("two behaviours are called " + id)
			}
			all[id] = w
		}
	}
	return all
}

// base is where the Rostering service begins in a path, whatever stands before.
const base = "/ims/oneroster/rostering/v1p2"

// servicePath gives the path of a request below the service's base, and whether
// it is a call of the service at all (not a token request, not discovery).
func servicePath(r *http.Request) (string, bool) {
	_, path, found := strings.Cut(r.URL.Path, base)
	if !found || strings.HasPrefix(path, "/discovery/") {
		return "", false
	}
	return path, true
}

// isToken tells whether the request is for a token: the only thing that is posted
// outside of the service.
func isToken(r *http.Request) bool {
	_, _, service := strings.Cut(r.URL.Path, base)
	return r.Method == http.MethodPost && !service
}
