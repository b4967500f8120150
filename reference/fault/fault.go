package fault

import (
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

// Fault is one deliberate misbehaviour.
type Fault struct {
	ID string `yaml:"id"`
	// Like names a fault of the Rostering service that this one is to another service:
	// it does the same, and what the entry doesn't say is said there.
	Like  string `yaml:"like,omitempty"`
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
	// Drop lists rules that the reference forgets, by their ids, where it has its
	// rules as a list; Assertions those that it holds client assertions to.
	Drop       []string `yaml:"drop,omitempty"`
	Assertions []string `yaml:"assertions,omitempty"`
}

// Variant is one legal oddity.
type Variant struct {
	ID    string `yaml:"id"`
	Like  string `yaml:"like,omitempty"` // as that of a Fault
	Title string `yaml:"title"`
	Why   string `yaml:"why"` // why the standard allows it
	// Observed is what a report must tell of it all the same, though it decides
	// nothing: the kind of an observation.
	Observed string `yaml:"observed,omitempty"`
	Setup    Setup  `yaml:"setup,omitempty"`
}

// Setup is what a fault or variant asks of the reference beside its wrapper.
type Setup struct {
	TokenTTL Seconds `yaml:"token_ttl,omitempty"` // life of access tokens
	TLS      bool    `yaml:"tls,omitempty"`       // serve https
	OldTLS   bool    `yaml:"old_tls,omitempty"`   // accept TLS 1.0 too
	// PathPrefix stands before the base path; MaxLimit is the largest page.
	PathPrefix string `yaml:"path_prefix,omitempty"`
	MaxLimit   int    `yaml:"max_limit,omitempty"`
	// ClientSecret is the secret of the main client, where it matters what it holds.
	ClientSecret string `yaml:"client_secret,omitempty"`
	// Signed has the judge sign its requests (OAuth 1.0a) where it may.
	Signed bool `yaml:"signed,omitempty"`
}

// Seconds is a duration written as a number of seconds.
type Seconds float64

// Duration converts to Go's own.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// Tables are the faults and variants of one role.
type Tables struct {
	Faults   []Fault
	Variants []Variant
}

// Table gives a table of a kind, and after it those of the same name that begin with a service
// and a hyphen, as one.
func Table(tables fs.FS, name string) ([]byte, error) {
	names, err := fs.Glob(tables, "*-"+name)
	var out []byte
	for _, name := range append([]string{name}, names...) {
		if err != nil {
			break
		}
		var text []byte
		text, err = fs.ReadFile(tables, name)
		out = append(append(out, text...), '\n')
	}
	return out, err
}

// ReadTables reads the tables of a role, as YAML, and holds them against what can be
// done: each entry must have a behaviour or drop rules that there are, each
// behaviour an entry, and no id may be there twice.
func ReadTables[B any](role string, faults, variants []byte, can map[string]B, rules, assertions []string) (Tables, error) {
	var t Tables
	if err := strictyaml.Unmarshal(faults, &t.Faults); err != nil {
		return t, fmt.Errorf("reading the faults of a %s: %w", role, err)
	}
	if err := strictyaml.Unmarshal(variants, &t.Variants); err != nil {
		return t, fmt.Errorf("reading the variants of a %s: %w", role, err)
	}
	known := map[string]bool{}
	enter := func(id string, does bool) error {
		if _, wraps := can[id]; !wraps && !does || known[id] {
			return fmt.Errorf("%s of a %s is in the tables twice, or nothing does it", id, role)
		}
		known[id] = true
		return nil
	}
	for _, f := range t.Faults {
		if err := enter(f.ID, len(f.Drop)+len(f.Assertions) > 0); err != nil {
			return t, err
		}
		for _, id := range slices.Concat(f.Drop, f.Assertions) {
			if !slices.Contains(rules, id) && !slices.Contains(assertions, id) {
				return t, fmt.Errorf("the fault %s of a %s drops %s, which is no rule of it", f.ID, role, id)
			}
		}
	}
	for _, v := range t.Variants {
		if err := enter(v.ID, false); err != nil {
			return t, err
		}
	}
	for id := range can {
		if !known[id] {
			return t, fmt.Errorf("%s can be done to a %s, but is in no table", id, role)
		}
	}
	return t, nil
}

// Fault gives a fault by its id; known tells whether there is a fault or a variant
// of it.
func (t Tables) Fault(id string) (f Fault, known bool) {
	for _, f := range t.Faults {
		if f.ID == id {
			return f, true
		}
	}
	return Fault{}, slices.ContainsFunc(t.Variants, func(v Variant) bool { return v.ID == id })
}

// Gather puts the behaviours of several topics together.
func Gather[B any](topics ...map[string]B) map[string]B {
	all := map[string]B{}
	for _, topic := range topics {
		for id, b := range topic {
			if _, twice := all[id]; twice {
				panic("two behaviours are called " + id)
			}
			all[id] = b
		}
	}
	return all
}
