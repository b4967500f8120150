// Package side is what Rollcall needs on its own side of a launch, be it the tool or
// the platform: a listener that the product has registered, and a browser.
package side

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// The limits of a server that faces browsers and foreign code.
const (
	readLimit = 10 * time.Second
	idleLimit = time.Minute
	bodyLimit = 1 << 20
)

// ListenKey is where a target file says where Rollcall's side listens.
const ListenKey = "lti.listen"

// Serve listens where the target file says and serves until ctx ends. The error is
// a *harness.ConfigError where the set-up is at fault.
func Serve(ctx context.Context, l lti.Section, h http.Handler) (*http.Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.Listen)
	if err != nil {
		return nil, &harness.ConfigError{Key: ListenKey, Cause: fmt.Sprintf("Rollcall's side can't listen on %s: %v", l.Listen, err),
			Remedy: "end what listens there (another run?), or choose another address and register it at the product"}
	}
	if l.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(l.CertFile, l.KeyFile)
		if err != nil {
			listener.Close()
			return nil, &harness.ConfigError{Key: "lti.cert_file", Cause: err.Error(), Remedy: "name a certificate and its key in PEM form"}
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	}
	bounded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		h.ServeHTTP(w, r)
	})
	// Browsers break connections off, and nobody wants to read of each.
	s := &http.Server{
		Handler:           bounded,
		ReadHeaderTimeout: readLimit,
		ReadTimeout:       readLimit,
		IdleTimeout:       idleLimit,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	go func() { _ = s.Serve(listener) }() // its end is a check's time limit
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// Browser prepares the browser for a target, with whom it trusts.
func Browser(t *harness.Target) (*browser.Browser, error) {
	var trust []byte
	if t.TLS.CAFile != "" {
		var err error
		if trust, err = os.ReadFile(t.TLS.CAFile); err != nil {
			return nil, &harness.ConfigError{Key: "tls.ca_file", Cause: err.Error(), Remedy: "give the path of a PEM file"}
		}
	}
	b, err := browser.New(browser.Options{TrustPEM: trust, Hosts: lti.Of(t).Hosts(), Insecure: t.TLS.Insecure})
	if err != nil {
		return nil, &harness.ConfigError{Key: "browser", Cause: err.Error(), Remedy: remedy}
	}
	return b, nil
}

const remedy = "install Chromium (apt-get install chromium-headless-shell, or chromium where there is none), or name one in ROLLCALL_CHROMIUM"

// Diagnose looks for the browser, and whether the product answers at an address;
// key says where in the target file that stands.
func Diagnose(ctx context.Context, s *harness.Session, product, key, address string) []harness.Diagnosis {
	path, err := browser.Find()
	if err != nil {
		return []harness.Diagnosis{{Name: "browser", Fatal: true, Detail: err.Error(), Remedy: remedy}}
	}
	return append([]harness.Diagnosis{{Name: "browser", OK: true, Detail: path}}, Answers(ctx, s, product, key, address)...)
}

// Fine tells whether nothing that was found keeps a run from beginning.
func Fine(found []harness.Diagnosis) bool {
	return !slices.ContainsFunc(found, func(d harness.Diagnosis) bool { return d.Fatal && !d.OK })
}

// Faulty words an error that came up while something was tried.
func Faulty(name string, err error) harness.Diagnosis {
	var c *harness.ConfigError
	if errors.As(err, &c) {
		return harness.Diagnosis{Name: name, Fatal: true, Detail: c.Key + ": " + c.Cause, Remedy: c.Remedy}
	}
	return harness.Diagnosis{Name: name, Fatal: true, Detail: err.Error(), Remedy: "run again"}
}

// Word gives a value as it is told in a sentence.
func Word(value string) string {
	if value == "" {
		return "that is empty or missing"
	}
	return value
}

// Answers looks whether the product answers at an address; key says where in the
// target file that stands.
func Answers(ctx context.Context, s *harness.Session, product, key, address string) (out []harness.Diagnosis) {
	r := s.Do(ctx, harness.Request{URL: address, Auth: harness.AuthNone})
	l := *lti.Of(s.Target)
	sides := []lti.Section{l}
	if l.OtherPlatform.Set() {
		sides = append(sides, l.Other())
	}
	for _, l := range sides {
		if warning, exposed := exposure(l); exposed {
			defer func() { out = append(out, warning) }()
		}
	}
	if r.Status == 0 {
		return []harness.Diagnosis{{Name: product, Fatal: true, Detail: "nothing answers at " + address + ": " + r.Problem,
			Remedy: "start the " + product + ", check " + key + ", and tls.ca_file where its certificate is self-made"}}
	}
	if r.Status >= http.StatusInternalServerError { // a failure of the product, which the run judges
		return []harness.Diagnosis{{
			Name:   product,
			Detail: fmt.Sprintf("%s, which is %s, breaks down: it answers %d %s", address, key, r.Status, http.StatusText(r.Status)),
			Remedy: "look for the request in the log of the " + product + "; a run goes on and judges it, and most of what it looks at stands on this",
		}}
	}
	return []harness.Diagnosis{{Name: product, OK: true, Detail: fmt.Sprintf("%s answers %d", address, r.Status)}}
}

// exposure says what others can reach of Rollcall's side, where it isn't on this
// machine alone.
func exposure(l lti.Section) (harness.Diagnosis, bool) {
	if !Exposed(l.Listen, l.PublicURL) {
		return harness.Diagnosis{}, false
	}
	return harness.Diagnosis{
		Name:   "exposure",
		Detail: fmt.Sprintf("Rollcall's side listens on %s and is to be reached as %s: whoever can reach it sees its keys and the pages of launches under way, and can send it logins and answers, while the run lasts", l.Listen, l.PublicURL),
		Remedy: "let only the product and the browser through to it, and end the way in after the run; it holds no secret and no data of yours",
	}, true
}

// Exposed tells whether others than this machine can reach a server, by where it
// listens and by the origin under which it is known, "" where that follows.
func Exposed(listen, public string) bool {
	host, _, err := net.SplitHostPort(listen)
	u, err2 := url.Parse(public)
	return err != nil || err2 != nil || !local(host) || public != "" && !local(u.Hostname())
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// Random makes an unguessable text of hexadecimal digits.
func Random() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// Joined adds parameters to an address that may have some already.
func Joined(address string, v url.Values) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	all := u.Query()
	maps.Copy(all, v)
	u.RawQuery = all.Encode()
	return u.String()
}
