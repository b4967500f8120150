package tool

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Where no marker of the target file tells an opened page from any other, it is learned:
// from a good launch, from an answer without any token, by which nothing can be opened, and
// from tokens that have to be refused. A page is learned as opened only where it differs
// from what an answer without a token shows, and where it doesn't say of itself that
// something went wrong. What the token told and the page shows (a name, the title of the
// link) speaks for it; else nothing is judged by pages.

// learningID begins the ids of the launches by which a judge learns.
const learningID = "learn."

// sample is the page of a launch that has to be refused.
type sample struct {
	what  string
	page  browser.Frame
	token bool // the answer had one
	same  bool // it looks like the page of the plain good launch
}

// tokenless is an answer by which nothing can be opened.
var tokenless = Launch{Title: "an answer without a token", Respond: Respond{Omit: []string{"id_token"}}}

// wrongTokens have to be refused, though a tool that is wrong itself may open one of them.
var wrongTokens = []Launch{
	{Title: "a token with a wrong signature", Signing: "corrupt"},
	{Title: "a token without a version", Claims: map[string]any{"version": nil}},
	{Title: "a token that has expired", Claims: map[string]any{"exp": "$now-7200", "iat": "$now-7500"}},
}

// learn sees once what opened pages and refusals look like, beside the plain good launch
// that was made first. It says why that one was not opened after all, "" where it was, or
// where that can't be told: then j.blind says so.
func (j *judge) learn(ctx context.Context, first *sight) (notOpened string) {
	if j.target.Tool.Launched.Set() {
		return ""
	}
	var instructor *sight
	var samples []sample
	var all sync.WaitGroup
	all.Go(func() {
		instructor = j.steady(ctx, Launch{ID: learningID + "instructor", User: "instructor", Login: Login{Post: j.footing.byPost}})
	})
	all.Go(func() { samples = j.samples(ctx, first) })
	all.Wait()
	own := tells(first)
	if j.blind, notOpened = verdictOn(first, own, samples); j.blind != "" || notOpened != "" {
		return notOpened
	}
	j.worded = says(first.page) != ""
	j.good = []browser.Frame{first.page}
	for _, x := range samples {
		if !x.same {
			j.bad = append(j.bad, x.page)
		}
	}
	if j.plainly(instructor) && j.learnable(instructor) {
		j.good = append(j.good, instructor.page)
	}
	return ""
}

// samples makes launches that have to be refused: the answer without a token, and tokens
// that are wrong until one shows another page than the good launch.
func (j *judge) samples(ctx context.Context, first *sight) (out []sample) {
	for i, l := range append([]Launch{tokenless}, wrongTokens...) {
		l.ID, l.User, l.Login.Post = learningID+"refusal", "learner", j.footing.byPost
		s := j.launch(ctx, l)
		if s.problem != nil || s.stalled != "" || !s.requested() {
			continue
		}
		x := sample{what: l.Title, page: s.page, token: i > 0, same: lookAlike(s.page, first.page)}
		out = append(out, x)
		if x.token && !x.same {
			break
		}
	}
	return out
}

// lookAlike tells whether two pages are one to whoever sees them.
func lookAlike(a, b browser.Frame) bool {
	refused := func(f browser.Frame) bool { return f.Status >= 400 || f.Failed || f.Closed }
	return refused(a) == refused(b) && likeness(a, b) >= same
}

// verdictOn tells what a plain good launch came to, by the samples beside it: blind says
// why that can't be told, notOpened that it was refused; both are "" where it was opened.
// own tells whether its page shows what the token told.
func verdictOn(first *sight, own bool, samples []sample) (blind, notOpened string) {
	alike, empty, token := "", false, false
	for _, x := range samples {
		switch {
		case x.same && alike == "":
			alike = x.what
		case !x.same && x.token:
			token = true
		case !x.same:
			empty = true
		}
	}
	if len(samples) > 0 && !samples[0].token && samples[0].same {
		alike = samples[0].what
	} else if len(samples) > 0 && samples[0].token { // the other one could not be made
		empty = true
	}
	said := says(first.page)
	switch {
	case own && (token || empty), said == "" && token && empty:
		return "", ""
	case said != "" && !own && alike != "":
		return "", fmt.Sprintf("a good launch was not opened: the tool showed %s, as for %s", describe(first.page), alike)
	case said != "":
		return fmt.Sprintf("it can't be told whether a good launch was opened: it ended with %s, which says “%s”",
			describeStatus(first.page), said), ""
	case alike != "":
		return fmt.Sprintf("what is opened and what is refused can't be told apart: a good launch and %s both ended with %s", alike,
			describeStatus(first.page)), ""
	}
	return "what is opened and what is refused can't be told apart: no launch that has to be refused came to an end", ""
}

