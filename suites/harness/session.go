package harness

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/rollcall-edu/rollcall/suites/catalogue"
)

// Session is what all checks of one process share. It is safe for concurrent
// use once opened.
type Session struct {
	Target    *Target
	Catalogue *catalogue.Catalogue
	Profiles  []catalogue.Profile
	Stance    catalogue.Stance
	Base      string // base URL of the service, no trailing slash
	Scopes    []string
	Dir       string   // scratch folder of the suite, shared by the processes of a run
	Seed      uint64   // varies what a check is free to choose
	Shared    any      // what Suite.Open gave
	Checks    []string // ids of those that this process runs, or prepares for; a group's in their order

	suite  Suite
	client *client
	// elsewhere asks who is none of the target's
	elsewhere *client
	tokens    *tokens
	redactor  *Redactor
	wanted    map[string]catalogue.Level
	progress  func(done, total int, unit string)
	ask       func(text string)
	attended  bool
	memory    int64 // that this process may take; 0: as it likes
	thorough  bool  // the doctor may try what takes longer
	resets    bool  // the doctor is to make a product empty
	pictures  string
}

// SessionOptions are what a process is told about the run.
type SessionOptions struct {
	Prefix string // of exchange ids; unique to the process
	Dir    string
	Seed   uint64
	Memory int64  // that this process may take; 0: as it likes
	Shards int    // processes that work side by side, and share what the target takes
	Salt   []byte // of pseudonyms; the same in all processes of a run
	// Redactor is shared with others of this process; nil: a new one is made.
	Redactor *Redactor
	// KeepPersonal leaves personal data in the evidence.
	KeepPersonal bool
	// Breath is how long the target has before what got lost on its way is asked for once
	// more; 0: a quarter of a second.
	Breath time.Duration
	// Interactive says that a person is there to be asked.
	Interactive bool
	// Thorough has the doctor try what takes longer.
	Thorough bool
	// Reset has the doctor make a product empty, where the target file says how.
	Reset bool
	// Pictures is the folder in which the doctor leaves pictures of what it saw; empty:
	// none are taken.
	Pictures string
}

// NewSession prepares the judge's side of a run against target.
func NewSession(target *Target, suite Suite, o SessionOptions) (*Session, error) {
	c, err := catalogue.Load()
	if err != nil {
		return nil, err
	}
	redactor := o.Redactor
	if redactor == nil {
		if redactor, err = redactorFor(target, o.Salt, o.KeepPersonal); err != nil {
			return nil, err
		}
	}
	s := &Session{
		Target:    target,
		Catalogue: c,
		Stance:    target.Stance,
		Dir:       o.Dir,
		Seed:      o.Seed,
		suite:     suite,
		redactor:  redactor,
		memory:    o.Memory,
		attended:  o.Interactive,
		thorough:  o.Thorough,
		resets:    o.Reset,
		pictures:  o.Pictures,
		wanted:    map[string]catalogue.Level{},
	}
	for _, id := range target.Profiles {
		p, ok := c.Profile(id)
		if !ok || !slices.Contains(suite.Profiles, id) {
			continue
		}
		s.Profiles = append(s.Profiles, p)
		for _, r := range p.Requirements {
			if l := c.LevelOf(p, r, target.Stance); l != catalogue.Off {
				s.wanted[r] = stricter(s.wanted[r], l)
			}
		}
	}
	if suite.Scopes != nil {
		s.Scopes = suite.Scopes(s.Profiles)
	}
	if suite.Service != nil {
		if s.Base, err = suite.Service(target); err != nil {
			return nil, err
		}
	}
	config, err := tlsConfig(target)
	if err != nil {
		return nil, err
	}
	s.client = &client{
		http:     &http.Client{Transport: newTransport(config)},
		budgets:  target.budgets(),
		headers:  http.Header{},
		origins:  target.origins(),
		breath:   o.Breath,
		recorder: &recorder{prefix: o.Prefix, redactor: redactor},
	}
	for name, value := range target.Headers {
		s.client.headers.Set(name, value)
	}
	s.client.paces.share = o.Shards
	if rps := target.Limits.RequestsPerSecond / float64(max(1, o.Shards)); rps > 0 {
		s.client.limiter = rate.NewLimiter(rate.Limit(rps), max(1, int(rps)))
	}
	s.elsewhere = s.elsewhereClient()
	s.tokens = &tokens{session: s}
	s.client.token = s.tokens.get
	if s.credentials().Bearer == "" {
		s.client.renew = s.tokens.forget
	}
	if s.Signs() {
		s.client.token, s.client.renew = nil, nil
		s.client.sign = func(method, address string) string { return s.Authorization(method, address, Signature{}) }
	}
	return s, nil
}

// credentials are those by which the suite is let in; empty ones where it needs none.
func (s *Session) credentials() *Credentials {
	if s.suite.Access == nil {
		return &Credentials{}
	}
	return s.suite.Access.Of(s.Target)
}

// Credentials are those by which the suite is let in; empty ones where it needs none. They are not
// to be changed.
func (s *Session) Credentials() *Credentials { return s.credentials() }

