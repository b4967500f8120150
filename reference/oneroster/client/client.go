package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

// Config is what a client is made of.
type Config struct {
	TokenURL     string
	ClientID     string
	ClientSecret string
	// Signed has requests signed by OAuth 1.0a instead of carrying tokens (OneRoster 1.1).
	Signed bool
	// Transport sends requests, those for tokens among them; nil: Transport("").
	Transport http.RoundTripper
	Manners   Manners
	// Patience is how long one request may wait for its provider altogether; zero: DefaultPatience.
	Patience time.Duration
	// AllowPlain lets credentials and rosters go over HTTP without TLS to other machines.
	AllowPlain bool
	Now        func() time.Time                                 // nil: time.Now
	Wait       func(ctx context.Context, d time.Duration) error // nil: for as long as it is told
}

const (
	// DefaultPatience is what a sync in the background can wait for one page.
	DefaultPatience = 10 * time.Minute
	// silence is how long a server may send nothing, at the beginning or in the midst.
	silence = 2 * time.Minute
	// mostHops is how many redirects are followed for one request.
	mostHops = 5
)

// Client calls services. Several goroutines may use it.
type Client struct {
	c    Config
	http *http.Client

	mu     sync.Mutex
	tokens map[string]*token // by the scopes that it is for
	old    bool              // signatures are made with SHA-1
	way    int               // of authentication at the token endpoint that was taken last
}

// New makes a client. It says what of the configuration can't be.
func New(c Config) (*Client, error) {
	if c.ClientID == "" {
		return nil, errors.New("the client id is missing: the provider issues it, with a secret")
	}
	if !c.Signed {
		if _, err := Address("the token URL", c.TokenURL, c.AllowPlain); err != nil {
			return nil, err
		}
	}
	if c.Transport == nil {
		t, err := Transport("")
		if err != nil {
			return nil, err
		}
		c.Transport = t
	}
	c.Manners = c.Manners.Filled()
	c.Patience = cmp.Or(c.Patience, DefaultPatience)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	sender := &http.Client{
		Transport:     c.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{c: c, http: sender, tokens: map[string]*token{}}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Transport sends over TLS 1.2 or better, to servers whose certificates are verified: by the
// authorities of a file (PEM) where one is named, else by those of the system.
func Transport(caFile string) (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("reading the CA file: %w", err)
		}
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("there is no certificate in the CA file; it holds those of authorities, as PEM")
		}
	}
	return t, nil
}

// Address reads an address that is to be called: an absolute one, without credentials or a
// fragment, of HTTPS unless it is this machine's own or plain is allowed.
func Address(name, text string, plain bool) (*url.URL, error) {
	if text == "" {
		return nil, fmt.Errorf("%s is missing", name)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%s has to be an absolute address that begins with https://", name)
	case u.User != nil || u.Fragment != "":
		return nil, fmt.Errorf("%s may have neither credentials nor a fragment", name)
	case u.Scheme == "http" && !plain && !own(u.Hostname()):
		return nil, fmt.Errorf("%s is one of plain HTTP: credentials and rosters would cross the network in clear; use https://", name)
	}
	return u, nil
}

