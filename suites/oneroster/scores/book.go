package scores

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// Terms are what one of the two services calls things.
type Terms struct {
	Items   string // collection of what is worked at: lineItems
	Item    string // kind of it, and the member by which a result refers to it
	Results string
	Result  string
	Words   string // for people: line item
	Peers   string // the member by which items are peers: of the same class, of the same parent
}

// Book is the crawl of a gradebook, or of assessments, as checks read it: a million results
// are held in columns. It is read-only.
type Book struct {
	*rest.Corpus
	*rest.Symbols
	Terms

	Items   []Item
	Results []Result
	Scales  map[string]Scale // by sourcedId
	// Beside is what the rosters say, as far as they were read.
	Rosters *Rosters

	// Led says that a CASE server is asked where objectives of CASE lead, and what they are below.
	Led bool

	byID map[uint32]int // symbol of its sourcedId to the item
}

// Holder is the model of a service that has a Book.
type Holder interface {
	rest.Model
	Scores() *Book
}

// Scores gives the book itself, for models that embed it.
func (b *Book) Scores() *Book { return b }

// Item is something that students work at; what has no name is told by symbols, of which 0
// is none.
type Item struct {
	ID, Title                       string
	Status, Class, School, Category uint32
	GradingPeriod, Session, Scale   uint32
	Parent                          uint32
	Min, Max                        float64 // NaN where there is none
	Assign, Due                     time.Time
	Objectives                      uint32 // see Book.Sets
}

// Result is what one student got for one item.
type Result struct {
	Item, Student, Class, Scale uint32
	Status, ScoreStatus         uint32
	Text                        uint32
	Objectives                  uint32  // see Book.Sets
	Score, Percentile           float64 // NaN where there is none
	Day, Modified               int32   // since 1970, see days
	Flags                       Flags
}

// Flags are what a result says of the work, each of them true.
type Flags uint8

// The flags of a result.
const (
	InProgress Flags = 1 << iota
	Incomplete
	Late
	Missing
)

// Objective is one learning objective that an item or a result is aligned to.
type Objective struct{ Source, ID string }

// noDay is a date that is not there, or can't be read.
const noDay = math.MinInt32

// days counts them since 1970.
func days(t time.Time) int32 { return int32(t.Unix() / (24 * 60 * 60)) }

func dayOf(text string) int32 {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return noDay
	}
	return days(at)
}

func dateOf(day int32) string { return time.Unix(int64(day)*24*60*60, 0).UTC().Format(time.DateOnly) }

func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	if err != nil {
		return time.Time{}
	}
	return at
}

// item as decoded, of either service.
type item struct {
	rest.Base
	Title         string    `json:"title"`
	Class         *rest.Ref `json:"class"`
	School        *rest.Ref `json:"school"`
	Category      *rest.Ref `json:"category"`
	GradingPeriod *rest.Ref `json:"gradingPeriod"`
	Session       *rest.Ref `json:"academicSession"`
	Scale         *rest.Ref `json:"scoreScale"`
	Parent        *rest.Ref `json:"parentAssessmentLineItem"`
	AssignDate    string    `json:"assignDate"`
	DueDate       string    `json:"dueDate"`
	Min           *float64  `json:"resultValueMin"`
	Max           *float64  `json:"resultValueMax"`
	Sets          []set     `json:"learningObjectiveSet"`
}

// result as decoded, of either service.
type result struct {
	rest.Base
	LineItem           *rest.Ref `json:"lineItem"`
	AssessmentLineItem *rest.Ref `json:"assessmentLineItem"`
	Student            *rest.Ref `json:"student"`
	Class              *rest.Ref `json:"class"`
	Scale              *rest.Ref `json:"scoreScale"`
	ScoreStatus        string    `json:"scoreStatus"`
	Score              *float64  `json:"score"`
	TextScore          string    `json:"textScore"`
	Percentile         *float64  `json:"scorePercentile"`
	ScoreDate          string    `json:"scoreDate"`
	Sets               []set     `json:"learningObjectiveSet"`
	InProgress         string    `json:"inProgress"`
	Incomplete         string    `json:"incomplete"`
	Late               string    `json:"late"`
	Missing            string    `json:"missing"`
}

// set is one of learning objectives: of an item by ids, of a result with how far each is
// mastered.
type set struct {
	Source  string   `json:"source"`
	IDs     []string `json:"learningObjectiveIds"`
	Results []struct {
		ID string `json:"learningObjectiveId"`
	} `json:"learningObjectiveResults"`
}

