package harness

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OAuth1 says how requests are signed by OAuth 1.0a (RFC 5849) without a token, for products
// that know no other way.
type OAuth1 struct {
	Key    string `yaml:"consumer_key"`
	Secret string `yaml:"consumer_secret"`
	Method string `yaml:"method,omitempty"` // HMAC-SHA256 (default) or HMAC-SHA1
}

// Signature is one of a request, which may be wrong in its parts: what is empty is as it should
// be.
type Signature struct {
	Key, Secret string
	Method      string
	Nonce       string
	Timestamp   time.Time
	Version     string // 1.0 where none is given
	// Leave names parameters of the header that are left out, before signing.
	Leave []string
	// Of is the URL that is signed in place of the one that is sent, and Verb the method.
	Of, Verb string
	// Realm stands before the parameters, and is not signed (§3.5.1).
	Realm string
	// Backwards has the parameters stand in another order.
	Backwards bool
	// Altered changes the signature once it is made.
	Altered func(signature string) string
}

// Signs tells whether the session's requests are signed in place of having a token.
func (s *Session) Signs() bool { return s.oauth1() != nil }

func (s *Session) oauth1() *OAuth1 {
	if s.suite.Access == nil || !s.suite.Access.Signed {
		return nil
	}
	return s.credentials().OAuth1
}

// Authorization makes the Authorization header of a signed request.
func (s *Session) Authorization(method, address string, x Signature) string {
	own := s.oauth1()
	if own == nil {
		return ""
	}
	if x.Key == "" {
		x.Key = own.Key
	}
	if x.Secret == "" {
		x.Secret = own.Secret
	}
	if x.Method == "" {
		x.Method = own.Method
	}
	if x.Nonce == "" {
		x.Nonce = nonce()
	}
	if x.Timestamp.IsZero() {
		x.Timestamp = time.Now()
	}
	if x.Of == "" {
		x.Of = address
	}
	if x.Verb == "" {
		x.Verb = method
	}
	return x.header()
}

func nonce() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // which never fails
	return hex.EncodeToString(b)
}

// header signs and writes the header (RFC 5849 §3.5.1).
func (x Signature) header() string {
	parameters := [][2]string{
		{"oauth_consumer_key", x.Key}, {"oauth_nonce", x.Nonce}, {"oauth_signature_method", x.Method},
		{"oauth_timestamp", strconv.FormatInt(x.Timestamp.Unix(), 10)}, {"oauth_version", cmp.Or(x.Version, "1.0")},
	}
	parameters = slices.DeleteFunc(parameters, func(p [2]string) bool { return slices.Contains(x.Leave, p[0]) })
	signature := sign(x.Method, x.Secret, signatureBase(x.Verb, x.Of, parameters))
	if x.Altered != nil {
		signature = x.Altered(signature)
	}
	if !slices.Contains(x.Leave, "oauth_signature") {
		parameters = append(parameters, [2]string{"oauth_signature", signature})
	}
	if x.Backwards {
		slices.Reverse(parameters)
	}
	var parts []string
	if x.Realm != "" {
		parts = append(parts, `realm="`+x.Realm+`"`)
	}
	for _, p := range parameters {
		parts = append(parts, encoded(p[0])+`="`+encoded(p[1])+`"`)
	}
	return "OAuth " + strings.Join(parts, ", ")
}

// signatureBase is the signature base string (§3.4.1): the method, the address without its
// query, and all parameters, those of the query too, encoded, sorted and encoded again.
func signatureBase(method, address string, parameters [][2]string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	all := make([][2]string, 0, len(parameters)+4)
	for _, p := range parameters {
		all = append(all, [2]string{encoded(p[0]), encoded(p[1])})
	}
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		all = append(all, [2]string{encoded(unescaped(name)), encoded(unescaped(value))})
	}
	slices.SortFunc(all, func(a, b [2]string) int {
		if byName := strings.Compare(a[0], b[0]); byName != 0 {
			return byName
		}
		return strings.Compare(a[1], b[1])
	})
	pairs := make([]string, len(all))
	for i, p := range all {
		pairs[i] = p[0] + "=" + p[1]
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if method == "" {
		method = "GET"
	}
	return strings.ToUpper(method) + "&" + encoded(strings.ToLower(u.Scheme)+"://"+host+path) + "&" + encoded(strings.Join(pairs, "&"))
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// encoded writes a text as §3.6 has it: all but letters, digits and - . _ ~, a blank as %20.
func encoded(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return b.String()
}

// sign makes the signature of a base string, without a token.
func sign(method, secret, base string) string {
	var by func() hash.Hash = sha256.New
	if method == "HMAC-SHA1" {
		by = sha1.New
	}
	mac := hmac.New(by, []byte(encoded(secret)+"&"))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
