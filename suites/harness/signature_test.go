package harness

import "testing"

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
