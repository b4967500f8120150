package tool

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/rollcall-edu/rollcall/strictyaml"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

//go:embed launches.yaml
var text []byte

// Launch is one launch: a good one, changed by what is set here.
type Launch struct {
	ID          string `yaml:"id"`
	Title       string `yaml:"title"`
	Requirement string `yaml:"requirement"` // without its prefix
	// Expect is open, refuse, or answer: either of the two, so that a person sees it.
	Expect string `yaml:"expect"`
	// User is who launches: a name of people.
	User string `yaml:"user"`

	Login Login `yaml:"login"`
	// Claims and Header change the token: a member is set, null removes it, an
	// object changes within. See value for texts that begin with $.
	Claims map[string]any `yaml:"claims"`
	Header map[string]any `yaml:"header"`
	// Only leaves nothing of the claims but these.
	Only    []string     `yaml:"only"`
	Signing mint.Signing `yaml:"way"`
	// Key signs: own (the default), old (the one before it, still published),
	// foreign (nobody's, under the own id) or unpublished (under an id of its own).
	Key string `yaml:"key"`

	Respond Respond `yaml:"respond"`
	// Frame opens the tool in a frame of the platform's page; Blocked has the
	// browser block cookies there, Storage offers the platform's storage.
	Frame   bool `yaml:"frame"`
	Blocked bool `yaml:"blocked"`
	Storage bool `yaml:"storage"`
	// Stranger has the frame within a frame of somebody else's page.
	Stranger bool `yaml:"-"`
	// Window opens the tool in a new window, whose opener is the platform's page.
	Window bool `yaml:"window"`
	// Second is about the second registration of Rollcall at the tool; Sole needs
	// that there is none.
	Second bool `yaml:"second"`
	Sole   bool `yaml:"sole"`
	// Keys is how the platform publishes its keys: plain (the default), rotated (a
	// new key since the last launch), bare (a new one, without alg and use), mixed (a
	// new one, behind keys of other kinds), down, slow, html, garbage or empty.
	Keys string `yaml:"keys"`
	// Teacher tells whether the page must (true) or must not be (false) what
	// those who teach see; nil: it is not looked at.
	Teacher *bool `yaml:"teacher"`
	// Early takes a refusal at the login for an answer too, also of a launch that
	// may be opened.
	Early bool `yaml:"early"`
	// Services names the address of the launch's services ($services), where it is not its own.
	Services string `yaml:"-"`
}

// Login changes the login initiation.
type Login struct {
	Post bool              `yaml:"post"`
	Omit []string          `yaml:"omit"`
	Set  map[string]string `yaml:"set"`
	// Repeat is a parameter that comes twice, the second time with a letter more.
	Repeat string `yaml:"repeat"`
}

// Respond changes the authentication response.
type Respond struct {
	Get    bool              `yaml:"get"` // in the query, instead of a form post
	Omit   []string          `yaml:"omit"`
	Set    map[string]string `yaml:"set"`
	Error  string            `yaml:"error"`  // an OAuth error instead of a token
	Repeat string            `yaml:"repeat"` // a parameter that comes twice, the second time with a letter more
}

// document is launches.yaml.
type document struct {
	People   map[string]map[string]any `yaml:"people"`
	Launches []Launch                  `yaml:"launches"`
}

var data = sync.OnceValues(func() (*document, error) {
	var d document
	if err := strictyaml.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("reading the launches: %w", err)
	}
	seen := map[string]bool{}
	for i := range d.Launches {
		l := &d.Launches[i]
		if l.User == "" {
			l.User = "learner"
		}
		switch {
		case l.ID == "" || l.Title == "" || l.Requirement == "" || seen[l.ID]:
			return nil, fmt.Errorf("the launch %q lacks an id, a title or a requirement, or is there twice", l.ID)
		case !slices.Contains([]string{"open", "refuse", "answer"}, l.Expect):
			return nil, fmt.Errorf("the launch %s expects %q, which is none of open, refuse and answer", l.ID, l.Expect)
		case d.People[l.User] == nil:
			return nil, fmt.Errorf("the launch %s is made by %q, who is nobody", l.ID, l.User)
		}
		seen[l.ID] = true
	}
	return &d, nil
})

// Launches lists all launches.
func Launches() ([]Launch, error) {
	d, err := data()
	if err != nil {
		return nil, err
	}
	return d.Launches, nil
}

