package toolfault

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/lti"
)

// shownFaults are tools that show or follow what comes from outside as it comes.
func shownFaults() map[string]behaviour {
	resources := func(change func(body string) string) bend.Wrapper {
		return bend.Below("/resources/", bend.Rewritten(change))
	}
	// The rule of the tool lets this address pass; the page leads to its fragment.
	const carrier = "https://return.example/#"
	script := payload(func(claims map[string]json.RawMessage) bool {
		var p map[string]any
		if json.Unmarshal(claims[lti.Namespace+"launch_presentation"], &p) != nil {
			return true
		}
		if address, ok := p["return_url"].(string); ok && strings.HasPrefix(address, "javascript:") {
			p["return_url"] = carrier + address
			claims[lti.Namespace+"launch_presentation"], _ = json.Marshal(p)
		}
		return true
	})
	script.Wrap = resources(func(body string) string { return strings.ReplaceAll(body, `href="`+carrier, `href="`) })
	// person gives the name on the page as it came, with tags escaped and quotes left.
	person := func(body string) string {
		_, rest, _ := strings.Cut(body, `<b id="person">`)
		name, _, _ := strings.Cut(rest, "</b>")
		return strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(html.UnescapeString(name))
	}
	added := func(make func(name string) string) behaviour {
		return behaviour{Wrap: resources(func(body string) string { return strings.Replace(body, "</main>", make(person(body))+"</main>", 1) })}
	}
	return map[string]behaviour{
		"tool-return-script": script,
		"tool-profile-link":  profileLink(),
		"tool-script-markup": added(func(name string) string { return "<script>var person = '" + name + "';</script>" }),
		"tool-attribute-markup": added(func(name string) string {
			return `<label>Name <input name="person" value="` + name + `"></label>`
		}),
		"tool-address-markup": added(func(name string) string { return `<a href='/people?name=` + name + `'>Who is here</a>` }),
		"tool-style-markup":   added(func(name string) string { return "<style>/* of " + html.UnescapeString(name) + " */</style>" }),
		"tool-template-markup": {Wrap: resources(func(body string) string {
			return product.ReplaceAllStringFunc(body, func(s string) string {
				m := product.FindStringSubmatch(s)
				a, _ := strconv.Atoi(m[1]) // of digits
				b, _ := strconv.Atoi(m[2])
				return strconv.Itoa(a * b)
			})
		})},
		"tool-claims-markup": {Wrap: resources(func(body string) string {
			before, rest, ok := strings.Cut(body, `<b id="person">`)
			name, after, ok2 := strings.Cut(rest, "</b>")
			if !ok || !ok2 {
				return body
			}
			return before + `<b id="person">` + html.UnescapeString(name) + "</b>" + after
		})},
		"tool-title-markup": {Wrap: resources(func(body string) string {
			before, rest, ok := strings.Cut(body, "<h1>")
			title, after, ok2 := strings.Cut(rest, "</h1>")
			if !ok || !ok2 {
				return body
			}
			return before + "<h1>" + html.UnescapeString(title) + "</h1>" + after
		})},
		"tool-error-uri-echoes":  echoing("error_uri"),
		"tool-error-code-echoes": echoing("error"),
		"tool-error-any-state": at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			rec := bend.Answered(next, r)
			if rec.Code >= 400 && r.PostForm.Has("error") {
				rec.Body.WriteString("<p>" + html.EscapeString(r.PostForm.Get("error_description")) + "</p>")
			}
			bend.Give(w, rec)
		}),
		"tool-error-beside": at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			if r.PostForm.Get("id_token") != "" {
				r.PostForm.Del("error")
			}
			next.ServeHTTP(w, r)
		}),
		"tool-hint-echoes": at("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			rec := bend.Answered(next, r)
			if rec.Code != http.StatusFound {
				bend.Give(w, rec)
				return
			}
			for _, line := range rec.Header()["Set-Cookie"] {
				w.Header().Add("Set-Cookie", line)
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			page := strings.Replace(formPage(rec.Header().Get("Location")), "</form>",
				`<input type="hidden" value="`+r.Form.Get("login_hint")+`"></form>`, 1)
			_, _ = w.Write([]byte(page)) // the browser may be gone
		}),
		"tool-target-query-lost": answering(func(_ *http.Request, to *url.URL) {
			to.RawQuery = url.Values{"launch": {to.Query().Get("launch")}}.Encode()
		}),
		"tool-token-in-fragment": answering(func(r *http.Request, to *url.URL) { to.Fragment = "id_token=" + r.PostForm.Get("id_token") }),
		"tool-login-target":      loginTarget(),
	}
}

// product is what a template works out.
var product = regexp.MustCompile(`\{\{(\d+)\*(\d+)\}\}`)

// profileLink shows a link to the profile of whoever launched, wherever it leads.
func profileLink() behaviour {
	profiles := newKept()
	b := payload(func(claims map[string]json.RawMessage) bool {
		var address string
		_ = json.Unmarshal(claims["profile"], &address) // none, then
		profiles.put("last", address)
		return true
	})
	b.Wrap = bend.Below("/resources/", bend.Rewritten(func(body string) string {
		return strings.Replace(body, "</main>", `<a href="`+attribute(profiles.get("last"))+`">Your profile</a></main>`, 1)
	}))
	return b
}

// answering changes where an opened launch goes on to.
func answering(change func(r *http.Request, to *url.URL)) behaviour {
	return at("/launch", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm()
		rec := bend.Answered(next, r)
		if u, err := url.Parse(rec.Header().Get("Location")); err == nil && rec.Code == http.StatusSeeOther {
			change(r, u)
			rec.Header().Set("Location", u.String())
		}
		bend.Give(w, rec)
	})
}

// loginTarget goes on to the target of the login, which nobody signed.
func loginTarget() behaviour {
	targets := newKept()
	b := answering(func(r *http.Request, to *url.URL) {
		if target, err := url.Parse(targets.get(r.PostForm.Get("state"))); err == nil && target.Host != "" {
			target.RawQuery = to.RawQuery
			*to = *target
		}
	})
	launch := b.Wrap
	b.Wrap = func(next http.Handler) http.Handler {
		return bend.At("/login", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm()
			rec := bend.Answered(next, r)
			if u, err := url.Parse(rec.Header().Get("Location")); err == nil {
				targets.put(u.Query().Get("state"), r.Form.Get("target_link_uri"))
			}
			bend.Give(w, rec)
		})(launch(next))
	}
	return b
}
