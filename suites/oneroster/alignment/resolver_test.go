package alignment

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

const (
	seeds  = "b411da94-c804-5b23-8ce8-ec02c7239f40"
	strand = "3265f378-30e1-5675-83ec-be31c462e6a1"
	garden = "694383a2-0440-5e30-a341-273110612f0b"
)

// fake answers as a CASE server does, by path below the base URL.
type fake struct {
	bodies map[string]string // answered with 200
	then   func(path string, r *harness.Response)
	asked  []string
	tokens []string
}

func newFake() *fake {
	edge := func(kind, from, to string) string {
		return fmt.Sprintf(`{"associationType":%q,"originNodeURI":{"identifier":%q},"destinationNodeURI":{"identifier":%q}}`, kind, from, to)
	}
	return &fake{bodies: map[string]string{
		"CFItems/" + seeds:             `{"identifier":"` + seeds + `","fullStatement":"Count seeds","CFDocumentURI":{"identifier":"` + garden + `"}}`,
		"CFItems/" + strand:            `{"identifier":"` + strand + `","fullStatement":"Counting"}`,
		"CFDocuments/" + garden:        `{"identifier":"` + garden + `","title":"Garden","adoptionStatus":"Implemented"}`,
		"CFItemAssociations/" + seeds:  `{"CFItem":{},"CFAssociations":[` + edge("isChildOf", seeds, strand) + `]}`,
		"CFItemAssociations/" + strand: `{"CFAssociations":[` + edge("isChildOf", seeds, strand) + "," + edge("isChildOf", strand, garden) + `]}`,
	}}
}

func (f *fake) ask(_ context.Context, q harness.Request) *harness.Response {
	path := strings.TrimPrefix(q.URL, "https://case.example.org/ims/case/v1p1/")
	f.asked = append(f.asked, path)
	f.tokens = append(f.tokens, q.Header.Get("Authorization"))
	r := &harness.Response{Request: q, URL: q.URL, Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(f.bodies[path]), Evidence: "x1"}
	if f.bodies[path] == "" {
		r.Status, r.Body = 404, []byte(`{"imsx_codeMajor":"failure","imsx_codeMinor":{"imsx_codeMinorField":[{"imsx_codeMinorFieldValue":"unknownobject"}]}}`)
	}
	if f.then != nil {
		f.then(path, r)
	}
	return r
}

func (f *fake) resolver(t *testing.T) *resolver {
	t.Helper()
	base, err := url.Parse("https://case.example.org/ims/case/v1p1")
	if err != nil {
		t.Fatal(err)
	}
	return newResolver(base, "", f.ask)
}

func TestResolved(t *testing.T) {
	f := newFake()
	r := f.resolver(t)
	item, a := r.item(t.Context(), seeds)
	if a.kind != found || item.Statement != "Count seeds" || item.Document.Identifier != garden {
		t.Errorf("the item is %+v, %s", item, a.why)
	}
	if _, again := r.item(t.Context(), seeds); again.kind != found || len(f.asked) != 1 {
		t.Errorf("it was asked for %d times", len(f.asked))
	}
	if _, a := r.item(t.Context(), garden); a.kind != unknown {
		t.Errorf("a document is an item: %v", a.kind)
	}
	above, known := r.above(t.Context(), seeds)
	if !known || !above[strand] || !above[garden] || !above[seeds] || len(above) != 3 {
		t.Errorf("above are %v, %v", above, known)
	}
	if e, known := r.edges(t.Context(), strand); !known || !e.hasChildren(strand) || e.hasChildren(seeds) {
		t.Errorf("the edges of the strand are %v", e)
	}
	if o, is := r.obstacle(); is {
		t.Errorf("something is in the way: %s", o.Reason())
	}
}

