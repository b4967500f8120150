package catalogue

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

//go:embed data
var files embed.FS

// Level is how strongly a requirement binds, in the sense of RFC 2119.
type Level string

// The three levels, and Off for a requirement that a stance doesn't ask for.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
	Off    Level = "OFF"
)

// Stance is a reading of the standard that sets the levels.
type Stance string

// Certification follows what is publicly known of the official suite; Strict
// follows the standard as written.
const (
	Certification Stance = "certification"
	Strict        Stance = "strict"
)

// Confidence is how sure we are that a requirement says what the standard says.
type Confidence string

// Confirmed: read in an official document. Inferred: deduced from several
// public sources. Unconfirmed: a best reading; never more than a SHOULD.
const (
	Confirmed   Confidence = "confirmed"
	Inferred    Confidence = "inferred"
	Unconfirmed Confidence = "unconfirmed"
)

// Citation points into a standard.
type Citation struct {
	Document string `yaml:"document"`
	Section  string `yaml:"section"`
	URL      string `yaml:"url"`
}

// Requirement is one normative statement. Its id is a constant of the data:
// neither a position nor a title, and never used again once retired.
type Requirement struct {
	ID         string     `yaml:"id"`
	Title      string     `yaml:"title"`
	Statement  string     `yaml:"statement"`
	Section    string     `yaml:"section"` // key of Section
	Role       string     `yaml:"role"`
	Level      Level      `yaml:"level"`                   // in the strict stance
	Cert       Level      `yaml:"certification,omitempty"` // in the certification stance, where it differs
	Confidence Confidence `yaml:"confidence"`
	Citations  []Citation `yaml:"citations"`
	Causes     string     `yaml:"causes,omitempty"`     // typical causes when it fails
	Untestable string     `yaml:"untestable,omitempty"` // why no check can decide it
	Operations []string   `yaml:"operations,omitempty"` // operationIds it binds, if only some
	Feature    string     `yaml:"feature,omitempty"`    // a feature the target may disclaim
	// Lacking are the services that have nothing of the kind, of a requirement that stands for
	// several; empty once it is one service's.
	Lacking []string `yaml:"lacking,omitempty"`
	// Only are the services for which alone it stands, where most have nothing of the kind.
	Only []string `yaml:"only,omitempty"`
}

// LevelIn gives the level that holds in a stance.
func (r Requirement) LevelIn(s Stance) Level {
	if s == Certification && r.Cert != "" {
		return r.Cert
	}
	return r.Level
}

// Section is a heading of reports and lists.
type Section struct {
	Key   string `yaml:"key"`
	Title string `yaml:"title"`
	Text  string `yaml:"text"`
}

// Profile is a set of requirements that a product claims as a whole.
type Profile struct {
	ID           string           `yaml:"id"`
	Title        string           `yaml:"title"`
	Standard     string           `yaml:"standard"`
	Role         string           `yaml:"role"`
	Summary      string           `yaml:"summary"`
	Requirements []string         `yaml:"requirements"` // ids, or prefixes ending in *
	Except       []string         `yaml:"except,omitempty"`
	Levels       map[string]Level `yaml:"levels,omitempty"` // where this profile differs
	Operations   []string         `yaml:"operations"`       // operationIds the profile covers
	Scopes       []string         `yaml:"scopes"`
}

// file is one YAML document of the catalogue.
type file struct {
	Services     []Service     `yaml:"services"`
	Sections     []Section     `yaml:"sections"`
	Requirements []Requirement `yaml:"requirements"`
	Profiles     []Profile     `yaml:"profiles"`
	Renamed      []Renaming    `yaml:"renamed"`
}

// Renaming says which id a requirement has that had another one in reports of older versions.
type Renaming struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

// Catalogue is the validated whole.
type Catalogue struct {
	services     []Service
	sections     []Section
	requirements []Requirement
	byID         map[string]int
	profiles     []Profile
	renamed      []Renaming
}

