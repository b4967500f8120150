package reports

import "time"

// FormatVersion is the version of the report document. The major number moves
// when a reader of an older report would misread a newer one.
const FormatVersion = "1.2"

// Verdict says how one requirement fared.
type Verdict string

// The seven verdicts. Only Pass counts as kept.
const (
	Pass          Verdict = "pass"
	Fail          Verdict = "fail"           // a MUST is broken
	Warning       Verdict = "warning"        // a SHOULD is broken
	NotApplicable Verdict = "not-applicable" // the feature isn't claimed
	NotTested     Verdict = "not-tested"     // the precondition was missing; Remedy says how to supply it
	Error         Verdict = "error"          // the judge itself failed
	Unknown       Verdict = "unknown"        // not reached: interrupted, or the child process died
)

// Level is how strongly a requirement binds in the profile and stance of a run.
type Level string

// Levels in the sense of RFC 2119.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
)

// Outcome is what a run, or one profile of it, came to.
type Outcome string

// Outcomes, in rising order of concern for a reader of the front page.
const (
	Conforms     Outcome = "conforms"
	Incomplete   Outcome = "incomplete" // a MUST is not-tested or unknown, none failed
	DoesNot      Outcome = "does-not-conform"
	JudgeFailed  Outcome = "judge-failed"  // a check ended in error
	Unconfigured Outcome = "configuration" // the run never began
)

// Exit codes of a run (docs: "Exit codes").
const (
	ExitConforms      = 0
	ExitFailed        = 1
	ExitConfiguration = 2
	ExitJudge         = 3
	ExitIncomplete    = 4
)

// Report is one run, complete.
type Report struct {
	Format       string              `json:"format"` // FormatVersion
	Judge        Judge               `json:"judge"`
	Run          Run                 `json:"run"`
	Target       Target              `json:"target"`
	Outcome      Outcome             `json:"outcome"`
	Exit         int                 `json:"exit"`
	Profiles     []ProfileResult     `json:"profiles"`
	Requirements []RequirementResult `json:"requirements"`
	Checks       []CheckResult       `json:"checks"`
	Exchanges    []Exchange          `json:"exchanges"`
	Diagnoses    []Diagnosis         `json:"diagnoses"` // what the doctor found: configuration, never conformance
	Waivers      []WaiverResult      `json:"waivers"`
	Facts        []Fact              `json:"facts"` // e.g. objects per collection, pages crawled
	// Observations are seen of the target as a whole; they decide no requirement.
	Observations []Observation `json:"observations,omitempty"`
	// District is the picture of a district, where one was judged.
	District *District `json:"district,omitempty"`
}

// Judge identifies the program that judged.
type Judge struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	OS      string `json:"os"`
}

// Run says what was asked and when. Times are UTC.
type Run struct {
	ID         string    `json:"id"`
	Started    time.Time `json:"started"`
	Finished   time.Time `json:"finished"`
	Seed       uint64    `json:"seed"`
	Stance     string    `json:"stance"` // certification or strict
	StanceText string    `json:"stanceText,omitempty"`
	Profiles   []string  `json:"profiles"`
	Focus      []string  `json:"focus,omitempty"` // set when only part of the plan was asked for
	// Whole is how many requirements the profiles hold altogether, where only part
	// of them was asked for: the report is partial.
	Whole       int  `json:"whole,omitempty"`
	Shards      int  `json:"shards"`
	Resumed     bool `json:"resumed,omitempty"`
	Interrupted bool `json:"interrupted,omitempty"`
	// PersonalKept says that personal data were not removed from the evidence.
	PersonalKept bool `json:"personalKept,omitempty"`
	// Shard says which part of the plan was judged on this machine, such as 2/5.
	Shard string `json:"shard,omitempty"`
	// Baseline is the earlier run whose failures and gaps spare the exit code.
	Baseline *Baseline `json:"baseline,omitempty"`
	Planned  int       `json:"planned"`          // checks planned
	Done     int       `json:"done"`             // checks that came back
	Repeat   string    `json:"repeat,omitempty"` // command that repeats this run
}

// Baseline is an earlier run against which a run is held: what was so then isn't new.
type Baseline struct {
	Run     string    `json:"run"` // its id
	Started time.Time `json:"started"`
	Target  string    `json:"target"`
	// Known lists the requirements that are excused, for they were broken or not tested then.
	Known []string `json:"known"`
}

