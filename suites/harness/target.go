package harness

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// Target describes the implementation under test: the content of target.yaml.
// It is shareable: secrets stand in it as ${NAME} and come from the environment.
type Target struct {
	Rollcall  int              `yaml:"rollcall"` // version of the file format: 1
	Name      string           `yaml:"name"`
	Vendor    string           `yaml:"vendor,omitempty"`
	Product   string           `yaml:"product,omitempty"`
	Version   string           `yaml:"version,omitempty"`
	Profiles  []string         `yaml:"profiles"`
	Stance    catalogue.Stance `yaml:"stance,omitempty"`
	OneRoster OneRoster        `yaml:"oneroster,omitempty"`
	LTI       LTI              `yaml:"lti,omitempty"`
	TLS       TLS              `yaml:"tls,omitempty"`
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
}

// OneRoster says where a OneRoster provider lies.
type OneRoster struct {
	// Rostering is the full base URL of the 1.2 Rostering service, such as
	// https://sis.example.org/ims/oneroster/rostering/v1p2.
	Rostering string `yaml:"rostering,omitempty"`
	Auth      Auth2  `yaml:"auth,omitempty"`
	CSV       CSV    `yaml:"csv,omitempty"`
}

// CSV names a bundle that the product wrote.
type CSV struct {
	Bundle  string `yaml:"bundle"`            // a zip, a folder or a file
	Version string `yaml:"version,omitempty"` // 1.1 or 1.2; empty: as the manifest says
}

// Auth2 holds OAuth 2 client credentials.
type Auth2 struct {
	TokenURL     string `yaml:"token_url"`
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
	Method       string `yaml:"method,omitempty"` // basic (default) or form
	// Core is a second client that may only have the roster-core scope. With
	// it Rollcall can test scope enforcement where the first client can't ask
	// for less than everything.
	Core *Client `yaml:"core_client,omitempty"`
}

// Client is one more registered client.
type Client struct {
	ClientID     string `yaml:"client_id"`
	ClientSecret string `yaml:"client_secret"`
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
	// MaxObjects is how many objects of one collection are read; 2,000,000 by
	// default. A collection that announces fewer is not read far beyond its end.
	MaxObjects int `yaml:"max_objects,omitempty"`
	// PageSize is the page size of the full crawl; 1000 by default.
	PageSize int `yaml:"page_size,omitempty"`
	// Concurrency is how many requests the concurrency checks send at once.
	Concurrency int `yaml:"concurrency,omitempty"`
}

// Duration is a time.Duration written as 30s or 2m in YAML.
type Duration time.Duration

