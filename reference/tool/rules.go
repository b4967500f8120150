package tool

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// Attempt is a token whose signature is good, with what it is compared with.
type Attempt struct {
	Claims   lti.Claims
	Now      time.Time
	Origin   string // of the tool
	Platform Platform
	Nonce    string // sent from this browser
	Target   string // target_link_uri of the login
	Hinted   string // lti_deployment_id of the login

	used func(nonce string, until time.Time) bool
}

// Rule is one thing that an id_token is held to. Broken says why it is refused,
// for people; "" when all is well.
type Rule struct {
	ID     string
	Broken func(*Attempt) string
}

// Failure is why a launch was refused.
type Failure struct {
	Rule   string
	Status int
	Text   string
}

const (
	leeway = 30 * time.Second // between two clocks
	oldest = time.Hour        // an id_token is used at once
)

// Rules lists what an id_token is held to (Security Framework 1.0 §5.1.3 and §5.3; OpenID Connect
// Core §3.1.3.7).
func Rules() []Rule {
	return []Rule{
		{"claim.iss", func(a *Attempt) string {
			return unless(a.Claims.Issuer == a.Platform.Issuer, "The token was issued by somebody else.")
		}},
		{"claim.aud", func(a *Attempt) string {
			return unless(slices.Contains(a.Claims.Audience, a.Platform.ClientID), "The token is meant for somebody else.")
		}},
		{"claim.azp-needed", func(a *Attempt) string {
			return unless(len(a.Claims.Audience) < 2 || a.Claims.AuthorizedParty != nil,
				"The token is meant for several and doesn't say who may use it.")
		}},
		{"claim.azp", func(a *Attempt) string {
			return unless(a.Claims.AuthorizedParty == nil || *a.Claims.AuthorizedParty == a.Platform.ClientID,
				"Somebody else is authorized to use the token.")
		}},
		{"claim.exp", func(a *Attempt) string {
			return unless(a.Claims.Expires != nil && a.Now.Before(a.Claims.Expires.Time().Add(leeway)), "The token has expired.")
		}},
		{"claim.iat", func(a *Attempt) string {
			return unless(a.Claims.IssuedAt != nil && !a.Claims.IssuedAt.Time().After(a.Now.Add(leeway)), "The token is from the future.")
		}},
		{"claim.nbf", func(a *Attempt) string {
			return unless(a.Claims.NotBefore == nil || !a.Claims.NotBefore.Time().After(a.Now.Add(leeway)), "The token is not good yet.")
		}},
		{"claim.iat-old", func(a *Attempt) string {
			return unless(a.Claims.IssuedAt != nil && a.Now.Sub(a.Claims.IssuedAt.Time()) < oldest, "The token is too old.")
		}},
		{"claim.nonce", func(a *Attempt) string {
			return unless(a.Claims.Nonce != "" && a.Claims.Nonce == a.Nonce, "The token doesn't belong to the login of this browser.")
		}},
		{"claim.nonce-used", func(a *Attempt) string {
			until := a.Now.Add(oldest)
			if a.Claims.Expires != nil && a.Claims.Expires.Time().After(until) {
				until = a.Claims.Expires.Time()
			}
			return unless(!a.used(a.Claims.Nonce, until.Add(leeway)), "The token was used before.")
		}},
		{"claim.sub", func(a *Attempt) string {
			c := a.Claims
			if c.Subject == nil { // an anonymous launch: then it tells of nobody
				return unless(c.Name+c.GivenName+c.FamilyName+c.Email == "", "The token tells of somebody, and not who it is.")
			}
			return unless(*c.Subject != "" && len(*c.Subject) <= 255, "The user of the token has no usable id.")
		}},
		{"message.version", func(a *Attempt) string {
			return unless(a.Claims.Version == lti.Version, "The message is not of LTI 1.3.")
		}},
		{"message.type", func(a *Attempt) string {
			return unless(slices.Contains([]string{lti.ResourceLinkRequest, lti.DeepLinkingRequest}, a.Claims.MessageType),
				"This tool doesn't know the type of the message.")
		}},
		{"message.deployment", func(a *Attempt) string {
			return unless(slices.Contains(a.Platform.Deployments, a.Claims.Deployment), "This deployment is not known here; ask for it to be added.")
		}},
		{"message.deployment-hinted", func(a *Attempt) string {
			return unless(a.Hinted == "" || a.Hinted == a.Claims.Deployment, "The login and the launch name different deployments.")
		}},
		{"message.roles", func(a *Attempt) string {
			return unless(a.Claims.Roles != nil || a.Claims.MessageType == lti.DeepLinkingRequest, "The message says nothing about roles.")
		}},
		{"message.resource-link", func(a *Attempt) string {
			l := a.Claims.ResourceLink
			return unless(a.Claims.MessageType != lti.ResourceLinkRequest || l != nil && l.ID != "" && len(l.ID) <= 255,
				"The message names no resource link.")
		}},
		{"message.target", func(a *Attempt) string {
			return unless(a.Claims.Target != nil && *a.Claims.Target != "" || a.Claims.MessageType == lti.DeepLinkingRequest,
				"The message names no target.")
		}},
		{"message.target-own", func(a *Attempt) string {
			return unless(a.Claims.Target == nil || own(*a.Claims.Target, a.Origin), "The target is not on this site.")
		}},
		{"message.target-login", func(a *Attempt) string {
			return unless(a.Claims.Target == nil || *a.Claims.Target == a.Target, "The login and the launch name different targets.")
		}},
	}
}

func unless(ok bool, why string) string {
	if ok {
		return ""
	}
	return why
}

// own tells whether an address is one of the tool's own: whoever is sent there
// trusts it.
func own(address, origin string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	return strings.EqualFold(u.Scheme+"://"+u.Host, origin)
}