// TestUseless: what a server answers that nobody can use leads to no word about an identifier,
// and it is soon left alone.
func TestUseless(t *testing.T) {
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for title, then := range map[string]func(string, *harness.Response){
		"down": func(_ string, r *harness.Response) {
			*r = harness.Response{Problem: "connection refused", Unreachable: true, Header: http.Header{}}
		},
		"broken":        func(_ string, r *harness.Response) { r.Status, r.Body = 500, []byte(`{"imsx_codeMajor":"failure"}`) },
		"HTML":          func(_ string, r *harness.Response) { r.Header, r.Body = html, []byte("<p>") },
		"HTML with 404": func(_ string, r *harness.Response) { r.Status, r.Header, r.Body = 404, html, []byte("<p>") },
		"another 404":   func(_ string, r *harness.Response) { r.Status, r.Body = 404, []byte(`{"message":"no route"}`) },
		"a form refused": func(_ string, r *harness.Response) {
			r.Status, r.Body = 404, []byte(`{"imsx_codeMinor":{"imsx_codeMinorField":[{"imsx_codeMinorFieldValue":"invalid_uuid"}]}}`)
		},
		"refused":            func(_ string, r *harness.Response) { r.Status, r.Body = 401, []byte(`{}`) },
		"busy":               func(_ string, r *harness.Response) { r.Status = 429 },
		"nothing":            func(_ string, r *harness.Response) { r.Body = nil },
		"null":               func(_ string, r *harness.Response) { r.Body = []byte("null") },
		"a list":             func(_ string, r *harness.Response) { r.Body = []byte("[]") },
		"half":               func(_ string, r *harness.Response) { r.Body = r.Body[:len(r.Body)/2] },
		"a failure with 200": func(_ string, r *harness.Response) { r.Body = []byte(`{"imsx_codeMajor":"failure"}`) },
		"no identifier":      func(_ string, r *harness.Response) { r.Body = []byte(`{"fullStatement":"Count"}`) },
		"another one":        func(_ string, r *harness.Response) { r.Body = []byte(`{"identifier":"` + garden + `"}`) },
		"another type":       func(_ string, r *harness.Response) { r.Body = []byte(`{"identifier":7}`) },
		"elsewhere": func(_ string, r *harness.Response) {
			r.Status = 302
			r.Header.Set("Location", "https://evil.example.net/x")
		},
		"nowhere":    func(_ string, r *harness.Response) { r.Status = 302 },
		"in circles": func(_ string, r *harness.Response) { r.Status = 302; r.Header.Set("Location", r.URL) },
	} {
		t.Run(title, func(t *testing.T) {
			f := newFake()
			f.then = then
			r := f.resolver(t)
			for _, key := range []string{seeds, strand} {
				if _, a := r.item(t.Context(), key); a.kind != unusable || a.why == "" {
					t.Errorf("%s came to %v, %q", key, a.kind, a.why)
				}
			}
			o, is := r.obstacle()
			if !is || !strings.Contains(o.Reason(), "https://case.example.org") {
				t.Errorf("what is in the way is %q, %v", o.Reason(), is)
			}
			asked := len(f.asked)
			if _, a := r.item(t.Context(), garden); a.kind != unusable || len(f.asked) > asked && title != "no identifier" && title != "another one" && title != "another type" {
				t.Errorf("it was asked on, %v", f.asked[asked:])
			}
			if slices.ContainsFunc(f.asked, func(path string) bool { return strings.Contains(path, "evil") }) {
				t.Error("another server was asked")
			}
		})
	}
}

// TestOdd: what can be read is read.
func TestOdd(t *testing.T) {
	body := newFake().bodies["CFItems/"+seeds]
	for title, text := range map[string]string{
		"wrapped":           `{"CFItem":` + body + `}`,
		"in a list":         `{"CFItems":[` + body + `]}`,
		"capitals":          strings.ReplaceAll(body, seeds, strings.ToUpper(seeds)),
		"a URN":             strings.ReplaceAll(body, seeds, "urn:uuid:"+seeds),
		"unknown members":   strings.Replace(body, "{", `{"extensions":[null],`, 1),
		"null in its place": strings.Replace(body, "{", `{"statusEndDate":null,`, 1),
	} {
		t.Run(title, func(t *testing.T) {
			f := newFake()
			f.bodies["CFItems/"+seeds] = text
			r := f.resolver(t)
			item, a := r.item(t.Context(), seeds)
			if a.kind != found || item.Statement != "Count seeds" {
				t.Errorf("the item is %+v, %s", item, a.why)
			}
			if wrapped := strings.HasPrefix(text, `{"CFItem`); wrapped != (len(r.quirks) == 1) {
				t.Errorf("of the server is told %q", r.quirks)
			}
		})
	}
	t.Run("moved within the server", func(t *testing.T) {
		f := newFake()
		f.bodies["CFItems/"+seeds+".json"] = body
		f.then = func(path string, r *harness.Response) {
			if !strings.HasSuffix(path, ".json") {
				r.Status = 301
				r.Header.Set("Location", seeds+".json")
			}
		}
		if _, a := f.resolver(t).item(t.Context(), seeds); a.kind != found || len(f.asked) != 2 {
			t.Errorf("it came to %s after %v", a.why, f.asked)
		}
	})
	t.Run("short of an x", func(t *testing.T) {
		f := newFake()
		f.then = func(_ string, r *harness.Response) {
			r.Status, r.Body = 404, []byte(`{"imsx_codeMinor":{"imsx_codeMinorField":[{"ims_codeMinorFieldValue":"unknownobject"}]}}`)
		}
		if _, a := f.resolver(t).item(t.Context(), seeds); a.kind != unknown {
			t.Errorf("it came to %s", a.why)
		}
	})
}