// learnable tells whether the page of another good launch is one that is learned too.
func (j *judge) learnable(s *sight) bool {
	for _, f := range j.bad {
		if lookAlike(s.page, f) {
			return false
		}
	}
	return !hollow(s.page) && (says(s.page) == "" || tells(s))
}

// hollow tells whether a page shows nothing at all.
func hollow(f browser.Frame) bool { return len(strings.TrimSpace(f.Text)) < 3 && len(f.Marks) == 0 }

// refusing tells whether a page says of itself that it is no opened one. It is asked only
// where that page is not like the pages of good launches.
func (j *judge) refusing(s *sight) bool {
	if !j.worded && says(s.page) != "" && !tells(s) {
		return true
	}
	return hollow(s.page) && s.page.Active == 0 && len(j.good) > 0 && !hollow(j.good[0])
}

// tells finds in a page what the token of its launch told: whose launch it is, or of which
// link or course.
func tells(s *sight) bool {
	if s.attempt == nil {
		return false
	}
	s.attempt.mu.Lock()
	claims := s.attempt.claims
	s.attempt.mu.Unlock()
	text := func(v any) string { t, _ := v.(string); return t }
	of := func(claim, member string) string {
		m, _ := claims[names[claim]].(map[string]any)
		return text(m[member])
	}
	for _, told := range []string{text(claims["name"]), text(claims["email"]), of("resource_link", "title"), of("context", "title")} {
		if len(told) > 3 && strings.Contains(s.page.Text, told) {
			return true
		}
	}
	return false
}

// What pages say that open nothing, in their titles and addresses, and in the words of a
// page that has few.
var (
	refusingTitle = regexp.MustCompile(`(?i)\b(errors?|exception|denied|forbidden|unauthori[sz]ed|failed|failure|sorry|oops|invalid|cannot|can['’]t|could not|couldn['’]t|unable|refused|rejected|(not|nothing)( \w+){0,3} (opened|found|allowed|authori[sz]ed|available|possible|permitted|launch)|went wrong|fehler|verweigert|nicht (gefunden|erlaubt|möglich|geöffnet)|erreur|refusé|interdit|introuvable|errore|negato|denegado|acceso no|fout|geweigerd)`)
	refusingWords = regexp.MustCompile(`(?i)\b(something went wrong|an (unexpected )?error|error( code)?:? ?\d|access (is |was )?denied|not authori[sz]ed|permission denied|(launch|login|request|session|token|state|nonce|signature|deployment|registration|platform)\b[^.!?]{0,40}\b(failed|invalid|not valid|expired|refused|rejected|unknown|not (be )?(known|found|recogni[sz]ed|registered|opened|verified|supported))|(cannot|can['’]t|could not|couldn['’]t|unable to)( be)? (open|launch|load|verif|sign|log|start|validat|authenticat)|nothing (can|could) be opened|etwas ist schiefgelaufen|zugriff verweigert|nicht (berechtigt|autorisiert)|une erreur|accès refusé|ha ocurrido un error|acceso denegado|si è verificato un errore)`)
	refusingPath  = regexp.MustCompile(`(?i)/(errors?|denied|access[-_]?denied|forbidden|unauthori[sz]ed|refused|rejected|failed|failure|not[-_]?found|40[0-9]|50[0-9])(/|\.|$)`)
)

// fewWords is how long a text is of which single words tell what the page is about.
const fewWords = 1000

// says gives the words by which a page says of itself that nothing was opened; "" where
// there are none. Alone they prove nothing: a quiz may be about errors.
func says(f browser.Frame) string {
	if m := refusingTitle.FindString(f.Title); m != "" {
		return m
	}
	if u, err := url.Parse(f.URL); err == nil {
		if m := refusingPath.FindString(u.Path + u.Fragment); m != "" {
			return strings.Trim(m, "/.")
		}
		if u.Query().Has("error") {
			return "error"
		}
	}
	if len(f.Text) <= fewWords {
		return refusingWords.FindString(f.Text)
	}
	return ""
}
