package nrps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// The schemas are compiled where something is judged by them: most processes judge nothing of
// the kind.
var (
	claimSchema     = sync.OnceValue(func() *schemas.Schema { return schemas.MustLoad("lti/nrps/2.0/claim") })
	containerSchema = sync.OnceValue(func() *schemas.Schema { return schemas.MustLoad("lti/nrps/2.0/container") })
)

func claims(ctx context.Context, t *harness.T) {
	looked := false
	for l := range launches(ctx, t) {
		value, there := l.Claims[claimName]
		if contextOf(l) == "" && value == nil {
			continue // it is from no course, so there are no members to tell of
		}
		looked = true
		if !t.Assert(reqClaim, there && value != nil, harness.Finding{
			Sent:      sent(l),
			Expected:  "the claim " + claimName,
			Seen:      "none",
			Where:     "/" + claimName,
			Exchanges: l.Exchanges,
		}) {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			continue // it was JSON before
		}
		findings, _ := claimSchema().Validate(text) // so it can be read
		t.Examined(PlatformPrefix+"claim.form", 1)
		for _, f := range findings {
			t.Fail(PlatformPrefix+"claim.form", harness.Finding{
				Sent:      sent(l),
				Expected:  f.Expected,
				Seen:      f.Message,
				Where:     "/" + claimName + f.Pointer,
				Exchanges: l.Exchanges,
			})
		}
		claim, _ := value.(map[string]any)
		if versions, is := claim["service_versions"].([]any); is {
			t.Assert(PlatformPrefix+"claim.version", slices.Contains(versions, any("2.0")), harness.Finding{
				Sent:      sent(l),
				Expected:  "2.0 among the versions",
				Seen:      fmt.Sprint(versions),
				Where:     "/" + claimName + "/service_versions",
				Exchanges: l.Exchanges,
			})
		}
		at, _ := claim["context_memberships_url"].(string)
		if strings.HasPrefix(lti.Of(t.Session().Target).Platform.Issuer, "https:") && absolute.MatchString(at) {
			t.Assert(PlatformPrefix+"claim.https", strings.HasPrefix(at, "https:"), harness.Finding{
				Sent:      sent(l),
				Expected:  "an address with https",
				Seen:      at,
				Where:     "/" + claimName + "/context_memberships_url",
				Exchanges: l.Exchanges,
			})
		}
	}
	if !looked {
		t.NotTested(harness.NoData("no launch is from a course", "Have lti.platform.links open links that are in a course."))
		return
	}
	left(t, harness.BlockedBy(reqClaim, "no launch has the claim"), "claim.form")
	left(t, harness.BlockedBy(reqAddress, "the claim has no list of versions"), "claim.version")
	if !strings.HasPrefix(lti.Of(t.Session().Target).Platform.Issuer, "https:") {
		t.NotApplicable(PlatformPrefix+"claim.https", "the issuer is no https address: this is for trying out")
		return
	}
	left(t, harness.BlockedBy(reqAddress, "the claim has no address"), "claim.https")
}
