package provider

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/url"
	"slices"
	"strings"
)

// Signed tells whether a call is signed by OAuth 1.0a (RFC 5849).
func (c Call) Signed() bool { return strings.HasPrefix(c.Header.Get("Authorization"), "OAuth ") }

// signature tells what is wrong with the signature of a call; empty: nothing. address is the one that was called,
// without its query.
func signature(c *Call, address, client, secret string, seen map[string]bool) string {
	given := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(c.Header.Get("Authorization"), "OAuth "), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		plain, err := url.PathUnescape(strings.Trim(value, `"`))
		if err != nil {
			return "the parameter " + name + " is not percent-encoded"
		}
		given[name] = plain
	}
	var make func() hash.Hash
	switch given["oauth_signature_method"] {
	case "HMAC-SHA1":
		make = sha1.New
	case "HMAC-SHA256":
		make = sha256.New
	default:
		return "the method is none of HMAC-SHA1 and HMAC-SHA256"
	}
	if given["oauth_consumer_key"] != client {
		return "the consumer key is another one"
	}
	if nonce := given["oauth_nonce"] + given["oauth_timestamp"]; given["oauth_nonce"] == "" || seen[nonce] {
		return "the nonce is missing, or was used before"
	} else {
		seen[nonce] = true
	}
	var all []string
	for name, value := range given {
		if name != "oauth_signature" && name != "realm" {
			all = append(all, encoded(name)+"="+encoded(value))
		}
	}
	for name, values := range c.Query {
		for _, value := range values {
			all = append(all, encoded(name)+"="+encoded(value))
		}
	}
	slices.Sort(all)
	base := c.Method + "&" + encoded(address) + "&" + encoded(strings.Join(all, "&"))
	mac := hmac.New(make, []byte(encoded(secret)+"&"))
	mac.Write([]byte(base))
	if given["oauth_signature"] != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		return "the signature is another one than that over method, address and all parameters"
	}
	return ""
}

// encoded is the percent-encoding of RFC 5849 §3.6.
func encoded(s string) string {
	return strings.NewReplacer("+", "%20", "%7E", "~").Replace(url.QueryEscape(s))
}
