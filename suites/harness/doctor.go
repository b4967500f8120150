package harness

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reports"
)

// Diagnosis is one thing the doctor looked at: configuration, never conformance.
type Diagnosis = reports.Diagnosis

// maxSkew is how far the target's clock may be from ours before it is worth a
// word: tokens and delta filters depend on it.
const maxSkew = 30 * time.Second

// doctorPatience is how long the doctor waits for a target that answers 429: a run may
// wait for an hour, and whoever asks whether one can begin wants to know now. A quota
// by the minute, which the last run may have used up, is waited out.
const doctorPatience = 75 * time.Second

// DoctorOptions say how much the doctor looks at.
type DoctorOptions struct {
	Seed        uint64 // as that of the run; 0: random
	Interactive bool   // a person takes the steps
	Thorough    bool   // what a run would find out by itself is tried too, such as a sign-in
	Reset       bool   // products are made empty, where the target file says how
	// Pictures is a folder for pictures of what was seen, for whoever runs the doctor: they
	// are no part of a report. Empty: none are taken.
	Pictures string
	// Starter starts targets that come as containers, for as long as the doctor looks;
	// nil where the target is up already.
	Starter Starter
	// Redactor is that of the run which begins; nil: one of the doctor's own.
	Redactor *Redactor
}

// Doctor looks whether a run against target can begin at all: URLs, names, TLS,
// a token per scope, the clock, and what the suite adds. observe is told of each
// diagnosis as it comes. An error means that not even that could be found out.
func Doctor(ctx context.Context, target *Target, suite Suite, o DoctorOptions, observe func(Diagnosis)) ([]Diagnosis, error) {
	var started []Diagnosis
	if o.Starter != nil && target.Container != nil {
		stop, err := target.start(ctx, o.Starter)
		if err != nil {
			return nil, err
		}
		defer stop()
		started = append(started, containerUp)
	}
	s, err := NewSession(target, suite, SessionOptions{
		Prefix:      "d",
		Seed:        o.Seed,
		Interactive: o.Interactive,
		Thorough:    o.Thorough,
		Reset:       o.Reset,
		Pictures:    o.Pictures,
		Redactor:    o.Redactor,
	})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.client.budgets.Patience = min(s.client.budgets.Patience, doctorPatience)
	d := &doctor{session: s, observe: observe}
	for _, x := range started {
		d.say(x)
	}
	if suite.Service != nil {
		d.reach(ctx, "service", s.Base)
	}
	if suite.Service != nil && suite.Access != nil && !d.broken && s.credentials().Bearer == "" && !s.Signs() {
		d.reach(ctx, "token endpoint", s.credentials().TokenURL)
	}
	if suite.Service != nil && suite.Access != nil && !d.broken {
		d.tokens(ctx)
	}
	if target.TLS.Insecure {
		d.say(Diagnosis{
			Name:   "TLS verification",
			Detail: "is switched off in the target file",
			Remedy: "Use tls.ca_file instead; nothing proves that this is the right server.",
		})
	}
	if !d.broken && suite.Doctor != nil {
		for _, x := range suite.Doctor(ctx, s) {
			d.say(x)
		}
	}
	if !d.broken {
		d.pace(target.checks(suite))
	}
	return d.found, nil
}

// Doctor looks whether the run can begin: what each of its suites stands on. What is the same
// for several is said once, and where one can't begin the others aren't looked at.
func (r *Run) Doctor(ctx context.Context, o DoctorOptions, observe func(Diagnosis)) ([]Diagnosis, error) {
	if len(r.plan.Suites) == 1 {
		return Doctor(ctx, r.target, r.plan.Suites[0], o, observe)
	}
	var found []Diagnosis
	say := func(x Diagnosis) (fatal bool) {
		if !slices.Contains(found, x) {
			found = append(found, x)
			if observe != nil {
				observe(x)
			}
		}
		return x.Fatal && !x.OK
	}
	if o.Starter != nil && r.target.Container != nil {
		stop, err := r.target.start(ctx, o.Starter)
		if err != nil {
			return nil, err
		}
		defer stop()
		say(containerUp)
		o.Starter = nil
	}
	for _, suite := range r.plan.Suites {
		more, err := Doctor(ctx, r.target, suite, o, nil)
		if err != nil {
			return nil, err
		}
		for _, x := range more {
			if say(x) {
				return found, nil
			}
		}
	}
	return found, nil
}