func own(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Request is what a service is asked.
type Request struct {
	Method string // empty: GET
	URL    string
	// Scopes open it, any one of them; the first that is granted is used.
	Scopes []string
	Body   []byte // JSON; nil: none
}

func (r Request) String() string { return cmp.Or(r.Method, http.MethodGet) + " " + r.URL }

// Do makes a request and hands its answer on, which is one of 2xx. An error of take that is a
// *BrokenError has the request tried again, as one that wasn't answered.
func (c *Client) Do(ctx context.Context, r Request, take func(*http.Response) error) error {
	for retaken, used := false, ""; ; retaken = true {
		var credentials string
		err := c.send(ctx, r.String(), cmp.Or(r.Method, http.MethodGet) != http.MethodPost, r.URL, func(address string) (*http.Request, error) {
			request, err := http.NewRequestWithContext(ctx, r.Method, address, bytes.NewReader(r.Body))
			if err != nil {
				return nil, fmt.Errorf("asking the service: %w", err)
			}
			request.Header.Set("Accept", "application/json")
			if r.Body != nil {
				request.Header.Set("Content-Type", "application/json")
			}
			credentials, err = c.authorize(ctx, request, r.Scopes, used)
			return request, err
		}, take)
		var refused *StatusError
		if retaken || !errors.As(err, &refused) || !c.c.Manners.Retakes(refused.Status) {
			return err
		}
		used = credentials
	}
}

// send makes a request until it is answered for good: it waits for who is busy, and follows
// redirects to who is trusted.
func (c *Client) send(ctx context.Context, what string, again bool, address string, build func(address string) (*http.Request, error),
	take func(*http.Response) error) error {
	var waited time.Duration
	hops := 0
	for try := 1; ; try++ {
		request, err := build(address)
		if err != nil {
			return err
		}
		t := Try{Number: try, Now: c.c.Now()}
		to := ""
		err = c.exchange(request, func(response *http.Response) error {
			t.Header, t.Now = response.Header, c.c.Now()
			var led error
			if to, led = c.leads(request, response, hops); to != "" || led != nil {
				return led
			}
			if response.StatusCode < 200 || response.StatusCode > 299 {
				t.Status = response.StatusCode
				code, description := refusal(response)
				return &StatusError{what, response.StatusCode, code, description}
			}
			t.Status = response.StatusCode
			err := take(response)
			if errors.As(err, new(*BrokenError)) {
				t.Status = 0
				return fmt.Errorf("%s: %w", what, err)
			}
			return err
		})
		if to != "" {
			address, try = to, try-1
			hops++
			continue
		}
		if err == nil || ctx.Err() != nil || t.Status >= 200 && t.Status < 300 || final(err) || !again && t.Status == 0 {
			return err
		}
		pause, worth := c.c.Manners.Pause(t)
		if !worth {
			return err
		}
		if waited += pause; waited > c.c.Patience {
			return &BusyError{what, t.Status, pause, c.c.Patience}
		}
		if err := c.c.Wait(ctx, pause); err != nil {
			return err
		}
	}
}

// final tells of errors that another try wouldn't mend.
func final(err error) bool {
	return errors.As(err, new(*CertificateError)) || errors.As(err, new(*OriginError))
}

// leads tells where a redirect leads that is followed; an error where it leads astray.
func (c *Client) leads(request *http.Request, response *http.Response, hops int) (string, error) {
	switch response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return "", nil
	}
	to, err := request.URL.Parse(response.Header.Get("Location"))
	if err != nil || response.Header.Get("Location") == "" {
		return "", &StatusError{Request: request.Method + " " + request.URL.String(), Status: response.StatusCode}
	}
	if request.Method != http.MethodGet || hops >= mostHops || !c.c.Manners.Trusts(request.URL, to) {
		return "", &OriginError{request.URL.Scheme + "://" + request.URL.Host + request.URL.Path, to.Scheme + "://" + to.Host}
	}
	return to.String(), nil
}

// exchange sends one request, and gives up on a server that falls silent.
func (c *Client) exchange(request *http.Request, take func(*http.Response) error) error {
	ctx, cancel := context.WithCancelCause(request.Context())
	defer cancel(nil)
	hush := time.AfterFunc(silence, func() { cancel(fmt.Errorf("the server sent nothing for %s", silence)) })
	defer hush.Stop()
	response, err := c.http.Do(request.WithContext(ctx))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && request.Context().Err() == nil {
			err = cause
		}
		return failed(request, err)
	}
	hush.Stop()
	defer response.Body.Close()
	response.Body = &watched{response.Body, hush}
	return take(response)
}

// watched is a body whose server may not fall silent while it is read.
type watched struct {
	io.ReadCloser
	hush *time.Timer
}

func (w *watched) Read(p []byte) (int, error) {
	w.hush.Reset(silence)
	defer w.hush.Stop()
	return w.ReadCloser.Read(p)
}
