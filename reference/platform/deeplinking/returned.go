package deeplinking

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// Response is what a tool has answered (LTI Deep Linking 2.0 §4.5). Members that are not listed
// are ignored, null is the same as absent.
type Response struct {
	Issuer   string       `json:"iss"`
	Audience lti.Audience `json:"aud"`
	Expires  *lti.Date    `json:"exp"`
	IssuedAt *lti.Date    `json:"iat"`
	Nonce    string       `json:"nonce"`

	MessageType string            `json:"https://purl.imsglobal.org/spec/lti/claim/message_type"`
	Version     string            `json:"https://purl.imsglobal.org/spec/lti/claim/version"`
	Deployment  string            `json:"https://purl.imsglobal.org/spec/lti/claim/deployment_id"`
	Data        *string           `json:"https://purl.imsglobal.org/spec/lti-dl/claim/data"`
	Items       []lti.ContentItem `json:"https://purl.imsglobal.org/spec/lti-dl/claim/content_items"`
	Message     string            `json:"https://purl.imsglobal.org/spec/lti-dl/claim/msg"`
	Problem     string            `json:"https://purl.imsglobal.org/spec/lti-dl/claim/errormsg"`
}

// Answer is a response with what it is compared with.
type Answer struct {
	Response
	Pick    Pick
	Tool    platform.Registration
	Session string // of whoever brings it; empty: nobody is signed in
	Issuer  string // the platform
	Now     time.Time

	used func(nonce string, until time.Time) bool
}

// Rule is one thing that an answer is held to. Broken says what is wrong, "" when all is well.
type Rule struct {
	ID     string
	Broken func(*Answer) string
}

const leeway = 30 * time.Second // between two clocks

// SignatureRule is the rule that an answer is signed by a key of the tool.
const SignatureRule = "return.signature"

// Rules lists what an answer is held to (LTI Deep Linking 2.0 §4.5; Security Framework 1.0 §5.2).
func Rules() []Rule {
	unless := func(ok bool, why string) string {
		if ok {
			return ""
		}
		return why
	}
	each := func(why string, good func(a *Answer, i lti.ContentItem) bool) func(*Answer) string {
		return func(a *Answer) string {
			return unless(!slices.ContainsFunc(a.Items, func(i lti.ContentItem) bool { return !good(a, i) }), why)
		}
	}
	return []Rule{
		{SignatureRule, func(*Answer) string { return "" }}, // it comes before the others can be asked
		{"return.session", func(a *Answer) string {
			return unless(a.Session != "" && a.Session == a.Pick.Session, "The choice was begun by somebody else, or you have signed out since.")
		}},
		{"return.iss", func(a *Answer) string {
			return unless(a.Response.Issuer == a.Tool.ClientID, "The answer is of another tool.")
		}},
		{"return.aud", func(a *Answer) string {
			return unless(slices.Contains(a.Audience, a.Issuer), "The answer is meant for another platform.")
		}},
		{"return.exp", func(a *Answer) string {
			return unless(a.Expires != nil && a.Now.Before(a.Expires.Time().Add(leeway)), "The answer has expired.")
		}},
		{"return.iat", func(a *Answer) string {
			return unless(a.IssuedAt != nil && !a.IssuedAt.Time().After(a.Now.Add(leeway)), "The answer is from the future.")
		}},
		{"return.type", func(a *Answer) string {
			return unless(a.MessageType == lti.DeepLinkingResponse, "The answer is no deep linking response.")
		}},
		{"return.version", func(a *Answer) string { return unless(a.Version == lti.Version, "The answer is not of LTI 1.3.") }},
		{"return.deployment", func(a *Answer) string {
			return unless(a.Deployment == a.Pick.Deployment, "The answer is of another deployment.")
		}},
		{"return.data", func(a *Answer) string {
			return unless(a.Data != nil && *a.Data == *a.Pick.Settings.Data, "The answer doesn't bring back what the tool was given along.")
		}},
		{"return.many", func(a *Answer) string { return unless(len(a.Items) <= mostItems, "There is too much in the answer.") }},
		{"return.single", func(a *Answer) string {
			return unless(len(a.Items) < 2 || a.Pick.Settings.Multiple == nil || *a.Pick.Settings.Multiple, "One item was asked for, and several came.")
		}},
		{"return.accepted", each("The answer has content of a type that was not asked for.", func(a *Answer, i lti.ContentItem) bool {
			return slices.Contains(a.Pick.Settings.Types, i.Type)
		})},
		{"return.media", each("The answer has a file of a kind that was not asked for.", func(a *Answer, i lti.ContentItem) bool {
			return i.Type != lti.TypeFile || i.MediaType == "" || matching(a.Pick.Settings.MediaTypes, i.MediaType)
		})},
		{"return.address", each("The answer has content whose address can't be used.", func(_ *Answer, i lti.ContentItem) bool {
			return usable(i)
		})},
		{"return.html", each("The answer has HTML content that holds nothing.", func(_ *Answer, i lti.ContentItem) bool {
			return i.Type != lti.TypeHTML || i.HTML != ""
		})},
		{"return.points", each("The answer has a line item without points.", func(_ *Answer, i lti.ContentItem) bool {
			return i.LineItem == nil || i.LineItem.ScoreMaximum > 0
		})},
		{"return.nonce", func(a *Answer) string { return unless(a.Nonce != "", "The answer has no nonce.") }},
		{"return.nonce-used", func(a *Answer) string {
			until := a.Now.Add(time.Hour)
			if a.Expires != nil && a.Expires.Time().After(until) {
				until = a.Expires.Time()
			}
			return unless(!a.used(a.Nonce, until.Add(leeway)), "The answer came before.")
		}},
	}
}

