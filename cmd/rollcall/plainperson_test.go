package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// plainPerson opens launches from the reference platform without a browser: by its links, its
// forms and its redirects. That takes a hundredth of the time, where what is judged are the
// services that a launch tells of.
type plainPerson struct {
	client *http.Client
	of     lti.Platform
}

// judgedPlainly judges a platform whose launches are opened so. What needs a browser, or somebody
// who doesn't mind how often they are asked, isn't judged.
func judgedPlainly(ctx context.Context, t testing.TB, text string, own judgesSide, o harness.Options) *reports.Report {
	t.Helper()
	return judgedBy(ctx, t, text, attended(t, o, text, own, func(target *harness.Target, made *security.SelfMade) func(string) {
		person, err := newPlainPerson(target, made)
		if err != nil {
			t.Fatal(err)
		}
		return func(task string) {
			if err := person.do(ctx, task); err != nil && ctx.Err() == nil {
				t.Log(err) // a fault may be why
			}
		}
	}))
}

func newPlainPerson(target *harness.Target, made *security.SelfMade) (*plainPerson, error) {
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(made.AuthorityPEM) {
		return nil, errors.New("the authority of the run can't be read")
	}
	return &plainPerson{of: lti.Of(target).Platform, client: &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusted},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) { // every name is of this machine
			_, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			return new(net.Dialer).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		},
	}}}, nil
}

// taskOf finds the user and the link that somebody is told to launch.
func taskOf(p lti.Platform, task string) (steps []browser.Step, err error) {
	for _, u := range p.Users {
		if strings.Contains(task, " as "+u.Name) {
			steps = append(steps, u.Steps...)
		}
	}
	at := -1
	for i, l := range p.Links { // names begin with each other
		if strings.Contains(task, "open "+l.Name) && (at < 0 || len(l.Name) > len(p.Links[at].Name)) {
			at = i
		}
	}
	if len(steps) == 0 || at < 0 {
		return nil, fmt.Errorf("nobody would understand %q", task)
	}
	return append(steps, p.Links[at].Steps...), nil
}

// do does what the person is told, and signs in anew for it.
func (p *plainPerson) do(ctx context.Context, task string) error {
	steps, err := taskOf(p.of, task)
	if err != nil {
		return err
	}
	if p.client.Jar, err = cookiejar.New(nil); err != nil {
		return err
	}
	var at plainPage
	fields := url.Values{}
	for _, s := range steps {
		switch {
		case s.Open != "":
			at, err = p.get(ctx, s.Open)
		case s.Select != "":
			fields.Set(strings.TrimPrefix(s.Select, "#"), s.Value)
		case s.Click == "#signin":
			at, err = p.submit(ctx, at, fields)
		case linkClick.MatchString(s.Click):
			at, err = p.follow(ctx, at, linkClick.FindStringSubmatch(s.Click))
		}
		if err != nil {
			return fmt.Errorf("%s%s: %w", s.Open, s.Click, err)
		}
	}
	if m := frameSource.FindStringSubmatch(at.text); m != nil {
		if at, err = p.get(ctx, at.resolved(m[1])); err != nil {
			return err
		}
	}
	for range 4 { // forms that send themselves
		if !strings.Contains(at.text, "submit()") {
			break
		}
		if at, err = p.submit(ctx, at, nil); err != nil {
			return err
		}
	}
	return nil
}

var (
	linkClick   = regexp.MustCompile(`^#links li:nth-child\((\d+)\) a\.(as-\w+)$`)
	frameSource = regexp.MustCompile(`<iframe [^>]*src="([^"]*)"`)
	formAction  = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

type plainPage struct {
	url  *url.URL
	text string
}

func (p plainPage) resolved(address string) string {
	to, err := p.url.Parse(html.UnescapeString(address))
	if err != nil {
		return address // asking for it tells
	}
	return to.String()
}

func (p *plainPerson) get(ctx context.Context, address string) (plainPage, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return plainPage{}, err
	}
	return p.send(r)
}

// submit sends the first form of a page.
func (p *plainPerson) submit(ctx context.Context, from plainPage, fields url.Values) (plainPage, error) {
	form := formAction.FindStringSubmatch(from.text)
	if form == nil {
		return plainPage{}, errors.New("the page has no form")
	}
	all := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(from.text, -1) {
		all.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	for name, values := range fields {
		all[name] = values
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, from.resolved(form[1]), strings.NewReader(all.Encode()))
	if err != nil {
		return plainPage{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", from.url.Scheme+"://"+from.url.Host)
	return p.send(r)
}

// follow follows the link that is named by its place in the list of links and by its class.
func (p *plainPerson) follow(ctx context.Context, from plainPage, click []string) (plainPage, error) {
	n, err := strconv.Atoi(click[1])
	if err != nil {
		return plainPage{}, err
	}
	all := regexp.MustCompile(`<a class="`+click[2]+`"[^>]* href="([^"]*)"`).FindAllStringSubmatch(from.text, -1)
	if n > len(all) {
		return plainPage{}, fmt.Errorf("there are %d links", len(all))
	}
	return p.get(ctx, from.resolved(all[n-1][1]))
}

func (p *plainPerson) send(r *http.Request) (plainPage, error) {
	answer, err := p.client.Do(r)
	if err != nil {
		return plainPage{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return plainPage{answer.Request.URL, string(text)}, err
}
