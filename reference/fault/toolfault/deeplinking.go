package toolfault

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// pickerPath is where the picker is, and where it takes what was picked.
const pickerPath = "/resources/deep-linking"

// replying changes the claims of an answer to a deep linking request.
func replying(change func(claims map[string]any, l *tool.Launch)) behaviour {
	return behaviour{Bend: func(c *tool.Config) { c.Reply = bend.Then(c.Reply, change) }}
}

// says sets a claim of an answer, unsaid leaves some out.
func says(name string, v any) behaviour {
	return replying(func(claims map[string]any, _ *tool.Launch) { claims[name] = v })
}

func unsaid(name string) behaviour {
	return replying(func(claims map[string]any, _ *tool.Launch) { delete(claims, name) })
}

// giving changes each item of an answer.
func giving(change func(item map[string]any)) behaviour {
	return replying(func(claims map[string]any, _ *tool.Launch) {
		items, _ := claims[lti.DeepLinking+"content_items"].([]any)
		for _, x := range items {
			if item, is := x.(map[string]any); is {
				change(item)
			}
		}
	})
}

// giveIn changes what is in a member of each item that has it.
func giveIn(member, name string, v any) behaviour {
	return giving(func(item map[string]any) {
		if inner, is := item[member].(map[string]any); is {
			inner[name] = v
		}
	})
}

// data changes what comes back.
func data(change func(string) string) behaviour {
	return replying(func(claims map[string]any, _ *tool.Launch) {
		if text, is := claims[lti.DeepLinking+"data"].(string); is {
			claims[lti.DeepLinking+"data"] = change(text)
		}
	})
}

// replySigned signs answers in another way.
func replySigned(header func(kid string) map[string]any, sign func(own *rsa.PrivateKey, text string) []byte) behaviour {
	return behaviour{Bend: func(c *tool.Config) {
		c.Sign = func(keys *security.Keys, claims map[string]any) (string, error) {
			kid, own := keys.Current()
			h, err := json.Marshal(header(kid))
			if err != nil {
				return "", err
			}
			b, err := json.Marshal(claims)
			if err != nil {
				return "", err
			}
			text := base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(b)
			return text + "." + base64.RawURLEncoding.EncodeToString(sign(own, text)), nil
		}
	}}
}

func byRS256(key *rsa.PrivateKey, text string) []byte {
	sum := sha256.Sum256([]byte(text))
	signature, _ := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:]) // a key of 2048 bits can
	return signature
}

func named(kid string) map[string]any {
	return map[string]any{"alg": "RS256", "typ": "JWT", "kid": kid}
}

