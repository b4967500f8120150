package ecosystem

import (
	_ "embed"
	"path/filepath"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Section says what a district is made of, and how the story is played in it.
type Section struct {
	Systems []System `yaml:"systems"`
	// Class is the sourcedId of the class, in the SIS, in which the story plays.
	Class string `yaml:"class"`
	// Within is how soon each system has to know what changed in the SIS, unless it says its own.
	Within harness.Duration `yaml:"within,omitempty"`
	People []Person         `yaml:"people,omitempty"`
	Change Changes          `yaml:"change,omitempty"`
	IDs    []Mapping        `yaml:"ids,omitempty"`
	Places []Place          `yaml:"places,omitempty"`
	Picks  []Pick           `yaml:"picks,omitempty"`
	Grades []Override       `yaml:"grades,omitempty"`
}

// System is one product that takes part.
type System struct {
	Name string `yaml:"name"`
	Role string `yaml:"role"` // sis, platform, tool, assessment or catalog
	// File is an ordinary target file of the product, relative to this one.
	File   string           `yaml:"file,omitempty"`
	Within harness.Duration `yaml:"within,omitempty"` // how soon it knows what changed in the SIS
	// Sync has it take in what the SIS has, where it doesn't by itself within its interval.
	Sync Trigger `yaml:"sync,omitempty"`
	// Push has an assessment app, or a platform with a gradebook, push to the SIS; it may do so by itself.
	Push Trigger `yaml:"push,omitempty"`
}

// The roles of systems.
const (
	SIS        = "sis"
	Platform   = "platform"
	Tool       = "tool"
	Assessment = "assessment"
	Catalog    = "catalog"
)

// Roles lists them in the order in which the picture has them.
func Roles() []string { return []string{SIS, Platform, Tool, Assessment, Catalog} }

// Person is somebody of the SIS who acts in the story.
type Person struct {
	Name string `yaml:"name"` // how to call them in findings
	// Part is what they are there for: teacher, learner, newcomer or withdrawn.
	Part string `yaml:"part"`
	// SourcedID is theirs in the SIS.
	SourcedID string `yaml:"sourcedId"`
	// SignIn is how they sign in at each platform.
	SignIn []SignIn `yaml:"sign_in,omitempty"`
}

// The parts of the story.
const (
	Teacher   = "teacher"
	Learner   = "learner"
	Newcomer  = "newcomer"  // who is enrolled in the midst of it
	Withdrawn = "withdrawn" // who is withdrawn in the midst of it
)

// SignIn is how somebody signs in at a platform: by the steps of one of the users of the platform's own target file, or
// by steps of its own.
type SignIn struct {
	At    string         `yaml:"at"`
	User  string         `yaml:"user,omitempty"` // a name of lti.platform.users there
	Steps []browser.Step `yaml:"steps,omitempty"`
}

// Changes are how what the story changes in the SIS is changed there. In each of them $person, $class and $role stand
// for whom, where and as what (student).
type Changes struct {
	Enroll   Trigger `yaml:"enroll,omitempty"`
	Withdraw Trigger `yaml:"withdraw,omitempty"`
}

// Trigger is how a system is made to do something: by one of its keys.
type Trigger struct {
	Command string           `yaml:"command,omitempty"` // of a shell; the words are in $ROLLCALL_PERSON and the like
	Webhook *Webhook         `yaml:"webhook,omitempty"`
	Steps   []browser.Step   `yaml:"steps,omitempty"`
	Person  string           `yaml:"person,omitempty"`  // what a person is asked to do
	Timeout harness.Duration `yaml:"timeout,omitempty"` // 1m by default; 15m with a person
}

// Webhook is one HTTP request.
type Webhook struct {
	URL    string            `yaml:"url"`
	Method string            `yaml:"method,omitempty"` // POST by default
	Header map[string]string `yaml:"header,omitempty"`
	Body   string            `yaml:"body,omitempty"`
}

// Way names the key by which it is done; empty where none is given.
func (t Trigger) Way() string {
	switch {
	case t.Command != "":
		return "command"
	case t.Webhook != nil:
		return "webhook"
	case len(t.Steps) > 0:
		return "steps"
	case t.Person != "":
		return "person"
	}
	return ""
}

// Set tells whether there is a way.
func (t Trigger) Set() bool { return t.Way() != "" }

// Mapping declares that an id isn't carried as it is.
type Mapping struct {
	Kind string `yaml:"kind"` // person, class, course, resource, assignment or assessment
	// At is the system that has the other id; empty: every one but the SIS.
	At string `yaml:"at,omitempty"`
	// SIS is the member of the SIS's object that the other id is made of, sourcedId by default.
	SIS string `yaml:"sis,omitempty"`
	// In is the member there that carries the id; empty: whichever the standard has for it.
	In     string `yaml:"in,omitempty"`
	Prefix string `yaml:"prefix,omitempty"`
	Suffix string `yaml:"suffix,omitempty"`
	// Table is a CSV file of two columns, the id in the SIS and the one there.
	Table string `yaml:"table,omitempty"`
}

// The kinds of ids.
const (
	PersonID     = "person"
	ClassID      = "class"
	CourseID     = "course"
	ResourceID   = "resource"
	AssignmentID = "assignment"
	AssessmentID = "assessment"
)

// Kinds lists them.
func Kinds() []string {
	return []string{PersonID, ClassID, CourseID, ResourceID, AssignmentID, AssessmentID}
}

// Place is a link at a platform, in the course of the story, that launches a tool.
type Place struct {
	Name     string `yaml:"name"`
	Platform string `yaml:"platform"`
	// Tool is empty where Rollcall itself is launched, as registered in the platform's own target file.
	Tool string `yaml:"tool,omitempty"`
	// Resource is the sourcedId, in the SIS, of the resource that the tool is; empty: it isn't one.
	Resource string `yaml:"resource,omitempty"`
	// Steps open it, for somebody who has signed in; Score has a learner earn a score there, where the tool's own
	// target file doesn't say so (lti.tool.score).
	Steps []browser.Step `yaml:"steps"`
	Score []browser.Step `yaml:"score,omitempty"`
}

// Pick is how a teacher puts content into the course of the story.
type Pick struct {
	Name     string `yaml:"name"`
	Platform string `yaml:"platform"`
	// From is the tool whose picker is opened, or the catalogue that is searched.
	From string `yaml:"from"`
	// Search are the words that find the item in a catalogue, and Title is the item's name there.
	Search string `yaml:"search,omitempty"`
	Title  string `yaml:"title,omitempty"`
	// Tool is the one that the content belongs to, where From is a catalogue.
	Tool string `yaml:"tool,omitempty"`
	// Steps lead to where the content is chosen and has become a link; Opens opens it, Remove takes it away again. They
	// may name it by $title.
	Steps  []browser.Step `yaml:"steps"`
	Opens  []browser.Step `yaml:"opens,omitempty"`
	Remove []browser.Step `yaml:"remove,omitempty"`
}

// Override is how a teacher gives a score by hand at a platform.
type Override struct {
	Platform string `yaml:"platform"`
	// Steps do so, for a teacher who has signed in: $title names the line item, $givenName and $familyName the learner,
	// $user the learner's user_id of launches, $score what is given, of 10.
	Steps []browser.Step `yaml:"steps"`
}

const key = "district"

//go:embed keys.yaml
var keys []byte

// New makes an empty section.
func New() harness.Section { return &Section{} }

// Of gives the section of a target file.
func Of(t *harness.Target) *Section { return harness.SectionOf[Section](t) }

// Key is that of the section.
func (s *Section) Key() string { return key }

// Keys says what the keys of the section are for.
func (s *Section) Keys() []byte { return keys }

// Hides is nothing of its own: what systems tell of people is hidden by their own sections.
func (s *Section) Hides() []byte { return nil }

// Addresses is empty: a container is one product.
func (s *Section) Addresses() []*string { return nil }

// Identity is which systems take part.
func (s *Section) Identity() []string {
	out := []string{s.Class}
	for _, y := range s.Systems {
		out = append(out, y.Name, y.Role, y.File)
	}
	return out
}

// system finds one by its name.
func (s *Section) system(name string) (System, bool) {
	i := slices.IndexFunc(s.Systems, func(y System) bool { return y.Name == name })
	if i < 0 {
		return System{}, false
	}
	return s.Systems[i], true
}

// of lists the systems of a role.
func (s *Section) of(role string) (out []System) {
	for _, y := range s.Systems {
		if y.Role == role {
			out = append(out, y)
		}
	}
	return out
}

// part gives who has a part in the story.
func (s *Section) part(part string) (Person, bool) {
	i := slices.IndexFunc(s.People, func(p Person) bool { return p.Part == part })
	if i < 0 {
		return Person{}, false
	}
	return s.People[i], true
}

// beside is the path of a file that is named relative to the district file.
func beside(t *harness.Target, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(t.Path()), file)
}
