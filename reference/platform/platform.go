package platform

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Registration is a tool that the platform knows (LTI 1.3 §3.1.3). One
// registration has one or several deployments.
type Registration struct {
	ClientID     string   `yaml:"client_id"`
	Name         string   `yaml:"name"`
	LoginURL     string   `yaml:"login_url"`
	RedirectURIs []string `yaml:"redirect_uris"`
	TargetURI    string   `yaml:"target_link_uri"`
	// PickerURI is the target_link_uri of deep linking requests; empty: TargetURI.
	PickerURI   string            `yaml:"deep_linking_uri,omitempty"`
	JWKSURL     string            `yaml:"jwks_url"`
	Deployments []string          `yaml:"deployments"`
	Custom      map[string]string `yaml:"custom,omitempty"`
	Scopes      []string          `yaml:"scopes,omitempty"` // that it may have tokens for
	// Anonymous says that the tool is told nothing personal.
	Anonymous bool `yaml:"anonymous,omitempty"`
	// Private names deployments in which it is told nothing personal either.
	Private []string `yaml:"private_deployments,omitempty"`
	// Titles are what the links are called that each course has to the tool, one or two; nil: Quiz and Practice.
	Titles []string `yaml:"link_titles,omitempty"`
	// Resource is what the tool is in the district's resources: it is there for those alone to
	// whom that is assigned. nil: for everybody.
	Resource *Resource `yaml:"resource,omitempty"`
}

// In gives the registration as it is in one of its deployments.
func (t Registration) In(deployment string) Registration {
	t.Anonymous = t.Anonymous || slices.Contains(t.Private, deployment)
	return t
}

// Link is a place in a course that opens a tool (LTI 1.3 §3.1.5).
type Link struct {
	ID          string
	Title       string
	Description string
	Course      string // sourcedId of the class
	Tool        string // client id
	Deployment  string
	Target      string // target_link_uri; empty: that of the registration
	Custom      map[string]string
	// Item is what the link was picked as; nil: it came with the registration.
	Item *lti.ContentItem
}

// Config is what a platform is made of.
type Config struct {
	Origin   string // scheme, host and port under which browsers see it; the issuer too
	District fixtures.District
	Tools    []Registration
	HTTP     *http.Client // for the keys of tools; nil: the default one
	Now      func() time.Time
	// Store keeps what the platform remembers, opened by OpenStore; nil: one in memory,
	// which is gone with the process. The platform does not close it.
	Store store.Store
	// Services are those that the platform offers beside launches; nil: none.
	Services []func(p *Platform) (Service, error)
	// Login changes the login initiation, Claims the claims of a launch just
	// before they are signed, Sign signs them, Respond changes what is posted to
	// the tool; nil: as the standard has it. Faults come in here.
	Login   func(url.Values, *Pending)
	Claims  func(map[string]any, *Pending)
	Sign    func(keys *security.Keys, claims map[string]any) (string, error)
	Respond func(url.Values)
	// Content changes what a tool has given for a course, just before it is kept; nil: as it
	// came. Spared are rules of services that they forget, by their ids. Faults come in here.
	Content func([]lti.ContentItem) []lti.ContentItem
	Spared  []string
	// Checks are what an authentication request is held to; nil: Checks().
	Checks []Check
	// Claimed are what a client assertion is held to; nil: Assertions().
	Assertions []Assertion
}

// Platform is the running role. It is safe for concurrent use.
type Platform struct {
	c      Config
	keys   *security.Keys
	remote map[string]*security.RemoteKeys // of tools, by client id
	taught atomic.Pointer[school]          // what the SIS said last, with who is in the courses
	links  []Link
	secret []byte // of pseudonyms
	// services are made when all else is.
	services []Service

	sessions *lti.Expiring[session]
	pending  *lti.Expiring[Pending] // launches under way, by lti_message_hint
	used     *lti.Expiring[bool]    // ids of assertions, of the client: one that sends many forgets only its own
	tokens   *lti.Expiring[Granted]

	mu       sync.Mutex // of what is registered
	changing sync.Mutex // of who is in the courses: one change after the other
}

// session is somebody who signed in.
type session struct {
	User string // sourcedId
	CSRF string
}

// Pending is a launch that was begun and waits for the tool to ask for its token.
type Pending struct {
	Hint   string // lti_message_hint
	Login  string // login_hint
	User   string // sourcedId
	Link   Link
	Tool   Registration
	As     string // frame, window or same
	Target string
	// Message is the type of the message; empty: that of a resource link. Own are the claims
	// that the message has beside those of all.
	Message string
	Own     map[string]any
}

const (
	launchLife  = 5 * time.Minute
	sessionLife = 8 * time.Hour
	tokenLife   = 5 * time.Minute // of an id_token
	most        = 10_000          // sessions, launches, tokens, and ids of one client's assertions
)

var errNoOrigin = errors.New("the platform needs the origin under which browsers see it")