// Load reads the embedded catalogue; it is parsed once a process.
var Load = sync.OnceValues(func() (*Catalogue, error) {
	sub, err := fs.Sub(files, "data")
	if err != nil {
		return nil, fmt.Errorf("opening the embedded catalogue: %w", err)
	}
	return LoadFrom(sub)
})

// LoadFrom reads every *.yaml file under fsys and validates the whole.
func LoadFrom(fsys fs.FS) (*Catalogue, error) {
	c := &Catalogue{byID: map[string]int{}}
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		text, err := fs.ReadFile(fsys, path)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		var f file
		if err := strictyaml.Unmarshal(text, &f); err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		c.services = append(c.services, f.Services...)
		c.sections = append(c.sections, f.Sections...)
		spread, err := spread(f.Requirements, c.services)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		c.requirements = append(c.requirements, spread...)
		c.profiles = append(c.profiles, f.Profiles...)
		c.renamed = append(c.renamed, f.Renamed...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("loading the catalogue: %w", err)
	}
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("the catalogue is wrong: %w", err)
	}
	return c, nil
}

var (
	idPattern      = regexp.MustCompile(`^[a-z0-9]+(\.[a-z0-9-]+)+$`)
	profilePattern = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)
)

func (c *Catalogue) validate() error {
	sections := map[string]bool{}
	for _, s := range c.sections {
		if s.Key == "" || s.Title == "" || sections[s.Key] {
			return fmt.Errorf("section %q is empty, untitled or given twice", s.Key)
		}
		sections[s.Key] = true
	}
	for i, r := range c.requirements {
		if _, twice := c.byID[r.ID]; twice {
			return fmt.Errorf("requirement %s is given twice", r.ID)
		}
		c.byID[r.ID] = i
		if err := r.validate(sections); err != nil {
			return fmt.Errorf("requirement %s: %w", r.ID, err)
		}
	}
	seen := map[string]bool{}
	for i := range c.profiles {
		p := &c.profiles[i]
		if seen[p.ID] || !profilePattern.MatchString(p.ID) {
			return fmt.Errorf("profile %q is given twice or has a bad id", p.ID)
		}
		seen[p.ID] = true
		if err := c.expand(p); err != nil {
			return fmt.Errorf("profile %s: %w", p.ID, err)
		}
	}
	return c.validateRenamed()
}

// validateRenamed holds the table of renamed requirements to what there is: the older id is
// no requirement's any more, the newer one is, and no id leads to two.
func (c *Catalogue) validateRenamed() error {
	from := map[string]bool{}
	for _, r := range c.renamed {
		_, there := c.byID[r.From]
		_, known := c.byID[r.To]
		switch {
		case !idPattern.MatchString(r.From):
			return fmt.Errorf("renamed requirement %q: an id is lower-case words joined by dots", r.From)
		case there:
			return fmt.Errorf("renamed requirement %s: a requirement has this id still", r.From)
		case !known:
			return fmt.Errorf("renamed requirement %s: there is no requirement %q that it could be now", r.From, r.To)
		case from[r.From]:
			return fmt.Errorf("renamed requirement %s is given twice", r.From)
		}
		from[r.From] = true
	}
	return nil
}

// Renamed gives the id that a requirement has now, by the one that it had in reports of older
// versions.
func (c *Catalogue) Renamed() map[string]string {
	out := map[string]string{}
	for _, r := range c.renamed {
		out[r.From] = r.To
	}
	return out
}

