package platformfault

import (
	"crypto/ecdsa"
	ellipticcurve "crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

var formOf = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)" id="form">(.*?)</form>`)
var fieldOf = regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`)

// oddities are platforms that do right in an unusual way.
func oddities() map[string]behaviour {
	jwks := func(change func(set map[string]any)) behaviour {
		return at("/jwks", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			var set map[string]any
			if json.Unmarshal(rec.Body.Bytes(), &set) == nil {
				change(set)
				rec.Body.Reset()
				_ = json.NewEncoder(rec.Body).Encode(set) // a buffer never fails
			}
			bend.Give(w, rec)
		})
	}
	page := func(change func(body string) string) behaviour {
		return at("/auth", bend.Rewritten(change))
	}
	return map[string]behaviour{
		"platform-es256":            elliptic(),
		"platform-state-not-needed": {Bend: func(c *platform.Config) { c.Checks = spare(c.Checks, "state") }},
		"platform-roles-urn": claims(func(c map[string]any, _ *platform.Pending) {
			list, _ := c[ns+"roles"].([]string)
			var old []string
			for _, r := range list {
				old = append(old, "urn:lti:role:ims/lis/"+strings.TrimPrefix(r, membership))
			}
			c[ns+"roles"] = old
		}),
		"platform-context-urn":   within("context", "type", []string{"urn:lti:context-type:ims/lis/CourseSection"}),
		"platform-one-hint":      oneHint(),
		"platform-storage-frame": storageFrame(),
		"platform-login-get":     {Wrap: loginByGet},
		"platform-login-bare": {Bend: func(c *platform.Config) {
			c.Login = func(v url.Values, _ *platform.Pending) { v.Del("lti_deployment_id"); v.Del("lti_storage_target") }
		}},
		"platform-session-once": {Wrap: sessionOnce},
		"platform-login-short": {Bend: func(c *platform.Config) {
			c.Login = func(v url.Values, _ *platform.Pending) {
				v["deployment_id"] = v["lti_deployment_id"]
				v.Del("lti_deployment_id")
			}
		}},
		"platform-login-extra": {Bend: func(c *platform.Config) {
			c.Login = func(v url.Values, _ *platform.Pending) { v.Set("ext_theme", "dark"); v.Set("canvas_region", "x") }
		}},
		"platform-aud-list":           claims(func(c map[string]any, _ *platform.Pending) { c["aud"] = []any{c["aud"]} }),
		"platform-aud-several":        claims(func(c map[string]any, _ *platform.Pending) { c["aud"] = []any{c["aud"], "https://somebody.example"} }),
		"platform-private-deployment": privateDeployment(),
		"platform-no-azp":             drop("azp"),
		"platform-no-names":           drop("name", "given_name", "middle_name", "family_name", "email", "locale"),
		"platform-no-optional":        drop(ns+"tool_platform", ns+"launch_presentation", ns+"lis"),
		"platform-more-names": claims(func(c map[string]any, _ *platform.Pending) {
			c["middle_name"], c["picture"], c["name"] = "Q.", "https://platform.example/p.png", "Siân Ó'Néill 山田"
			member(c, "custom", "person_name_middle", "Q.")
			member(c, "custom", "user_image", c["picture"])
			member(c, "custom", "person_name_full", c["name"])
		}),
		"platform-more-claims": claims(func(c map[string]any, _ *platform.Pending) {
			c["https://vendor.example/claim"], c["jti"], c["nbf"] = map[string]any{"a": []any{1}}, "x", time.Now().Unix()
		}),
		"platform-migrates": set(ns+"lti1p1", map[string]any{"user_id": "4711", "resource_link_id": "", "oauth_consumer_key": "key",
			"oauth_consumer_key_sign": "lWd54kFo5qU7xshAna6v8BwoBm6tmUjc6GTax6+12ps="}),
		"platform-services": claims(serviceClaims),
		"platform-fractions": claims(func(c map[string]any, _ *platform.Pending) {
			now := float64(time.Now().UnixMilli()) / 1000
			c["iat"], c["exp"] = now-1, now+300
		}),
		"platform-short-life":   claims(func(c map[string]any, _ *platform.Pending) { c["exp"] = time.Now().Add(20 * time.Second).Unix() }),
		"platform-clock-behind": claims(func(c map[string]any, _ *platform.Pending) { c["iat"] = time.Now().Add(-20 * time.Second).Unix() }),
		"platform-short-roles":  claims(func(c map[string]any, _ *platform.Pending) { c[ns+"roles"] = shortRoles(c[ns+"roles"]) }),
		"platform-more-roles": claims(func(c map[string]any, _ *platform.Pending) {
			r, _ := c[ns+"roles"].([]string)
			c[ns+"roles"] = append([]string{institution + "Staff", "https://vendor.example/role#Helper"}, r...)
		}),
		"platform-context-types": within("context", "type", []string{"http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection", "https://vendor.example/type#Term"}),
		"platform-context-bare": claims(func(c map[string]any, _ *platform.Pending) {
			if o, ok := c[ns+"context"].(map[string]any); ok {
				c[ns+"context"] = map[string]any{"id": o["id"]}
			}
		}),
		"platform-presentation-sizes": claims(func(c map[string]any, _ *platform.Pending) {
			if o, ok := c[ns+"launch_presentation"].(map[string]any); ok {
				o["width"], o["height"] = 800, 600.5
			}
			member(c, "custom", "message_width", "800")
			member(c, "custom", "message_height", "600.5")
		}),
		"platform-sub-odd": claims(func(c map[string]any, _ *platform.Pending) {
			old := c["sub"].(string)
			c["sub"] = "user:" + old + "@riverbend/x"
			if custom, ok := c[ns+"custom"].(map[string]string); ok { // $User.id is the same
				for name, value := range custom {
					if value == old {
						custom[name] = c["sub"].(string)
					}
				}
			}
		}),
		"platform-keys-bare": jwks(func(set map[string]any) {
			for _, k := range set["keys"].([]any) {
				delete(k.(map[string]any), "alg")
				delete(k.(map[string]any), "use")
			}
		}),
		"platform-keys-more": jwks(func(set map[string]any) {
			set["keys"] = append(set["keys"].([]any), map[string]any{"kty": "EC", "crv": "P-256", "kid": "ec-1", "use": "sig",
				"x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})
		}),
		"platform-keys-members": jwks(func(set map[string]any) { set["updated"] = "today" }),
		"platform-answer-extra": {Bend: func(c *platform.Config) {
			c.Respond = func(v url.Values) { v.Set("session_state", "x"); v.Set("utf8", "✓") }
		}},
		"platform-answer-slow": page(func(b string) string {
			return strings.Replace(b, `document.getElementById("form").submit();`,
				`setTimeout(function(){document.getElementById("form").submit()},150);`, 1)
		}),
		"platform-answer-button": page(func(b string) string {
			return strings.Replace(b, `document.getElementById("form").submit();`,
				`var b=document.createElement("button");document.getElementById("form").appendChild(b);b.click();`, 1)
		}),
		"platform-access-201":   access(http.StatusCreated, func(map[string]any, *http.Request) {}),
		"platform-access-lower": access(http.StatusOK, func(t map[string]any, _ *http.Request) { t["token_type"] = "bearer" }),
		"platform-access-no-scope": access(http.StatusOK, func(t map[string]any, r *http.Request) {
			if t["scope"] == r.PostForm.Get("scope") {
				delete(t, "scope")
			}
		}),
		"platform-access-more":       access(http.StatusOK, func(t map[string]any, _ *http.Request) { t["issued_at"] = 1 }),
		"platform-error-undescribed": erring(regexp.MustCompile(`<input type="hidden" name="error_description"[^>]*>`), ""),
		"platform-link-titles":       within("resource_link", "title", nil),
	}
}

// sessionOnce forgets who has signed in once a launch of theirs was answered.
func sessionOnce(next http.Handler) http.Handler {
	var spent sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, cookies := "", r.Cookies()
		r.Header.Del("Cookie")
		for _, c := range cookies {
			if c.Name == "rollcall_session" {
				session = c.Value
				if _, over := spent.Load(session); over {
					continue
				}
			}
			r.AddCookie(c)
		}
		if r.URL.Path != "/auth" {
			next.ServeHTTP(w, r)
			return
		}
		rec := bend.Answered(next, r)
		if tokenField.MatchString(rec.Body.String()) {
			spent.Store(session, true)
		}
		bend.Give(w, rec)
	})
}

// elliptic signs with ES256, and publishes that key too.
func elliptic() behaviour {
	made := sync.OnceValue(func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(ellipticcurve.P256(), rand.Reader)
		if err != nil {
			panic(err) // the system has no randomness
		}
		return key
	})
	const id = "elliptic-1"
	return behaviour{Bend: func(c *platform.Config) {
		c.Sign = func(_ *security.Keys, claims map[string]any) (string, error) {
			return byHand(map[string]any{"alg": "ES256", "kid": id, "typ": "JWT"}, claims, func(text string) ([]byte, error) {
				sum := sha256.Sum256([]byte(text))
				r, s, err := ecdsa.Sign(rand.Reader, made(), sum[:])
				if err != nil {
					return nil, err
				}
				return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
			})
		}
	}, Wrap: bend.At("/jwks", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		var set map[string][]map[string]any
		point, err := made().PublicKey.Bytes()
		if err == nil && json.Unmarshal(rec.Body.Bytes(), &set) == nil {
			set["keys"] = append(set["keys"], map[string]any{"kty": "EC", "crv": "P-256", "kid": id, "use": "sig", "alg": "ES256",
				"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:])})
			rec.Body.Reset()
			_ = json.NewEncoder(rec.Body).Encode(set) // a buffer never fails
		}
		bend.Give(w, rec)
	})}
}

// oneHint puts all that a launch is known by into login_hint.
func oneHint() behaviour {
	return behaviour{Bend: func(c *platform.Config) {
		c.Login = func(v url.Values, l *platform.Pending) {
			v.Set("login_hint", l.Login+"."+l.Hint)
			v.Del("lti_message_hint")
		}
	}, Wrap: bend.At("/auth", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = r.ParseForm() // what can't be read is refused by the platform itself
		login, hint, _ := strings.Cut(r.Form.Get("login_hint"), ".")
		r.Form.Set("login_hint", login)
		r.Form.Set("lti_message_hint", hint)
		next.ServeHTTP(w, r)
	})}
}

var scriptOf = regexp.MustCompile(`(?s)<script nonce="[^"]*">(.*?)</script>`)

