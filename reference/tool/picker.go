package tool

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	search "github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// offer is one thing that can be picked.
type offer struct {
	Name, What string
	make       func(t *Tool, now time.Time) lti.ContentItem
}

// offers are what the picker has, at least one of each type.
var offers = []offer{
	{"quiz", "Quiz: equations, 10 points", func(t *Tool, now time.Time) lti.ContentItem {
		released := true
		at := func(days int) string { return now.AddDate(0, 0, days).UTC().Format(time.RFC3339) }
		return lti.ContentItem{
			Type:      lti.TypeLTI,
			URL:       t.TargetURL("quiz") + "?chapter=1",
			Title:     "Quiz: equations",
			Text:      "Two questions, and a written task",
			Icon:      &lti.Image{URL: t.c.Origin + "/files/icon.svg", Width: 24, Height: 24},
			Thumbnail: &lti.Image{URL: t.c.Origin + "/files/icon.svg", Width: 90, Height: 90},
			Custom:    map[string]string{"chapter": "1", "who": "$User.id"},
			LineItem: &lti.LineItem{ScoreMaximum: 10, Label: "Quiz: equations", ResourceID: "chapter-1", Tag: "quiz",
				GradesReleased: &released},
			Available:  &lti.Period{Start: at(-1), End: at(60)},
			Submission: &lti.Period{Start: at(-1), End: at(30)},
			Iframe:     &lti.Sized{Width: 800, Height: 600},
			Window:     &lti.Sized{Name: "quiz", Width: 900, Height: 700},
		}
	}},
	{"practice", "Practice without points", func(t *Tool, _ time.Time) lti.ContentItem {
		return lti.ContentItem{Type: lti.TypeLTI, URL: t.TargetURL("practice"), Title: "Practice: sets",
			Custom: map[string]string{"chapter": "2"}}
	}},
	{"page", "A page about sets", func(t *Tool, _ time.Time) lti.ContentItem {
		return lti.ContentItem{
			Type:   lti.TypeLink,
			URL:    t.c.Origin + "/files/sets.html",
			Title:  "About sets",
			Text:   "To read before the quiz",
			Iframe: &lti.Sized{Source: t.c.Origin + "/files/sets.html", Width: 800, Height: 400},
			Window: &lti.Sized{Name: "sets"},
		}
	}},
	{"text", "A text for the page of the course", func(*Tool, time.Time) lti.ContentItem {
		return lti.ContentItem{Type: lti.TypeHTML, Title: "Homework", HTML: "<h3>Homework</h3><p>Read <em>chapter 1</em> &amp; do the quiz.</p>"}
	}},
	{"picture", "A picture", func(t *Tool, _ time.Time) lti.ContentItem {
		return lti.ContentItem{Type: lti.TypeImage, URL: t.c.Origin + "/files/sets.svg", Title: "Two sets", Width: 200, Height: 120}
	}},
	{"sheet", "A work sheet", func(t *Tool, now time.Time) lti.ContentItem {
		return lti.ContentItem{Type: lti.TypeFile, URL: t.c.Origin + "/files/sheet.txt", Title: "Work sheet", MediaType: "text/plain",
			ExpiresAt: now.Add(time.Hour).UTC().Format(time.RFC3339)}
	}},
}

// offered gives what is picked by a name as the platform takes it, or false where it doesn't.
func (t *Tool) offered(o offer, s *lti.Settings) (lti.ContentItem, bool) {
	item := o.make(t, t.c.Now())
	if !slices.Contains(s.Types, item.Type) || item.Type == lti.TypeFile && !wanted(s.MediaTypes, item.MediaType) {
		return item, false
	}
	if s.LineItem != nil && !*s.LineItem {
		item.LineItem = nil
	}
	if !slices.Contains(s.Targets, "iframe") {
		item.Iframe = nil
	}
	if !slices.Contains(s.Targets, "window") {
		item.Window = nil
	}
	return item, true
}

// wanted tells whether a media type is among those of a list with wildcards.
func wanted(list, media string) bool {
	media, _, err := mime.ParseMediaType(media)
	return err == nil && (list == "" || slices.ContainsFunc(strings.Split(list, ","), func(pattern string) bool {
		is, err := path.Match(strings.ToLower(strings.TrimSpace(pattern)), media)
		return err == nil && is
	}))
}