// replyFaults are tools whose answer to a deep linking request is wrong.
func replyFaults() map[string]behaviour {
	const items = lti.DeepLinking + "content_items"
	times := func(change func(claims map[string]any, now int64)) behaviour {
		return replying(func(claims map[string]any, _ *tool.Launch) { change(claims, time.Now().Unix()) })
	}
	return map[string]behaviour{
		"tool-dl-unsigned": replySigned(func(kid string) map[string]any { return map[string]any{"alg": "none", "typ": "JWT", "kid": kid} },
			func(*rsa.PrivateKey, string) []byte { return nil }),
		"tool-dl-hs256": replySigned(func(kid string) map[string]any { return map[string]any{"alg": "HS256", "typ": "JWT", "kid": kid} },
			func(_ *rsa.PrivateKey, text string) []byte {
				mac := hmac.New(sha256.New, []byte("rollcall"))
				mac.Write([]byte(text))
				return mac.Sum(nil)
			}),
		"tool-dl-kid-missing": replySigned(func(string) map[string]any { return map[string]any{"alg": "RS256", "typ": "JWT"} }, byRS256),
		"tool-dl-kid-unknown": replySigned(func(string) map[string]any { return named("retired-long-ago") }, byRS256),
		"tool-dl-key-other": replySigned(named, func(_ *rsa.PrivateKey, text string) []byte {
			other, _ := rsa.GenerateKey(rand.Reader, 2048) // one can always be made
			return byRS256(other, text)
		}),
		"tool-dl-iss-aud-swapped": replying(func(claims map[string]any, _ *tool.Launch) {
			claims["iss"], claims["aud"] = claims["aud"], claims["iss"]
		}),
		"tool-dl-iss-address": says("iss", "https://tool.localhost"),
		"tool-dl-aud-list":    replying(func(claims map[string]any, _ *tool.Launch) { claims["aud"] = []any{claims["aud"]} }),
		"tool-dl-aud-several": replying(func(claims map[string]any, _ *tool.Launch) {
			claims["aud"] = []any{claims["aud"], "https://somebody.example"}
		}),
		"tool-dl-exp-missing":   unsaid("exp"),
		"tool-dl-exp-past":      times(func(claims map[string]any, now int64) { claims["exp"] = now - 3600 }),
		"tool-dl-iat-missing":   unsaid("iat"),
		"tool-dl-milliseconds":  times(func(claims map[string]any, now int64) { claims["iat"], claims["exp"] = now*1000, (now+300)*1000 }),
		"tool-dl-life-long":     times(func(claims map[string]any, now int64) { claims["exp"] = now + 30*86400 }),
		"tool-dl-nonce-missing": unsaid("nonce"),
		"tool-dl-nonce-same":    says("nonce", "the-nonce-of-this-tool"),
		"tool-dl-nonce-request": replying(func(claims map[string]any, l *tool.Launch) { claims["nonce"] = l.Claims.Nonce }),
		"tool-dl-type-request":  says(lti.Namespace+"message_type", lti.DeepLinkingRequest),
		"tool-dl-version-two":   says(lti.Namespace+"version", "2.0.0"),
		"tool-dl-deployment-last": replying(func(claims map[string]any, l *tool.Launch) {
			claims[lti.Namespace+"deployment_id"] = l.Platform.Deployments[1]
		}),
		"tool-dl-data-missing": unsaid(lti.DeepLinking + "data"),
		"tool-dl-data-trimmed": data(strings.TrimSpace),
		"tool-dl-data-escaped": data(html.EscapeString),
		"tool-dl-data-decoded": data(func(s string) string { out, _ := url.QueryUnescape(s); return out }),
		"tool-dl-data-cut":     data(func(s string) string { return s[:min(len(s), 1024)] }),
		"tool-dl-data-null":    replying(func(claims map[string]any, l *tool.Launch) { claims[lti.DeepLinking+"data"] = l.Claims.Settings.Data }),
		"tool-dl-names-spaced": says(" "+lti.DeepLinking+"log", "1 item"),
		"tool-dl-names-bare":   says("content_items", []any{}),
		"tool-dl-message-list": says(lti.DeepLinking+"msg", []any{"Added."}),
		"tool-dl-data-empty-lost": replying(func(claims map[string]any, _ *tool.Launch) {
			if claims[lti.DeepLinking+"data"] == "" {
				delete(claims, lti.DeepLinking+"data")
			}
		}),
		"tool-dl-items-object": replying(func(claims map[string]any, _ *tool.Launch) {
			if list, is := claims[items].([]any); is && len(list) == 1 {
				claims[items] = list[0]
			}
		}),
		"tool-dl-items-null": replying(func(claims map[string]any, _ *tool.Launch) {
			if list, is := claims[items].([]any); is && len(list) == 0 {
				claims[items] = nil
			}
		}),
		"tool-dl-first-only": replying(func(claims map[string]any, _ *tool.Launch) {
			if list, is := claims[items].([]any); is && len(list) > 1 {
				claims[items] = list[:1]
			}
		}),
		"tool-dl-type-old":     giving(func(item map[string]any) { item["type"] = "LtiLinkItem" }),
		"tool-dl-type-missing": giving(func(item map[string]any) { item["@type"] = item["type"]; delete(item, "type") }),
		"tool-dl-url-missing": giving(func(item map[string]any) {
			if item["type"] == lti.TypeLink {
				delete(item, "url")
			}
		}),
		"tool-dl-size-text":      giveIn("iframe", "width", "800px"),
		"tool-dl-custom-number":  giveIn("custom", "chapter", 1),
		"tool-dl-points-text":    giveIn("lineItem", "scoreMaximum", "10"),
		"tool-dl-points-none":    giveIn("lineItem", "scoreMaximum", 0),
		"tool-dl-points-missing": giving(func(item map[string]any) { item["lineItem"] = map[string]any{"label": "Quiz"} }),
		"tool-dl-times-local":    giveIn("available", "startDateTime", "2026-09-01T08:00:00"),
		"tool-dl-icon-path":      giveIn("icon", "url", "/files/icon.svg"),
		"tool-dl-lineitem-nulls": giving(func(item map[string]any) {
			if line, is := item["lineItem"].(map[string]any); is {
				line["resourceId"], line["tag"] = nil, nil
			}
		}),
		"tool-dl-url-dead": giving(func(item map[string]any) {
			if address, is := item["url"].(string); is {
				item["url"] = strings.Replace(address, "/resources/", "/gone/", 1)
			}
		}),
	}
}

