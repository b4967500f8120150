package harness

import (
	"strings"
	"testing"
	"time"
)

// TestSignature holds base string and signature to the example of OAuth 1.0a (RFC 5849, §1.2,
// and the one of its predecessor, appendix A.5, which has a signature without a body).
func TestSignature(t *testing.T) {
	parameters := [][2]string{
		{"oauth_consumer_key", "dpf43f3p2l4k3l03"}, {"oauth_token", "nnch734d00sl2jdk"}, {"oauth_signature_method", "HMAC-SHA1"},
		{"oauth_timestamp", "1191242096"}, {"oauth_nonce", "kllo9940pd9333jh"}, {"oauth_version", "1.0"},
	}
	base := signatureBase("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original", parameters)
	const want = "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03" +
		"%26oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096" +
		"%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal"
	if base != want {
		t.Errorf("the base string is\n%s\nand not\n%s", base, want)
	}
	// A blank is signed as %20, encoded once more, whether it was sent as %20 or +.
	spaced := signatureBase("", "HTTPS://SIS.example:443/users?filter=givenName%3D'Colin%20Robert'", nil)
	if spaced != "GET&https%3A%2F%2Fsis.example%2Fusers&filter%3DgivenName%253D%2527Colin%2520Robert%2527" {
		t.Error(spaced)
	}
	if plus := signatureBase("", "https://sis.example/users?filter=givenName%3D'Colin+Robert'", nil); plus != spaced {
		t.Error(plus)
	}
}

// TestVerifySignature: what is signed right is taken, and nothing else.
func TestVerifySignature(t *testing.T) {
	const address = "https://sis.example.org/ims/oneroster/v1p1/users?filter=givenName%3D%27Ada%20Zo%C3%AB%27&limit=10"
	for _, method := range []string{"HMAC-SHA1", "HMAC-SHA256"} {
		whole := Signature{Key: "lms", Secret: "s&cret+ /", Method: method, Nonce: "n-1", Timestamp: time.Now(), Of: address, Verb: "GET"}
		for name, test := range map[string]struct {
			change func(*Signature)
			want   string
		}{
			"right":               {func(*Signature) {}, ""},
			"with a realm":        {func(s *Signature) { s.Realm = "sis, a" }, ""},
			"with a plain realm":  {func(s *Signature) { s.Realm = "https://sis.example.org/" }, ""},
			"backwards":           {func(s *Signature) { s.Backwards = true }, ""},
			"another key":         {func(s *Signature) { s.Key = "other" }, "the consumer key is another"},
			"another secret":      {func(s *Signature) { s.Secret = "other" }, "not that of this request"},
			"another address":     {func(s *Signature) { s.Of = "https://sis.example.org/" }, "not that of this request"},
			"another method":      {func(s *Signature) { s.Verb = "POST" }, "not that of this request"},
			"another way":         {func(s *Signature) { s.Method = "PLAINTEXT" }, `signed by "PLAINTEXT"`},
			"long ago":            {func(s *Signature) { s.Timestamp = time.Now().Add(-time.Hour) }, "away from this clock"},
			"another version":     {func(s *Signature) { s.Version = "2.0" }, "oauth_version"},
			"without a nonce":     {func(s *Signature) { s.Leave = []string{"oauth_nonce"} }, "oauth_nonce is missing"},
			"without a signature": {func(s *Signature) { s.Leave = []string{"oauth_signature"} }, "oauth_signature is missing"},
			"changed":             {func(s *Signature) { s.Altered = func(s string) string { return "A" + s[1:] + "=" } }, "not that of this request"},
		} {
			s := whole
			test.change(&s)
			err := VerifySignature("GET", address, s.header(), "lms", "s&cret+ /")
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%s, %s: %v", method, name, err)
			}
		}
	}
	for _, header := range []string{"", "Bearer x", "OAuth", "OAuth ,,,", "OAuth a=%zz"} {
		if VerifySignature("GET", address, header, "lms", "x") == nil {
			t.Errorf("%q is taken", header)
		}
	}
}