func (r Requirement) validate(sections map[string]bool) error {
	switch {
	case !idPattern.MatchString(r.ID):
		return fmt.Errorf("an id is lower-case words joined by dots")
	case r.Title == "" || r.Statement == "" || r.Role == "":
		return fmt.Errorf("title, statement and role are all needed")
	case !sections[r.Section]:
		return fmt.Errorf("section %q is not defined", r.Section)
	case len(r.Citations) == 0 || slices.ContainsFunc(r.Citations, incomplete):
		return fmt.Errorf("a citation is needed, and each names its document and section")
	case !slices.Contains([]Level{Must, Should, May}, r.Level):
		return fmt.Errorf("level %q is none of MUST, SHOULD, MAY", r.Level)
	case r.Cert != "" && !slices.Contains([]Level{Must, Should, May, Off}, r.Cert):
		return fmt.Errorf("certification level %q is none of MUST, SHOULD, MAY, OFF", r.Cert)
	case !slices.Contains([]Confidence{Confirmed, Inferred, Unconfirmed}, r.Confidence):
		return fmt.Errorf("confidence %q is none of confirmed, inferred, unconfirmed", r.Confidence)
	case r.Confidence == Unconfirmed && (r.Level == Must || r.Cert == Must):
		return fmt.Errorf("an unconfirmed fact can't be a MUST")
	}
	return nil
}

// incomplete tells of a citation that doesn't lead to a place in a document.
func incomplete(c Citation) bool { return c.Document == "" || c.Section == "" }

// expand replaces the prefixes of a profile by ids and checks every id it names.
func (c *Catalogue) expand(p *Profile) error {
	match := func(pattern string) ([]string, error) {
		var ids []string
		prefix, open := strings.CutSuffix(pattern, "*")
		for _, r := range c.requirements {
			if r.ID == pattern || open && strings.HasPrefix(r.ID, prefix) {
				ids = append(ids, r.ID)
			}
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("%q matches no requirement", pattern)
		}
		return ids, nil
	}
	var ids []string
	for _, pattern := range p.Requirements {
		more, err := match(pattern)
		if err != nil {
			return err
		}
		for _, id := range more {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	for _, pattern := range p.Except {
		less, err := match(pattern)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(less, id) })
	}
	for id, level := range p.Levels {
		if !slices.Contains(ids, id) {
			return fmt.Errorf("sets a level for %s, which it does not contain", id)
		}
		if !slices.Contains([]Level{Must, Should, May, Off}, level) {
			return fmt.Errorf("level %q of %s is none of MUST, SHOULD, MAY, OFF", level, id)
		}
		if r, _ := c.Requirement(id); r.Confidence == Unconfirmed && level == Must {
			return fmt.Errorf("%s is unconfirmed and can't be a MUST", id)
		}
	}
	p.Requirements = ids
	return nil
}

// Requirements gives all requirements in catalogue order.
func (c *Catalogue) Requirements() []Requirement { return slices.Clone(c.requirements) }

// Requirement finds one by id.
func (c *Catalogue) Requirement(id string) (Requirement, bool) {
	i, ok := c.byID[id]
	if !ok {
		return Requirement{}, false
	}
	return c.requirements[i], true
}

// Position gives the place of a requirement in the catalogue's order; -1 when it
// holds none of that id.
func (c *Catalogue) Position(id string) int {
	if i, ok := c.byID[id]; ok {
		return i
	}
	return -1
}

// Features lists what a target may disclaim.
func (c *Catalogue) Features() []string {
	var out []string
	for _, r := range c.requirements {
		if r.Feature != "" && !slices.Contains(out, r.Feature) {
			out = append(out, r.Feature)
		}
	}
	return out
}

// Sections gives the headings in order.
func (c *Catalogue) Sections() []Section { return slices.Clone(c.sections) }

// Profiles gives all profiles in order.
func (c *Catalogue) Profiles() []Profile { return slices.Clone(c.profiles) }

// Profile finds one by id.
func (c *Catalogue) Profile(id string) (Profile, bool) {
	for _, p := range c.profiles {
		if p.ID == id {
			return p, true
		}
	}
	return Profile{}, false
}

// LevelOf gives the level of a requirement in a profile and stance; Off when
// the profile doesn't hold it.
func (c *Catalogue) LevelOf(p Profile, id string, s Stance) Level {
	r, ok := c.Requirement(id)
	if !ok || !slices.Contains(p.Requirements, id) {
		return Off
	}
	if level, set := p.Levels[id]; set && !(s == Certification && r.Cert != "") {
		return level
	}
	return r.LevelIn(s)
}
