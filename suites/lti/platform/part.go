package platform

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// Part is what a service of LTI Advantage adds to the suite for platforms. Its checks share
// the browser, the launches and Rollcall's side with those of launches.
type Part struct {
	Profile string // catalogue id
	Prefix  string // begins the ids of its requirements, which its checks name without
	Checks  []harness.Check
	// Owner names the requirement that governs an answer of the service; nil: none.
	Owner func(s *harness.Session, r *harness.Response) string
}

// checks are those of a part, as the suite has them.
func (p Part) checks() []harness.Check {
	var out []harness.Check
	for _, c := range p.Checks {
		c.Requirements = slices.Clone(c.Requirements)
		for i, id := range c.Requirements {
			c.Requirements[i] = p.Prefix + id
		}
		c.Group, c.Timeout = group, checkTimeout
		c.Needs = append([]harness.Need{registered()}, c.Needs...)
		out = append(out, c)
	}
	return out
}

// Launch is a good launch, from which a service begins.
type Launch struct {
	User      lti.User
	Link      lti.Link
	Claims    map[string]any
	Exchanges []string // its evidence
}

// Upon are the needs of a check that stands on a good launch, which First then gives.
func Upon(more ...harness.Need) []harness.Need { return upon(more...) }

// Issuing needs a token endpoint that answers a right request with a token, and scopes in
// the target file to ask for.
func Issuing() []harness.Need { return []harness.Need{services(), issuing()} }

// Setting makes a need of what the target file says.
func Setting(text string, o harness.Obstacle, lacks func(l *lti.Section) bool) harness.Need {
	return setting(text, o, func(j *judge) bool { return lacks(&j.target) })
}

// First gives the good launch that all others stand on, of the first user from the first link.
func First(t *harness.T) Launch {
	_, s := launchOf(t)
	return s.launched(t)
}

// As gives the good launch of a user from a link, made once a run, or what it hangs on that
// it brought no token.
func As(ctx context.Context, t *harness.T, user lti.User, link lti.Link) (l Launch, o harness.Obstacle, ok bool) {
	j := judgeOf(t)
	s := j.good(ctx, user, link)
	if s.claims == nil {
		return Launch{}, j.halted(t, s, s.sent()), false
	}
	return s.launched(t), harness.Obstacle{}, true
}

func (s *seen) launched(t *harness.T) Launch {
	return Launch{User: s.user, Link: s.link, Claims: s.claims, Exchanges: s.keep(t, s.sent())}
}

// AccessToken asks for an access token for scopes; what was granted is kept for the run. It is
// "" where none was, as the answer shows.
func AccessToken(ctx context.Context, t *harness.T, scopes ...string) (token string, r *harness.Response) {
	j := judgeOf(t)
	kept := Shared(t, func() map[string]accessGranted { return map[string]accessGranted{} })
	key := strings.Join(scopes, " ")
	j.mu.Lock()
	had, there := kept[key]
	j.mu.Unlock()
	if there && time.Now().Before(had.until) {
		return had.token, had.answer
	}
	r = j.ask(ctx, t, asked{form: map[string]string{"scope": key}})
	answer, ok := granted(r)
	if !ok {
		return "", r
	}
	token = answer["access_token"].(string)
	j.secret(token)
	j.mu.Lock()
	kept[key] = accessGranted{token, r, time.Now().Add(goodFor(answer))}
	j.mu.Unlock()
	return token, r
}

type accessGranted struct {
	token  string
	answer *harness.Response
	until  time.Time
}

const (
	tokenLife   = time.Hour        // of a token that doesn't say how long it is good
	tokenMargin = 10 * time.Second // before its end it is no longer begun with
)

// goodFor tells how long a token that was granted can be used.
func goodFor(answer map[string]any) time.Duration {
	if seconds, is := answer["expires_in"].(float64); is {
		return time.Duration(seconds*float64(time.Second)) - tokenMargin
	}
	return tokenLife
}

// Ungranted says what stands on a token that was not granted: on the requirement of the scope, or on
// the token endpoint's own where that broke down or is away.
func Ungranted(owner, why string, r *harness.Response) harness.Obstacle {
	if r.Status == 0 || r.Status >= http.StatusInternalServerError {
		owner = Issues
	}
	return harness.BlockedBy(owner, why+": "+Refused(r), r)
}