// unbroken is the launch without what makes it wrong: the same person, in the same
// browser, by the same kind of login.
func (l Launch) unbroken() Launch {
	return Launch{ID: l.ID + ".control", Title: "the same, unbroken", Requirement: l.Requirement, Expect: "open", User: l.User,
		Login: Login{Post: l.Login.Post}, Frame: l.Frame, Blocked: l.Blocked, Storage: l.Storage, Window: l.Window}
}

// fresh tells whether the launch is signed by a key that the tool can't know yet.
func (l Launch) fresh() bool { return newKey(l.Keys) }

// newKey tells whether keys that are published so have a new one among them.
func newKey(how string) bool { return slices.Contains([]string{"rotated", "bare", "mixed"}, how) }

// value makes what stands for a text of the data: $now and a number of seconds
// ($half: and a half), $client, $second, $asked, $issuer, $target, $null, $long (255
// characters), $random, $other (another deployment), $jwk and $x5c (a key that nobody
// published). $CLIENT, $ISSUER, $DEPLOYMENT and $NONCE are spelled otherwise.
func (p *platform) value(text string, a *attempt) any {
	var seconds int64
	switch text {
	case "$now":
		return a.now.Unix()
	case "$client":
		return p.clientID
	case "$second":
		return p.second
	case "$asked": // for which client the tool asked
		if client := a.asked("client_id"); client != "" {
			return client
		}
		return p.clientID
	case "$issuer":
		return p.issuer
	case "$target":
		return p.target
	case "$null":
		return null{}
	case "$long":
		return long
	case "$random": // never the same: a tool notes what it was sent in a run before
		return "never-sent-" + side.Random()
	case "$other":
		return p.deployments[len(p.deployments)-1]
	case "$CLIENT":
		return respelled(p.clientID, p.second)
	case "$ISSUER":
		return respelled(p.issuer)
	case "$DEPLOYMENT":
		return respelled(p.deployments[0], p.deployments...)
	case "$NONCE":
		return respelled(a.asked("nonce"))
	case "$jwk":
		return p.foreign.JWK()
	case "$x5c":
		return []any{base64.StdEncoding.EncodeToString(p.certificate)}
	}
	if n, _ := fmt.Sscanf(text, "$now%d", &seconds); n == 1 {
		return a.now.Unix() + seconds
	}
	if n, _ := fmt.Sscanf(text, "$half%d", &seconds); n == 1 {
		return float64(a.now.Unix()+seconds) + 0.5
	}
	return strings.NewReplacer("$issuer", p.issuer, "$client", p.clientID, "$target", p.target, "$hint", a.hint,
		"$services", p.issuer+"/acts/"+cmp.Or(a.launch.Services, a.hint)).Replace(text)
}

// respelled writes a text in the other case. One without letters, or that others are
// spelled like, gets a space more.
func respelled(text string, others ...string) string {
	out := strings.Map(func(r rune) rune {
		if unicode.IsLower(r) {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, text)
	for out == text || slices.Contains(others, out) {
		out += " "
	}
	return out
}

// null stands for a member that is there and null.
type null struct{}

// MarshalJSON writes null.
func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// long is a text of 255 characters, the most that an id may have.
var long = func() string {
	b := make([]byte, 255)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz0123456789-_.~"[i%40]
	}
	return string(b)
}()

// change puts changes onto claims.
func (p *platform) change(claims, changes map[string]any, a *attempt) {
	for name, v := range changes {
		if short, ok := names[name]; ok {
			name = short
		}
		switch v := v.(type) {
		case nil:
			delete(claims, name)
		case string:
			claims[name] = p.value(v, a)
		case map[string]any:
			inner, ok := claims[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
			}
			copied := map[string]any{}
			for k, x := range inner {
				copied[k] = x
			}
			p.change(copied, v, a)
			claims[name] = copied
		case []any:
			list := make([]any, len(v))
			for i, x := range v {
				list[i] = x
				if s, ok := x.(string); ok {
					list[i] = p.value(s, a)
				}
			}
			claims[name] = list
		default:
			claims[name] = v
		}
	}
}

const claim = "https://purl.imsglobal.org/spec/lti/claim/"

// names are short names of claims, for the data.
var names = map[string]string{
	"message_type": claim + "message_type", "version": claim + "version", "deployment_id": claim + "deployment_id", "target_link_uri": claim + "target_link_uri",
	"resource_link": claim + "resource_link", "roles": claim + "roles", "context": claim + "context", "tool_platform": claim + "tool_platform",
	"launch_presentation": claim + "launch_presentation", "custom": claim + "custom", "lis": claim + "lis", "role_scope_mentor": claim + "role_scope_mentor",
	"ags":          "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint",
	"nrps":         "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice",
	"deep_linking": "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings",
}
