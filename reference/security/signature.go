package security

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Signatures verifies requests that are signed by OAuth 1.0a without a token (RFC 5849, which
// OneRoster 1.1 has as one of two ways to be let in). Several goroutines may use it.
type Signatures struct {
	clients *Clients
	now     func() time.Time

	mu   sync.Mutex
	seen map[string]time.Time // client, timestamp and nonce, until when they are remembered
}

// Signed requests are good for a while around their timestamp, so that clocks may differ; for
// that long a nonce is remembered.
const (
	signatureWindow = 5 * time.Minute
	mostNonces      = 100_000
)

// ErrNoSignature says that a request has no Authorization header of the scheme OAuth.
var ErrNoSignature = errors.New("the request is not signed")

// NewSignatures verifies by the secrets of the clients; now is time.Now when nil.
func NewSignatures(clients *Clients, now func() time.Time) *Signatures {
	if now == nil {
		now = time.Now
	}
	return &Signatures{clients: clients, now: now, seen: map[string]time.Time{}}
}

// Verify tells who signed a request. address is the URL without the query under which the
// client knows the resource: its scheme and host are signed too.
func (s *Signatures) Verify(r *http.Request, address string) (Client, error) {
	headers := r.Header.Values("Authorization")
	scheme, rest, _ := strings.Cut(strings.Join(headers, ","), " ")
	if len(headers) != 1 || !strings.EqualFold(scheme, "OAuth") {
		return Client{}, ErrNoSignature
	}
	parameters, err := oauthParameters(rest)
	if err != nil {
		return Client{}, err
	}
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce"} {
		if parameters[name] == "" {
			return Client{}, fmt.Errorf("the signed request lacks %s", name)
		}
	}
	if version, given := parameters["oauth_version"]; given && version != "1.0" {
		return Client{}, errors.New("oauth_version is 1.0, or left out")
	}
	made, err := strconv.ParseInt(parameters["oauth_timestamp"], 10, 64)
	if err != nil || made <= 0 {
		return Client{}, errors.New("oauth_timestamp is a number of seconds")
	}
	if age := s.now().Sub(time.Unix(made, 0)); age > signatureWindow || age < -signatureWindow {
		return Client{}, errors.New("oauth_timestamp lies too far from this server's clock")
	}
	client, known := s.clients.byID[parameters["oauth_consumer_key"]]
	signature, failed := hmacOf(parameters["oauth_signature_method"], client.Secret, baseString(r, address, parameters))
	if failed != nil {
		return Client{}, failed
	}
	if !hmac.Equal([]byte(signature), []byte(parameters["oauth_signature"])) || !known {
		return Client{}, errors.New("the signature is not that of a known consumer")
	}
	if !s.first(client.ID + "\x00" + parameters["oauth_timestamp"] + "\x00" + parameters["oauth_nonce"]) {
		return Client{}, errors.New("the nonce was used before")
	}
	return client, nil
}

// first notes a nonce, and tells whether it is new (§3.3).
func (s *Signatures) first(nonce string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if until, met := s.seen[nonce]; met && now.Before(until) {
		return false
	}
	if len(s.seen) >= mostNonces {
		for old, until := range s.seen {
			if !now.Before(until) {
				delete(s.seen, old)
			}
		}
		if len(s.seen) >= mostNonces {
			return false // nobody is let in whose nonce can't be remembered
		}
	}
	s.seen[nonce] = now.Add(2 * signatureWindow)
	return true
}

// oauthParameters reads those of the header (§3.5.1); the realm is none.
func oauthParameters(header string) (map[string]string, error) {
	out := map[string]string{}
	for part := range strings.SplitSeq(header, ",") {
		name, value, found := strings.Cut(strings.TrimSpace(part), "=")
		value, opened := strings.CutPrefix(strings.TrimSpace(value), `"`)
		value, closed := strings.CutSuffix(value, `"`)
		plainName, errName := url.PathUnescape(strings.TrimSpace(name))
		plainValue, errValue := url.PathUnescape(value)
		if !found || !opened || !closed || errName != nil || errValue != nil {
			return nil, errors.New("the Authorization header is no list of OAuth parameters")
		}
		if _, twice := out[plainName]; twice {
			return nil, fmt.Errorf("%s stands twice in the Authorization header", plainName)
		}
		if plainName != "realm" {
			out[plainName] = plainValue
		}
	}
	return out, nil
}

// baseString is what is signed (§3.4.1).
func baseString(r *http.Request, address string, parameters map[string]string) string {
	var pairs []string
	add := func(name, value string) { pairs = append(pairs, rfc3986(name)+"\x00"+rfc3986(value)) }
	for name, value := range parameters {
		if name != "oauth_signature" {
			add(name, value)
		}
	}
	for part := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		plainName, errName := url.QueryUnescape(name)
		plainValue, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil {
			plainName, plainValue = name, value // refused later, as a bad query
		}
		add(plainName, plainValue)
	}
	slices.Sort(pairs) // by the encoded names, and then the values
	for i, pair := range pairs {
		pairs[i] = strings.Replace(pair, "\x00", "=", 1)
	}
	return r.Method + "&" + rfc3986(plainAddress(address)) + "&" + rfc3986(strings.Join(pairs, "&"))
}

// plainAddress has scheme and host in lower case, and no port that goes without saying (§3.4.1.2).
func plainAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	return scheme + "://" + host + u.EscapedPath()
}

// hmacOf makes the signature (§3.4.2); OneRoster's consumers use SHA-256 as well.
func hmacOf(method, secret, base string) (string, error) {
	var by func() hash.Hash
	switch method {
	case HMACSHA1:
		by = sha1.New
	case HMACSHA256:
		by = sha256.New
	default:
		return "", errors.New("oauth_signature_method is HMAC-SHA1 or HMAC-SHA256")
	}
	mac := hmac.New(by, []byte(rfc3986(secret)+"&"))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// rfc3986 encodes all but the unreserved characters (§3.6).
func rfc3986(s string) string {
	const unreserved = "-._~"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(unreserved, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// The methods of signatures that Sign knows.
const (
	HMACSHA1   = "HMAC-SHA1"
	HMACSHA256 = "HMAC-SHA256"
)

// Sign signs a request without a body as a consumer does: the counterpart of Verify. The query is
// signed as it stands in the URL; a nonce is used once.
func Sign(r *http.Request, consumer, secret, method string, now time.Time, nonce string) error {
	names := []string{"oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp", "oauth_version"}
	parameters := map[string]string{
		"oauth_consumer_key": consumer, "oauth_nonce": nonce, "oauth_signature_method": method,
		"oauth_timestamp": strconv.FormatInt(now.Unix(), 10), "oauth_version": "1.0",
	}
	signature, err := hmacOf(method, secret, baseString(r, r.URL.Scheme+"://"+r.URL.Host+r.URL.EscapedPath(), parameters))
	if err != nil {
		return err
	}
	parameters["oauth_signature"] = signature
	var pairs []string
	for _, name := range append(names, "oauth_signature") {
		pairs = append(pairs, fmt.Sprintf("%s=%q", name, rfc3986(parameters[name])))
	}
	r.Header.Set("Authorization", "OAuth "+strings.Join(pairs, ", "))
	return nil
}
