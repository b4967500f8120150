package platform

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// keep takes what was seen into the evidence of a check: from the opening of the link
// on, for what comes before is somebody signing in.
func (s *seen) keep(t *harness.T, what string) []string {
	var ids []string
	if s.token != "" {
		t.Session().Redactor().Secret(s.token)
	}
	typed := s.typed()
	for _, x := range s.log {
		if x.Document && s.launch != nil && !x.Started.Before(s.since) {
			ids = append(ids, t.Watch(side.Watched(hidden(x, typed))))
		}
	}
	if s.claims != nil {
		text, _ := json.MarshalIndent(map[string]any{"header": s.header, "claims": private(t, s.claims)}, "", "  ") // it was JSON before
		t.Text(what+": the id_token, decoded", string(text))
	}
	if len(s.console) > 0 {
		t.Text(what+": console and dialogs", strings.Join(s.console, "\n"))
	}
	switch {
	case len(s.picture) == 0 || s.problem == nil:
	case t.Session().KeepPersonal():
		t.Picture(what+": what a person sees", "image/jpeg", s.picture)
	default:
		t.Text(what+": what a person sees", "A picture was taken and left out, for it may show people. Run with --keep-personal-data to keep it.")
	}
	return ids
}

// typed lists what the steps of a launch type into fields: passwords may be among it.
func (s *seen) typed() []string {
	var out []string
	for _, step := range slices.Concat(s.user.Steps, s.link.Steps) {
		if step.Fill != "" && step.Value != "" {
			out = append(out, step.Value)
		}
	}
	return out
}

// hidden leaves what was typed out of an exchange, be it in the form or the address.
func hidden(x browser.Exchange, typed []string) browser.Exchange {
	hide := func(encoded string) string {
		v, err := url.ParseQuery(encoded)
		if err != nil {
			return ""
		}
		found := false
		for _, values := range v {
			for i := range values {
				if slices.Contains(typed, values[i]) {
					values[i], found = "[redacted]", true
				}
			}
		}
		if !found {
			return encoded
		}
		return v.Encode()
	}
	if len(typed) == 0 {
		return x
	}
	x.Body = hide(x.Body)
	if before, query, has := strings.Cut(x.URL, "?"); has {
		x.URL = before + "?" + hide(query)
	}
	return x
}

// identity are the claims that say who somebody is, and how to reach them.
var identity = []string{"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "email",
	"phone_number", "picture"}

// shortest is the least length of a text that is looked for wherever it stands: shorter
// ones are parts of anything.
const shortest = 3

// private hides who somebody is, wherever a token says so: in the claims of identity,
// in whatever repeats one of them, in custom parameters that the target file doesn't
// give, and in the id of the person in the school's own system.
func private(t *harness.T, claims map[string]any) map[string]any {
	known := map[string]bool{} // what the target file says is no secret
	for _, l := range lti.Of(t.Session().Target).Platform.Links {
		for _, v := range l.Custom {
			known[v] = true
		}
	}
	return veiled(claims, known, func(v string) string { return t.Show("givenName", v) },
		func(v string) { t.Session().Redactor().Person(v) }).(map[string]any)
}

// veiled does so by a function that hides a text. Members that the redactor of the
// evidence knows by their name are left to it, so that each text is hidden once and
// stays comparable. met is told of each text of identity.
func veiled(claims map[string]any, known map[string]bool, hide func(string) string, met func(string)) any {
	who := map[string]bool{}
	for _, name := range identity {
		if v, _ := claims[name].(string); len(v) >= shortest {
			who[v] = true
			met(v)
		}
	}
	left := []string{"given_name", "family_name", "middle_name", "preferred_username", "email", "picture"}
	var walk func(v any, path ...string) any
	walk = func(v any, path ...string) any {
		switch v := v.(type) {
		case map[string]any:
			out := map[string]any{}
			for k, x := range v {
				out[k] = walk(x, append(slices.Clone(path), k)...)
			}
			return out
		case []any:
			out := make([]any, len(v))
			for i, x := range v {
				out[i] = walk(x, path...)
			}
			return out
		case string:
			switch last := path[len(path)-1]; {
			case v == "" || slices.Contains(left, last):
				return v
			case len(path) == 1 && slices.Contains(identity, last), who[v], path[0] == claim+"custom" && !known[v], path[0] == claim+"lis" &&
				last == "person_sourcedid":
				return hide(v)
			}
		}
		return v
	}
	return walk(claims)
}