// TestBounds: a server isn't asked without end.
func TestBounds(t *testing.T) {
	f := newFake()
	r := f.resolver(t)
	for i := range 2 * maxQuestions {
		r.item(t.Context(), fmt.Sprintf("%08x-0000-4000-8000-000000000000", i))
	}
	if o, is := r.obstacle(); len(f.asked) != maxQuestions || !is || !strings.Contains(o.Reason(), "no more") {
		t.Errorf("%d questions were asked; %v", len(f.asked), is)
	}
	late := newFake()
	r = late.resolver(t)
	r.until = time.Now().Add(-time.Second)
	if _, a := r.item(t.Context(), seeds); a.kind != unusable || len(late.asked) != 0 {
		t.Errorf("after its time it was asked %v", late.asked)
	}
	if _, is := r.obstacle(); !is {
		t.Error("nothing is said of it")
	}
	rings := newFake() // each is a child of the other
	rings.bodies["CFItemAssociations/"+strand] = `{"CFAssociations":[{"associationType":"isChildOf","originNodeURI":{"identifier":"` + strand +
		`"},"destinationNodeURI":{"identifier":"` + seeds + `"}}]}`
	if above, known := rings.resolver(t).above(t.Context(), seeds); !known || len(above) != 2 {
		t.Errorf("above are %v", above)
	}
}

func TestToken(t *testing.T) {
	f := newFake()
	r := f.resolver(t)
	r.token = "let me in"
	r.item(t.Context(), seeds)
	if !slices.Equal(f.tokens, []string{"Bearer let me in"}) {
		t.Errorf("sent was %q", f.tokens)
	}
}

func TestKey(t *testing.T) {
	for id, want := range map[string]string{
		seeds:                              seeds,
		strings.ToUpper(seeds):             seeds,
		"urn:uuid:" + seeds:                seeds,
		"URN:UUID:" + seeds:                seeds,
		"3.NF.A.1":                         "",
		"urn:uuid:":                        "",
		"{" + seeds + "}":                  "",
		seeds + " ":                        "",
		"https://x.example/" + seeds:       "",
		strings.ReplaceAll(seeds, "-", ""): "",
	} {
		if key, is := Key(id); is != (want != "") || is && key != want {
			t.Errorf("the key of %q is %q, %v", id, key, is)
		}
	}
}

// FuzzAnswer holds that whatever a server answers comes to something, and that an object that
// is found is the one that was asked for.
func FuzzAnswer(f *testing.F) {
	for _, body := range newFake().bodies {
		f.Add(200, "application/json", []byte(body))
	}
	f.Add(404, "application/json", []byte(`{"imsx_codeMinor":{"imsx_codeMinorField":[{"imsx_codeMinorFieldValue":"unknownobject"}]}}`))
	f.Add(200, "text/html", []byte("<p>"))
	f.Add(200, "", []byte(`{"CFItem":{"identifier":null}}`))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		s := newFake()
		s.then = func(path string, r *harness.Response) {
			r.Status, r.Body = status, body
			r.Header.Set("Content-Type", kind)
		}
		r := s.resolver(t)
		item, a := r.item(t.Context(), seeds)
		if key, _ := Key(item.Identifier); a.kind == found && key != seeds {
			t.Errorf("found is %q", item.Identifier)
		}
		if a.kind == unusable && a.why == "" {
			t.Error("nothing is said of why it is of no use")
		}
		_ = item.name()
		r.above(t.Context(), seeds)
		if o, is := r.obstacle(); is && o.Reason() == "" {
			t.Error("nothing is said of what is in the way")
		}
	})
}

// TestRemembered: a second suite of a run asks nothing that the first was told, and shows a
// finding by an answer of its own.
func TestRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "case", "answers.json")
	first := newFake()
	first.bodies["CFItems/"+strand] = `{"CFItem":` + first.bodies["CFItems/"+strand] + `}`
	r := first.resolver(t)
	r.item(t.Context(), seeds)
	r.item(t.Context(), strand)
	r.item(t.Context(), garden)
	r.edges(t.Context(), seeds)
	first.then = func(_ string, r *harness.Response) { r.Status = 500 }
	r.document(t.Context(), garden)
	r.remember(path)

	second := newFake()
	r = second.resolver(t)
	r.recall(path)
	item, a := r.item(t.Context(), seeds)
	if a.kind != found || item.Statement != "Count seeds" || len(second.asked) != 0 {
		t.Errorf("it is %+v; asked was %q", item, second.asked)
	}
	if e, known := r.edges(t.Context(), seeds); !known || len(e.Associations) != 1 || len(second.asked) != 0 {
		t.Errorf("the edges are %v; asked was %q", e, second.asked)
	}
	if r.item(t.Context(), strand); len(r.quirks) != 1 {
		t.Errorf("of the server is told %q", r.quirks)
	}
	_, a = r.item(t.Context(), garden)
	if a.kind != unknown {
		t.Errorf("a document is an item: %v", a.kind)
	}
	if shown := r.shows(t.Context(), "CFItems", garden, "CFItem", a); len(shown) != 1 || shown[0].Status != 404 || len(second.asked) != 1 {
		t.Errorf("shown is %v; asked was %q", shown, second.asked)
	}
	if _, a := r.document(t.Context(), garden); a.kind != found {
		t.Errorf("what broke down before is asked for no more: %s", a.why)
	}
	if r.left >= maxQuestions {
		t.Error("the bound is that of one suite")
	}
}
