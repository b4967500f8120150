package platformfault

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/platform"
)

// mannerisms are ways of platforms in the field, all of them allowed.
func mannerisms() map[string]behaviour {
	return map[string]behaviour{
		"platform-answer-late": answering(func(body string, _ *http.Request) string {
			return strings.Replace(body, `document.getElementById("form").submit();`,
				`setTimeout(function(){document.getElementById("form").submit()},1000);`, 1)
		}),
		"platform-claims-bare": drop(ns+"tool_platform", ns+"launch_presentation", ns+"lis", ns+"context", ns+"role_scope_mentor", "azp", "name", "given_name", "middle_name", "family_name", "email", "locale"),
		"platform-anonymous":   drop("sub", "name", "given_name", "middle_name", "family_name", "email", "locale"),
		"platform-nulls-optional": claims(func(c map[string]any, _ *platform.Pending) {
			for _, name := range []string{"person_sourcedid", "course_offering_sourcedid", "validation_context"} {
				member(c, "lis", name, nil)
			}
			member(c, "launch_presentation", "height", nil)
			member(c, "launch_presentation", "width", nil)
			member(c, "context", "validation_context", nil)
			c["https://vendor.example/placement"], c["azp"] = nil, nil
			c[ns+"lti1p1"] = map[string]any{"user_id": "4711", "resource_link_id": nil, "errors": map[string]any{"errors": map[string]any{}}}
		}),
		"platform-context-short": within("context", "type", []string{"CourseSection"}),
		"platform-locale-underscore": claims(func(c map[string]any, _ *platform.Pending) {
			c["locale"] = "en_US"
			member(c, "launch_presentation", "locale", "zh-Hant-TW")
			member(c, "custom", "message_locale", "zh-Hant-TW")
		}),
		"platform-state-plain": at("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.ContainsFunc(r.Form.Get("state"), func(c rune) bool { return c < 0x20 || c > 0x7e }) {
				http.Error(w, "state has a character that it may not have", http.StatusBadRequest)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-hint-padded": {Bend: func(c *platform.Config) {
			c.Login = func(v url.Values, _ *platform.Pending) { v.Set("lti_message_hint", v.Get("lti_message_hint")+"w") }
		}, Wrap: repairing(func(q url.Values) {
			if h := q.Get("lti_message_hint"); len(h) > 1 {
				q.Set("lti_message_hint", h[:len(h)-1]) // the last character holds bits that nobody reads
			}
		}).Wrap},
		"platform-code-unauthorized": erring(regexp.MustCompile(`name="error" value="unsupported_response_type"`), `name="error" value="unauthorized_client"`),
		"platform-access-audience": {Bend: func(c *platform.Config) {
			c.Assertions = slices.Clone(platform.Assertions())
			for i := range c.Assertions {
				if c.Assertions[i].ID == "aud" {
					c.Assertions[i].Broken = func(a *platform.Asserted) string {
						if slices.Contains(a.Audience, Audience) {
							return ""
						}
						return "aud is not that of the service."
					}
				}
			}
		}},
	}
}

// Audience is that of platform-access-audience, to be told to whoever asks for tokens.
const Audience = "https://api.platform.example/tokens"
