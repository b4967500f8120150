package harness

import (
	"strings"
	"testing"
	"time"
)

func TestSigned(t *testing.T) {
	const address = "http://127.0.0.1:8080/ims/oneroster/v1p1/users?limit=10&filter=familyName%3D'van%20der%20Berg'"
	now := time.Unix(1_800_000_000, 0)
	right := Signature{Key: "me", Secret: "s&cret", Method: "HMAC-SHA256", Nonce: "n", Timestamp: now, Of: address, Verb: "GET"}
	with := func(change func(*Signature)) Signature {
		x := right
		change(&x)
		return x
	}
	for name, test := range map[string]struct {
		sign  Signature
		fault string
	}{
		"right":            {right, ""},
		"SHA-1":            {with(func(x *Signature) { x.Method = "HMAC-SHA1" }), ""},
		"with a realm":     {with(func(x *Signature) { x.Realm = "roster" }), ""},
		"in another order": {with(func(x *Signature) { x.Backwards = true }), ""},
		"another secret":   {with(func(x *Signature) { x.Secret = "other" }), "is not the one"},
		"another address":  {with(func(x *Signature) { x.Of = strings.Replace(address, "limit=10", "limit=20", 1) }), "is not the one"},
		"another verb":     {with(func(x *Signature) { x.Verb = "PUT" }), "is not the one"},
		"old":              {with(func(x *Signature) { x.Timestamp = now.Add(-time.Hour) }), "from now"},
		"no nonce":         {with(func(x *Signature) { x.Leave = []string{"oauth_nonce"} }), "no oauth_nonce"},
		"no signature":     {with(func(x *Signature) { x.Leave = []string{"oauth_signature"} }), "no oauth_signature"},
		"no time":          {with(func(x *Signature) { x.Leave = []string{"oauth_timestamp"} }), "no whole number"},
		"PLAINTEXT":        {with(func(x *Signature) { x.Method = "PLAINTEXT" }), "neither"},
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := ReadSigned(test.sign.header())
			if !ok || s.Key != "me" {
				t.Fatalf("it reads %+v", s)
			}
			fault, plus := s.Fault("GET", address, "s&cret", now)
			if test.fault == "" && fault != "" || !strings.Contains(fault, test.fault) || plus {
				t.Errorf("its fault is %q (%t)", fault, plus)
			}
		})
	}
	// who signs a blank as +
	s, _ := ReadSigned(right.header())
	s.signature = sign("HMAC-SHA256", "s&cret", strings.ReplaceAll(signatureBase("GET", address, s.parameters), "%2520", "%2B"))
	if fault, plus := s.Fault("GET", address, "s&cret", now); fault == "" || !plus {
		t.Errorf("a blank that is signed as + is a fault %q (%t)", fault, plus)
	}
	if _, ok := ReadSigned("Bearer x"); ok {
		t.Error("a token is taken for a signature")
	}
}
