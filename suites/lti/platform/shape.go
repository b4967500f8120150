package platform

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// shapes says which requirement speaks of the form of a claim; where a member has
// one of its own, it stands before its claim. Claims without an entry, and all
// that compares claims with each other or with the launch, are judged by rules.
var shapes = []struct{ pointer, id string }{
	{"/iss", "token.iss"}, {"/aud", "token.aud"}, {"/sub", "token.sub"}, {"/exp", "token.exp"}, {"/iat", "token.iat"}, {"/nonce", "token.nonce"}, {"/azp", "token.azp"},
	{"/name", "message.identity"}, {"/given_name", "message.identity"}, {"/family_name", "message.identity"}, {"/middle_name", "message.identity"},
	{"/email", "message.identity"}, {"/picture", "message.identity"}, {"/locale", "message.locale"},
	{"/message_type", "message.type"}, {"/version", "message.version"}, {"/deployment_id", "message.deployment"}, {"/target_link_uri", "message.target"},
	{"/resource_link", "message.resource-link"}, {"/roles", "message.roles"}, {"/context/type", "message.context-type"}, {"/context", "message.context"},
	{"/tool_platform", "message.platform"}, {"/role_scope_mentor", "message.mentor"}, {"/launch_presentation/return_url", "message.return-url"},
	{"/launch_presentation/height", "message.presentation-size"}, {"/launch_presentation/width", "message.presentation-size"}, {"/launch_presentation/locale", "message.locale"},
	{"/launch_presentation", "message.presentation"}, {"/lis", "message.lis"}, {"/custom", "message.custom"}, {"/lti1p1", "message.migration"},
}

// needed are the members that must be there, and custom parameters, which are texts
// (LTI 1.3 §5.4.6). Any other that is null is as good as left out, and a requirement of
// its own asks that it be; so is an entry of a list not.
var needed = regexp.MustCompile(`^/(iss|aud|exp|iat|nonce|message_type|version|deployment_id|target_link_uri|resource_link|resource_link/id|roles|context/id|tool_platform/guid|custom/[^/]+)$|/[0-9]+$`)

// launchSchema is compiled where a launch is judged: all schemas together take a while,
// and most processes judge none.
var launchSchema = sync.OnceValue(func() *schemas.Schema { return schemas.MustLoad("lti/1.3/resource-link-request") })

// shape holds the claims of a token to their schema, member by member, and says
// so for each requirement whose claim is there; a claim that need not be there and
// never is, is nothing to judge.
//
// Requirements that are broken already are passed over: a rule has told why.
func shape(t *harness.T, s *seen, ids []string, broken map[string]bool) {
	ours := func(id string) bool { return id != "" && slices.Contains(t.Check().Requirements, Prefix+id) }
	findings, err := launchSchema().Validate(payloadOf(s.token))
	if err != nil {
		t.NotTested(harness.BlockedBy(reqToken, "the claims can't be read as JSON: "+err.Error()).Seen(ids...))
		return
	}
	told := maps.Clone(broken)
	for _, f := range findings {
		at := strings.ReplaceAll(f.Pointer, "/"+strings.ReplaceAll(claim, "/", "~1"), "/")
		if f.Seen == "null" && !needed.MatchString(at) {
			continue
		}
		id := shapeOf(at)
		if !ours(id) || broken[id] {
			continue
		}
		told[id] = true
		if name, is := strings.CutPrefix(at, "/custom/"); is {
			o, _ := s.claims[claim+"custom"].(map[string]any)
			if v, there := o[pointerName.Replace(name)]; there {
				f.Message = name + " is " + kindOf(v)
			}
		}
		// A message never quotes a value: it may be somebody's name.
		t.Fail(Prefix+id, harness.Finding{
			Sent:      s.user.Name + " opens " + s.link.Name,
			Expected:  f.Expected,
			Seen:      f.Message,
			Where:     at,
			Exchanges: ids,
		})
	}
	for _, x := range shapes {
		if ours(x.id) && !told[x.id] && s.has(x.pointer) {
			t.Examined(Prefix+x.id, 1)
		}
	}
	for _, x := range shapes {
		if ours(x.id) && !needed.MatchString(x.pointer) {
			t.NotApplicable(Prefix+x.id, "no launch has the claim "+strings.TrimPrefix(x.pointer, "/")+", which is optional")
		}
	}
}

// pointerName reads a name as it stands in a JSON pointer (RFC 6901 §4).
var pointerName = strings.NewReplacer("~1", "/", "~0", "~")

// has tells whether a claim, or a member of one, was sent and is not null.
func (s *seen) has(pointer string) bool {
	name, member, deeper := strings.Cut(pointer[1:], "/")
	v := s.claims[claim+name]
	if v == nil {
		v = s.claims[name]
	}
	if deeper {
		o, _ := v.(map[string]any)
		v = o[member]
	}
	return v != nil
}

func shapeOf(pointer string) string {
	for _, s := range shapes {
		if pointer == s.pointer || strings.HasPrefix(pointer, s.pointer+"/") {
			return s.id
		}
	}
	return ""
}

// payloadOf gives the claims of a token as they were sent.
func payloadOf(token string) []byte {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	b, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "=")) // it was decoded before
	return b
}
