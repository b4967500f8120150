package harness

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// Watched is an exchange that something else than the judge's client had: a
// browser, or a product that called one of the judge's own servers.
type Watched struct {
	Started  time.Time
	Ended    time.Time // zero: it never ended
	Method   string
	URL      string
	Request  http.Header
	Body     string // of the request
	Form     bool   // the body is a form: its secret fields are hidden
	Status   int
	Response http.Header
	Answer   []byte // body of the response, if it is of interest
	Problem  string
}

// Watch records an exchange that was watched as evidence of this check, redacted
// like any, and gives its id for Finding.Exchanges.
func (t *T) Watch(x Watched) string {
	e := t.session.Watch(x)
	e.Check = t.check.ID
	t.kept.adopt(*e)
	t.kept.pin(e.ID)
	return e.ID
}

// Watch records such an exchange outside of any check, for what is prepared and kept for them.
func (s *Session) Watch(x Watched) *Evidence {
	r, rec := s.redactor, s.client.recorder
	r.meet(x.Answer)
	r.meetCookies(x.Response)
	if x.Form {
		r.meetForm(x.Body)
	}
	e := reports.Exchange{ID: fmt.Sprintf("%s%d", rec.prefix, rec.next.Add(1)), Check: "prepare", Started: x.Started.UTC(), Method: x.Method,
		URL:    limited(r.URL(head(x.URL, maxURL+beyond)), maxURL),
		Status: x.Status, StatusText: http.StatusText(x.Status), Problem: limited(r.URL(head(x.Problem, maxField+beyond)), maxField)}
	if !x.Ended.IsZero() {
		e.Milliseconds = float64(x.Ended.Sub(x.Started).Microseconds()) / 1000
	}
	e.Request.Headers, e.Response.Headers = r.Headers(x.Request), r.Headers(x.Response)
	e.Request.Size, e.Response.Size = int64(len(x.Body)), int64(len(x.Answer))
	if x.Form {
		e.Request.Body = limited(r.Form(x.Body), 4*maxEvidenceBody)
	} else {
		e.Request.Body, e.Request.Cut = r.Body([]byte(x.Body), maxEvidenceBody)
	}
	e.Response.Body, e.Response.Cut = r.Body(x.Answer, maxEvidenceBody)
	return &e
}

// Where words an address for a finding: without its query, which may hold what
// opens a session.
func (t *T) Where(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return t.session.redactor.URL(before)
}

// maxAttachments bounds the pictures and texts of one check.
const maxAttachments = 8

// Picture keeps a picture as evidence of this check. What it shows is not
// redacted: the caller answers for the people in it.
func (t *T) Picture(title, media string, data []byte) {
	t.attach(reports.Attachment{Title: title, Media: media, Data: base64.StdEncoding.EncodeToString(data)})
}

// Text keeps a text, such as a decoded token, as evidence of this check. It is
// redacted as JSON bodies are.
func (t *T) Text(title, text string) {
	redacted, _ := t.session.redactor.Body([]byte(text), 4*maxEvidenceBody)
	t.attach(reports.Attachment{Title: title, Media: "text/plain", Text: redacted})
}

func (t *T) attach(a reports.Attachment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.attached) < maxAttachments {
		t.attached = append(t.attached, a)
	}
}
