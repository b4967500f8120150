package searcher

import (
	_ "embed"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Section says how Rollcall presents itself to a product that searches, how the product is made to search, and what shows what
// it found.
type Section struct {
	// Listen is where Rollcall's catalogue answers, 127.0.0.1:0 (any free port) by default.
	Listen string `yaml:"listen,omitempty"`
	// PublicURL is the origin under which the product and the browser reach it, where that differs.
	PublicURL string `yaml:"public_url,omitempty"`
	CertFile  string `yaml:"cert_file,omitempty"`
	KeyFile   string `yaml:"key_file,omitempty"`
	// Client is what the product is registered as; made anew where it is empty.
	Client  Client         `yaml:"client,omitempty"`
	Connect Hook           `yaml:"connect,omitempty"`
	SignIn  []browser.Step `yaml:"sign_in,omitempty"`
	Search  Search         `yaml:"search,omitempty"`
	// Choose and Open are steps, from where a search ended on, and from where Choose ended on.
	Choose []browser.Step `yaml:"choose,omitempty"`
	Open   []browser.Step `yaml:"open,omitempty"`
}

// Client is a registered client of Rollcall's catalogue.
type Client struct {
	ID     string `yaml:"id"`
	Secret string `yaml:"secret"`
}

// Hook is a command or a webhook by which the product is told where to search.
type Hook struct {
	Command string           `yaml:"command,omitempty"`
	Webhook *act.Webhook     `yaml:"webhook,omitempty"`
	Timeout harness.Duration `yaml:"timeout,omitempty"` // 1m by default
}

// Search is how the product is made to search: by one of Command, Webhook and Steps.
type Search struct {
	Command string         `yaml:"command,omitempty"`
	Webhook *act.Webhook   `yaml:"webhook,omitempty"`
	Steps   []browser.Step `yaml:"steps,omitempty"`
	// By is what can be searched for: words, standard; words alone by default.
	By      []string         `yaml:"by,omitempty"`
	Shows   Shows            `yaml:"shows,omitempty"`
	Timeout harness.Duration `yaml:"timeout,omitempty"` // of one search, 1m by default
}

// What can be searched for.
const (
	ByWords    = "words"
	ByStandard = "standard"
)

// Shows says where a page tells what was found. What is printed by a command, or answered to a webhook, is JSON.
type Shows struct {
	Items   string `yaml:"items,omitempty"`   // CSS selector of the names of what was found
	Problem string `yaml:"problem,omitempty"` // what is there when a search failed, written as what a step waits for
	More    string `yaml:"more,omitempty"`    // what is clicked for the next page
	Name    string `yaml:"name,omitempty"`    // the member of the JSON that has a name
}

// Set tells whether there is a way to make the product search.
func (s Search) Set() bool { return s.way() != "" }

func (s Search) ways() (out []string) {
	for _, w := range []struct {
		name  string
		given bool
	}{{"command", s.Command != ""}, {"webhook", s.Webhook != nil}, {"steps", len(s.Steps) > 0}} {
		if w.given {
			out = append(out, w.name)
		}
	}
	return out
}

func (s Search) way() string {
	if ways := s.ways(); len(ways) > 0 {
		return ways[0]
	}
	return ""
}

// knows tells whether the product can be searched by something.
func (s Search) knows(by string) bool { return slices.Contains(s.By, by) }

// tells says whether what was found is seen at all: what is printed always is.
func (s Search) tells() bool { return s.way() != "steps" || s.Shows.Items != "" }

// confesses tells whether a search that failed is seen to have done so.
func (s Search) confesses() bool { return s.way() != "steps" || s.Shows.Problem != "" }

// pages tells whether there is a way to what is found beyond the first page: what prints prints all.
func (s Search) pages() bool { return s.way() != "steps" || s.Shows.More != "" }

const key = "searcher"

//go:embed keys.yaml
var keys []byte

// NewSection makes an empty section.
func NewSection() harness.Section { return &Section{} }

// Of gives the section of a target file.
func Of(t *harness.Target) *Section { return harness.SectionOf[Section](t) }

// Key is that of the section.
func (s *Section) Key() string { return key }

// Keys says what the keys of the section are for.
func (s *Section) Keys() []byte { return keys }

// Hides is nothing: items are nobody's.
func (s *Section) Hides() []byte { return nil }

// Identity is how the product is made to search.
func (s *Section) Identity() []string {
	out := []string{s.PublicURL, s.Search.Command}
	if w := s.Search.Webhook; w != nil {
		out = append(out, w.URL)
	}
	for _, step := range s.Search.Steps {
		out = append(out, step.Open)
	}
	return out
}

// Addresses are those of the product that a container completes where they are paths.
func (s *Section) Addresses() (out []*string) {
	for _, w := range []*act.Webhook{s.Connect.Webhook, s.Search.Webhook} {
		if w != nil {
			out = append(out, &w.URL)
		}
	}
	return out
}

// words are the names that stand for something, as $name: connecting, and searching.
var words = []string{"url", "token_url", "client_id", "client_secret", "connection", "words", "standard", "title", "address"}

// Validate puts defaults in, and holds the section to what can be used.
func (s *Section) Validate(t *harness.Target) error {
	if s.Listen == "" {
		s.Listen = "127.0.0.1:0"
	}
	s.PublicURL = strings.TrimRight(s.PublicURL, "/")
	for _, d := range []*harness.Duration{&s.Search.Timeout, &s.Connect.Timeout} {
		if *d == 0 {
			*d = harness.Duration(time.Minute)
		}
	}
	if len(s.Search.By) == 0 {
		s.Search.By = []string{ByWords}
	}
	if _, _, err := net.SplitHostPort(s.Listen); err != nil {
		return t.Problem(key+".listen", fmt.Sprintf("%q is no host:port", act.Shortened(s.Listen)),
			"write it like 127.0.0.1:9490, or 127.0.0.1:0 for any free port")
	}
	if err := t.ValidURL(key+".public_url", s.PublicURL, "https://rollcall.example.org"); err != nil {
		return err
	}
	if (s.CertFile == "") != (s.KeyFile == "") {
		return t.Problem(key+".cert_file", "cert_file and key_file go together", "give both, or none for plain http")
	}
	if s.Client != (Client{}) && (s.Client.ID == "" || s.Client.Secret == "") {
		return t.Problem(key+".client", "id and secret go together", "give both, or none: Rollcall makes them anew then")
	}
	if s.Connect.Command != "" && s.Connect.Webhook != nil {
		return t.Problem(key+".connect", "it has a command and a webhook", "keep one of them")
	}
	if ways := s.Search.ways(); len(ways) > 1 {
		return t.Problem(key+".search", "it says several ways to make the product search: "+strings.Join(ways, ", "), "keep one of them")
	}
	if s.Search.way() == "" && (s.Search.Shows != Shows{} || len(s.Choose) > 0) {
		return t.Problem(key+".search", "it doesn't say how the product is made to search", "add one of command, webhook and steps")
	}
	if s.Search.way() != "steps" && (s.Search.Shows.Items != "" || s.Search.Shows.More != "" || s.Search.Shows.Problem != "" ||
		len(s.Choose) > 0) {
		return t.Problem(key+".search", "it says what pages show, and no steps lead to them",
			"add search.steps; what a command prints, or a webhook is answered, is JSON and needs no selectors")
	}
	for i, by := range s.Search.By {
		if by != ByWords && by != ByStandard || slices.Contains(s.Search.By[:i], by) {
			return t.Problem(key+".search.by", fmt.Sprintf("%q is none of words and standard, or stands twice", act.Shortened(by)),
				"write [words, standard]")
		}
	}
	if len(s.Open) > 0 && len(s.Choose) == 0 {
		return t.Problem(key+".open", "it says how what was chosen is opened, and not how it is chosen", "add choose")
	}
	for _, w := range []struct {
		path string
		of   *act.Webhook
	}{{"connect", s.Connect.Webhook}, {"search", s.Search.Webhook}} {
		if w.of != nil {
			if err := act.ValidWebhook(t, key+"."+w.path+".webhook", w.of, words, "https://lms.example.org/api/search?q=$words"); err != nil {
				return err
			}
		}
	}
	for where, steps := range s.scripts() {
		if err := act.ValidSteps(t, key+"."+where, steps); err != nil {
			return err
		}
	}
	return nil
}

func (s *Section) scripts() map[string][]browser.Step {
	return map[string][]browser.Step{"sign_in": s.SignIn, "search.steps": s.Search.Steps, "choose": s.Choose, "open": s.Open}
}

// hosts lists the servers (host:port) with https that steps open.
func (s *Section) hosts() (out []string) {
	for _, steps := range s.scripts() {
		for _, step := range steps {
			if host := act.SecureHost(step.Open); host != "" && !slices.Contains(out, host) {
				out = append(out, host)
			}
		}
	}
	return out
}