// Target identifies the implementation under test; Config is its target.yaml
// with every secret redacted.
type Target struct {
	Name    string            `json:"name"`
	Vendor  string            `json:"vendor,omitempty"`
	Product string            `json:"product,omitempty"`
	Version string            `json:"version,omitempty"`
	Role    string            `json:"role"`
	URLs    map[string]string `json:"urls,omitempty"`
	// Disclaims are the features that the target file says the product doesn't claim.
	Disclaims []string `json:"disclaims,omitempty"`
	Config    string   `json:"config,omitempty"`
}

// Counts tallies requirements by verdict.
type Counts struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	Warning       int `json:"warning"`
	NotApplicable int `json:"notApplicable"`
	NotTested     int `json:"notTested"`
	Error         int `json:"error"`
	Unknown       int `json:"unknown"`
	Waived        int `json:"waived"` // failures excused by a waiver; also counted under Fail
	// WaivedOpen are those not tested that a waiver excuses; also counted under NotTested.
	WaivedOpen int `json:"waivedOpen,omitempty"`
	// Noted are those whose options (MAY) are used in another way; also counted under Pass.
	Noted int `json:"noted,omitempty"`
}

// Citation points at the sentence of a standard that a requirement rests on.
type Citation struct {
	Document string `json:"document"`
	Section  string `json:"section,omitempty"`
	URL      string `json:"url,omitempty"`
}

// ProfileResult is the verdict on one profile.
type ProfileResult struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	Standard string  `json:"standard"`
	Summary  string  `json:"summary,omitempty"` // what the profile claims, for a layman
	Outcome  Outcome `json:"outcome"`
	Counts   Counts  `json:"counts"`
	// Requirements lists every requirement of the profile with its level there.
	Requirements []ProfileRequirement `json:"requirements"`
}

// ProfileRequirement is where a requirement and a profile meet.
type ProfileRequirement struct {
	ID    string `json:"id"`
	Level Level  `json:"level"`
}

// RequirementResult is the verdict on one requirement, with what it rests on.
type RequirementResult struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	Statement  string     `json:"statement"` // our own wording
	Section    string     `json:"section"`   // heading to group by
	Role       string     `json:"role"`
	Level      Level      `json:"level"` // the strictest among the profiles run
	Confidence string     `json:"confidence"`
	Citations  []Citation `json:"citations"`
	Verdict    Verdict    `json:"verdict"`
	Waived     bool       `json:"waived,omitempty"` // broken, or not tested, and excused by a waiver
	Known      bool       `json:"known,omitempty"`  // broken, or not tested, as in the baseline of the run
	Noted      int        `json:"noted,omitempty"`  // findings on an option (MAY): they decide nothing
	Examined   int        `json:"examined"`         // how many things were looked at
	Checks     []string   `json:"checks"`
	Findings   []Finding  `json:"findings,omitempty"`
	Notes      []string   `json:"notes,omitempty"`
	// Reason and Remedy explain not-tested, not-applicable, unknown and error.
	Reason string `json:"reason,omitempty"`
	Remedy string `json:"remedy,omitempty"`
	// Blame says what a not-tested requirement hangs on.
	Blame *Blame `json:"blame,omitempty"`
	// Blocks lists the requirements that could not be examined because this one is
	// broken: one cause, told once.
	Blocks []string `json:"blocks,omitempty"`
	Causes string   `json:"causes,omitempty"` // typical causes, from the catalogue
	Repeat string   `json:"repeat,omitempty"` // command that repeats just this
}

// Finding is one thing a check noticed, in the order a vendor can act on.
type Finding struct {
	Requirement string   `json:"requirement"`
	Required    string   `json:"required,omitempty"` // what the requirement says, for this case
	Sent        string   `json:"sent,omitempty"`     // what we sent
	Expected    string   `json:"expected"`
	Seen        string   `json:"seen"`
	Where       string   `json:"where,omitempty"`     // JSON pointer, header name, URL
	Cause       string   `json:"cause,omitempty"`     // likely cause
	Count       int      `json:"count,omitempty"`     // how often; 0 means once
	Exchanges   []string `json:"exchanges,omitempty"` // ids of Exchange
	Hop         string   `json:"hop,omitempty"`       // id of the Hop of a district where it showed
}

// CheckResult is one check as it ended.
type CheckResult struct {
	ID           string             `json:"id"`
	Title        string             `json:"title"`
	Labels       []string           `json:"labels,omitempty"`
	Requirements []string           `json:"requirements"`
	State        string             `json:"state"` // done, timed-out, panicked, interrupted, missing
	Message      string             `json:"message,omitempty"`
	Started      time.Time          `json:"started"`
	Milliseconds int64              `json:"milliseconds"`
	Results      []CheckRequirement `json:"results"`
	Findings     []Finding          `json:"findings,omitempty"`
	Exchanges    []string           `json:"exchanges,omitempty"`
	Attachments  []Attachment       `json:"attachments,omitempty"`
}

