package ags

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// LineItem is a column of a gradebook as tools send and get it (AGS 2.0 §3.2). Members
// whose names are addresses are kept as they come, others that aren't known are passed over.
type LineItem struct {
	ID             string  `json:"id,omitempty"`
	Label          string  `json:"label"`
	ScoreMaximum   float64 `json:"scoreMaximum"`
	ResourceID     string  `json:"resourceId,omitempty"`
	Tag            string  `json:"tag,omitempty"`
	ResourceLinkID string  `json:"resourceLinkId,omitempty"`
	StartDateTime  string  `json:"startDateTime,omitempty"`
	EndDateTime    string  `json:"endDateTime,omitempty"`
	// GradesReleased tells whether learners see their marks; nil: nobody said, and they do.
	GradesReleased *bool `json:"gradesReleased,omitempty"`
	// SubmissionReview says how the tool shows what was handed in (Submission Review 1.0).
	SubmissionReview *Review                    `json:"submissionReview,omitempty"`
	More             map[string]json.RawMessage `json:"-"`
}

// Review is how a tool shows what was handed in.
type Review struct {
	ReviewableStatus []string          `json:"reviewableStatus,omitempty"`
	Label            string            `json:"label,omitempty"`
	URL              string            `json:"url,omitempty"`
	Custom           map[string]string `json:"custom,omitempty"`
}

// MarshalJSON writes the line item with all that was kept of it.
func (l LineItem) MarshalJSON() ([]byte, error) {
	type plain LineItem
	text, err := json.Marshal(plain(l))
	if err != nil || len(l.More) == 0 {
		return text, err
	}
	all := maps.Clone(l.More)
	var own map[string]json.RawMessage
	if err := json.Unmarshal(text, &own); err != nil {
		return nil, err
	}
	maps.Copy(all, own)
	return json.Marshal(all)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *LineItem) UnmarshalJSON(text []byte) error {
	type plain LineItem
	if err := json.Unmarshal(text, (*plain)(l)); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	l.More = extensions(all)
	return nil
}

// extensions are the members that are named by addresses.
func extensions(all map[string]json.RawMessage) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	for name, v := range all {
		if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
			if out == nil {
				out = map[string]json.RawMessage{}
			}
			out[name] = v
		}
	}
	return out
}

// mostText is how long tag and resourceId may be, in characters (AGS 2.0 §3.2.5).
const mostText = 256

// readLineItem takes in what a tool sends, and holds it to what a line item is.
func readLineItem(body []byte) (l LineItem, err error) {
	m, err := readObject(body)
	if err != nil {
		return l, err
	}
	l.ID = m.text("id")
	l.Label, l.Tag, l.ResourceID, l.ResourceLinkID = m.text("label"), m.text("tag"), m.text("resourceId"), m.text("resourceLinkId")
	l.StartDateTime, l.EndDateTime = m.date("startDateTime"), m.date("endDateTime")
	top := m.number("scoreMaximum")
	if m.has("gradesReleased") {
		m.read("gradesReleased", "true or false", &l.GradesReleased)
	}
	if m.has("submissionReview") {
		m.read("submissionReview", "an object", &l.SubmissionReview)
	}
	switch {
	case m.problem != nil:
		return l, m.problem
	case strings.TrimSpace(l.Label) == "":
		return l, refused(http.StatusBadRequest, "label is needed, and has to say something")
	case top == nil || *top <= 0:
		return l, refused(http.StatusBadRequest, "scoreMaximum is needed, and has to be more than 0")
	case utf8.RuneCountInString(l.Tag) > mostText:
		return l, refused(http.StatusBadRequest, "tag has more than %d characters", mostText)
	case utf8.RuneCountInString(l.ResourceID) > mostText:
		return l, refused(http.StatusBadRequest, "resourceId has more than %d characters", mostText)
	}
	l.ScoreMaximum, l.More = *top, extensions(m.all)
	return l, nil
}

// members are those of an object that a tool sends, of which the first that isn't right is
// remembered. null is the same as nothing.
type members struct {
	all     map[string]json.RawMessage
	problem error
}

func readObject(body []byte) (*members, error) {
	m := &members{}
	if err := json.Unmarshal(body, &m.all); err != nil || m.all == nil {
		return nil, refused(http.StatusBadRequest, "the body has to be a JSON object")
	}
	maps.DeleteFunc(m.all, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	return m, nil
}

func (m *members) has(name string) bool {
	_, there := m.all[name]
	return there
}

// read takes in a member; what says what it has to be.
func (m *members) read(name, what string, into any) {
	if json.Unmarshal(m.all[name], into) != nil {
		m.fail(refused(http.StatusBadRequest, "%s has to be %s", name, what))
	}
}

func (m *members) fail(err error) {
	if m.problem == nil {
		m.problem = err
	}
}

// text gives a member that is a text; "" where it isn't there.
func (m *members) text(name string) (s string) {
	if m.has(name) {
		m.read(name, "a text", &s)
	}
	return s
}

// number gives a member that is a number; nil where it isn't there.
func (m *members) number(name string) *float64 {
	if !m.has(name) {
		return nil
	}
	var f float64
	m.read(name, "a number", &f)
	if math.IsInf(f, 0) {
		m.fail(refused(http.StatusBadRequest, "%s is beyond all numbers", name))
	}
	return &f
}

// date gives a member that is a point in time with its zone, as it was written.
func (m *members) date(name string) string {
	s := m.text(name)
	if m.has(name) && m.problem == nil {
		if _, err := readTime(s); err != nil {
			m.fail(refused(http.StatusBadRequest, "%s has to be a time with a zone, such as 2027-03-01T08:30:00.250Z", name))
		}
	}
	return s
}

// zones are how ISO 8601 writes the zone of a time.
var zones = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"}

// readTime reads an ISO 8601 time that has a zone, with any fraction of a second.
func readTime(s string) (t time.Time, err error) {
	for _, layout := range zones {
		if t, err = time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return t, fmt.Errorf("%q is no time with a zone", s)
}
