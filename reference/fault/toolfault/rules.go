package toolfault

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// ruleFaults are tools that ask for more than they may, or look at claims in
// the wrong way.
func ruleFaults() map[string]behaviour {
	const instructor, learner = lti.Membership + "Instructor", lti.Membership + "Learner"
	roles := func(a *tool.Attempt) []string {
		if a.Claims.Roles == nil {
			return nil
		}
		return *a.Claims.Roles
	}
	only := func(allowed func(string) bool) func(*tool.Attempt) bool {
		return func(a *tool.Attempt) bool { return !slices.ContainsFunc(roles(a), allowed) }
	}
	first := func(a *tool.Attempt) string {
		if r := roles(a); len(r) > 0 {
			return r[0]
		}
		return ""
	}
	return map[string]behaviour{
		"tool-needs-name":    rule("name", func(a *tool.Attempt) bool { return a.Claims.Name == "" }),
		"tool-needs-email":   rule("email", func(a *tool.Attempt) bool { return a.Claims.Email == "" }),
		"tool-needs-sub":     rule("sub", func(a *tool.Attempt) bool { return a.Claims.Subject == nil }),
		"tool-needs-context": rule("context", func(a *tool.Attempt) bool { return a.Claims.Context == nil }),
		"tool-needs-title":   rule("title", func(a *tool.Attempt) bool { return a.Claims.ResourceLink != nil && a.Claims.ResourceLink.Title == "" }),
		"tool-needs-role":    rule("role", func(a *tool.Attempt) bool { return len(roles(a)) == 0 }),
		"tool-blank-role":    rule("blank-role", func(a *tool.Attempt) bool { return slices.Contains(roles(a), "") }),
		"tool-known-roles-only": rule("known-roles", func(a *tool.Attempt) bool {
			return slices.ContainsFunc(roles(a), func(r string) bool { return strings.Contains(r, "/unknown/") })
		}),
		"tool-one-role": rule("one-role", func(a *tool.Attempt) bool { return len(roles(a)) > 2 }),
		"tool-full-roles-only": rule("full-roles", func(a *tool.Attempt) bool {
			return slices.ContainsFunc(roles(a), func(r string) bool { return r != "" && !strings.Contains(r, "#") })
		}),
		"tool-instructors-only": rule("instructors", only(func(r string) bool { return r != learner && r != "Learner" })),
		"tool-learners-only":    rule("learners", func(a *tool.Attempt) bool { return slices.Contains(roles(a), instructor) && len(roles(a)) == 1 }),
		"tool-no-administrators": rule("administrators", func(a *tool.Attempt) bool {
			return first(a) == lti.Membership+"Administrator" || first(a) == lti.Membership+"ContentDeveloper"
		}),
		"tool-no-mentors":           rule("mentors", func(a *tool.Attempt) bool { return len(a.Claims.Mentored) > 0 }),
		"tool-no-test-users":        rule("test-users", func(a *tool.Attempt) bool { return slices.Contains(roles(a), lti.TestUser) }),
		"tool-no-sub-roles":         rule("sub-roles", func(a *tool.Attempt) bool { return strings.Contains(first(a), "/membership/Instructor#") }),
		"tool-no-institution-roles": rule("institution", func(a *tool.Attempt) bool { return first(a) == lti.Institution+"Instructor" }),
		"tool-one-deployment":       rule("deployments", func(a *tool.Attempt) bool { return a.Claims.Deployment != a.Platform.Deployments[0] }),
		"tool-short-ids":            rule("ids", func(a *tool.Attempt) bool { return a.Claims.Subject != nil && len(*a.Claims.Subject) > 64 }),
		"tool-ascii-only": rule("ascii", func(a *tool.Attempt) bool {
			return strings.ContainsFunc(a.Claims.FamilyName, func(r rune) bool { return r > 127 })
		}),
		"tool-aud-text":  rule("aud-text", func(a *tool.Attempt) bool { return a.Claims.AuthorizedParty != nil }),
		"tool-no-leeway": rule("leeway", func(a *tool.Attempt) bool { return a.Claims.IssuedAt != nil && a.Claims.IssuedAt.Time().After(a.Now) }),
		"tool-whole-seconds": rule("whole", func(a *tool.Attempt) bool {
			return a.Claims.IssuedAt != nil && float64(*a.Claims.IssuedAt) != float64(int64(*a.Claims.IssuedAt))
		}),
		"tool-no-presentation": rule("presentation", func(a *tool.Attempt) bool { return a.Claims.Presentation != nil && a.Claims.Presentation.Locale != "" }),
		"tool-nonce-bag": {Bend: func(c *tool.Config) {
			// Any nonce that was ever sent is good, until it is used.
			sent := map[string]bool{}
			random := c.Random
			c.Random = func() string {
				v := randomOf(random)
				sent[v] = true
				return v
			}
			c.Rules = append(spare(c.Rules, "claim.nonce"), tool.Rule{ID: "claim.nonce", Broken: func(a *tool.Attempt) string {
				if !sent[a.Claims.Nonce] {
					return "The nonce is not known here."
				}
				return ""
			}})
		}},
		"tool-institution-teaches": payload(func(claims map[string]json.RawMessage) bool {
			if strings.Contains(string(claims[lti.Namespace+"roles"]), "institution/person#Instructor") {
				claims[lti.Namespace+"roles"] = json.RawMessage(`["` + instructor + `"]`)
			}
			return true
		}),
		"tool-everybody-teaches": payload(func(claims map[string]json.RawMessage) bool {
			if r := claims[lti.Namespace+"roles"]; len(r) > 2 && !strings.Contains(string(r), "Learner") {
				claims[lti.Namespace+"roles"] = json.RawMessage(`["` + instructor + `"]`)
			}
			return true
		}),
		"tool-closed-claims": payload(func(claims map[string]json.RawMessage) bool { return claims["future_member"] == nil }),
		"tool-no-null": payload(func(claims map[string]json.RawMessage) bool {
			return string(claims["middle_name"]) != "null"
		}),
		"tool-no-services": payload(func(claims map[string]json.RawMessage) bool {
			return claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"] == nil
		}),
		"tool-aud-list": payload(func(claims map[string]json.RawMessage) bool { return !strings.HasPrefix(string(claims["aud"]), "[") }),
		"tool-loose-types": payload(func(claims map[string]json.RawMessage) bool {
			if r := claims[lti.Namespace+"roles"]; len(r) > 0 && r[0] == '"' {
				claims[lti.Namespace+"roles"] = json.RawMessage("[" + string(r) + "]")
			}
			if v := string(claims[lti.Namespace+"version"]); v == "1.3" {
				claims[lti.Namespace+"version"] = json.RawMessage(`"1.3.0"`)
			}
			return true
		}),
		"tool-version-prefix": payload(func(claims map[string]json.RawMessage) bool {
			if strings.HasPrefix(string(claims[lti.Namespace+"version"]), `"1`) {
				claims[lti.Namespace+"version"] = json.RawMessage(`"1.3.0"`)
			}
			return true
		}),
		"tool-iss-trimmed": payload(func(claims map[string]json.RawMessage) bool {
			if s := string(claims["iss"]); strings.HasSuffix(s, `/"`) {
				claims["iss"] = json.RawMessage(strings.TrimSuffix(s, `/"`) + `"`)
			}
			return true
		}),
		"tool-type-any-case": payload(func(claims map[string]json.RawMessage) bool {
			if strings.EqualFold(string(claims[lti.Namespace+"message_type"]), `"`+lti.ResourceLinkRequest+`"`) {
				claims[lti.Namespace+"message_type"] = json.RawMessage(`"` + lti.ResourceLinkRequest + `"`)
			}
			return true
		}),
	}
}

func randomOf(random func() string) string {
	if random != nil {
		return random()
	}
	return randomText()
}

// payload makes a behaviour that changes claims once the signature is verified, or
// refuses them.
func payload(change func(claims map[string]json.RawMessage) bool) behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		verifier := verifierOf(c)
		c.Verifier = func(p tool.Platform) tool.Verifier { return changed{verifier(p), change} }
	}}
}

type changed struct {
	tool.Verifier
	change func(map[string]json.RawMessage) bool
}

// Verify verifies, then changes.
func (v changed) Verify(ctx context.Context, token string) ([]byte, error) {
	b, err := v.Verifier.Verify(ctx, token)
	if err != nil {
		return nil, err
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(b, &claims); err != nil {
		return b, nil
	}
	if !v.change(claims) {
		return []byte("unsupported"), nil
	}
	return json.Marshal(claims)
}