// Ask asks a service with a token for one scope. Where none is to be had any more, which a check
// made sure of before it began, the service isn't asked: it would be blamed for a refusal.
func Ask(ctx context.Context, t *harness.T, scope string, r harness.Request) *harness.Response {
	token, got := AccessToken(ctx, t, scope)
	if token == "" {
		return &harness.Response{Request: r, Unreachable: true,
			Problem: "the token endpoint gives no token any more: " + Refused(got), Evidence: got.Evidence}
	}
	return Do(ctx, t, token, r)
}

// OtherRegistration needs a second registration of Rollcall at the platform.
func OtherRegistration() harness.Need { return otherRegistration() }

// OtherAccessToken asks for an access token of the second registration; "" where none was
// granted, as the answer shows.
func OtherAccessToken(ctx context.Context, t *harness.T, scopes ...string) (token string, r *harness.Response) {
	j := judgeOf(t)
	other := j.target.OtherClientID
	r = j.ask(ctx, t, asked{claims: map[string]any{"iss": other, "sub": other}, form: map[string]string{"scope": strings.Join(scopes, " ")}})
	answer, ok := granted(r)
	if !ok {
		return "", r
	}
	token = answer["access_token"].(string)
	j.secret(token)
	return token, r
}

// What a token is waited for to be over: most are good for an hour.
const (
	mostLife  = 20 * time.Second
	clockTime = 30 * time.Second // by how much clocks may differ (RFC 7519 §4.1.4)
	clockLook = 5 * time.Second
)

// over is a token whose time is over, had once a run.
type over struct {
	once     sync.Once
	token    string
	obstacle harness.Obstacle
}

// Expired gives an access token of Rollcall's that was good once, for all scopes of the target file, and
// is no longer: one that is waited for, where the platform says that tokens are good for a short time, or
// that of the target file. lets tells whether the service lets it in still, which it may do for as much
// as clocks differ. Where there is none o says why.
func Expired(ctx context.Context, t *harness.T, lets func(token string) bool) (token string, o harness.Obstacle, ok bool) {
	j := judgeOf(t)
	kept := Shared(t, func() *over { return &over{} })
	kept.once.Do(func() { kept.token, kept.obstacle = j.outlive(ctx, t, lets) })
	return kept.token, kept.obstacle, kept.token != ""
}

func (j *judge) outlive(ctx context.Context, t *harness.T, lets func(token string) bool) (token string, o harness.Obstacle) {
	r := j.ask(ctx, t, asked{})
	answer, ok := granted(r)
	if !ok {
		return "", harness.BlockedBy(reqIssue, "no token is issued: "+refusal(r), r)
	}
	seconds, _ := answer["expires_in"].(float64)
	life := time.Duration(seconds * float64(time.Second))
	switch given := j.target.Platform.ExpiredToken; {
	case life > 0 && life <= mostLife:
		token = answer["access_token"].(string)
		j.secret(token)
	case given != "":
		j.secret(given)
		return given, harness.Obstacle{}
	default:
		return "", harness.Unconfigured(fmt.Sprintf("access tokens are good for %s, which is too long to wait for", life),
			"Have the platform issue tokens that are good for 20 seconds at most while it is judged; or give one that is over in "+
				"lti.platform.expired_token.")
	}
	for wait, end := life+time.Second, time.Now().Add(life+clockTime); ; wait = clockLook {
		select {
		case <-ctx.Done():
			return "", harness.Unconfigured("the run ended before an access token was over", "Run again.")
		case <-time.After(wait):
		}
		if time.Now().After(end) || !lets(token) {
			return token, harness.Obstacle{}
		}
	}
}

// Anew makes a launch that isn't kept: what it tells is of now. It needs Unattended.
func Anew(ctx context.Context, t *harness.T, user lti.User, link lti.Link) (l Launch, o harness.Obstacle, ok bool) {
	j := judgeOf(t)
	s := j.begin(ctx, user, link, plan{})
	if s.claims == nil {
		return Launch{}, j.halted(t, s, s.sent()), false
	}
	return s.launched(t), harness.Obstacle{}, true
}