// storageFrame keeps things for tools in a frame of its own beside that of the tool;
// the page itself says no more than where that is.
func storageFrame() behaviour {
	const name = "lti_storage"
	return behaviour{Bend: func(c *platform.Config) {
		c.Login = func(v url.Values, _ *platform.Pending) {
			if v.Has("lti_storage_target") {
				v.Set("lti_storage_target", name)
			}
		}
	}, Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := bend.Answered(next, r)
			body := rec.Body.String()
			script := scriptOf.FindStringSubmatch(body)
			if !strings.HasPrefix(r.URL.Path, "/links/") || script == nil || !strings.Contains(body, `<iframe name="tool"`) {
				bend.Give(w, rec)
				return
			}
			rec.Header().Del("Content-Security-Policy")
			rec.Body.Reset()
			if r.URL.Query().Has("storage") {
				rec.Body.WriteString("<!doctype html><title>Storage</title><script>" + script[1] + "</script>")
				bend.Give(w, rec)
				return
			}
			told := strings.Replace(script[1], `return { subject: s };`,
				`return s === "lti.capabilities" ? { subject: s } : { subject: s, frame: "`+name+`" };`, 1)
			told = strings.Replace(told, `if (subject.slice(0, 4) !== "lti.") return;`, `if (subject !== "lti.capabilities") return;`, 1)
			body = strings.Replace(body, script[0], `<script>`+told+`</script>`, 1)
			// The frame is there before the tool is.
			rec.Body.WriteString(strings.Replace(body, `<iframe name="tool"`,
				`<iframe name="`+name+`" hidden src="`+r.URL.Path+`?as=frame&amp;storage=1"></iframe><iframe name="tool"`, 1))
			bend.Give(w, rec)
		})
	}}
}

