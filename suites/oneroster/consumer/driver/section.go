package driver

import (
	_ "embed"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Section says how Rollcall presents itself to a consumer, how the consumer is made to act,
// and what tells what it holds.
type Section struct {
	// Listen is where Rollcall's provider answers, 127.0.0.1:0 (any free port) by default.
	Listen string `yaml:"listen,omitempty"`
	// PublicURL is the origin under which the product reaches it, where that differs.
	PublicURL string `yaml:"public_url,omitempty"`
	CertFile  string `yaml:"cert_file,omitempty"`
	KeyFile   string `yaml:"key_file,omitempty"`
	// Client is what the product is registered as; made anew by whoever serves where it is empty.
	Client Client `yaml:"client,omitempty"`
	// Signed says that the product signs its requests of OneRoster 1.1 by OAuth 1.0a.
	Signed bool `yaml:"signed,omitempty"`

	Sync    Trigger `yaml:"sync,omitempty"`
	Drop    Drop    `yaml:"drop,omitempty"`
	Connect Hook    `yaml:"connect,omitempty"`
	Reset   Hook    `yaml:"reset,omitempty"`
	Push    Trigger `yaml:"push,omitempty"`
	Holds   Holder  `yaml:"holds,omitempty"`
	// Answers is the path of a sheet (rollcall csv sets) in which a person wrote what became of sets: these are not
	// dropped.
	Answers string `yaml:"answers,omitempty"`
}

// Client is a registered client of Rollcall's provider.
type Client struct {
	ID     string `yaml:"id"`
	Secret string `yaml:"secret"`
}

// Set tells whether credentials are given.
func (c Client) Set() bool { return c != Client{} }

// Trigger is how a product is made to act: by one of Command, Webhook, Steps, Schedule and
// Person.
type Trigger struct {
	Command string         `yaml:"command,omitempty"`
	Webhook *act.Webhook   `yaml:"webhook,omitempty"`
	Steps   []browser.Step `yaml:"steps,omitempty"`
	// Schedule says that the product acts by itself, at least so often.
	Schedule harness.Duration `yaml:"schedule,omitempty"`
	Person   bool             `yaml:"person,omitempty"`
	// Tell is what the person is to do, in the words of the product.
	Tell string `yaml:"tell,omitempty"`
	// Modes are those that it can be told: full, delta; full alone by default.
	Modes []string `yaml:"modes,omitempty"`
	Done  Done     `yaml:"done,omitempty"`
	// Timeout is how long it may take from its beginning, 2m by default; with a person, until
	// it begins as well, 15m by default.
	Timeout harness.Duration `yaml:"timeout,omitempty"`
}

// Modes of a sync.
const (
	Full  = "full"
	Delta = "delta"
)

// Set tells whether there is a way to make the product act.
func (t Trigger) Set() bool { return t.Way() != "" }

// Way names the key by which the product is made to act: command, webhook, steps, schedule
// or person; empty where none is given.
func (t Trigger) Way() string {
	if ways := t.ways(); len(ways) > 0 {
		return ways[0]
	}
	return ""
}

func (t Trigger) ways() (out []string) {
	for _, w := range []struct {
		name  string
		given bool
	}{{"command", t.Command != ""}, {"webhook", t.Webhook != nil}, {"steps", len(t.Steps) > 0}, {"schedule", t.Schedule > 0},
		{"person", t.Person}} {
		if w.given {
			out = append(out, w.name)
		}
	}
	return out
}

// Knows tells whether the product can be told to act in a mode: Full or Delta.
func (t Trigger) Knows(mode string) bool { return slices.Contains(t.Modes, mode) }

// Limit is the longest that one run of it takes.
func (t Trigger) Limit() time.Duration {
	return time.Duration(t.Timeout) + time.Duration(t.Schedule) + time.Duration(t.Done.Quiet) + grace
}

// grace is what is spent on ending what went on for too long.
const grace = 5 * time.Second

// Done says when the product has ended what it was made to do. Without it that is so when
// the command or the webhook came back; otherwise when nothing was called for two seconds.
type Done struct {
	// Command exits with 0 when it has ended well, with 1 when not yet, and with anything else
	// when it has ended badly.
	Command string           `yaml:"command,omitempty"`
	Quiet   harness.Duration `yaml:"quiet,omitempty"`
	// Begins is how long the first call may be in coming, 30s by default.
	Begins harness.Duration `yaml:"begins,omitempty"`
}

// Hook is a command or a webhook that is there for something else than syncing.
type Hook struct {
	Command string           `yaml:"command,omitempty"`
	Webhook *act.Webhook     `yaml:"webhook,omitempty"`
	Timeout harness.Duration `yaml:"timeout,omitempty"` // 2m by default
}

// Set tells whether there is one.
func (h Hook) Set() bool { return h.Command != "" || h.Webhook != nil }

// Drop is where the product takes CSV bundles: one of a folder, an upload, and SFTP.
type Drop struct {
	Folder string  `yaml:"folder,omitempty"`
	Upload *Upload `yaml:"upload,omitempty"`
	SFTP   *SFTP   `yaml:"sftp,omitempty"`
	// Name is what the bundle is called there, oneroster.zip by default.
	Name string `yaml:"name,omitempty"`
	// Unpacked has the bundle's files put there one by one, instead of a zip.
	Unpacked bool `yaml:"unpacked,omitempty"`
	// Connect is how the product is told to read from there, where it reads from elsewhere otherwise.
	Connect Hook `yaml:"connect,omitempty"`
}

// Set tells whether bundles can be dropped at all.
func (d Drop) Set() bool { return d.Folder != "" || d.Upload != nil || d.SFTP != nil }

// Upload is an HTTP endpoint that takes bundles.
type Upload struct {
	URL    string            `yaml:"url"`
	Method string            `yaml:"method,omitempty"` // PUT by default; POST with a field
	Header map[string]string `yaml:"header,omitempty"`
	// Field is the name of the part, where the endpoint wants a form (multipart/form-data).
	Field string `yaml:"field,omitempty"`
	// Fields are further fields of the form.
	Fields map[string]string `yaml:"fields,omitempty"`
	Expect []int             `yaml:"expect,omitempty"`
}

// SFTP is a server that takes bundles.
type SFTP struct {
	Address  string `yaml:"address"` // host or host:port
	User     string `yaml:"user"`
	Password string `yaml:"password,omitempty"`
	KeyFile  string `yaml:"key_file,omitempty"` // a private key (PEM)
	// HostKey is the server's, as its fingerprint (SHA256:…) or as a line of a known_hosts file.
	HostKey string `yaml:"host_key"`
	Folder  string `yaml:"folder,omitempty"` // where bundles go; the one of the login by default
}

// Holder says how to learn what the product holds: by one of Export, Query, Provider and
// Pages.
type Holder struct {
	Export   *Export   `yaml:"export,omitempty"`
	Query    *Query    `yaml:"query,omitempty"`
	Provider *Provider `yaml:"provider,omitempty"`
	Pages    *Pages    `yaml:"pages,omitempty"`
	// Keeps names the collections that the product keeps, where not all.
	Keeps []string `yaml:"keeps,omitempty"`
	// Rewrites names members that the product keeps in its own words, such as classes.title: they are not compared.
	Rewrites []string `yaml:"rewrites,omitempty"`
	// Flagged says what becomes of what the provider flags as tobedeleted: removed or kept;
	// empty: either.
	Flagged string           `yaml:"flagged,omitempty"`
	Timeout harness.Duration `yaml:"timeout,omitempty"` // of one reading, 2m by default
}

// Values of Holder.Flagged.
const (
	Removed = "removed"
	Kept    = "kept"
)

// Set tells whether what the product holds can be read at all.
func (h Holder) Set() bool { return h.Way() != "" }

// Way names the key by which it is read: export, query, provider or pages.
func (h Holder) Way() string {
	if ways := h.ways(); len(ways) > 0 {
		return ways[0]
	}
	return ""
}

func (h Holder) ways() (out []string) {
	for _, w := range []struct {
		name  string
		given bool
	}{{"export", h.Export != nil}, {"query", h.Query != nil}, {"provider", h.Provider != nil}, {"pages", h.Pages != nil}} {
		if w.given {
			out = append(out, w.name)
		}
	}
	return out
}

// Looks tells whether only what is asked for by name is seen: on pages.
func (h Holder) Looks() bool { return h.Pages != nil }

// Limit is the longest that one reading takes.
func (h Holder) Limit() time.Duration { return time.Duration(h.Timeout) + grace }

// Export is a CSV bundle that the product writes: a path, a URL, or a command that makes one.
type Export struct {
	// File is a zip or a folder; with a command, the one that it has made.
	File    string            `yaml:"file,omitempty"`
	Command string            `yaml:"command,omitempty"`
	URL     string            `yaml:"url,omitempty"`
	Header  map[string]string `yaml:"header,omitempty"`
}

// Query gives objects as JSON lines.
type Query struct {
	Command string            `yaml:"command,omitempty"`
	URL     string            `yaml:"url,omitempty"`
	Header  map[string]string `yaml:"header,omitempty"`
}

// Provider is the product's own OneRoster provider.
type Provider struct {
	Rostering string              `yaml:"rostering,omitempty"`
	Gradebook string              `yaml:"gradebook,omitempty"`
	Resources string              `yaml:"resources,omitempty"`
	V1P1      string              `yaml:"v1p1,omitempty"`
	Auth      harness.Credentials `yaml:"auth,omitempty"`
}

func (p *Provider) bases() []base {
	return []base{{"rostering", &p.Rostering}, {"gradebook", &p.Gradebook}, {"resources", &p.Resources}, {"v1p1", &p.V1P1}}
}

type base struct {
	key string
	url *string
}

// Pages are those on which somebody finds one person: they may name the person by
// $sourcedId, $username, $givenName, $familyName, $email and $identifier.
type Pages struct {
	// SignIn are taken once, before the first person is looked for.
	SignIn []browser.Step `yaml:"sign_in,omitempty"`
	// Steps lead to where a person is shown who is there.
	Steps []browser.Step `yaml:"steps"`
	// Shows are the texts that tell that the person is shown; $givenName and $familyName by default.
	Shows []string `yaml:"shows,omitempty"`
}

// NewSection makes an empty section.
func NewSection() harness.Section { return &Section{} }

// Of gives the section of a target file.
func Of(t *harness.Target) *Section { return harness.SectionOf[Section](t) }

const key = "consumer"

//go:embed keys.yaml
var keys []byte

//go:embed redact.yaml
var hides []byte

// Key is that of the section.
func (s *Section) Key() string { return key }

// Keys says what the keys of the section are for.
func (s *Section) Keys() []byte { return keys }

// Hides says what of its data never reaches a report in clear.
func (s *Section) Hides() []byte { return hides }

// Identity is how the product is made to act, and where what it holds is read.
func (s *Section) Identity() []string {
	out := []string{s.PublicURL, s.Sync.Command, s.Drop.Folder}
	if s.Sync.Webhook != nil {
		out = append(out, s.Sync.Webhook.URL)
	}
	if s.Holds.Provider != nil {
		for _, b := range s.Holds.Provider.bases() {
			out = append(out, *b.url)
		}
	}
	return out
}

// Addresses are those of the product that a container completes where they are paths.
func (s *Section) Addresses() []*string {
	var out []*string
	for _, w := range s.webhooks() {
		out = append(out, &w.hook.URL)
	}
	if u := s.Drop.Upload; u != nil {
		out = append(out, &u.URL)
	}
	if e := s.Holds.Export; e != nil {
		out = append(out, &e.URL)
	}
	if q := s.Holds.Query; q != nil {
		out = append(out, &q.URL)
	}
	if p := s.Holds.Provider; p != nil {
		for _, b := range p.bases() {
			out = append(out, b.url)
		}
		out = append(out, &p.Auth.TokenURL)
	}
	return out
}

type placedHook struct {
	key  string
	hook *act.Webhook
}

// webhooks lists them, always in one order.
func (s *Section) webhooks() (out []placedHook) {
	for _, w := range []placedHook{{"sync", s.Sync.Webhook}, {"connect", s.Connect.Webhook}, {"reset", s.Reset.Webhook},
		{"drop.connect", s.Drop.Connect.Webhook}, {"push", s.Push.Webhook}} {
		if w.hook != nil {
			out = append(out, w)
		}
	}
	return out
}

// scripts lists the steps of the section, by where they stand.
func (s *Section) scripts() map[string][]browser.Step {
	out := map[string][]browser.Step{"sync.steps": s.Sync.Steps, "push.steps": s.Push.Steps}
	if p := s.Holds.Pages; p != nil {
		out["holds.pages.sign_in"], out["holds.pages.steps"] = p.SignIn, p.Steps
	}
	return out
}

// Browses tells whether anything of it is done in a browser.
func (s *Section) Browses() bool {
	for _, steps := range s.scripts() {
		if len(steps) > 0 {
			return true
		}
	}
	return false
}

// hosts lists the servers (host:port) with https that steps open.
func (s *Section) hosts() (out []string) {
	for _, script := range s.scripts() {
		for _, step := range script {
			host := act.SecureHost(step.Open)
			if host == "" {
				continue
			}
			if !slices.Contains(out, host) {
				out = append(out, host)
			}
		}
	}
	return out
}
