package platform

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
)

// key is one published key.
type key struct {
	raw    map[string]any
	public any    // *rsa.PublicKey or *ecdsa.PublicKey; nil: of another kind, or unreadable
	flaw   string // why it can't be read as RFC 7518 §6 has it; empty: it can, or is of another kind
}

// published reads the keys of the platform.
func (j *judge) published(ctx context.Context, t *harness.T) (*harness.Response, []key) {
	r := t.Do(ctx, harness.Request{
		URL:    j.target.Platform.JWKSURL,
		Auth:   harness.AuthNone,
		Header: http.Header{"Accept": {"application/json"}},
	})
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if r.Status != http.StatusOK || json.Unmarshal(r.Body, &set) != nil {
		return r, nil
	}
	var out []key
	for _, raw := range set.Keys {
		out = append(out, readKey(raw))
	}
	return r, out
}

// members are what a key of each kind is made of (RFC 7518 §6.2.1, §6.3.1): texts in
// base64url, without padding.
var members = map[string][]string{"RSA": {"n", "e"}, "EC": {"x", "y"}}

// curves are those that tokens of LTI are signed on.
var curves = []string{"P-256", "P-384", "P-521"}

// readKey reads a key, in other alphabets too: that one slip must not hide whether the
// tokens are signed by it.
func readKey(raw map[string]any) key {
	k := key{raw: raw}
	kty, _ := raw["kty"].(string)
	crv, _ := raw["crv"].(string)
	switch {
	case kty == "":
		k.flaw = "kty is missing"
		return k
	case kty == "EC" && crv == "":
		k.flaw = "crv is missing"
		return k
	case members[kty] == nil, kty == "EC" && !slices.Contains(curves, crv):
		return k // of another kind
	}
	public := map[string]any{"kty": kty, "crv": crv}
	for _, name := range members[kty] { // whatever else is there is judged elsewhere
		text, _ := raw[name].(string)
		if wrong := encoding(text); wrong != "" && k.flaw == "" {
			k.flaw = name + " " + wrong
		}
		if text == "" {
			return k
		}
		public[name] = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(strings.Join(strings.Fields(text), ""))
	}
	var read jose.JSONWebKey
	text, _ := json.Marshal(public) // of texts alone
	if err := read.UnmarshalJSON(text); err == nil {
		k.public = read.Key
	} else if k.flaw == "" {
		k.flaw = "it is no key: " + err.Error()
	}
	return k
}

// encoding says what is wrong with a text that should be base64url without padding
// (RFC 7515 §2).
func encoding(text string) string {
	switch {
	case text == "":
		return "is missing"
	case strings.ContainsAny(text, "+/"):
		return "is in plain base64, with + and /, where base64url has - and _"
	case strings.HasSuffix(text, "="):
		return "is padded with ="
	case strings.ContainsAny(text, " \t\r\n"):
		return "has white space in it"
	}
	if _, err := base64.RawURLEncoding.DecodeString(text); err != nil {
		return "is no base64url"
	}
	return ""
}

// verified tells whether a token is signed by a key.
func verified(token string, k any) bool {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256,
		jose.PS384, jose.PS512,
		jose.ES256, jose.ES384, jose.ES512})
	if err != nil {
		return false
	}
	_, err = signed.Verify(k)
	return err == nil
}

// IsKeySet tells whether something is a set of keys (RFC 7517 §5).
func IsKeySet(set []byte) bool {
	var published struct {
		Keys []map[string]any `json:"keys"`
	}
	return json.Unmarshal(set, &published) == nil && published.Keys != nil
}

// SignedBy tells whether a token is signed by a key of a set as it was published; found tells
// whether the set has a key of the id that the token names.
func SignedBy(token string, set []byte) (found, signed bool) {
	var published struct {
		Keys []map[string]any `json:"keys"`
	}
	header, _, err := mint.Decode(token)
	if err != nil || json.Unmarshal(set, &published) != nil {
		return false, false
	}
	kid, _ := header["kid"].(string)
	for _, raw := range published.Keys {
		k := readKey(raw)
		found = found || kid != "" && raw["kid"] == kid
		signed = signed || k.public != nil && (kid == "" || raw["kid"] == kid) && verified(token, k.public)
	}
	return found, signed
}
