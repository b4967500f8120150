package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

const transportAt = "transport."

// transportChecks judge HTTPS, TLS and plain HTTP manners.
func transportChecks() []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = transportAt + requirements[i]
		}
		return Check{ID: "transport." + name, Title: title, Requirements: requirements, Labels: []string{"transport"}, Needs: needs, Body: body}
	}
	return []Check{
		c("https", "Service and token endpoint are reached over HTTPS",
			[]Need{{Text: "a target that is not on this machine"}, tokenEndpoint().For(transportAt + "token-https")}, httpsOnly, "https",
			"token-https", "no-plain-http"),
		c("tls", "TLS 1.2 or later with a valid certificate, nothing older", tlsTarget(), tlsVersions, "certificate", "tls-version",
			"tls-old"),
		c("compression", "Compressed and plain answers hold the same", inBody("any collection"), compression, "compression", "coding-excluded"),
		c("head", "HEAD does no harm", inBody("any collection"), headRequests, "head"),
		c("conditional", "Conditional requests are answered truly", inBody("any collection"), conditional, "conditional"),
		c("range", "A Range header does no harm", inBody("any collection"), ranges, "range"),
	}
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

const noWire = "the target is on a loopback address, which no wire leaves"

func httpsOnly(ctx context.Context, t *T) {
	for id, address := range map[string]string{transportAt + "https": t.Session().Base,
		transportAt + "token-https": t.Session().Credentials().TokenURL} {
		u, err := url.Parse(address)
		switch {
		case !t.Met(id):
		case err == nil && u.Scheme == "https":
			t.Examined(id, 1)
		case err == nil && loopback(u):
			t.NotApplicable(id, noWire)
		default:
			t.Fail(id, harness.Finding{Expected: "an https URL", Seen: address})
		}
	}
	const plain = transportAt + "no-plain-http"
	u, err := url.Parse(t.Session().Base)
	if err != nil || u.Scheme != "https" {
		if err == nil && loopback(u) {
			t.NotApplicable(plain, noWire)
		} else {
			t.Fail(plain, harness.Finding{Expected: "no data over plain HTTP", Seen: t.Session().Base})
		}
		return
	}
	// The same host and port by plain HTTP, and port 80 where the default is
	// used; no token is sent in clear.
	plainURL := *u
	plainURL.Scheme = "http"
	if u.Port() == "" {
		plainURL.Host = u.Hostname()
	}
	r := t.Do(ctx, harness.Request{URL: plainURL.String() + t.sample().List.Path + "?limit=1", Auth: harness.AuthNone, Quick: 5 * time.Second,
		Once: true})
	t.Assert(plain, r.Status == 0 || !holdsData(t, r),
		harness.Finding{Expected: "no " + t.Service.Words.Data + " objects over plain HTTP", Seen: r.Summary()})
	if r.Unreachable {
		t.Examined(plain, 1) // nothing listens: as it should be
	}
}

func tlsVersions(ctx context.Context, t *T) {
	const certificate, modern, old = transportAt + "certificate", transportAt + "tls-version", transportAt + "tls-old"
	u, err := url.Parse(t.Session().Base)
	if err != nil {
		return // it was found to be one
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "443")
	}
	config := t.Session().TLSConfig()
	config.InsecureSkipVerify = false
	config.ServerName = u.Hostname()
	state, err := handshake(ctx, address, config, tls.VersionTLS12, tls.VersionTLS13)
	var invalid *tls.CertificateVerificationError
	var hostname x509.HostnameError
	if errors.As(err, &invalid) || errors.As(err, &hostname) {
		t.Fail(certificate, harness.Finding{Expected: "a certificate that is valid for " + u.Hostname(), Seen: err.Error(), Where: address})
		loose := config.Clone()
		loose.InsecureSkipVerify = true
		state, err = handshake(ctx, address, loose, tls.VersionTLS12, tls.VersionTLS13)
	} else if err == nil {
		t.Examined(certificate, 1)
	}
	if err != nil {
		t.NotTested(t.BlockedBy(modern, "no TLS handshake: "+err.Error()), certificate)
		t.Fail(modern, harness.Finding{Expected: "TLS 1.2 or 1.3", Seen: err.Error(), Where: address})
	} else {
		t.Assert(modern, state.Version >= tls.VersionTLS12,
			harness.Finding{Expected: "TLS 1.2 or 1.3", Seen: tls.VersionName(state.Version), Where: address})
	}
	loose := config.Clone()
	loose.InsecureSkipVerify = true
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		_, err := handshake(ctx, address, loose, v, v)
		t.Assert(old, err != nil, harness.Finding{Expected: "a refusal of " + tls.VersionName(v), Seen: "a handshake", Where: address})
	}
}

