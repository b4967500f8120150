package tool

import (
	"context"
	"encoding/json"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// What Rollcall tries to bring into the tool's pages. One text serves for all places in
// which a page may put it, for each place has marks of its own that end it:
//
//   - an attribute, in either quotes: what follows becomes an attribute of a telling name;
//   - a text in a script, in either quotes: what follows is run, and turns the page by an
//     attribute that nobody else sets;
//   - a script or a style that escapes quotes, but not tags: it is ended, and an element
//     follows, as it does where the text is put between elements;
//   - a template, of the server or of the page: it multiplies two numbers.
//
// It breaks nothing where it is escaped, and is shorter than what names may be.
const (
	mark    = "rollcall-markup"
	element = `"><img id=` + mark + ` src=x>`
	turning = `document.dir=4711`
	product = "7230047"
	hostile = `"+(` + turning + `)+"'+(` + turning + `)+'</script></style><img id=` + mark + ` src=x>{{913*7919}}${913*7919}`
)

// The places in which a payload was found to be more than text.
var places = map[string]string{
	"element":   "an element of the page: scripts could come in the same way",
	"attribute": "an attribute of an element: scripts could come in the same way",
	"script":    "a part of a script, which ran",
	"template":  "a part of a template, which was worked out",
}

// markScript tells in which place of a document the payload has become more than text.
const markScript = `(() => {
  if (document.getElementById("` + mark + `")) return "element";
  if (document.documentElement && document.documentElement.getAttribute("dir") === "4711") return "script";
  for (const e of document.querySelectorAll("*")) for (const a of e.attributes) if (a.name.includes("(document.dir")) return "attribute";
  return document.documentElement && document.documentElement.outerHTML.includes("` + product + `") ? "template" : "";
})()`

// judgeMarkup looks whether a page has made more than text of what was sent as text.
func (j *judge) judgeMarkup(ctx context.Context, t *harness.T, p *browser.Page, s *sight, id, sent string) {
	if s.problem != nil {
		t.NotTested(j.failing(s.problem), id)
		return
	}
	frames, err := p.Look(ctx)
	if err != nil {
		t.NotTested(j.failing(err), id)
		return
	}
	for _, f := range frames {
		found, err := p.Eval(ctx, f.ID, markScript)
		if err != nil {
			t.NotTested(j.failing(err), id)
			continue
		}
		where, is := places[found]
		t.Assert(id, !is, harness.Finding{Sent: sent, Expected: "text, shown as text or not at all", Seen: where, Where: t.Where(f.URL)})
	}
}

// linkScript tells whether a page has an element that leads to an address.
func linkScript(address string) string {
	quoted, _ := json.Marshal(address) // of a string
	return `String([...document.querySelectorAll("a,area,form,iframe,object,embed")].some(e => (e.getAttribute("href") || e.getAttribute("action") || e.getAttribute("src") || e.getAttribute("data") || "").trim().toLowerCase().startsWith(` + string(quoted) + `.toLowerCase())))`
}