// settled changes the settings of a request as the tool reads them, or refuses it.
func settled(change func(settings map[string]json.RawMessage) bool) behaviour {
	const name = lti.DeepLinking + "deep_linking_settings"
	return payload(func(claims map[string]json.RawMessage) bool {
		var settings map[string]json.RawMessage
		if json.Unmarshal(claims[name], &settings) != nil || settings == nil {
			return true
		}
		ok := change(settings)
		claims[name], _ = json.Marshal(settings) // it was JSON before
		return ok
	})
}

// posting changes the page that posts an answer.
func posting(change func(body string) string) behaviour {
	return behaviour{Wrap: bend.At(pickerPath, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		bend.Rewritten(change)(w, r, next)
	})}
}

func replaced(old, by string) behaviour {
	return posting(func(body string) string { return strings.Replace(body, old, by, 1) })
}

// pickerFaults are tools whose picker doesn't open where it should, or answers in a wrong way.
func pickerFaults() map[string]behaviour {
	isPick := func(a *tool.Attempt) bool { return a.Claims.MessageType == lti.DeepLinkingRequest }
	set := func(name, value string) behaviour {
		return settled(func(s map[string]json.RawMessage) bool { s[name] = json.RawMessage(value); return true })
	}
	const carrier = "https://return.example/#"
	script := settled(func(s map[string]json.RawMessage) bool {
		var address string
		if json.Unmarshal(s["deep_link_return_url"], &address) == nil && strings.HasPrefix(address, "javascript:") {
			s["deep_link_return_url"], _ = json.Marshal(carrier + address) // a text
		}
		return true
	})
	script.Wrap = posting(func(body string) string { return strings.Replace(body, `action="`+carrier, `action="`, 1) }).Wrap
	return map[string]behaviour{
		"tool-dl-unsupported":     rule("deep-linking", isPick),
		"tool-dl-target-needed":   rule("pick-target", func(a *tool.Attempt) bool { return isPick(a) && a.Claims.Target == nil }),
		"tool-dl-settings-needed": settled(func(s map[string]json.RawMessage) bool { _, there := s["accept_multiple"]; return there }),
		"tool-dl-settings-closed": settled(func(s map[string]json.RawMessage) bool { return s["can_confirm"] == nil }),
		"tool-dl-settings-null": settled(func(s map[string]json.RawMessage) bool {
			for _, v := range s {
				if string(v) == "null" {
					return false
				}
			}
			return true
		}),
		"tool-dl-types-ignored":    set("accept_types", `["link","ltiResourceLink","file","html","image"]`),
		"tool-dl-multiple-ignored": set("accept_multiple", "true"),
		"tool-dl-lineitem-ignored": set("accept_lineitem", "true"),
		"tool-dl-field-id-token":   replaced(`name="JWT"`, `name="id_token"`),
		"tool-dl-field-lower":      replaced(`name="JWT"`, `name="jwt"`),
		"tool-dl-get":              replaced(`method="post"`, `method="get"`),
		"tool-dl-return-elsewhere": replaced(`/return?`, `/content?`),
		"tool-dl-query-lost": posting(func(body string) string {
			before, rest, _ := strings.Cut(body, `action="`)
			address, after, _ := strings.Cut(rest, `"`)
			address, _, _ = strings.Cut(address, "?")
			return before + `action="` + address + `"` + after
		}),
		"tool-dl-script": script,
		"tool-dl-unframed": {Wrap: bend.At(pickerPath, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			w.Header().Set("X-Frame-Options", "DENY")
			next.ServeHTTP(w, r)
		})},
		"tool-dl-frames-only": inWindow(`if (document.getElementById("picker")) document.body.textContent = "Open this in your course."`),
		"tool-dl-cookie": {Wrap: bend.At(pickerPath, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodGet {
				http.SetCookie(w, &http.Cookie{Name: "picker", Value: "1", Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode})
			} else if _, err := r.Cookie("picker"); err != nil {
				http.Error(w, "Your session is over.", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})},
		"tool-dl-cancel-silent": {Wrap: bend.At(pickerPath, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			_ = r.ParseForm() // what can't be read is refused by the tool itself
			if r.PostForm.Has("cancel") {
				_, _ = w.Write([]byte("You may close this window.")) // the browser may be gone
				return
			}
			next.ServeHTTP(w, r)
		})},
	}
}

