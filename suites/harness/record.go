package harness

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

const (
	// maxEvidenceBody is how much of a body the report keeps: enough to see
	// the envelope and the first objects of a page.
	maxEvidenceBody = 4 << 10
	// keepFirst is how many exchanges of a check are kept besides those that
	// prove a finding. A check may send thousands; the first show its way.
	keepFirst = 6
)

// recorder turns exchanges into redacted evidence. Ids are unique in a run: the
// prefix tells the process.
type recorder struct {
	prefix   string
	redactor *Redactor
	next     atomic.Int64
}

// keeper holds the evidence of one check: the first few exchanges, and those
// that were pinned.
type keeper struct {
	check string

	mu     sync.Mutex
	first  []kept
	recent map[string]kept // candidates for pinning
	order  []string
	pinned map[string]bool
	total  int
}

// kept is an exchange that may become evidence. What costs, redacting it, waits until
// it does: of the thousands that a check may have few are shown.
type kept struct {
	reports.Exchange
	finish func(*reports.Exchange) // nil: it is redacted
}

func (k *kept) done() reports.Exchange {
	if k.finish != nil {
		k.finish(&k.Exchange)
		k.finish = nil
	}
	return k.Exchange
}

// maxRecent bounds the exchanges that wait to be pinned. A body that asserts on
// a response does so within this many further requests.
const maxRecent = 512

func (k *keeper) add(e kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.total++
	if len(k.first) < keepFirst {
		k.first = append(k.first, e)
		return
	}
	if k.recent == nil {
		k.recent = map[string]kept{}
	}
	k.recent[e.ID] = e
	k.order = append(k.order, e.ID)
	if len(k.order) > maxRecent {
		if oldest := k.order[0]; !k.pinned[oldest] {
			delete(k.recent, oldest)
		}
		k.order = k.order[1:]
	}
}

// pin keeps an exchange for good; passing ones only up to a bound.
func (k *keeper) pin(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pinned == nil {
		k.pinned = map[string]bool{}
	}
	if len(k.pinned) < 4*keepFirst {
		k.pinned[id] = true
	}
}

// adopt keeps an exchange that was recorded elsewhere, such as in the crawl.
func (k *keeper) adopt(e reports.Exchange) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.recent == nil {
		k.recent = map[string]kept{}
	}
	if _, known := k.recent[e.ID]; !known {
		k.recent[e.ID] = kept{Exchange: e}
		k.order = append(k.order, e.ID)
	}
}

// exchanges gives what is to be kept, in order, and how many there were.
func (k *keeper) exchanges(needed map[string]bool) ([]reports.Exchange, int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var shown []*kept
	for i := range k.first {
		shown = append(shown, &k.first[i])
	}
	var rest []*kept
	for id, e := range k.recent {
		if needed[id] || k.pinned[id] && len(needed) == 0 && len(rest) < keepFirst {
			rest = append(rest, &e)
		}
	}
	sort.Slice(rest, func(i, j int) bool { return rest[i].Started.Before(rest[j].Started) })
	var out []reports.Exchange
	for _, e := range append(shown, rest...) {
		out = append(out, e.done())
	}
	return out, k.total
}

// rawBody is how much of a body is held until its exchange is redacted: what is hidden
// may be longer than what is shown in its place.
const rawBody = 2*maxEvidenceBody + beyond

// record writes down one exchange and returns its id.
func (r *recorder) record(started time.Time, wire *http.Request, asked Request, got *Response, keep *keeper) string {
	r.redactor.meet(got.Body)
	r.redactor.meetCookies(got.Header)
	id := fmt.Sprintf("%s%d", r.prefix, r.next.Add(1))
	if keep == nil {
		return id
	}
	e := reports.Exchange{
		ID: id, Check: keep.check, Started: started.UTC(),
		Milliseconds: float64(got.Duration.Microseconds()) / 1000,
		Method:       asked.Method, URL: asked.URL,
		Status: got.Status, StatusText: http.StatusText(got.Status), Protocol: got.Proto, Problem: got.Problem,
	}
	e.Request.Size, e.Response.Size = int64(len(asked.Body)), int64(len(got.Body))
	if got.TLS != nil {
		e.TLS = tlsName(got.TLS.Version)
	}
	var sent http.Header
	if wire != nil {
		sent = wire.Header
	}
	// Pages are large and many: the check may let go of them.
	said, answer, received := beginning(asked.Body), beginning(got.Body), got.Header
	auth, form, had := asked.Auth, asked.Secret, len(got.Body)
	keep.add(kept{Exchange: e, finish: func(e *reports.Exchange) {
		e.URL = limited(r.redactor.URL(head(e.URL, maxURL+beyond)), maxURL)
		e.Problem = limited(r.redactor.URL(head(e.Problem, maxField+beyond)), maxField)
		e.Request.Headers, e.Response.Headers = r.redactor.Headers(sent), r.redactor.Headers(received)
		switch {
		case form:
			e.Request.Body = limited(r.redactor.Form(string(said)), maxEvidenceBody)
		case len(said) > 0:
			e.Request.Body, e.Request.Cut = r.redactor.Body(said, maxEvidenceBody)
		}
		e.Response.Body, e.Response.Cut = r.redactor.Body(answer, maxEvidenceBody)
		e.Response.Cut = e.Response.Cut || len(answer) < had
		if !e.Response.Cut && e.Response.Body != "" {
			sum := sha256.Sum256([]byte(e.Response.Body))
			e.Response.SHA256 = hex.EncodeToString(sum[:])
		}
		e.Curl = curl(*e, auth)
	}})
	return id
}

// beginning copies what of a body may be shown.
func beginning(body []byte) []byte { return bytes.Clone(body[:min(len(body), rawBody)]) }

// curl words an exchange as a command that repeats it; the token is left to a
// shell variable that the report explains.
func curl(e reports.Exchange, auth Auth) string {
	var b strings.Builder
	b.WriteString("curl -i")
	if e.Method != http.MethodGet {
		if e.Method == http.MethodHead {
			b.WriteString(" --head")
		} else {
			b.WriteString(" -X " + e.Method)
		}
	}
	for _, h := range e.Request.Headers {
		switch h.Name {
		case "User-Agent", "Accept-Encoding":
		case "Authorization":
			switch {
			case strings.HasPrefix(h.Value, "OAuth "):
				b.WriteString(` -H "Authorization: OAuth $ROLLCALL_SIGNATURE"`)
			case auth == AuthSession:
				b.WriteString(` -H "Authorization: Bearer $ROLLCALL_TOKEN"`)
			case strings.HasPrefix(h.Value, "Basic "):
				b.WriteString(` -u "$ROLLCALL_CLIENT_ID:$ROLLCALL_CLIENT_SECRET"`)
			default:
				b.WriteString(" -H " + shellQuote("Authorization: "+h.Value))
			}
		default:
			b.WriteString(" -H " + shellQuote(h.Name+": "+h.Value))
		}
	}
	if e.Request.Body != "" {
		b.WriteString(" --data " + shellQuote(e.Request.Body))
	}
	b.WriteString(" " + shellQuote(e.URL))
	return b.String()
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Evidence is one exchange as the report will hold it.
type Evidence = reports.Exchange

// last gives the exchange added last.
func (k *keeper) last() *Evidence {
	k.mu.Lock()
	defer k.mu.Unlock()
	var e kept
	switch n := len(k.order); {
	case n > 0:
		e = k.recent[k.order[n-1]]
	case len(k.first) > 0:
		e = k.first[len(k.first)-1]
	default:
		return nil
	}
	done := e.done()
	return &done
}
