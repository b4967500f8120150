package platform

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// key is one published key.
type key struct {
	raw    map[string]any
	public any // *rsa.PublicKey or *ecdsa.PublicKey; nil: of another kind
}

// published reads the keys of the platform.
func (j *judge) published(ctx context.Context, t *harness.T) (*harness.Response, []key) {
	r := t.Do(ctx, harness.Request{URL: j.target.Platform.JWKSURL, Auth: harness.AuthNone, Header: http.Header{"Accept": {"application/json"}}})
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if r.Status != http.StatusOK || json.Unmarshal(r.Body, &set) != nil {
		return r, nil
	}
	var out []key
	for _, raw := range set.Keys {
		k := key{raw: raw}
		public := map[string]any{}
		for _, name := range []string{"kty", "n", "e", "crv", "x", "y"} { // whatever else is there is judged elsewhere
			if text, is := raw[name].(string); is {
				public[name] = strings.TrimRight(text, "=")
			}
		}
		var read jose.JSONWebKey
		if text, err := json.Marshal(public); err == nil && read.UnmarshalJSON(text) == nil {
			k.public = read.Key
		}
		out = append(out, k)
	}
	return r, out
}

// verified tells whether a token is signed by a key.
func verified(token string, k any) bool {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
		jose.ES256, jose.ES384, jose.ES512})
	if err != nil {
		return false
	}
	_, err = signed.Verify(k)
	return err == nil
}