// Attachment is a picture or a text that a check kept as evidence, beside its
// exchanges: a screenshot, a decoded token, the lines of a console.
type Attachment struct {
	Title string `json:"title"`
	Media string `json:"media"`          // image/jpeg, text/plain
	Text  string `json:"text,omitempty"` // redacted
	Data  string `json:"data,omitempty"` // base64
}

// CheckRequirement is what one check says of one of its requirements.
type CheckRequirement struct {
	Requirement string  `json:"requirement"`
	Verdict     Verdict `json:"verdict"`
	Examined    int     `json:"examined"`
	Reason      string  `json:"reason,omitempty"`
	Remedy      string  `json:"remedy,omitempty"`
	// Blame says what the requirement, or the part of it that could not be
	// examined, hangs on.
	Blame *Blame   `json:"blame,omitempty"`
	Notes []string `json:"notes,omitempty"`
	// Hops say the same of each hop of a district.
	Hops []HopResult `json:"hops,omitempty"`
}

// BlameKind is one of the three reasons for which a requirement is not tested.
type BlameKind string

// The reasons.
const (
	NoData        BlameKind = "no-data"       // the target holds nothing to look at; Remedy says what to load
	Configuration BlameKind = "configuration" // the target file doesn't say enough; Remedy says what to set
	BlockedBy     BlameKind = "blocked-by"    // another requirement has failed, on which this one stands
)

// Blame says what a requirement hangs on that could not be examined.
type Blame struct {
	Kind BlameKind `json:"kind"`
	// Requirement is the one that blocks, with Kind blocked-by: it is failed, or by
	// its level warned, in the same report.
	Requirement string `json:"requirement,omitempty"`
	// Expected is what was expected of that one, where its statement doesn't say it.
	Expected  string   `json:"expected,omitempty"`
	Exchanges []string `json:"exchanges,omitempty"` // that show it
}

// Observation is something that was seen of the target as a whole and that decides
// no requirement, such as answers that come and go.
type Observation struct {
	Kind      string   `json:"kind"` // a constant of the kernel, such as "flaky"
	Title     string   `json:"title"`
	Detail    string   `json:"detail,omitempty"`
	Count     int      `json:"count"`
	Places    []string `json:"places,omitempty"` // the first few
	Exchanges []string `json:"exchanges,omitempty"`
	Remedy    string   `json:"remedy,omitempty"`
}

// Header is one header field; order and repetition are kept.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Exchange is one HTTP request and what came of it, already redacted.
type Exchange struct {
	ID           string    `json:"id"`
	Check        string    `json:"check,omitempty"`
	Started      time.Time `json:"started"`
	Milliseconds float64   `json:"milliseconds"`
	System       string    `json:"system,omitempty"` // of a district: whose end it shows
	Method       string    `json:"method"`
	URL          string    `json:"url"`
	Request      Message   `json:"request"`
	Status       int       `json:"status"` // 0 when no response came
	StatusText   string    `json:"statusText,omitempty"`
	Protocol     string    `json:"protocol,omitempty"`
	TLS          string    `json:"tls,omitempty"`
	Response     Message   `json:"response"`
	Problem      string    `json:"problem,omitempty"` // transport error, budget exceeded
	Curl         string    `json:"curl,omitempty"`    // repeats the request; secrets as $VARIABLES
}

// Message is one direction of an Exchange. Body is redacted and may be cut.
type Message struct {
	Headers []Header `json:"headers,omitempty"`
	Body    string   `json:"body,omitempty"`
	Size    int64    `json:"size"`             // decoded bytes received or sent
	Cut     bool     `json:"cut,omitempty"`    // Body is shorter than Size
	SHA256  string   `json:"sha256,omitempty"` // of the redacted body, whole
}

// Diagnosis is one thing the doctor looked at before the run.
type Diagnosis struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Fatal  bool   `json:"fatal,omitempty"` // the run can't begin
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// WaiverResult is one waiver of the target file, and what became of it.
type WaiverResult struct {
	Requirement string `json:"requirement"`
	Reason      string `json:"reason"`
	Owner       string `json:"owner"`
	Expires     string `json:"expires"` // YYYY-MM-DD, the last day on which it waives
	// State is applied, expired, stale (the requirement passes), unmatched, not-needed
	// (it doesn't apply) or undecided (the judge did not reach it).
	State string `json:"state"`
}

// Fact is something measured that no requirement hangs on.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