// UnmarshalYAML reads 500ms, 30s, 2m.
func (d *Duration) UnmarshalYAML(text []byte) error {
	v, err := time.ParseDuration(strings.Trim(strings.TrimSpace(string(text)), `"'`))
	if err != nil || v <= 0 {
		return fmt.Errorf("a duration is written like 500ms, 30s or 2m, not %q", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalYAML writes the duration as it is read.
func (d Duration) MarshalYAML() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

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

// ReadTarget reads and validates a target file. lookup gives the values of
// ${NAME}; pass os.LookupEnv.
func ReadTarget(path string, lookup func(string) (string, bool)) (*Target, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &ConfigError{File: path, Cause: "the target file can't be read: " + err.Error(),
			Remedy: "give its path with --target, or write one with `rollcall init`"}
	}
	return ParseTarget(path, text, lookup)
}

// ParseTarget does the same from memory; path names the file in errors.
func ParseTarget(path string, text []byte, lookup func(string) (string, bool)) (*Target, error) {
	t := &Target{source: string(text), path: path, lookedUp: map[string]string{}}
	if err := yaml.UnmarshalWithOptions(text, t, yaml.Strict()); err != nil {
		return nil, yamlProblem(path, err)
	}
	if err := t.expand(lookup); err != nil {
		return nil, err
	}
	if err := t.validate(); err != nil {
		return nil, err
	}
	return t, nil
}

// yamlProblem turns the decoder's error into cause and line.
func yamlProblem(path string, err error) error {
	e := &ConfigError{File: path, Cause: err.Error(), Remedy: "compare with the commented example that `rollcall init` writes"}
	var y yaml.Error
	if errors.As(err, &y) {
		e.Cause = y.GetMessage()
		if token := y.GetToken(); token != nil {
			e.Line, e.Key = token.Position.Line, token.Value
		}
		if name, found := strings.CutPrefix(e.Cause, "unknown field "); found {
			e.Cause = "there is no such key: " + name
		}
	}
	return e
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand fills in ${NAME} wherever a value may be secret or differ by machine.
func (t *Target) expand(lookup func(string) (string, bool)) error {
	one := func(key string, value *string, secret bool) error {
		var missing string
		*value = variable.ReplaceAllStringFunc(*value, func(m string) string {
			v, ok := lookup(m[2 : len(m)-1])
			if !ok || v == "" {
				missing = m[2 : len(m)-1]
			}
			t.lookedUp[m[2:len(m)-1]] = v
			if secret {
				t.secret = append(t.secret, v)
			}
			return v
		})
		if missing != "" {
			return &ConfigError{File: t.path, Line: t.line(key), Key: key,
				Cause:  fmt.Sprintf("the environment variable %s is not set", missing),
				Remedy: fmt.Sprintf("run `export %s=…` before rollcall, or put it into the pipeline's secrets", missing)}
		}
		if secret && *value != "" {
			t.secret = append(t.secret, *value)
		}
		return nil
	}
	auth := &t.OneRoster.Auth
	fields := []struct {
		key    string
		value  *string
		secret bool
	}{
		{"rostering", &t.OneRoster.Rostering, false}, {"token_url", &auth.TokenURL, false},
		{"client_id", &auth.ClientID, false}, {"client_secret", &auth.ClientSecret, true},
		{"ca_file", &t.TLS.CAFile, false},
	}
	if auth.Core != nil {
		fields = append(fields, struct {
			key    string
			value  *string
			secret bool
		}{"client_id", &auth.Core.ClientID, false}, struct {
			key    string
			value  *string
			secret bool
		}{"client_secret", &auth.Core.ClientSecret, true})
	}
	for _, f := range fields {
		if err := one(f.key, f.value, f.secret); err != nil {
			return err
		}
	}
	for _, steps := range t.LTI.steps() {
		for i := range steps {
			if err := one("value", &steps[i].Value, variable.MatchString(steps[i].Value)); err != nil {
				return err
			}
			if err := one("open", &steps[i].Open, false); err != nil {
				return err
			}
		}
	}
	for name, value := range t.Headers {
		if err := one(name, &value, true); err != nil {
			return err
		}
		t.Headers[name] = value
	}
	if t.Container != nil {
		for name, value := range t.Container.Env {
			if err := one(name, &value, variable.MatchString(value)); err != nil {
				return err
			}
			t.Container.Env[name] = value
		}
	}
	return nil
}

// line finds the line of a key in the file as written; 0 when it isn't there.
func (t *Target) line(key string) int {
	for i, l := range strings.Split(t.source, "\n") {
		if strings.HasPrefix(strings.TrimLeft(l, " -"), key+":") {
			return i + 1
		}
	}
	return 0
}

func (t *Target) problem(key, cause, remedy string) error {
	return &ConfigError{File: t.path, Line: t.line(key), Key: key, Cause: cause, Remedy: remedy}
}

func (t *Target) validate() error {
	if t.Rollcall != 1 {
		return t.problem("rollcall", fmt.Sprintf("file format %d is not known", t.Rollcall), "write `rollcall: 1` at the top")
	}
	if strings.TrimSpace(t.Name) == "" {
		return t.problem("name", "the target has no name", "give the name that shall stand on the report")
	}
	c, err := catalogue.Load()
	if err != nil {
		return err
	}
	if len(t.Profiles) == 0 {
		return t.problem("profiles", "no profile is chosen", "list at least one of: "+profileIDs(c))
	}
	for _, id := range t.Profiles {
		if _, ok := c.Profile(id); !ok {
			return t.problem("profiles", fmt.Sprintf("there is no profile %q", id), "choose from: "+profileIDs(c))
		}
	}
	switch t.Stance {
	case "":
		t.Stance = catalogue.Certification
	case catalogue.Certification, catalogue.Strict:
	default:
		return t.problem("stance", fmt.Sprintf("there is no stance %q", t.Stance), "choose certification or strict")
	}
	for _, u := range []struct{ key, value string }{{"rostering", t.OneRoster.Rostering}, {"token_url", t.OneRoster.Auth.TokenURL}} {
		if err := t.validURL(u.key, u.value); err != nil {
			return err
		}
	}
	t.OneRoster.Rostering = strings.TrimRight(t.OneRoster.Rostering, "/")
	auth := &t.OneRoster.Auth
	switch auth.Method {
	case "":
		auth.Method = "basic"
	case "basic", "form":
	default:
		return t.problem("method", fmt.Sprintf("client authentication %q is not known", auth.Method), "choose basic or form")
	}
	if t.OneRoster.Rostering != "" && (auth.TokenURL == "" || auth.ClientID == "" || auth.ClientSecret == "") {
		return t.problem("auth", "token_url, client_id and client_secret are all needed", "take them from the product's OAuth client registration")
	}
	if l := t.Limits; l.MaxBodyMiB < 0 || l.PageSize < 0 || l.RequestsPerSecond < 0 || l.Concurrency < 0 || l.MaxObjects < 0 {
		return t.problem("limits", "a limit is negative", "leave it out for the default")
	}
	if err := t.validateLTI(); err != nil {
		return err
	}
	return t.validateWaivers(c)
}

func (t *Target) validURL(key, value string) error {
	if value == "" || t.Container != nil && strings.HasPrefix(value, "/") {
		return nil // with a container, paths are completed once it runs
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return t.problem(key, fmt.Sprintf("%q is not an absolute http or https URL", value), "write it in full, like https://sis.example.org/ims/oneroster/rostering/v1p2")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return t.problem(key, "the URL has a query or a fragment", "give the bare base URL")
	}
	return nil
}

func (t *Target) validateWaivers(c *catalogue.Catalogue) error {
	for _, w := range t.Waivers {
		if _, ok := c.Requirement(w.Requirement); !ok {
			return t.problem("waivers", fmt.Sprintf("there is no requirement %q to waive", w.Requirement), "find its id with `rollcall list requirements`")
		}
		if w.Reason == "" || w.Owner == "" {
			return t.problem("waivers", "the waiver of "+w.Requirement+" has no reason or no owner", "say why it is excused and who answers for it")
		}
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil {
			return t.problem("waivers", fmt.Sprintf("the waiver of %s expires on %q", w.Requirement, w.Expires), "give the last day as YYYY-MM-DD")
		}
	}
	return nil
}

// Disclaimed tells whether the target says that it doesn't offer a feature.
func (t *Target) Disclaimed(feature string) bool {
	return feature != "" && slices.Contains(t.Disclaims, feature)
}

func profileIDs(c *catalogue.Catalogue) string {
	var ids []string
	for _, p := range c.Profiles() {
		ids = append(ids, p.ID)
	}
	return strings.Join(ids, ", ")
}
