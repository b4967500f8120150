package tool

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	search "github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/tool/client"
)

// Platform is one registration with a platform: it is known by issuer and client
// id together (LTI 1.3 §3.1.3).
type Platform struct {
	Issuer      string   `yaml:"issuer"`
	ClientID    string   `yaml:"client_id"`
	AuthURL     string   `yaml:"auth_url"`
	TokenURL    string   `yaml:"token_url,omitempty"`
	Audience    string   `yaml:"audience,omitempty"` // aud of client assertions, where that isn't token_url
	JWKSURL     string   `yaml:"jwks_url"`
	Deployments []string `yaml:"deployments"`
}

// Verifier checks the signature of a token and gives its payload.
type Verifier interface {
	Verify(ctx context.Context, token string) ([]byte, error)
}

// Config is what a tool is made of.
type Config struct {
	Origin    string // scheme, host and port under which browsers see it
	Platforms []Platform
	HTTP      *http.Client // for the keys and the services of platforms; nil: the default one
	Now       func() time.Time
	// Store keeps what the tool remembers, opened by OpenStore; nil: one in memory, which
	// is gone with the process. The tool does not close it.
	Store store.Store
	// Random makes states, nonces and the like; nil: 24 random bytes.
	Random func() string
	// Rules are what an id_token is held to; nil: Rules().
	Rules []Rule
	// Verifier makes the verifier of a platform's tokens; nil: by its published
	// keys.
	Verifier func(Platform) Verifier
	// Assertion makes the claims by which it asks for access tokens; nil: client.Assertion.
	Assertion func(p client.Platform, id string, now time.Time) map[string]any
	// Reply changes the answer to a deep linking request just before it is signed, Sign signs
	// it; nil: as the standard has it. Faults come in here.
	Reply func(claims map[string]any, l *Launch)
	Sign  func(keys *security.Keys, claims map[string]any) (string, error)
	// Catalog is searched by those who pick content (LTI Resource Search 1.0); nil: there is none.
	Catalog *search.Client
}

// Tool is the running role. It is safe for concurrent use.
type Tool struct {
	c         Config
	keys      *security.Keys
	verifiers map[string]Verifier // by issuer and client id

	// What the tool remembers is in a store, its keys among it, so that a restart takes nothing
	// from anybody, and what was used once isn't good again.
	pending  *lti.Expiring[pending] // logins under way, by state
	nonces   *lti.Expiring[bool]
	launches *lti.Expiring[Launch] // by a random id
	works    *lti.Expiring[desk]   // by registration, deployment and link

	client *client.Client
	desks  sync.Mutex // one at a time changes what is worked
	making sync.Mutex // one at a time makes line items
}

const (
	loginsKept   store.Collection = "toolLogins"
	noncesKept   store.Collection = "toolNonces"
	launchesKept store.Collection = "toolLaunches"
	keysKept     store.Collection = "toolKeys"
	worksKept    store.Collection = "toolWorks"
)

// OpenStore opens a store for a tool, by a DSN as store.Open takes it. Other roles may
// have the same.
func OpenStore(ctx context.Context, dsn string) (store.Store, error) {
	return store.Open(ctx, dsn, loginsKept, noncesKept, launchesKept, keysKept, worksKept)
}

// pending is a login that was begun in some browser and has not come back.
type pending struct {
	Platform Platform
	Nonce    string
	Proof    string // known to that browser alone
	Target   string // target_link_uri as the login said
	Storage  string // lti_storage_target
	Hinted   string // lti_deployment_id of the login, if any
	Until    time.Time
	Waiting  *Launch // checked already, but for the proof from the platform's storage
}

// Launch is one that was accepted.
type Launch struct {
	ID       string
	Platform Platform
	Claims   lti.Claims
	Raw      []byte // the payload as it came
	At       time.Time

	Proof string // known to the browser that was launched in, if it keeps cookies
	Bound bool   // it does: the proof came back once
}