// Open reads the crawl of a session. take, unless nil, is handed the objects that are neither
// items nor results nor scales.
func Open(
	of *service.Service, terms Terms, beside []*rest.Beside, s *harness.Session, take func(kind string, object []byte),
) (*Book, error) {
	b := NewBook(terms)
	b.Led = oneroster.Of(s.Target).CASE.URL != ""
	var err error
	b.Corpus, err = rest.Open(of, beside, s, func(kind string, object []byte) {
		switch kind {
		case terms.Item:
			b.takeItem(rest.Read[item](object))
		case terms.Result:
			b.Results = append(b.Results, b.compact(rest.Read[result](object)))
		case scaleKind:
			b.takeScale(object)
		default:
			if take != nil {
				take(kind, object)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if raw := b.Beside(scaleCollection); raw != nil {
		err = raw.Each(func(_ int, _ string, object []byte) bool {
			b.takeScale(object)
			return true
		})
	}
	b.Rosters = newRosters(b.Corpus, b.Symbols)
	return b, err
}

// NewBook makes a book without anything in it, of no crawl: for tests of rules.
func NewBook(terms Terms) *Book {
	return &Book{Symbols: rest.NewSymbols(), Terms: terms, Scales: map[string]Scale{}, byID: map[uint32]int{}}
}

// Fill puts items and results into a book, in place of what it holds.
func (b *Book) Fill(items []Item, results []Result) {
	b.Items, b.Results = items, results
	for i, x := range items {
		b.byID[b.Intern(x.ID)] = i
	}
}

func (b *Book) takeScale(object []byte) {
	s := newScale(b.Symbols, rest.Read[scale](object))
	if _, twice := b.Scales[s.ID]; !twice {
		b.Scales[s.ID] = s
	}
}

func (b *Book) takeItem(i item) {
	id := func(r *rest.Ref) uint32 { return b.Intern(r.ID()) }
	at := b.Intern(i.SourcedID)
	if _, twice := b.byID[at]; !twice {
		b.byID[at] = len(b.Items)
	}
	b.Items = append(b.Items, Item{ID: i.SourcedID, Title: i.Title, Status: b.Intern(i.Status), Class: id(i.Class), School: id(i.School),
		Category: id(i.Category), GradingPeriod: id(i.GradingPeriod), Session: id(i.Session), Scale: id(i.Scale), Parent: id(i.Parent),
		Min: number(i.Min), Max: number(i.Max), Assign: instant(i.AssignDate), Due: instant(i.DueDate), Objectives: b.sets(i.Sets)})
}

func (b *Book) compact(r result) Result {
	id := func(r *rest.Ref) uint32 { return b.Intern(r.ID()) }
	out := Result{Item: id(r.LineItem), Student: id(r.Student), Class: id(r.Class), Scale: id(r.Scale), Status: b.Intern(r.Status),
		ScoreStatus: b.Intern(r.ScoreStatus), Text: b.Intern(r.TextScore), Objectives: b.sets(r.Sets), Score: number(r.Score),
		Percentile: number(r.Percentile), Day: dayOf(r.ScoreDate), Modified: noDay}
	if out.Item == 0 {
		out.Item = id(r.AssessmentLineItem)
	}
	if at := instant(r.DateLastModified); !at.IsZero() {
		out.Modified = days(at)
	}
	for flag, text := range map[Flags]string{InProgress: r.InProgress, Incomplete: r.Incomplete, Late: r.Late, Missing: r.Missing} {
		if text == "true" {
			out.Flags |= flag
		}
	}
	return out
}

func number(n *float64) float64 {
	if n == nil {
		return math.NaN()
	}
	return *n
}

// sets keeps the learning objectives of an object as one text: most of the results of an item
// have the same.
func (b *Book) sets(list []set) uint32 {
	var all []Objective
	for _, s := range list {
		for _, id := range s.IDs {
			all = append(all, Objective{s.Source, id})
		}
		for _, r := range s.Results {
			all = append(all, Objective{s.Source, r.ID})
		}
	}
	if len(all) == 0 {
		return 0
	}
	text, err := json.Marshal(all)
	if err != nil {
		return 0 // two texts can always be written
	}
	return b.Intern(string(text))
}

// Sets gives the learning objectives that a symbol stands for.
func (b *Book) Sets(symbol uint32) (all []Objective) {
	if symbol != 0 {
		_ = json.Unmarshal([]byte(b.Text(symbol)), &all)
	}
	return all
}

// ItemOf finds an item by the symbol of its sourcedId; nil when the crawl has none.
func (b *Book) ItemOf(symbol uint32) *Item {
	if i, met := b.byID[symbol]; met && symbol != 0 {
		return &b.Items[i]
	}
	return nil
}

// Active tells whether a symbol is the status of what is in use.
func (b *Book) Active(status uint32) bool { return b.Text(status) == "active" }

// eachResult visits the active results.
func (b *Book) eachResult(visit func(i int, r *Result)) {
	for i := range b.Results {
		if r := &b.Results[i]; b.Active(r.Status) {
			visit(i, r)
		}
	}
}

// eachItem visits the active items.
func (b *Book) eachItem(visit func(i int, x *Item)) {
	for i := range b.Items {
		if x := &b.Items[i]; b.Active(x.Status) {
			visit(i, x)
		}
	}
}

// ResultID gives the sourcedId of a result; "" of one that came in no crawl.
func (b *Book) ResultID(i int) string {
	if b.Corpus == nil {
		return ""
	}
	id, _, _ := b.Raw(b.Terms.Results).At(i)
	return id
}

// atResult says where a result stands: its id is read from the spool, for a million of them
// are held in columns.
func (b *Book) atResult(i int, pointer string) rest.Place {
	return rest.Place{Index: i, ID: b.ResultID(i), Pointer: pointer}
}

func (b *Book) atItem(i int, pointer string) rest.Place {
	return rest.Place{Index: i, ID: b.Items[i].ID, Pointer: pointer}
}

// Stands is never asked: no collection of the two services is a part of another.
func (b *Book) Stands(service.Collection, int) (may, must bool) { return false, false }