// New makes a platform with a link to every tool in every course: those that it is given,
// and those that were registered by hand while it served the same store.
func New(ctx context.Context, c Config) (*Platform, error) {
	if c.Origin == "" {
		return nil, errNoOrigin
	}
	c.Origin = strings.TrimRight(c.Origin, "/")
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Checks == nil {
		c.Checks = Checks()
	}
	if c.Assertions == nil {
		c.Assertions = Assertions()
	}
	if c.District == nil {
		d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
		if err != nil {
			return nil, err
		}
		c.District = d
	}
	if c.Store == nil {
		s, err := OpenStore(ctx, "")
		if err != nil {
			return nil, err
		}
		c.Store = s
	}
	keys, err := lti.SigningKeys(ctx, c.Store, keysKept)
	if err != nil {
		return nil, err
	}
	p := &Platform{
		c:        c,
		keys:     keys,
		remote:   map[string]*security.RemoteKeys{},
		secret:   []byte("riverbend:" + c.Origin),
		sessions: lti.NewExpiring[session](c.Store, sessionsKept, most),
		pending:  lti.NewExpiring[Pending](c.Store, launchesKept, most),
		used:     lti.NewExpiring[bool](c.Store, assertionsKept, most),
		tokens:   lti.NewExpiring[Granted](c.Store, tokensKept, most),
	}
	p.taught.Store(readSchool(c.District, p.contextOf))
	if p.c.Sign == nil {
		p.c.Sign = func(keys *security.Keys, claims map[string]any) (string, error) { return keys.Sign(claims) }
	}
	p.c.Tools = nil // each is put in by Register, which changes the list
	for _, t := range c.Tools {
		p.Register(t)
	}
	if err := p.registerKept(ctx); err != nil {
		return nil, err
	}
	if err := p.rosterKept(ctx); err != nil {
		return nil, err
	}
	for _, made := range c.Services {
		s, err := made(p)
		if err != nil {
			return nil, err
		}
		p.services = append(p.services, s)
	}
	return p, nil
}

// school is what the SIS said last.
func (p *Platform) school() *school { return p.taught.Load() }

func (p *Platform) contextOf(course string) string { return p.pseudonym("course", course) }

// Register adds a tool, and two links to it in every course: in the first
// deployment, and in the last.
func (p *Platform) Register(t Registration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.c.Tools = append(slices.DeleteFunc(p.c.Tools, func(o Registration) bool { return o.ClientID == t.ClientID }), t)
	p.links = slices.DeleteFunc(p.links, func(l Link) bool { return l.Tool == t.ClientID && l.Item == nil })
	p.remote[t.ClientID] = &security.RemoteKeys{URL: t.JWKSURL, HTTP: p.c.HTTP}
	for _, c := range p.school().courses {
		p.linkTo(t, c)
	}
}

// linkTo adds the two links to a tool that a course has; p.mu is held.
func (p *Platform) linkTo(t Registration, c course) {
	if len(t.Deployments) == 0 {
		return
	}
	titles := t.Titles
	if len(titles) == 0 {
		titles = []string{"Quiz", "Practice"}
	}
	for i, title := range titles[:min(len(titles), 2)] {
		deployment := t.Deployments[0]
		if i == 1 {
			deployment = t.Deployments[len(t.Deployments)-1]
		}
		p.links = append(p.links, Link{
			ID:          p.pseudonym("link", t.ClientID, c.id, title),
			Title:       title + ": " + c.title,
			Description: title + " for " + c.title,
			Course:      c.id,
			Tool:        t.ClientID,
			Deployment:  deployment,
			Custom:      map[string]string{"part": strings.ToLower(title)},
		})
	}
}

// AddLink adds a link that somebody has picked, in the place of the one of its id.
func (p *Platform) AddLink(l Link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links = append(slices.DeleteFunc(p.links, func(o Link) bool { return o.ID == l.ID }), l)
}

// RemoveLink takes a link away.
func (p *Platform) RemoveLink(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links = slices.DeleteFunc(p.links, func(l Link) bool { return l.ID == id })
}

// pseudonym makes a stable id that tells nothing.
func (p *Platform) pseudonym(parts ...string) string {
	mac := hmac.New(sha256.New, p.secret)
	mac.Write([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// Issuer is what a tool has to be told, as AuthURL, JWKSURL and TokenURL are.
func (p *Platform) Issuer() string   { return p.c.Origin }
func (p *Platform) AuthURL() string  { return p.c.Origin + "/auth" }
func (p *Platform) JWKSURL() string  { return p.c.Origin + "/jwks" }
func (p *Platform) TokenURL() string { return p.c.Origin + "/token" }

// Keys are the platform's signing keys.
func (p *Platform) Keys() *security.Keys { return p.keys }

func (p *Platform) tool(client string) (Registration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.c.Tools, func(t Registration) bool { return t.ClientID == client })
	if i < 0 {
		return Registration{}, false
	}
	return p.c.Tools[i], true
}

func (p *Platform) link(id string) (Link, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.links, func(l Link) bool { return l.ID == id })
	if i < 0 {
		return Link{}, false
	}
	if _, taught := p.school().course(p.links[i].Course); !taught {
		return Link{}, false // it stays for when the course comes back
	}
	return p.links[i], true
}

// Namespace of the claims, for those who change them.
const Namespace = lti.Namespace