const (
	loginLife  = 10 * time.Minute
	launchLife = time.Hour
	// unboundLife is how long the address of a launch does without the cookie. Where
	// cookies are blocked a browser has nothing but the address to show, and so has
	// whoever is sent it or finds it in a log. Somebody who was launched reads the page
	// within minutes; links are found later.
	unboundLife = 5 * time.Minute
	most        = 10_000 // logins, nonces and launches that are kept
)

var errNoOrigin = errors.New("the tool needs the origin under which browsers see it")

// New makes a tool.
func New(ctx context.Context, c Config) (*Tool, error) {
	if c.Origin == "" {
		return nil, errNoOrigin
	}
	c.Origin = strings.TrimRight(c.Origin, "/")
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = lti.Random
	}
	if c.Rules == nil {
		c.Rules = Rules()
	}
	if c.Verifier == nil {
		c.Verifier = func(p Platform) Verifier { return &security.RemoteKeys{URL: p.JWKSURL, HTTP: c.HTTP} }
	}
	if c.Sign == nil {
		c.Sign = func(keys *security.Keys, claims map[string]any) (string, error) { return keys.Sign(claims) }
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
	t := &Tool{
		c:         c,
		keys:      keys,
		verifiers: map[string]Verifier{},
		pending:   lti.NewExpiring[pending](c.Store, loginsKept, most),
		nonces:    lti.NewExpiring[bool](c.Store, noncesKept, most),
		launches:  lti.NewExpiring[Launch](c.Store, launchesKept, most),
		works:     lti.NewExpiring[desk](c.Store, worksKept, most),
	}
	t.client = client.New(client.Config{HTTP: cmp.Or(c.HTTP, http.DefaultClient), Sign: keys.Sign, Now: t.now, Random: lti.Random,
		Assertion: c.Assertion})
	for _, p := range c.Platforms {
		t.verifiers[p.key()] = c.Verifier(p)
	}
	return t, nil
}

func (t *Tool) now() time.Time { return t.c.Now() }

func (p Platform) key() string { return p.Issuer + "\n" + p.ClientID }

// LoginURL is what a platform has to be told, as RedirectURL and JWKSURL are.
func (t *Tool) LoginURL() string    { return t.c.Origin + "/login" }
func (t *Tool) RedirectURL() string { return t.c.Origin + "/launch" }
func (t *Tool) JWKSURL() string     { return t.c.Origin + "/jwks" }

// TargetURL is the resource that a link opens, such as a quiz.
func (t *Tool) TargetURL(name string) string { return t.c.Origin + "/resources/" + name }

// Handler serves the tool.
func (t *Tool) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", t.home)
	mux.HandleFunc("/login", t.login)
	mux.HandleFunc("/launch", t.launch)
	mux.HandleFunc("POST /launch/stored", t.stored)
	mux.HandleFunc("GET /resources/{name}", t.resource)
	mux.HandleFunc("POST /resources/deep-linking", t.picked)
	mux.HandleFunc("GET /files/{name}", t.file)
	mux.HandleFunc("GET /decoded", t.decoded)
	mux.Handle("GET /jwks", t.keys)
	mux.HandleFunc("GET /quiz", t.quizPage)
	mux.HandleFunc("POST /quiz", t.quizStep)
	mux.HandleFunc("POST /quiz/again", t.again)
	mux.HandleFunc("POST /task", t.taskStep)
	mux.HandleFunc("GET /roster", t.rosterPage)
	mux.HandleFunc("GET /tasks", t.tasksPage)
	mux.HandleFunc("POST /tasks", t.grade)
	return bounded(mux)
}

// maxForm bounds what a browser may send.
const maxForm = 1 << 20

// bounded keeps bodies small and pages from being misused: nothing is cached or
// sniffed, scripts run only where a page has one of its own. Frames are what LTI
// is about, so framing is allowed.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		// No path goes out, for a launch is known by its address; the origin does, so that
		// forms don't come with "Origin: null".
		h.Set("Referrer-Policy", "strict-origin")
		next.ServeHTTP(w, r)
	})
}
