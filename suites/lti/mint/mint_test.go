package mint

import (
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// What is signed rightly is verified by a library that knows nothing of this one,
// and what is signed wrongly is not.
func TestSign(t *testing.T) {
	k, err := NewKey("k1")
	if err != nil {
		t.Fatal(err)
	}
	header, claims := map[string]any{"alg": "RS256", "kid": "k1"}, map[string]any{"iss": "x"}
	for way, good := range map[Way]bool{RS256: true, Corrupt: false, None: false, Cut: false, HS256: false} {
		token, err := Sign(header, claims, k, way)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		if err == nil {
			_, err = parsed.Verify(&k.Private.PublicKey)
		}
		if (err == nil) != good {
			t.Errorf("%q: %v", way, err)
		}
		if way == Cut {
			continue
		}
		h, c, err := Decode(token)
		if err != nil || h["kid"] != "k1" || c["iss"] != "x" {
			t.Errorf("%q decodes to %v, %v, %v", way, h, c, err)
		}
	}
	for _, bad := range []string{"", "a.b", "a.b.c", "!.!.!", strings.Repeat(".", 9)} {
		if _, _, err := Decode(bad); err == nil {
			t.Errorf("%q was decoded", bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(_ *testing.T, token string) { _, _, _ = Decode(token) })
}
