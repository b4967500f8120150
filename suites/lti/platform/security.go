package platform

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

func header(ctx context.Context, t *harness.T) {
	j, s := launchOf(t)
	ids := s.keep(t, "a launch")
	alg, _ := s.header["alg"].(string)
	t.Assert(Prefix+"token.alg", slices.Contains([]string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"},
		alg), harness.Finding{
		Expected:  "RS256, or another asymmetric algorithm",
		Seen:      alg,
		Where:     "alg",
		Exchanges: ids,
	})
	t.Assert(Prefix+"token.rs256", alg == "RS256", harness.Finding{Expected: "RS256", Seen: alg, Where: "alg", Exchanges: ids})
	kid, _ := s.header["kid"].(string)
	t.Assert(Prefix+"token.kid", kid != "", harness.Finding{Expected: "a kid", Seen: "none", Where: "kid", Exchanges: ids})
	r, keys := j.published(ctx, t)
	if len(keys) == 0 {
		t.NotTested(harness.BlockedBy(reqKeys, "the key set can't be read: "+r.Summary(), r), Prefix+"token.kid-published",
			Prefix+"token.signature")
		return
	}
	i := slices.IndexFunc(keys, func(k key) bool { return k.raw["kid"] == kid })
	t.Assert(Prefix+"token.kid-published", i >= 0, harness.Finding{
		Expected:  "a key of the key set",
		Seen:      "kid " + kid + " is not in it",
		Where:     "kid",
		Responses: []*harness.Response{r},
		Exchanges: ids,
	})
	if i < 0 {
		t.NotTested(harness.BlockedBy(Prefix+"token.kid-published", "there is no key of that kid", r).Seen(ids...), Prefix+"token.signature")
		return
	}
	if k := keys[i]; k.public == nil && k.flaw != "" {
		t.NotTested(harness.BlockedBy(reqKeys, "the key "+kid+" can't be read: "+k.flaw, r).Seen(ids...), Prefix+"token.signature")
		return
	}
	if keys[i].public == nil {
		t.Fail(Prefix+"token.signature", harness.Finding{
			Expected:  "a signature by the key " + kid,
			Seen:      "what is published under it is no RSA or EC key",
			Responses: []*harness.Response{r},
			Exchanges: ids,
		})
		return
	}
	t.Assert(Prefix+"token.signature", verified(s.token, keys[i].public), harness.Finding{
		Expected:  "a signature by the key " + kid,
		Seen:      "the signature is wrong",
		Responses: []*harness.Response{r},
		Exchanges: ids,
	})
}

func number(v any) (float64, bool) { f, ok := v.(float64); return f, ok }

// Seconds.
const (
	skew     = 60     // between two clocks
	longest  = 86_400 // life of a token: the answer is read at once
	briefest = 5      // the browser has to carry it
)

func securityClaims(t *harness.T, j *judge, s *seen, ids []string) {
	c := s.claims
	broken := map[string]bool{}
	say := func(id string, ok bool, expected string, name string) {
		broken[id] = broken[id] || !ok
		v, there := c[name]
		seen := "no " + name
		if there {
			seen = fmt.Sprintf("%s: %v", name, v)
		}
		t.Assert(Prefix+id, ok, harness.Finding{Sent: s.sent(), Expected: expected, Seen: seen, Where: "/" + name, Exchanges: ids})
	}
	say("token.iss", c["iss"] == j.target.Platform.Issuer, j.target.Platform.Issuer, "iss")
	audience, list := c["aud"].([]any)
	single, text := c["aud"].(string)
	contains := text && single == j.tool.clientID || list && slices.Contains(audience, any(j.tool.clientID))
	say("token.aud", contains, "the client id, as a text or within a list", "aud")
	if azp := c["azp"]; azp != nil || len(audience) > 1 {
		say("token.azp", azp == j.tool.clientID, "the client id", "azp")
	} else {
		t.NotApplicable(Prefix+"token.azp", "azp is optional with one audience")
	}
	iat, okI := number(c["iat"])
	exp, okE := number(c["exp"])
	at := float64(s.answer.at.Unix())
	say("token.exp", okE && exp > at-skew, "a time to come, in seconds", "exp")
	say("token.iat", okI && iat <= at+skew && iat > at-3600, "the time of issue, in seconds", "iat")
	say("token.life", okI && okE && exp-iat <= longest && exp-iat >= briefest, "a life of a day at most, and of five seconds at least", "exp")
	say("token.nonce", c["nonce"] == s.launch.nonce, "the nonce that was sent", "nonce")
	if c["sub"] == nil {
		if named := slices.IndexFunc(identity, func(name string) bool { v, _ := c[name].(string); return v != "" }); named >= 0 {
			say("token.sub", false, "sub, for "+identity[named]+" says who it is", "sub")
		} else {
			t.NotApplicable(Prefix+"token.sub", "no launch names anybody")
		}
	}
	shape(t, s, ids, broken)
}