// Refused words an answer of the token endpoint that brought no token, with the error that it
// names, and Issues is the requirement that governs it.
func Refused(r *harness.Response) string { return refusal(r) }

// Issues is the requirement that governs what the token endpoint answers to right requests.
const Issues = reqIssue

// Subset is the requirement that a token is good for scopes that were asked for alone.
const Subset = Prefix + "access.scope-subset"

// Do asks a service, with an access token; "" sends none. The token goes to the origins of the
// target file, and to those that a launch named as a service's.
func Do(ctx context.Context, t *harness.T, token string, r harness.Request) *harness.Response {
	r.Auth = harness.AuthNone
	r.Told = judgeOf(t).told(r.URL)
	r.Header = r.Header.Clone()
	if token != "" {
		if r.Header == nil {
			r.Header = http.Header{}
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return t.Do(ctx, r)
}

// told tells whether a good launch named the origin of an address as that of a service.
func (j *judge) told(address string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.kept {
		for name, claim := range s.claims {
			if strings.HasPrefix(name, serviceNames) && namesOrigin(claim, originOf(address)) {
				return true
			}
		}
	}
	return false
}

// Stranger tells whether an address lies at an origin that neither the target file nor a launch has named
// as the platform's: tools don't send their tokens there.
func Stranger(t *harness.T, address string) bool {
	j := judgeOf(t)
	p := j.target.Platform
	known := slices.ContainsFunc([]string{p.Issuer, p.AuthURL, p.JWKSURL, p.TokenURL}, func(own string) bool {
		return originOf(own) == originOf(address)
	})
	return !known && !j.told(address)
}

// serviceNames begins the claims of services: lti-nrps, lti-ags and what comes to be.
const serviceNames = "https://purl.imsglobal.org/spec/lti-"

// namesOrigin tells whether one of the members of a claim is an address at an origin.
func namesOrigin(claim any, origin string) bool {
	members, _ := claim.(map[string]any)
	for _, v := range members {
		if text, is := v.(string); is && absolute(text) && originOf(text) == origin {
			return true
		}
	}
	return false
}

// Principal is the role in a course that the name of a role stands for, such as Instructor;
// "" for every other. Short names and those of LTI 1.1 stand for what they stood for.
func Principal(role string) string { return principal(role) }

// Unattended needs launches and visits that no person makes; why says what a person can't do.
func Unattended(why string) harness.Need { return unattended(why) }

// Visit signs a user in, in a browser of their own, takes steps there, and gives the text that
// is shown in the end. It needs Unattended.
func Visit(ctx context.Context, t *harness.T, user lti.User, steps []browser.Step) (text string, err error) {
	text, _, err = Look(ctx, t, user, steps)
	return text, err
}

// Look is Visit that gives the documents of the page and of its frames too, as they stand there.
func Look(ctx context.Context, t *harness.T, user lti.User, steps []browser.Step) (text string, documents []string, err error) {
	j := judgeOf(t)
	defer j.uncover(user) // some platforms let nobody have two sessions, and end the other one
	page, err := j.browser.Open(ctx, browser.PageOptions{})
	if err != nil {
		return "", nil, err
	}
	defer page.Close()
	if err := page.Run(ctx, user.Steps); err != nil {
		return "", nil, fmt.Errorf("signing in as %s: %w", user.Name, err)
	}
	if err := page.Run(ctx, steps); err != nil {
		return "", nil, err
	}
	j.settled(ctx, page)
	frames, err := page.Look(ctx)
	var texts []string
	for _, f := range frames {
		texts = append(texts, f.Text)
		if document, err := page.Eval(ctx, f.ID, wholeDocument); err == nil {
			documents = append(documents, document)
		}
	}
	return strings.Join(texts, "\n"), documents, err
}

// wholeDocument is a script that gives a document as it stands in the browser.
const wholeDocument = "document.documentElement ? document.documentElement.outerHTML : ''"

// Shared gives what the checks of a part share in one run, one value of each type, made when
// it is first asked for. It guards nothing within the value.
func Shared[T any](t *harness.T, made func() T) T {
	j := judgeOf(t)
	key := reflect.TypeFor[T]()
	if v, there := j.parts.Load(key); there {
		return v.(T)
	}
	v, _ := j.parts.LoadOrStore(key, made())
	return v.(T)
}
