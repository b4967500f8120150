package reports

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"
)

// harTime is ISO 8601 as browsers write it in their own HAR files.
const harTime = "2006-01-02T15:04:05.000Z07:00"

type harPage struct {
	Started string   `json:"startedDateTime"`
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	Timings struct{} `json:"pageTimings"`
}

type harEntry struct {
	Page     string      `json:"pageref,omitempty"`
	Started  string      `json:"startedDateTime"`
	Time     float64     `json:"time"`
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment,omitempty"`
	ID       string      `json:"_id"`
	TLS      string      `json:"_tls,omitempty"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

type harField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harRequest struct {
	Method      string     `json:"method"`
	URL         string     `json:"url"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harField `json:"cookies"`
	Headers     []harField `json:"headers"`
	Query       []harField `json:"queryString"`
	PostData    *harPost   `json:"postData,omitempty"`
	HeadersSize int        `json:"headersSize"` // -1: not known
	BodySize    int64      `json:"bodySize"`
}

type harPost struct {
	MimeType string     `json:"mimeType"`
	Params   []harField `json:"params"`
	Text     string     `json:"text"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harField `json:"cookies"`
	Headers     []harField `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int64      `json:"bodySize"`
	Error       string     `json:"_error,omitempty"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Comment  string `json:"comment,omitempty"`
}

// HAR writes the evidence as an HTTP Archive 1.2, which the developer tools of
// browsers open. A check becomes a page, so that its exchanges stand together.
// Bodies are as the report holds them: redacted, and maybe cut.
func HAR(w io.Writer, r *Report) error {
	order := make([]*Exchange, len(r.Exchanges))
	for i := range r.Exchanges {
		order[i] = &r.Exchanges[i]
	}
	slices.SortStableFunc(order, func(a, b *Exchange) int { return a.Started.Compare(b.Started) })
	pages := []harPage{}
	titles := indexOf(r).checks
	seen := map[string]bool{}
	for _, e := range order {
		if e.Check != "" && !seen[e.Check] {
			seen[e.Check] = true
			p := harPage{Started: harStamp(e.Started), ID: e.Check, Title: e.Check}
			if c := titles[e.Check]; c != nil && c.Title != "" {
				p.Title = c.ID + " " + c.Title
			}
			pages = append(pages, p)
		}
	}
	out := stream{w: w, indent: " "}
	out.raw("{\n \"log\": {\n  \"comment\": ")
	out.value(title(r), 2)
	out.raw(",\n  \"creator\": ")
	out.value(map[string]string{"name": r.Judge.Name, "version": r.Judge.Version}, 2)
	out.raw(",\n  \"entries\": ")
	out.list(len(order), func(i int) any { return harEntryOf(*order[i]) }, 2)
	out.raw(",\n  \"pages\": ")
	out.list(len(pages), func(i int) any { return pages[i] }, 2)
	out.raw(",\n  \"version\": \"1.2\"\n }\n}\n")
	if out.err != nil {
		return fmt.Errorf("encoding the HTTP archive: %w", out.err)
	}
	return nil
}

func harStamp(t time.Time) string { return t.UTC().Format(harTime) }

func harEntryOf(e Exchange) harEntry {
	out := harEntry{
		Page: e.Check, Started: harStamp(e.Started), Time: e.Milliseconds,
		// Only the whole is measured; a reader adds the parts up.
		Timings: harTimings{Wait: e.Milliseconds},
		Comment: e.Problem, ID: e.ID, TLS: e.TLS,
		Request: harRequest{
			Method: e.Method, URL: e.URL, HTTPVersion: harProtocol(e.Protocol),
			Cookies: cookies(e.Request.Headers, "Cookie"), Headers: harHeaders(e.Request.Headers), Query: harQuery(e.URL),
			HeadersSize: -1, BodySize: e.Request.Size,
		},
		Response: harResponse{
			Status: e.Status, StatusText: e.StatusText, HTTPVersion: harProtocol(e.Protocol),
			Cookies: cookies(e.Response.Headers, "Set-Cookie"), Headers: harHeaders(e.Response.Headers),
			Content: harContent{
				Size: e.Response.Size, MimeType: mimeType(e.Response.Headers), Text: e.Response.Body,
			},
			RedirectURL: header(e.Response.Headers, "Location"),
			HeadersSize: -1, BodySize: -1, Error: e.Problem,
		},
	}
	if e.Response.Cut {
		out.Response.Content.Comment = fmt.Sprintf("cut: the first %d of %d bytes", len(e.Response.Body), e.Response.Size)
	}
	if e.Request.Body != "" {
		out.Request.PostData = &harPost{MimeType: mimeType(e.Request.Headers), Params: []harField{}, Text: e.Request.Body}
	}
	return out
}

// harProtocol words the version as browsers do; one that isn't known must still
// be a string.
func harProtocol(p string) string {
	if p == "" {
		return "unknown"
	}
	return p
}

func harHeaders(headers []Header) []harField {
	out := make([]harField, 0, len(headers))
	for _, h := range headers {
		out = append(out, harField(h))
	}
	return out
}

// harQuery keeps the order of the parameters, which url.Values would lose. What
// can't be unescaped is given as it stands.
func harQuery(raw string) []harField {
	out := []harField{}
	_, query, _ := strings.Cut(raw, "?")
	query, _, _ = strings.Cut(query, "#")
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		out = append(out, harField{unescape(name), unescape(value)})
	}
	return out
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func header(headers []Header, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

func mimeType(headers []Header) string {
	if t := header(headers, "Content-Type"); t != "" {
		return t
	}
	return "application/octet-stream"
}

// cookies gives names and values of Cookie or Set-Cookie fields; attributes can
// be read in the header itself.
func cookies(headers []Header, name string) []harField {
	out := []harField{}
	for _, h := range headers {
		if !strings.EqualFold(h.Name, name) {
			continue
		}
		pairs := strings.Split(h.Value, ";")
		if name == "Set-Cookie" {
			pairs = pairs[:1]
		}
		for _, pair := range pairs {
			key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
			if ok && key != "" {
				out = append(out, harField{key, value})
			}
		}
	}
	return out
}
