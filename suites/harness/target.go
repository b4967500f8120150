package harness

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// formatVersion is that of the file format.
const formatVersion = 1

// Target describes the implementation under test: the content of target.yaml.
// It is shareable: secrets stand in it as ${NAME} and come from the environment.
type Target struct {
	Rollcall int              `yaml:"rollcall"` // version of the file format: 1
	Name     string           `yaml:"name"`
	Vendor   string           `yaml:"vendor,omitempty"`
	Product  string           `yaml:"product,omitempty"`
	Version  string           `yaml:"version,omitempty"`
	Profiles []string         `yaml:"profiles"`
	Stance   catalogue.Stance `yaml:"stance,omitempty"`
	sections []Section        // those of standards; they stand here among the keys, see keysOf
	TLS      TLS              `yaml:"tls,omitempty"`
	// Headers are added to every request, e.g. the key of an API gateway.
	Headers   map[string]string `yaml:"headers,omitempty"`
	Limits    Limits            `yaml:"limits,omitempty"`
	Disclaims []string          `yaml:"disclaims,omitempty"` // features the product doesn't claim
	Waivers   []Waiver          `yaml:"waivers,omitempty"`
	Container *Container        `yaml:"container,omitempty"`

	source   string // the file as written, for the report
	path     string
	secret   []string          // values that must never be shown
	lookedUp map[string]string // what ${NAME} stood for
	lines    map[string]int    // where each key stands, by its path such as limits.page_size
	literal  []string          // keys whose secrets stand in the file itself
	ways     map[string]string // how token endpoints take requests, by the key of the credentials, where not as the standard has it
}

// TLS says whom to trust.
type TLS struct {
	CAFile   string `yaml:"ca_file,omitempty"`
	Insecure bool   `yaml:"insecure,omitempty"` // skip verification; reported as a warning
}

// Limits are how much the judge may ask of the target, and wait for it.
type Limits struct {
	// RequestTimeout is how long one request may take, from dialling to the last
	// byte of the answer; 30s by default.
	RequestTimeout Duration `yaml:"request_timeout,omitempty"`
	// Patience is how long one request waits while the target answers 429 or says
	// that its quota is used up; 5m by default. Waiting does not count against the
	// time of a check, up to six times as long as this. Where the product counts
	// requests by the hour, write 1h.
	Patience Duration `yaml:"patience,omitempty"`
	// RequestsPerSecond is how many requests a second the whole run sends at most,
	// over all its processes; by default as many as the target takes. Quotas that
	// the target tells (RateLimit, RateLimit-Policy and the older fields) are kept
	// in any case.
	RequestsPerSecond float64 `yaml:"requests_per_second,omitempty"`
	// MaxBodyMiB is how long an answer may be once it is unpacked; 32 by default.
	MaxBodyMiB int `yaml:"max_body_mib,omitempty"`
	// MaxObjects is how many objects of one collection are read, at a kilobyte each
	// on the average; 1,000,000 by default. A collection that announces fewer is not
	// read far beyond the end that it announces.
	MaxObjects int `yaml:"max_objects,omitempty"`
	// MemoryMiB is how much memory all processes of a run take together, about; 600
	// by default. Where a collection doesn't fit, what needs the whole of it is not
	// tested. 100,000 users take about 60.
	MemoryMiB int `yaml:"memory_mib,omitempty"`
	// PageSize is the page size of the full crawl; 1000 by default.
	PageSize int `yaml:"page_size,omitempty"`
	// Concurrency is how many requests the concurrency checks send at once.
	Concurrency int `yaml:"concurrency,omitempty"`
}

// Duration is a time.Duration written as 30s or 2m in YAML.
type Duration time.Duration

// UnmarshalYAML reads 500ms, 30s, 2m.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(strings.TrimSpace(n.Value))
	if err != nil || v <= 0 {
		return fmt.Errorf("a duration is written like 500ms, 30s or 2m, not %q", shortened(n.Value))
	}
	*d = Duration(v)
	return nil
}

// MarshalYAML writes the duration as it is read.
func (d Duration) MarshalYAML() (any, error) { return time.Duration(d).String(), nil }

// Waiver excuses a failed requirement for a while.
type Waiver struct {
	Requirement string `yaml:"requirement"`
	Reason      string `yaml:"reason"`
	Owner       string `yaml:"owner"`
	Expires     string `yaml:"expires"` // YYYY-MM-DD, the last day on which it waives
}

// Container starts the target from an image before the run.
type Container struct {
	Image      string            `yaml:"image,omitempty"`
	Dockerfile string            `yaml:"dockerfile,omitempty"` // path; its folder is the build context
	Port       int               `yaml:"port"`                 // the port that the service listens on inside
	Env        map[string]string `yaml:"env,omitempty"`
	Command    []string          `yaml:"command,omitempty"`
	Files      map[string]string `yaml:"files,omitempty"` // path inside: path outside
	Wait       Wait              `yaml:"wait,omitempty"`
}

// Wait says when a container is ready.
type Wait struct {
	HTTP    string   `yaml:"http,omitempty"` // a path that answers below 500
	Log     string   `yaml:"log,omitempty"`  // a line that appears
	Timeout Duration `yaml:"timeout,omitempty"`
}

// ConfigError is a fault of the target file, or of the set-up: never of the
// target's conformance. It names the cause and the remedy.
type ConfigError struct {
	File   string
	Line   int
	Key    string
	Cause  string
	Remedy string
}

func (e *ConfigError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Cause)
	if e.Remedy != "" {
		b.WriteString("\n  remedy: " + e.Remedy)
	}
	return b.String()
}

// Disclaimed tells whether the target says that it doesn't offer a feature.
func (t *Target) Disclaimed(feature string) bool {
	return feature != "" && slices.Contains(t.Disclaims, feature)
}

// LiteralSecrets lists the keys whose secrets stand in the file itself instead of
// coming from the environment: such a file can't be shared.
func (t *Target) LiteralSecrets() []string { return slices.Clone(t.literal) }

// Path gives the file that was read.
func (t *Target) Path() string { return t.path }
