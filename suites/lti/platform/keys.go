package platform

import (
	"context"
	"crypto/rsa"
	"fmt"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

func keySet(ctx context.Context, t *harness.T) {
	j := judgeOf(t)
	r, keys := j.published(ctx, t)
	proof := []*harness.Response{r}
	if !t.Assert(reqKeys, len(keys) > 0, harness.Finding{Expected: "200 and a key set with a key", Seen: r.Summary(), Responses: proof}) {
		for _, id := range t.Check().Requirements {
			if id != reqKeys {
				t.NotTested(harness.BlockedBy(reqKeys, "the key set can't be read: "+r.Summary(), r), id)
			}
		}
		return
	}
	media := r.Header.Get("Content-Type")
	t.Assert(Prefix+"keys.form", strings.HasPrefix(media, "application/json") || strings.HasPrefix(media, "application/jwk-set+json"),
		harness.Finding{
			Expected:  "Content-Type: application/json",
			Seen:      "Content-Type: " + media,
			Responses: proof,
		})
	seen := map[any]bool{}
	for i, k := range keys {
		at := fmt.Sprintf("/keys/%d", i)
		t.Assert(reqKeys, k.flaw == "", harness.Finding{
			Expected:  "an RSA or EC key whose numbers are in base64url, without padding (RFC 7518 §6.2.1, §6.3.1)",
			Seen:      k.flaw,
			Where:     at,
			Responses: proof,
		})
		var secret []string
		for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, there := k.raw[name]; there {
				secret = append(secret, name)
			}
		}
		t.Assert(Prefix+"keys.public", len(secret) == 0, harness.Finding{
			Expected:  "public members alone",
			Seen:      "private members: " + strings.Join(secret, ", "),
			Where:     at,
			Responses: proof,
		})
		kid, _ := k.raw["kid"].(string)
		t.Assert(Prefix+"keys.kid", kid != "" && !seen[kid], harness.Finding{
			Expected:  "a kid of its own",
			Seen:      fmt.Sprint(k.raw["kid"]),
			Where:     at + "/kid",
			Responses: proof,
		})
		seen[kid] = true
		if use := k.raw["use"]; use != nil {
			t.Assert(Prefix+"keys.form", use == "sig", harness.Finding{
				Expected:  "use sig, or none",
				Seen:      fmt.Sprint(use),
				Where:     at + "/use",
				Responses: proof,
			})
		}
		if public, is := k.public.(*rsa.PublicKey); is {
			t.Assert(Prefix+"keys.size", public.N.BitLen() >= 2048, harness.Finding{
				Expected:  "2048 bits at least",
				Seen:      fmt.Sprint(public.N.BitLen(), " bits"),
				Where:     at + "/n",
				Responses: proof,
			})
		}
	}
	t.NotApplicable(Prefix+"keys.size", "there is no RSA key")
}