// loginByGet sends the browser to the tool's login by a redirect.
func loginByGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := bend.Answered(next, r)
		m := formOf.FindStringSubmatch(rec.Body.String())
		if !strings.HasPrefix(r.URL.Path, "/links/") || m == nil {
			bend.Give(w, rec)
			return
		}
		v := url.Values{}
		for _, f := range fieldOf.FindAllStringSubmatch(m[2], -1) {
			v.Set(f[1], plain.Replace(f[2]))
		}
		http.Redirect(w, r, plain.Replace(m[1])+"?"+v.Encode(), http.StatusFound)
	})
}

// plain undoes what a template did to text.
var plain = strings.NewReplacer("&#43;", "+", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&")

func serviceClaims(c map[string]any, _ *platform.Pending) {
	c["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"] = map[string]any{"context_memberships_url": c["iss"].(string) +
		"/members", "service_versions": []string{"2.0"}}
}

func shortRoles(v any) []string {
	list, _ := v.([]string)
	var out []string
	for _, r := range list {
		out = append(out, strings.TrimPrefix(r, membership))
	}
	return out
}

// privateDeployment tells nothing personal in the first deployment of each tool.
func privateDeployment() behaviour {
	return behaviour{Bend: func(c *platform.Config) {
		c.Tools = slices.Clone(c.Tools)
		for i, t := range c.Tools {
			c.Tools[i].Private = t.Deployments[:min(len(t.Deployments), 1)]
		}
	}}
}
