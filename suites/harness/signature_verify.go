package harness

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// signedWithin is how far the timestamp of a signed request may be from our clock.
const signedWithin = 10 * time.Minute

// Signed tells whether a request carries an Authorization header of OAuth 1.0a.
func Signed(header string) bool {
	scheme, _, _ := strings.Cut(header, " ")
	return strings.EqualFold(scheme, "OAuth")
}

var realm = regexp.MustCompile(`(^|,)\s*realm="[^"]*"\s*,?`)

// VerifySignature holds the Authorization header of a request to have been signed by a consumer,
// without a token (RFC 5849 §3.2). address is the one that the client was told, with the query as it
// was sent. The error says what is wrong with it, without the secret.
func VerifySignature(method, address, header, key, secret string) error {
	if !Signed(header) {
		return errors.New("the request isn't signed")
	}
	_, rest, _ := strings.Cut(header, " ")
	rest = realm.ReplaceAllString(rest, "$1") // alone it may have a comma in it, and it isn't signed (§3.5.1)
	given := map[string]string{}
	var parameters [][2]string
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		plainName, err := url.PathUnescape(name)
		plainValue, err2 := url.PathUnescape(strings.Trim(value, `"`))
		if !ok || err != nil || err2 != nil {
			return fmt.Errorf("the parameter %q of the Authorization header can't be read", shortened(name))
		}
		if _, twice := given[plainName]; twice {
			return fmt.Errorf("the parameter %s is given twice", shortened(plainName))
		}
		given[plainName] = plainValue
		if plainName != "oauth_signature" {
			parameters = append(parameters, [2]string{plainName, plainValue})
		}
	}
	for _, name := range []string{"oauth_consumer_key", "oauth_signature_method", "oauth_signature", "oauth_timestamp", "oauth_nonce"} {
		if given[name] == "" {
			return fmt.Errorf("the parameter %s is missing", name)
		}
	}
	seconds, err := strconv.ParseInt(given["oauth_timestamp"], 10, 64)
	switch {
	case given["oauth_consumer_key"] != key:
		return errors.New("the consumer key is another")
	case given["oauth_signature_method"] != "HMAC-SHA1" && given["oauth_signature_method"] != "HMAC-SHA256":
		return fmt.Errorf("it is signed by %q, and not by HMAC-SHA1 or HMAC-SHA256", shortened(given["oauth_signature_method"]))
	case given["oauth_version"] != "" && given["oauth_version"] != "1.0":
		return fmt.Errorf("oauth_version is %q", shortened(given["oauth_version"]))
	case err != nil:
		return errors.New("the timestamp is no number")
	case time.Since(time.Unix(seconds, 0)).Abs() > signedWithin:
		return fmt.Errorf("the timestamp is %s away from this clock", time.Since(time.Unix(seconds, 0)).Abs().Round(time.Minute))
	}
	want := sign(given["oauth_signature_method"], secret, signatureBase(method, address, parameters))
	if !hmac.Equal([]byte(want), []byte(given["oauth_signature"])) {
		return errors.New("the signature is not that of this request: of its method, its address, its parameters and the consumer's secret")
	}
	return nil
}