// usable tells whether the addresses of an item lead somewhere by http or https, and the main
// one is there where the type has to have it.
func usable(i lti.ContentItem) bool {
	all := []string{}
	switch i.Type {
	case lti.TypeLink, lti.TypeFile, lti.TypeImage:
		all = append(all, i.URL)
	case lti.TypeLTI:
		if i.URL != "" {
			all = append(all, i.URL)
		}
	}
	for _, image := range []*lti.Image{i.Icon, i.Thumbnail} {
		if image != nil {
			all = append(all, image.URL)
		}
	}
	return !slices.ContainsFunc(all, func(address string) bool {
		u, err := url.Parse(address)
		return err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http"
	})
}

// matching tells whether a media type is among those of a list with wildcards.
func matching(list, media string) bool {
	media, _, err := mime.ParseMediaType(media)
	return err == nil && (list == "" || slices.ContainsFunc(strings.Split(list, ","), func(pattern string) bool {
		is, err := path.Match(strings.ToLower(strings.TrimSpace(pattern)), media)
		return err == nil && is
	}))
}

// returned takes the answer of a tool, which the browser posts from the tool's site.
func (s *Service) returned(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		s.p.Problem(w, http.StatusMethodNotAllowed, "Content comes by a form post.")
		return
	}
	if r.ParseForm() != nil || len(r.PostForm["JWT"]) != 1 {
		s.p.Problem(w, http.StatusBadRequest, "The answer of the tool can't be read: it has to come in one field, JWT.")
		return
	}
	id := r.URL.Query().Get("pick")
	pick, there, err := s.picks.Get(r.Context(), id, s.p.Now())
	if err != nil {
		s.p.Forgetful(w)
		return
	}
	tool, known := s.p.Tool(pick.Tool)
	if !there || !known || len(pick.Items) > 0 {
		s.p.Problem(w, http.StatusBadRequest, "Nothing was asked for that this could answer; begin again from your course.")
		return
	}
	token := r.PostForm.Get("JWT")
	payload, err := s.p.Verify(r.Context(), tool.ClientID, token)
	switch {
	case err != nil && s.p.Spares(SignatureRule):
		payload = unverified(token)
	case errors.Is(err, security.ErrUnavailable):
		s.p.Problem(w, http.StatusBadGateway, "The keys of the tool can't be read now; try again.")
		return
	case err != nil:
		s.p.Problem(w, http.StatusBadRequest, "The answer can't be trusted: "+security.Reason(err)+".")
		return
	}
	_, session, _ := s.p.SignedIn(r)
	a := &Answer{Pick: pick, Tool: tool, Session: session, Issuer: s.p.Issuer(), Now: s.p.Now()}
	var failed error
	a.used = func(nonce string, until time.Time) bool {
		var fresh bool
		fresh, failed = s.nonces.Of(tool.ClientID).Add(r.Context(), nonce, true, a.Now, until)
		return !fresh
	}
	if json.Unmarshal(payload, &a.Response) != nil {
		s.p.Problem(w, http.StatusBadRequest, "The claims of the answer can't be read.")
		return
	}
	for _, rule := range s.rules {
		why := rule.Broken(a)
		if failed != nil {
			s.p.Forgetful(w)
			return
		}
		if why != "" {
			s.p.Problem(w, http.StatusBadRequest, why)
			return
		}
	}
	s.take(w, r, id, a)
}

// take does what an answer says that is in order: of two that come at once, one.
func (s *Service) take(w http.ResponseWriter, r *http.Request, id string, a *Answer) {
	pick, there, err := s.picks.Take(r.Context(), id, s.p.Now())
	switch {
	case err != nil:
		s.p.Forgetful(w)
		return
	case !there:
		s.p.Problem(w, http.StatusBadRequest, "This was answered before; begin again from your course.")
		return
	case a.Problem != "":
		s.say(w, pick, nil, "", "The tool says: "+a.Problem)
		return
	}
	items := s.p.Given(a.Items)
	if create := pick.Settings.AutoCreate; create != nil && *create || len(items) == 0 {
		s.keep(w, r, pick, items, a.Message)
		return
	}
	pick.Items = items
	now := s.p.Now()
	if err := s.picks.Put(r.Context(), id, pick, now, now.Add(pickLife)); err != nil {
		s.p.Forgetful(w)
		return
	}
	s.say(w, pick, items, id, a.Message)
}

// keep adds items to a course, and says so.
func (s *Service) keep(w http.ResponseWriter, r *http.Request, pick Pick, items []lti.ContentItem, message string) {
	switch err := s.add(r.Context(), pick, items); {
	case errors.Is(err, errFull):
		s.p.Problem(w, http.StatusConflict, "There is no room for more content in this course.")
	case err != nil:
		s.p.Forgetful(w)
	default:
		s.say(w, pick, items, "", message)
	}
}

// say shows what became of an answer. asked is the pick that waits for a yes, if one does.
func (s *Service) say(w http.ResponseWriter, pick Pick, items []lti.ContentItem, asked, message string) {
	s.p.Page(w, http.StatusOK, "Content", false, func(string) template.HTML {
		return render("added", map[string]any{"Items": items, "Asked": asked, "Message": message, "CSRF": pick.Session,
			"Path": url.PathEscape(pick.Course)})
	})
}

// unverified is the payload of a token at whose signature nobody looks.
func unverified(token string) []byte {
	parts := strings.Split(token, ".")
	if len(parts) < 2 {
		return nil
	}
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1]) // nothing, then
	return payload
}