func handshake(ctx context.Context, address string, config *tls.Config, least, most uint16) (tls.ConnectionState, error) {
	config = config.Clone()
	config.MinVersion, config.MaxVersion = least, most
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState(), nil
}

// steady gets a page that is answered the same twice, to compare variations of
// the request with; nil when there is none.
func steady(ctx context.Context, t *T, id string) *harness.Response {
	r := t.Get(ctx, t.sample().List.Path, Query("limit", "20"))
	if !t.ReadyPage(t.apart(r, t.sample().List.Wrapper), id) {
		return nil
	}
	if holdsNothing(t, r) {
		t.Lacks("the collection is empty", "Load some "+t.sample().Name+".", id)
		return nil
	}
	if !repeats(ctx, t, r, id) {
		return nil
	}
	return r
}

// repeats tells whether a page is answered the same once more; what isn't can't be compared
// with another answer.
func repeats(ctx context.Context, t *T, r *harness.Response, ids ...string) bool {
	again := t.Do(ctx, harness.Request{URL: r.Request.URL})
	if again.Status != 200 || again.Problem != "" || sameObjects(t, r, again) {
		return true // what breaks down meanwhile is judged with what is asked next
	}
	owner, why := pagingAt+"repeatable", "the same page twice holds other objects"
	wrapper := t.sample().List.Wrapper
	if slices.Equal(t.apart(r, wrapper).IDs, t.apart(again, wrapper).IDs) {
		owner, why = "robustness.repeatable", "the same page twice holds the same objects with other values"
	}
	t.NotTested(t.BlockedBy(owner, why, again, r), ids...)
	return false
}

// sameObjects tells whether two pages of the collection hold the same objects, in
// whatever order.
func sameObjects(t *T, a, b *harness.Response) bool {
	x, faultX := takeList(a, t.sample().List.Wrapper)
	y, faultY := takeList(b, t.sample().List.Wrapper)
	if faultX != "" || faultY != "" {
		return bytes.Equal(bytes.TrimSpace(a.Body), bytes.TrimSpace(b.Body))
	}
	before := t.byID(x)
	if len(before) != len(t.byID(y)) {
		return false
	}
	for _, o := range y {
		was, met := before[t.id(o)]
		if !met || !t.Service.Content && differs(was, o) != "" && !differsOnlyInTime(was, o) {
			return false
		}
	}
	return true
}

func compression(ctx context.Context, t *T) {
	const id, out = transportAt + "compression", transportAt + "coding-excluded"
	packed := t.Get(ctx, t.sample().List.Path, Query("limit", "20"))
	if o, is := broken(t, t.sample().Name); is && packed.Status == 200 && packed.Problem == "" {
		t.NotTested(o, id, out)
		return
	}
	plain := t.Do(ctx, harness.Request{URL: packed.Request.URL, Plain: true, Header: http.Header{"Accept-Encoding": {"identity"}}})
	if packed.Status == 200 && packed.Problem == "" && plain.Status == 200 && plain.Problem == "" && !sameObjects(t, packed, plain) &&
		!repeats(ctx, t, packed, id, out) {
		return
	}
	shown := []*harness.Response{plain, packed}
	if packed.Status != 200 && plain.Status != 200 || packed.Status == 200 && packed.Problem == "" && holdsNothing(t, packed) {
		if t.Ready(packed, 200, id, out) {
			t.Lacks("the collection is empty", "Load some "+t.sample().Name+".", id, out)
		}
		return
	}
	if t.Assert(id, packed.Status == 200 && packed.Problem == "" && plain.Status == 200 && plain.Problem == "" &&
		plain.Header.Get("Content-Encoding") == "" && sameObjects(t, packed, plain),
		harness.Finding{Expected: "the same objects with and without compression",
			Seen: fmt.Sprintf("gzip offered: %s; not offered: %s", packed.Summary(),
				plain.Summary()), Where: "header Content-Encoding", Responses: shown}) {
		excluded(ctx, t, packed.Request.URL)
	} else {
		t.NotTested(t.BlockedBy(id, "answers with and without compression differ", packed), out)
	}
}

