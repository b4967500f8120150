package harness

import (
	"net/http"
	"strings"
	"testing"
)

// TestPublicTextsStayReadable: a product may put what the target file says in clear into its
// cookies, beside what nobody may see.
func TestPublicTextsStayReadable(t *testing.T) {
	const source = "lti:\n  public_url: https://judge.example:9460\n  client_id: client-4711-riverbend\n  deployments: [dep-90210]\n"
	r, err := redactorFor(&Target{source: source}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	signature := "Zk3q9XwT7bLmP2vR8sYc"
	r.meetCookies(http.Header{"Set-Cookie": {
		"state=s%3Ahttps%3A%2F%2Fjudge.example%3A9460." + signature + "; Path=/",
		"who=client-4711-riverbend; Path=/",
		"more=dep-90210/" + signature + "/x7; Path=/",
	}})
	for _, shown := range []string{
		"https://judge.example:9460/courses/algebra-1?client_id=client-4711-riverbend",
		"the tool asked https://judge.example:9460/auth?iss=https%3A%2F%2Fjudge.example%3A9460&lti_deployment_id=dep-90210",
		"client-4711-riverbend", "https://judge.example:9460Zk3",
	} {
		if got := r.Text(shown); got != shown {
			t.Errorf("%q is shown as %q", shown, got)
		}
	}
	for _, hidden := range []string{signature, "s:https://judge.example:9460." + signature, "…" + signature[:14] + "…", "dep-90210/" + signature, strings.ToUpper(signature)} {
		got := r.Text("it said " + hidden + ".")
		for i := 0; i+fragment <= len(signature); i++ {
			if strings.Contains(strings.ToLower(got), strings.ToLower(signature[i:i+fragment])) {
				t.Errorf("%q is shown as %q", hidden, got)
				break
			}
		}
	}
}