// picker shows what can be picked (LTI Deep Linking 2.0 §4.4).
func (t *Tool) picker(w http.ResponseWriter, r *http.Request, l *Launch) {
	s := l.Claims.Settings
	if s == nil || !absolute(s.ReturnURL) {
		t.refuse(w, http.StatusBadRequest, "picker.settings", "The platform doesn't say where content is to be sent.")
		return
	}
	type choice struct{ Name, What string }
	var choices []choice
	for _, o := range offers {
		if _, can := t.offered(o, s); can {
			choices = append(choices, choice{o.Name, o.What})
		}
	}
	course := ""
	if l.Claims.Context != nil {
		course = l.Claims.Context.Title
	}
	t.page(w, http.StatusOK, "picker", struct {
		Launch, Course, Title string
		Choices               []choice
		Several               bool
		Catalog               searchedPage
	}{l.ID, course, s.Title, choices, several(s), t.searched(r, s)})
}

func several(s *lti.Settings) bool { return s.Multiple == nil || *s.Multiple }

// absolute tells whether a browser can be sent to an address.
func absolute(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// picked answers the platform with what was picked: a signed message that the browser posts
// (LTI Deep Linking 2.0 §4.5).
func (t *Tool) picked(w http.ResponseWriter, r *http.Request) {
	l, failed := t.find(r)
	if failed != nil {
		t.refuse(w, failed.Status, failed.Rule, failed.Text)
		return
	}
	s := l.Claims.Settings
	if !l.picks() || s == nil || !absolute(s.ReturnURL) || r.ParseForm() != nil {
		t.refuse(w, http.StatusBadRequest, "picker.settings", "Nothing is to be picked here.")
		return
	}
	items := []lti.ContentItem{}
	for _, name := range r.PostForm["pick"] {
		if r.PostForm.Has("cancel") {
			break
		}
		i := slices.IndexFunc(offers, func(o offer) bool { return o.Name == name })
		if i < 0 {
			continue
		}
		if item, can := t.offered(offers[i], s); can && (len(items) == 0 || several(s)) {
			items = append(items, item)
		}
	}
	if !r.PostForm.Has("cancel") {
		found, err := t.chosen(r.Context(), r.PostForm["found"], s)
		if err != nil {
			t.refuse(w, http.StatusBadGateway, "picker.catalog", search.Cause(err))
			return
		}
		if items = append(items, found...); len(items) > 1 && !several(s) {
			items = items[:1]
		}
	}
	now := t.c.Now()
	claims := map[string]any{
		"iss": l.Platform.ClientID, "aud": l.Platform.Issuer, "iat": now.Unix(), "exp": now.Add(answerLife).Unix(), "nonce": lti.Random(),
		lti.Namespace + "message_type": lti.DeepLinkingResponse, lti.Namespace + "version": lti.Version,
		lti.Namespace + "deployment_id":   l.Claims.Deployment,
		lti.DeepLinking + "content_items": itemsOf(items),
	}
	if s.Data != nil {
		claims[lti.DeepLinking+"data"] = *s.Data
	}
	if len(items) == 0 {
		claims[lti.DeepLinking+"msg"] = "Nothing was picked."
	}
	if t.c.Reply != nil {
		t.c.Reply(claims, l)
	}
	token, err := t.c.Sign(t.keys, claims)
	if err != nil {
		t.refuse(w, http.StatusInternalServerError, "picker.sign", "The answer can't be signed now.")
		return
	}
	t.page(w, http.StatusOK, "reply", replyPage{Action: s.ReturnURL, JWT: token})
}

// answerLife is how long the platform may take to read an answer.
const answerLife = 5 * time.Minute

// itemsOf gives items as maps, which faults can change.
func itemsOf(items []lti.ContentItem) []any {
	out := []any{}
	text, _ := json.Marshal(items) // structs of our own
	_ = json.Unmarshal(text, &out) // it was just written
	return out
}

// replyPage is what the page is told that posts an answer.
type replyPage struct{ Action, JWT, Nonce string }

// files are what links of the picker lead to.
var files = map[string]struct{ kind, text string }{
	"sets.html": {"text/html; charset=utf-8", `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sets</title></head>` +
		`<body><h1>Sets</h1><p>A set is a collection of things.</p></body></html>`},
	"sheet.txt": {"text/plain; charset=utf-8", "1. Name three sets.\n2. Name what two of them have in common.\n"},
	"icon.svg":  {"image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" fill="#36c"/></svg>`},
	"sets.svg": {"image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 120" fill="none" stroke="#36c" stroke-width="3">` +
		`<circle cx="80" cy="60" r="45"/><circle cx="120" cy="60" r="45"/></svg>`},
}

// file gives one of them.
func (t *Tool) file(w http.ResponseWriter, r *http.Request) {
	f, there := files[r.PathValue("name")]
	if !there {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	_, _ = w.Write([]byte(f.text)) // the client may be gone
}