// excluded asks in ways that rule gzip out: by a weight of 0, beside other codings that
// would be welcome (RFC 9110 §12.5.3).
func excluded(ctx context.Context, t *T, url string) {
	const id = transportAt + "coding-excluded"
	for _, accepted := range []string{"gzip;q=0", "gzip; q=0.000, identity", "gzip;q=0, *;q=0.5"} {
		r := t.Do(ctx, harness.Request{URL: url, Plain: true, Header: http.Header{"Accept-Encoding": {accepted}}})
		if r.Status != 200 || r.Problem != "" && r.Header.Get("Content-Encoding") == "" {
			t.NotTested(t.BlockedBy(transportAt+"compression", "Accept-Encoding: "+accepted+" is answered with "+r.Summary(), r), id)
			return
		}
		coding := strings.ToLower(r.Header.Get("Content-Encoding"))
		t.Assert(id, !strings.Contains(coding, "gzip"),
			harness.Finding{Sent: "Accept-Encoding: " + accepted, Expected: "an answer that is not in gzip", Seen: "Content-Encoding: " + coding,
				Where: "header Content-Encoding", Responses: []*harness.Response{r}})
	}
}

func holdsNothing(t *T, r *harness.Response) bool {
	objects, fault := takeList(r, t.sample().List.Wrapper)
	return fault == "" && len(objects) == 0
}

func headRequests(ctx context.Context, t *T) {
	const id = transportAt + "head"
	plain := steady(ctx, t, id)
	if plain == nil {
		return
	}
	r := t.Do(ctx, harness.Request{Method: http.MethodHead, URL: plain.Request.URL})
	shown := []*harness.Response{r}
	t.Assert(id, r.Problem == "" && (r.Status < 500 || r.Status == 501),
		harness.Finding{Expected: "an answer as to GET, or a client error", Seen: r.Summary(), Where: "HEAD", Responses: shown})
	again := t.Get(ctx, t.sample().List.Path, Query("limit", "20"))
	t.Assert(id, again.Status == 200 && again.Problem == "",
		harness.Finding{Expected: "200 to a GET after it", Seen: again.Summary(), Where: "GET after HEAD",
			Responses: []*harness.Response{again, r}})
}

func conditional(ctx context.Context, t *T) {
	const id = transportAt + "conditional"
	plain := steady(ctx, t, id)
	if plain == nil {
		return
	}
	ask := func(name, value string) *harness.Response {
		return t.Do(ctx, harness.Request{URL: plain.Request.URL, Header: http.Header{name: {value}}})
	}
	for _, x := range []struct{ name, value string }{{"If-None-Match", `"rollcall-no-such-tag"`},
		{"If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"}} {
		r := ask(x.name, x.value)
		t.Assert(id, r.Status == 200 && r.Problem == "" && sameObjects(t, plain, r),
			harness.Finding{Expected: "200 and the full answer, for something changed since", Seen: r.Summary(), Where: "header " + x.name,
				Responses: []*harness.Response{r, plain}})
	}
	if tag := plain.Header.Get("ETag"); tag != "" {
		r := ask("If-None-Match", tag)
		ok := r.Status == 304 && len(r.Body) == 0 || r.Status == 200 && sameObjects(t, plain, r)
		t.Assert(id, ok && r.Problem == "", harness.Finding{Expected: "304 without a body, or 200 with the full answer", Seen: r.Summary(),
			Where: "header If-None-Match", Responses: []*harness.Response{r, plain}})
	}
}

func ranges(ctx context.Context, t *T) {
	const id = transportAt + "range"
	plain := steady(ctx, t, id)
	if plain == nil {
		return
	}
	r := t.Do(ctx, harness.Request{URL: plain.Request.URL, Plain: true, Header: http.Header{"Range": {"bytes=0-9"},
		"Accept-Encoding": {"identity"}}})
	ok := r.Status == 200 && sameObjects(t, plain, r) || r.Status == 206 && len(r.Body) <= 10 && r.Header.Get("Content-Range") != "" ||
		slices.Contains([]int{416, 400}, r.Status)
	t.Assert(id, ok && r.Problem == "", harness.Finding{Expected: "the full answer, or a correct 206 or 416", Seen: r.Summary(),
		Where: "header Range", Responses: []*harness.Response{r, plain}})
}
