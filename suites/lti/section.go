package lti

import (
	"cmp"
	_ "embed"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Section says where an LTI tool or platform lies, and how Rollcall presents itself
// to it.
type Section struct {
	// Listen is where Rollcall's own side answers, 127.0.0.1:9460 by default:
	// fixed, for the product has its addresses registered.
	Listen string `yaml:"listen,omitempty"`
	// PublicURL is the origin under which the product and the browser reach
	// it; http://<listen> by default, https with a certificate.
	PublicURL string `yaml:"public_url,omitempty"`
	CertFile  string `yaml:"cert_file,omitempty"`
	KeyFile   string `yaml:"key_file,omitempty"`
	// ClientID and Deployments are what Rollcall, as the platform, has issued to
	// the tool; or what the platform has issued to Rollcall.
	ClientID string `yaml:"client_id,omitempty"`
	// OtherClientID is a second registration, optional: at the tool, of the same
	// issuer and with the same deployments; or of Rollcall at the platform, with
	// the same addresses.
	OtherClientID string `yaml:"other_client_id,omitempty"`
	// OtherPlatform is Rollcall as one more platform at a tool, optional: how the tool uses
	// services is judged there, at the same time as launches from the first.
	OtherPlatform OtherPlatform `yaml:"other_platform,omitempty"`
	Deployments   []string      `yaml:"deployments,omitempty"`
	Tool          Tool          `yaml:"tool,omitempty"`
	Platform      Platform      `yaml:"platform,omitempty"`
	// LaunchTimeout is how long a launch may take, 15s by default.
	LaunchTimeout harness.Duration `yaml:"launch_timeout,omitempty"`
}

// OtherPlatform is Rollcall's registration as one more platform, with an issuer of its own.
type OtherPlatform struct {
	Listen      string   `yaml:"listen"`
	PublicURL   string   `yaml:"public_url,omitempty"`  // http(s)://<listen> by default
	ClientID    string   `yaml:"client_id,omitempty"`   // that of the first by default
	Deployments []string `yaml:"deployments,omitempty"` // those of the first by default
}

// Set tells whether there is one.
func (o OtherPlatform) Set() bool { return o.Listen != "" }

// Other is the section as Rollcall's other platform has it.
func (l Section) Other() Section {
	o := l.OtherPlatform
	l.Listen, l.PublicURL, l.ClientID, l.Deployments = o.Listen, o.PublicURL, o.ClientID, o.Deployments
	l.OtherClientID, l.OtherPlatform = "", OtherPlatform{}
	return l
}

// Platform is a platform under test: what it tells tools, and the steps by which
// a person comes to a launch.
type Platform struct {
	Issuer   string   `yaml:"issuer"`
	AuthURL  string   `yaml:"auth_url"`
	JWKSURL  string   `yaml:"jwks_url"`
	TokenURL string   `yaml:"token_url,omitempty"`
	Audience string   `yaml:"audience,omitempty"` // aud of client assertions, where that isn't token_url
	Scopes   []string `yaml:"scopes,omitempty"`   // that it has granted to Rollcall
	// ExpiredToken is an access token of Rollcall's, for its scopes, that was good once and is over.
	ExpiredToken string `yaml:"expired_token,omitempty"`
	// OtherElsewhere says that the second registration is not in the course of the first link.
	OtherElsewhere bool   `yaml:"other_elsewhere,omitempty"`
	Users          []User `yaml:"users,omitempty"`
	Links          []Link `yaml:"links,omitempty"`
	Roster         Roster `yaml:"roster,omitempty"`
	// Writes says whether line items and scores may be made, which are removed again; nil:
	// they may.
	Writes *bool `yaml:"writes,omitempty"`
	// Gradebook are the steps by which the first user who is an instructor, signed in, comes
	// to the page that shows the scores of the course of the first link.
	Gradebook []browser.Step `yaml:"gradebook,omitempty"`
	Picks     []Pick         `yaml:"picks,omitempty"`
}

// Pick is a place from which Rollcall, as the tool, is asked for content by a deep linking
// request.
type Pick struct {
	Name string `yaml:"name"`
	As   string `yaml:"as,omitempty"`   // frame or window, where the picker opens so
	User string `yaml:"user,omitempty"` // who picks: a name of Users; the first instructor by default
	// Target is the target_link_uri of the request, where it isn't the registered one.
	Target string         `yaml:"target,omitempty"`
	Steps  []browser.Step `yaml:"steps"`
	// Confirm are the steps after the answer until the content is kept; Shows lead to a page
	// that lists it. Opens open what was picked, and Remove take it away: they may name it by
	// $title.
	Confirm []browser.Step `yaml:"confirm,omitempty"`
	Shows   []browser.Step `yaml:"shows,omitempty"`
	Opens   []browser.Step `yaml:"opens,omitempty"`
	Remove  []browser.Step `yaml:"remove,omitempty"`
}

// MayWrite tells whether the target file lets anything be made at the platform.
func (p Platform) MayWrite() bool { return p.Writes == nil || *p.Writes }

// Roster is how somebody comes to the course of the first link, and leaves it again.
type Roster struct {
	By     string         `yaml:"by,omitempty"` // name of the user who does so; empty: the first
	Enroll []browser.Step `yaml:"enroll,omitempty"`
	Leave  []browser.Step `yaml:"leave,omitempty"`
}

// User is somebody who can sign in.
type User struct {
	Name  string         `yaml:"name"`
	Role  string         `yaml:"role"` // in the courses of the links: see keys.yaml; instructor and learner are compared with the launches
	Steps []browser.Step `yaml:"steps"`
}

// Link is a place from which Rollcall, as the tool, is launched.
type Link struct {
	Name string `yaml:"name"`
	As   string `yaml:"as,omitempty"` // frame or window, where the link opens so
	// SameAs names the link that this one is, opened in another way.
	SameAs string `yaml:"same_as,omitempty"`
	// Target is the target_link_uri of the link, where it isn't the registered one.
	Target string         `yaml:"target,omitempty"`
	Steps  []browser.Step `yaml:"steps"`
	// Custom are the parameters that the launch must carry, as registered: those
	// with variables must come substituted.
	Custom map[string]string `yaml:"custom,omitempty"`
}

// Same tells whether two links are one; known is false where the target file leaves
// that open: links that open in different ways may be one, unless it says of which.
func (l Link) Same(other Link) (same, known bool) {
	is := func(k Link) string {
		if k.SameAs != "" {
			return k.SameAs
		}
		return k.Name
	}
	same = is(l) == is(other)
	return same, same || l.As == other.As || l.SameAs != "" || other.SameAs != ""
}

// Tool is a tool under test.
type Tool struct {
	LoginURL      string   `yaml:"login_url"`
	TargetLinkURI string   `yaml:"target_link_uri"`
	RedirectURIs  []string `yaml:"redirect_uris,omitempty"`
	JWKSURL       string   `yaml:"jwks_url,omitempty"`
	// Launched tells an opened page from any other. Without it, that is learned
	// from good launches.
	Launched Marker `yaml:"launched,omitempty"`
	// Steps are what a person does on the page of an opened launch before it can be
	// told apart: agree to terms, go on from a greeting. Where the page has nothing
	// of the kind they are passed over.
	Steps []browser.Step `yaml:"steps,omitempty"`
	// Anonymous tells whether launches without a user are served or refused; empty: it
	// isn't said.
	Anonymous string `yaml:"anonymous,omitempty"`
	// Teacher is on pages that only those who teach see.
	Teacher Marker `yaml:"teacher,omitempty"`
	// Roster are the steps by which an instructor has the tool read the roster, from the page of
	// an opened launch on; Score those by which a learner earns a score, and Zero a score of 0.
	Roster []browser.Step `yaml:"roster,omitempty"`
	Score  []browser.Step `yaml:"score,omitempty"`
	Zero   []browser.Step `yaml:"zero,omitempty"`
	Pick   Picking        `yaml:"pick,omitempty"`
}

// Picking is what a teacher does in a tool's picker of content.
type Picking struct {
	Steps   []browser.Step `yaml:"steps,omitempty"`   // until one item is on its way to the platform
	Several []browser.Step `yaml:"several,omitempty"` // the same, with several items
	Cancel  []browser.Step `yaml:"cancel,omitempty"`  // until nothing was chosen
}

// Marker is how a page is known: all that is given must hold.
type Marker struct {
	Selector string `yaml:"selector,omitempty"` // CSS: an element that is there
	Text     string `yaml:"text,omitempty"`     // a text that is shown
	URL      string `yaml:"url,omitempty"`      // a part of the page's address
}

// Set tells whether a marker was given.
func (m Marker) Set() bool { return m != Marker{} }

// DefaultListen is where Rollcall's side of LTI answers.
const DefaultListen = "127.0.0.1:9460"

// New makes an empty section.
func New() harness.Section { return &Section{} }

// Of gives the section of a target file.
func Of(t *harness.Target) *Section { return harness.SectionOf[Section](t) }

//go:embed keys.yaml
var keys []byte

//go:embed redact.yaml
var hides []byte

// Key is that of the section.
func (l *Section) Key() string { return "lti" }

// Keys says what the keys of the section are for.
func (l *Section) Keys() []byte { return keys }

// Hides says what of its data never reaches a report in clear.
func (l *Section) Hides() []byte { return hides }

// Identity is the registration, and where the product lies.
func (l *Section) Identity() []string {
	return []string{l.ClientID, l.Tool.LoginURL, l.Platform.Issuer}
}

// Addresses is empty: a container completes none of them, for each side has those of the
// other registered.
func (l *Section) Addresses() []*string { return nil }

// fill puts the defaults in.
func (l *Section) fill() {
	if l.Listen == "" {
		l.Listen = DefaultListen
	}
	l.PublicURL = l.origin(l.PublicURL, l.Listen)
	if l.ClientID == "" {
		l.ClientID = "rollcall"
	}
	if len(l.Deployments) == 0 {
		l.Deployments = []string{"1"}
	}
	o := &l.OtherPlatform
	if !o.Set() {
		return
	}
	o.PublicURL, o.ClientID = l.origin(o.PublicURL, o.Listen), cmp.Or(o.ClientID, l.ClientID)
	if len(o.Deployments) == 0 {
		o.Deployments = l.Deployments
	}
}

// origin is under which a side of Rollcall is reached, which follows from where it listens
// unless it is said.
func (l *Section) origin(public, listen string) string {
	scheme := "http"
	if l.CertFile != "" {
		scheme = "https"
	}
	return strings.TrimRight(cmp.Or(public, scheme+"://"+listen), "/")
}

// Hosts lists the servers (host:port) with https that are named anywhere in the section.
func (l *Section) Hosts() []string {
	addresses := append([]string{l.PublicURL, l.OtherPlatform.PublicURL, l.Tool.LoginURL, l.Tool.TargetLinkURI, l.Tool.JWKSURL,
		l.Platform.Issuer, l.Platform.AuthURL, l.Platform.JWKSURL, l.Platform.TokenURL}, l.Tool.RedirectURIs...)
	for _, script := range l.steps() {
		for _, s := range script {
			addresses = append(addresses, s.Open)
		}
	}
	var out []string
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			continue
		}
		port := u.Port()
		if port == "" {
			port = "443"
		}
		if host := net.JoinHostPort(u.Hostname(), port); !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	return out
}

// steps gives all scripts, for filling in what comes from the environment.
func (l *Section) steps() [][]browser.Step {
	out := [][]browser.Step{l.Tool.Steps, l.Tool.Roster, l.Tool.Score, l.Tool.Zero, l.Tool.Pick.Steps, l.Tool.Pick.Several, l.Tool.Pick.Cancel,
		l.Platform.Gradebook, l.Platform.Roster.Enroll, l.Platform.Roster.Leave}
	for _, p := range l.Platform.Picks {
		out = append(out, p.Steps, p.Confirm, p.Shows, p.Opens, p.Remove)
	}
	for _, u := range l.Platform.Users {
		out = append(out, u.Steps)
	}
	for _, k := range l.Platform.Links {
		out = append(out, k.Steps)
	}
	return out
}