// way is how the token endpoint takes requests, where the doctor found that it doesn't take them
// as the target file says: of a target once, by whichever suite came first. Empty: as it says.
func (s *Session) way() string { return s.Target.ways[s.keyOf("")] }

// found notes it, for all suites that have the same credentials.
func (s *Session) found(way string) {
	ways := maps.Clone(s.Target.ways)
	if ways == nil {
		ways = map[string]string{}
	}
	ways[s.keyOf("")] = way
	s.Target.ways = ways
}

// keyOf gives the path of a key of the credentials in the target file, or their own path.
func (s *Session) keyOf(key string) string {
	if s.suite.Access == nil {
		return key
	}
	return strings.TrimSuffix(s.suite.Access.Key+"."+key, ".")
}

func (t *Target) budgets() Budgets {
	b := DefaultBudgets
	if d := time.Duration(t.Limits.RequestTimeout); d > 0 {
		b.Request = d
	}
	if d := time.Duration(t.Limits.Patience); d > 0 {
		b.Patience = d
	}
	if t.Limits.MaxBodyMiB > 0 {
		b.Body = int64(t.Limits.MaxBodyMiB) << 20
	}
	return b
}

func tlsConfig(t *Target) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.TLS.Insecure}
	if t.TLS.CAFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(t.TLS.CAFile)
	if err != nil {
		return nil, t.Problem("ca_file", "the CA file can't be read: "+err.Error(), "give the path of a PEM file")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, t.Problem("ca_file", "the CA file holds no certificate in PEM form", "convert it with openssl x509 -inform der")
	}
	config.RootCAs = pool
	return config, nil
}

func stricter(a, b catalogue.Level) catalogue.Level {
	rank := map[catalogue.Level]int{catalogue.May: 1, catalogue.Should: 2, catalogue.Must: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// Wants tells whether the run asks for a requirement at all.
func (s *Session) Wants(requirement string) bool { return s.wanted[requirement] != "" }

// Covers tells whether a chosen profile contains an operation, by operationId.
func (s *Session) Covers(operation string) bool {
	for _, p := range s.Profiles {
		if slices.Contains(p.Operations, operation) {
			return true
		}
	}
	return false
}

// Budgets gives what the target may cost.
func (s *Session) Budgets() Budgets { return s.client.budgets }

// TLSConfig gives a copy of the client's TLS settings, for checks that dial
// themselves.
func (s *Session) TLSConfig() *tls.Config {
	return s.client.http.Transport.(*http.Transport).TLSClientConfig.Clone()
}

// Interactive tells whether a person is there to be asked.
func (s *Session) Interactive() bool { return s.attended }

// Thorough tells whether the doctor may try what takes longer.
func (s *Session) Thorough() bool { return s.thorough }

// Resets tells whether the doctor is to make a product empty: nobody loses anything by a doctor who wasn't asked to.
func (s *Session) Resets() bool { return s.resets }

// Pictures is the folder in which the doctor leaves pictures; empty: it takes none.
func (s *Session) Pictures() string { return s.pictures }

// Ask tells the person what to do next. It does not wait: what they do is seen
// where it arrives.
func (s *Session) Ask(text string) {
	if s.ask != nil {
		s.ask(text)
	}
}

// KeepPersonal tells whether personal data may stay in the evidence, pictures of a
// product's pages among them.
func (s *Session) KeepPersonal() bool { return s.redactor.keep }

// Redactor gives the run's redactor.
func (s *Session) Redactor() *Redactor { return s.redactor }

// Do sends a request outside of any check, in Suite.Prepare or Suite.Doctor;
// the exchange is not kept.
func (s *Session) Do(ctx context.Context, r Request) *Response { return s.client.do(ctx, r, nil) }

// Record sends a request outside of any check and gives its evidence too, for a
// crawl that wants to keep it.
func (s *Session) Record(ctx context.Context, r Request) (*Response, *Evidence) {
	keep := &keeper{check: "prepare"}
	response := s.client.do(ctx, r, keep)
	return response, keep.last()
}

// DirOf is the scratch folder in which a suite of the same run has left what it prepared;
// nothing is there where the run has none of that suite.
func (s *Session) DirOf(suite string) string { return filepath.Join(filepath.Dir(s.Dir), suite) }

// Progress reports how far a long step is; total 0 means that it isn't known.
func (s *Session) Progress(done, total int, unit string) {
	if s.progress != nil {
		s.progress(done, total, unit)
	}
}

// Close ends idle connections.
func (s *Session) Close() { s.client.http.CloseIdleConnections() }

// ServiceURL is a Suite.Service for products whose base URL is one field of the
// target file.
func ServiceURL(key string, get func(*Target) string) func(*Target) (string, error) {
	return func(t *Target) (string, error) {
		u := get(t)
		if u == "" {
			return "", t.Problem(key, "the base URL of the service is missing", fmt.Sprintf("add `%s: https://…` to the target file", key))
		}
		return strings.TrimRight(u, "/"), nil
	}
}