// containerUp says that the target was started.
var containerUp = Diagnosis{Name: "container", OK: true, Detail: "is up; it is ended when the doctor is done"}

type doctor struct {
	session *Session
	observe func(Diagnosis)
	found   []Diagnosis
	broken  bool
}

func (d *doctor) say(x Diagnosis) {
	d.session.redactor.Clean(&x)
	d.found = append(d.found, x)
	d.broken = d.broken || x.Fatal && !x.OK
	if d.observe != nil {
		d.observe(x)
	}
}

// reach resolves, dials, shakes hands and asks once.
func (d *doctor) reach(ctx context.Context, name, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		d.say(Diagnosis{Name: name, Fatal: true, Detail: fmt.Sprintf("%q is no URL", address), Remedy: "Write the URL in full in target.yaml."})
		return
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	ctx, cancel := context.WithTimeout(ctx, min(d.session.Budgets().Request, 15*time.Second))
	defer cancel()
	if net.ParseIP(u.Hostname()) == nil {
		if _, err := net.DefaultResolver.LookupHost(ctx, u.Hostname()); err != nil {
			d.say(Diagnosis{Name: name, Fatal: true, Detail: fmt.Sprintf("the host name %s can't be resolved: %v", u.Hostname(), err),
				Remedy: "Check the spelling in target.yaml, and that this machine sees the target's network (VPN, DNS)."})
			return
		}
	}
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		d.say(Diagnosis{Name: name, Fatal: true, Detail: fmt.Sprintf("nothing answers at %s: %v", net.JoinHostPort(u.Hostname(), port), err),
			Remedy: "Start the product, check the port, and look for a firewall between."})
		return
	}
	connection.Close()
	response := d.session.Do(ctx, Request{URL: address, Auth: AuthNone, Follow: false})
	if response.Status == 0 {
		detail, remedy := response.Problem, "Open the URL with curl -v from this machine and compare."
		switch {
		case strings.Contains(detail, "x509:") || strings.Contains(detail, "certificate"):
			remedy = "Put the certificate authority that signed the target's certificate into tls.ca_file (PEM), or mend the certificate."
		case strings.Contains(detail, "HTTP response to HTTPS client"):
			remedy = "The server speaks plain HTTP there: write http:// instead of https://, or give the TLS port."
		case strings.Contains(detail, "malformed HTTP"):
			remedy = "The server speaks TLS or another protocol there: write https:// instead of http://, or give another port."
		case strings.Contains(detail, "tls:") || strings.Contains(detail, "EOF") && u.Scheme == "https":
			remedy = "TLS fails there: give the TLS port, or write http:// where the server speaks plain HTTP."
		}
		d.say(Diagnosis{Name: name, Fatal: true, Detail: "no HTTP answer from " + address + ": " + detail, Remedy: remedy})
		return
	}
	if response.Status == http.StatusTooManyRequests {
		d.say(Diagnosis{Name: name, Fatal: true, Detail: fmt.Sprintf("%s answers 429 (too many requests), also after a wait", address),
			Remedy: "Wait until the client may ask again, let the product allow more, or set limits.requests_per_second and limits.patience."})
		return
	}
	if plainToTLS(response) {
		d.say(Diagnosis{
			Name:   name,
			Fatal:  true,
			Detail: fmt.Sprintf("%s is spoken to in clear, and wants TLS (it answers 400 and says so)", address),
			Remedy: "Write https:// instead of http://.",
		})
		return
	}
	d.say(Diagnosis{Name: name, OK: true, Detail: fmt.Sprintf("%s answers (%d)", address, response.Status)})
	d.clock(response)
}

func (d *doctor) clock(response *Response) {
	for _, x := range d.found {
		if x.Name == "clock" {
			return
		}
	}
	theirs, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return
	}
	if skew := time.Since(theirs).Round(time.Second); skew.Abs() > maxSkew {
		d.say(Diagnosis{Name: "clock", Detail: fmt.Sprintf("the target's clock is %s away from ours", skew.Abs()),
			Remedy: "Set both clocks (NTP): token lifetimes and delta filters depend on them."})
		return
	}
	d.say(Diagnosis{Name: "clock", OK: true, Detail: "agrees with ours within " + maxSkew.String()})
}