// pickerOddities are legal.
func pickerOddities() map[string]behaviour {
	const items = lti.DeepLinking + "content_items"
	return map[string]behaviour{
		"tool-dl-azp": replying(func(claims map[string]any, _ *tool.Launch) { claims["azp"] = claims["aud"] }),
		"tool-dl-more-claims": replying(func(claims map[string]any, l *tool.Launch) {
			claims["sub"], claims["jti"], claims["nbf"] = "somebody", lti.Random(), claims["iat"]
			claims["https://vendor.example/claim"] = map[string]any{"a": 1}
		}),
		"tool-dl-messages": replying(func(claims map[string]any, _ *tool.Launch) {
			claims[lti.DeepLinking+"msg"], claims[lti.DeepLinking+"log"] = "Added.", "1 item"
		}),
		"tool-dl-short-life": replying(func(claims map[string]any, _ *tool.Launch) { claims["exp"] = time.Now().Unix() + 60 }),
		"tool-dl-fractions": replying(func(claims map[string]any, _ *tool.Launch) {
			claims["iat"], claims["exp"] = float64(time.Now().Unix())+0.5, float64(time.Now().Unix())+300.25
		}),
		"tool-dl-nothing-for-it": settled(func(s map[string]json.RawMessage) bool {
			return strings.Contains(string(s["accept_types"]), `"ltiResourceLink"`)
		}),
		"tool-dl-no-items": replying(func(claims map[string]any, _ *tool.Launch) {
			if list, is := claims[items].([]any); is && len(list) == 0 {
				delete(claims, items)
			}
		}),
		"tool-dl-item-least": giving(func(item map[string]any) {
			for name := range item {
				if name != "type" && name != "url" && name != "html" {
					delete(item, name)
				}
			}
		}),
		"tool-dl-item-more": giving(func(item map[string]any) {
			item["https://vendor.example/member"], item["future"] = map[string]any{"b": []any{2}}, []any{}
		}),
		"tool-dl-item-offset": giving(func(item map[string]any) {
			if item["available"] != nil {
				item["available"] = map[string]any{"startDateTime": "2026-09-01T08:00:00.125+02:00"}
			}
		}),
		"tool-dl-item-half-points": giveIn("lineItem", "scoreMaximum", 7.5),
		"tool-dl-form-fields":      replaced(`</form>`, `<input type="hidden" name="utf8" value="✓"></form>`),
		"tool-dl-form-top":         replaced(`<form `, `<form target="_top" `),
		"tool-dl-form-late": posting(func(body string) string {
			return strings.Replace(body, `document.getElementById("form").submit()`, `setTimeout(function () { document.getElementById("form").submit() }, 700)`, 1)
		}),
	}
}
