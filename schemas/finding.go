package schemas

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Severity says how much a finding weighs.
type Severity string

const (
	// Error is a breach of the standard.
	Error Severity = "error"
	// Warning is legal by the letter, and a known cause of trouble.
	Warning Severity = "warning"
	// Note is something odd that a tolerant reader does not mind.
	Note Severity = "note"
)

// Keywords of findings that no JSON Schema can express. All others are the
// keyword of the schema that failed; a vocabulary, extensible or not, is "enum".
const (
	KeywordJSON      = "json"      // not one JSON text (RFC 8259)
	KeywordEncoding  = "encoding"  // not UTF-8, a lone surrogate, or a byte order mark
	KeywordDuplicate = "duplicate" // a member given twice
	KeywordNull      = "null"      // a null where the standard leaves the type open
	KeywordNumber    = "number"    // a number no double can hold
	KeywordDepth     = "depth"     // nested deeper than maxDepth
	KeywordMore      = "more"      // stands for findings beyond MaxFindings
)

// MaxFindings bounds the findings of one document, so that a hostile one cannot
// fill a report. One more, with KeywordMore, then comes last and says how many
// were left out and how grave the worst of them is.
const MaxFindings = 1000

// Finding is one thing noticed about a document. Only Seen holds anything of a
// value; Pointer holds member names and indexes, so that a redactor can decide
// by name. Message never quotes a value.
type Finding struct {
	// Pointer is the RFC 6901 JSON pointer of the value. For a missing member it
	// is where that member should stand.
	Pointer string `json:"pointer"`
	// Keyword is the JSON Schema keyword that failed, or one of the Keyword constants.
	Keyword string `json:"keyword"`
	// Expected says what would have been right.
	Expected string `json:"expected"`
	// Seen renders the offending value: its type and, of a scalar, at most 80 runes.
	Seen     string   `json:"seen"`
	Severity Severity `json:"severity"`
	// Message is a sentence for people, with a likely cause where one is known.
	Message string `json:"message"`
}

// Worst gives the gravest severity among findings, "" if there are none.
func Worst(findings []Finding) Severity {
	var worst Severity
	for _, f := range findings {
		if rank(f.Severity) > rank(worst) {
			worst = f.Severity
		}
	}
	return worst
}

func rank(s Severity) int {
	return slices.Index([]Severity{"", Note, Warning, Error}, s)
}

// settle sorts findings, removes repetitions and keeps the gravest MaxFindings.
// Some may have been dropped already, the gravest of them of severity worst.
func settle(findings []Finding, dropped int, worst Severity) []Finding {
	byPlace := func(a, b Finding) int {
		return cmp.Or(comparePointers(a.Pointer, b.Pointer), cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Message, b.Message))
	}
	slices.SortFunc(findings, byPlace)
	findings = slices.Compact(findings)
	if n := len(findings) - MaxFindings; n > 0 {
		slices.SortStableFunc(findings, func(a, b Finding) int { return rank(b.Severity) - rank(a.Severity) })
		dropped += n
		if rest := Worst(findings[MaxFindings:]); rank(rest) > rank(worst) {
			worst = rest
		}
		findings = findings[:MaxFindings]
		slices.SortFunc(findings, byPlace)
	}
	if dropped > 0 {
		findings = append(findings, Finding{Keyword: KeywordMore, Severity: worst, Expected: "fewer faults",
			Seen: strconv.Itoa(dropped) + " more findings", Message: "There are more findings than are kept; the gravest are."})
	}
	return findings
}

// comparePointers orders by token: indexes by number, and before names.
func comparePointers(a, b string) int {
	for a != "" && b != "" {
		var x, y string
		x, a = nextToken(a)
		y, b = nextToken(b)
		if c := compareTokens(x, y); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func nextToken(pointer string) (token, rest string) {
	pointer = pointer[1:]
	if i := strings.IndexByte(pointer, '/'); i >= 0 {
		return pointer[:i], pointer[i:]
	}
	return pointer, ""
}

func compareTokens(a, b string) int {
	switch x, y := isIndex(a), isIndex(b); {
	case x && y:
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	case x:
		return -1
	case y:
		return 1
	}
	return cmp.Compare(a, b)
}

// isIndex knows the indexes of RFC 6901 section 4, which have no leading zero.
func isIndex(token string) bool {
	if token == "" || token[0] == '0' && token != "0" {
		return false
	}
	for i := range len(token) {
		if token[i] < '0' || token[i] > '9' {
			return false
		}
	}
	return true
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

func pointerTo(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteByte('/')
		b.WriteString(pointerEscapes.Replace(t))
	}
	return b.String()
}
