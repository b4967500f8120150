package ecosystem

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Sightings are what was seen in one story. They are plain data: the checks look at nothing else.
type Sightings struct {
	Systems []SystemSeen
	SIS     Register
	// People of the story, by part, as the SIS has them.
	People   map[string]PersonSeen
	Launches []Launch
	Rosters  []Roster
	Holdings []Holding
	Picks    []Picked
	Grades   []Graded
	Changed  []Change
	Results  Results
	// Leaks are personal values that were met where no flow asks for them.
	Leaks []Leak
	// Exchanges are the evidence, by id.
	Exchanges map[string]harness.Evidence
}

// SystemSeen is a system as its target file has it; Problem says why it can't be taken part of.
type SystemSeen struct {
	Name, Role, Title, Vendor, Problem string
	Within                             time.Duration
	Hosts                              []string // at which it is met
	Holds, Searches, Grades            bool     // what its target file says of how to look into it
}

// Register is the class of the story in the SIS.
type Register struct {
	Class, Course object
	Students      []object // users
	Teachers      []object
	Between       []string          // ids of those whose enrollment has ended by its date, or not begun
	Resources     map[string]object // by sourcedId
	Exchanges     []string
	// Students and Teachers were told by StudentsAt and TeachersAt.
	StudentsAt, TeachersAt string
	Problem                string
}

// PersonSeen is somebody of the story.
type PersonSeen struct {
	Name     string
	User     object
	Exchange string
	Problem  string
}

// When of the story something was seen.
const (
	Before = "before" // the changes
	After  = "after"
)

// Launch is one attempt of somebody to open something at a platform.
type Launch struct {
	Place, Platform, Tool string // Tool is empty where Rollcall itself is launched
	Resource              string
	Part, When            string
	Claims                object // nil: no token was sent
	Status                int    // with which the tool answered it
	// Problem says why it didn't get on; Unsigned that signing in failed already.
	Problem   string
	Unsigned  bool
	Exchanges []string
}

// opened tells whether the tool let them in.
func (l Launch) opened() bool { return l.Claims != nil && l.Status > 0 && l.Status < 400 }

// Roster is who is in the course of the story, by Names and Roles.
type Roster struct {
	Platform, When string
	Members        []object
	Exchanges      []string
	Problem        string
	Unset          string // what to set in the target file for it to be read
}

// Holding is what a system tells that it holds.
type Holding struct {
	System, When string
	// Objects by collection and sourcedId, of people and classes that have to do with the story.
	Objects  map[string]map[string]object
	From     string
	Exchange string // as which what was read is evidence
	Problem  string
}

// Picked is content that a teacher put into the course.
type Picked struct {
	Name, Platform, From, Role string // Role is that of From
	Items                      []object
	Found                      []object // of the catalogue
	Request, Answer            string   // exchanges
	Unsigned                   bool     // signing in failed already
	Title                      string
	Launch                     *Launch
	Exchanges                  []string
	Problem                    string
	Unset                      string
}

// Graded is what became of line items and scores that Rollcall, as a tool, gave at a platform.
type Graded struct {
	Platform string
	Asked    object   // the line item that was asked for
	Made     object   // as the platform keeps it
	Listed   []object // line items with its resourceId
	User     string   // to whom the score was given, by user_id
	Result   object   // that came of the score
	Others   []object // results of the line item without a score
	Given    float64  // the score, of Asked's scoreMaximum
	Override float64  // that a teacher gave; 0: none was
	After    object   // the result after that
	Register []object // line items of that title in the SIS
	Scores   []object // results of these, of anybody
	Stray    []object // results of the line item without a score, in the SIS
	Waited   time.Duration
	// Exchanges of the tool's end and of the SIS's.
	Exchanges, RegisterExchanges []string
	Problem, Unset               string
	OverrideUnset                string
	OverrideProblem              string
	RegisterProblem              string
	Worked                       []Worked
}

// Worked is a score that a learner earned in a tool of the district.
type Worked struct {
	Place, Tool string
	Titles      []string // of line items in the SIS with a new result of the learner
	Title       string   // of the link
	Began       time.Time
	Exchanges   []string
	Problem     string
	Unset       string
}

// Change is how long it took until a system knew a change.
type Change struct {
	System, Role, What string // What: Newcomer or Withdrawn
	Known              bool
	After, Within      time.Duration
	Exchanges          []string
	Problem, Unset     string
}

// Results are what an assessment app has put into the SIS.
type Results struct {
	System    string
	Items     map[string]object // assessment line items, by sourcedId
	Results   []object
	Before    int               // results that there were before it was made to push
	Held      map[string]object // what the app itself has
	HeldAny   bool
	Resolved  map[string]string // objective: "" where it was found, why not otherwise
	CaseUnset string
	Known     map[string]bool // students of results: whether the SIS knows them
	Exchanges []string
	Problem   string
	Unset     string
}

// Leak is a personal value in an address that a browser opened.
type Leak struct{ What, Exchange string }

const file = "sightings.json"

func (s *Sightings) save(dir string) error {
	text, err := json.Marshal(s)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, file), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keeping what was seen: %w", err)
	}
	return nil
}

func read(dir string) (*Sightings, error) {
	text, err := os.ReadFile(filepath.Join(dir, file))
	var s Sightings
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was seen: %w", err)
	}
	return &s, nil
}
