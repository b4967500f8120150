package platformfault

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// returnPath is where tools answer.
const returnPath = "/content/return"

// asking changes the claims of a deep linking request, and its settings among them.
func asking(change func(c, settings map[string]any, l *platform.Pending)) behaviour {
	return claims(func(c map[string]any, l *platform.Pending) {
		if settings, is := c[lti.DeepLinking+"deep_linking_settings"].(map[string]any); is {
			change(c, settings, l)
		}
	})
}

// wants sets a setting, wantsNot leaves some out.
func wants(name string, v any) behaviour {
	return asking(func(_, s map[string]any, _ *platform.Pending) { s[name] = v })
}

func wantsNot(names ...string) behaviour {
	return asking(func(_, s map[string]any, _ *platform.Pending) {
		for _, n := range names {
			delete(s, n)
		}
	})
}

// pickFaults are platforms that ask for content in a wrong way.
func pickFaults() map[string]behaviour {
	return map[string]behaviour{
		"platform-dl-begin-broken": {Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/content/pick") {
					http.Error(w, "The picker can't be opened just now.", http.StatusInternalServerError)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		"platform-dl-type-resource": asking(func(c, _ map[string]any, _ *platform.Pending) { c[ns+"message_type"] = lti.ResourceLinkRequest }),
		"platform-dl-deployment":    asking(func(c, _ map[string]any, _ *platform.Pending) { c[ns+"deployment_id"] = "editor" }),
		"platform-dl-sub-none":      asking(func(c, _ map[string]any, _ *platform.Pending) { delete(c, "sub") }),
		"platform-dl-link":          asking(func(c, _ map[string]any, _ *platform.Pending) { c[ns+"resource_link"] = map[string]any{"id": "editor"} }),
		"platform-dl-target-quiz":   asking(func(c, _ map[string]any, l *platform.Pending) { c[ns+"target_link_uri"] = l.Tool.TargetURI }),
		"platform-dl-presentation-window": asking(func(c, _ map[string]any, _ *platform.Pending) {
			if presentation, is := c[ns+"launch_presentation"].(map[string]any); is {
				presentation["document_target"] = "window"
			}
		}),
		"platform-dl-settings-none": asking(func(c, _ map[string]any, _ *platform.Pending) { delete(c, lti.DeepLinking+"deep_linking_settings") }),
		"platform-dl-return-path": asking(func(_, s map[string]any, _ *platform.Pending) {
			if u, err := url.Parse(s["deep_link_return_url"].(string)); err == nil {
				s["deep_link_return_url"] = u.RequestURI()
			}
		}),
		"platform-dl-types-text":    wants("accept_types", "ltiResourceLink,link"),
		"platform-dl-types-none":    wants("accept_types", []string{}),
		"platform-dl-types-old":     wants("accept_types", []string{"ltiResourceLink", "LtiLinkItem"}),
		"platform-dl-targets-frame": wants("accept_presentation_document_targets", []string{"frame", "window"}),
		"platform-dl-targets-gone":  wantsNot("accept_presentation_document_targets"),
		"platform-dl-media-list":    wants("accept_media_types", []string{"image/*", "text/html"}),
		"platform-dl-flags-text":    wants("auto_create", "true"),
		"platform-dl-title-number":  wants("title", 7),
		"platform-dl-nulls":         wants("text", nil),
		"platform-dl-same": asking(func(_, s map[string]any, _ *platform.Pending) {
			s["data"], s["deep_link_return_url"] = "the-course", strings.Split(s["deep_link_return_url"].(string), "?")[0]
		}),
	}
}

// back handles what comes to the return endpoint.
func back(handle bend.Handle) behaviour {
	return at(returnPath, handle)
}

// turning refuses an answer that the platform has to take.
func turning(when func(answer map[string]any, items []map[string]any) bool, status int) behaviour {
	return back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := answerOf(r)
		list, _ := answer[lti.DeepLinking+"content_items"].([]any)
		var items []map[string]any
		for _, x := range list {
			if item, is := x.(map[string]any); is {
				items = append(items, item)
			}
		}
		if answer != nil && when(answer, items) {
			http.Error(w, "This answer is not supported.", status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// anyItem makes a condition of one item.
func anyItem(is func(item map[string]any) bool) func(map[string]any, []map[string]any) bool {
	return func(_ map[string]any, items []map[string]any) bool { return slices.ContainsFunc(items, is) }
}

// answerOf reads the claims of an answer without a look at its signature.
func answerOf(r *http.Request) (claims map[string]any) {
	parts := strings.Split(r.Form.Get("JWT"), ".")
	if len(parts) < 2 {
		return nil
	}
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1]) // nothing, then
	_ = json.Unmarshal(raw, &claims)                       // nothing, then
	return claims
}

// content changes what a tool has given.
func content(change func([]lti.ContentItem) []lti.ContentItem) behaviour {
	return behaviour{Bend: func(c *platform.Config) {
		former := c.Content
		c.Content = func(items []lti.ContentItem) []lti.ContentItem {
			if former != nil {
				items = former(items)
			}
			return change(items)
		}
	}}
}

// listed changes the pages that show what was picked.
func listed(change func(body string) string) behaviour {
	return behaviour{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/content") {
				bend.Rewritten(change)(w, r, next)
				return
			}
			next.ServeHTTP(w, r)
		})
	}}
}

// opened changes the claims of launches of what was picked.
func opened(change func(c map[string]any, l *platform.Pending)) behaviour {
	return claims(func(c map[string]any, l *platform.Pending) {
		if l.Link.Item != nil {
			change(c, l)
		}
	})
}

var (
	framed = regexp.MustCompile(`<iframe class="html"[^>]*srcdoc="([^"]*)"></iframe>`)
	safe   = regexp.MustCompile(`href="#ZgotmplZ"([^>]*>)(Rollcall-[0-9a-f]+)`)
)

// takenFaults are platforms that take what they must not, or don't take what they must.
func takenFaults() map[string]behaviour {
	var mu sync.Mutex
	var first any // the id of the link that was launched first
	return map[string]behaviour{
		"platform-dl-session-lax": back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
				r.Header.Del("Cookie")
			}
			next.ServeHTTP(w, r)
		}),
		"platform-dl-frame-lax": back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Header.Get("Sec-Fetch-Dest") == "iframe" {
				r.Header.Del("Cookie")
			}
			next.ServeHTTP(w, r)
		}),
		"platform-dl-html-lost": content(func(items []lti.ContentItem) []lti.ContentItem {
			return slices.DeleteFunc(items, func(i lti.ContentItem) bool { return i.Type == lti.TypeHTML })
		}),
		"platform-dl-images-refused": turning(anyItem(func(i map[string]any) bool { return i["type"] == lti.TypeImage }), http.StatusBadRequest),
		"platform-dl-first-only":     content(func(items []lti.ContentItem) []lti.ContentItem { return items[:min(len(items), 1)] }),
		"platform-dl-asked-kept": {
			Bend: wants("auto_create", false).Bend,
			Wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if q := r.URL.Query(); q.Has("ask") && strings.Contains(r.URL.Path, "/content/") {
						q.Del("ask")
						r.URL.RawQuery = q.Encode()
					}
					next.ServeHTTP(w, r)
				})
			},
		},
		"platform-dl-order": content(func(items []lti.ContentItem) []lti.ContentItem {
			slices.Reverse(items)
			return items
		}),
		"platform-dl-none-breaks": turning(func(a map[string]any, items []map[string]any) bool {
			return a[lti.DeepLinking+"content_items"] != nil && len(items) == 0
		}, http.StatusInternalServerError),
		"platform-dl-items-needed": turning(func(a map[string]any, _ []map[string]any) bool {
			return a[lti.DeepLinking+"content_items"] == nil && a[lti.DeepLinking+"errormsg"] == nil
		}, http.StatusBadRequest),
		"platform-dl-problem-breaks": turning(func(a map[string]any, _ []map[string]any) bool { return a[lti.DeepLinking+"errormsg"] != nil },
			http.StatusInternalServerError),
		"platform-dl-url-needed":   turning(anyItem(func(i map[string]any) bool { return i["type"] == lti.TypeLTI && i["url"] == nil }), http.StatusBadRequest),
		"platform-dl-items-closed": turning(anyItem(func(i map[string]any) bool { _, there := i["future"]; return there }), http.StatusBadRequest),
		"platform-dl-nulls-refused": turning(anyItem(func(i map[string]any) bool { v, there := i["lineItem"]; return there && v == nil }),
			http.StatusInternalServerError),
		"platform-dl-aud-text": turning(func(a map[string]any, _ []map[string]any) bool { _, text := a["aud"].(string); return !text }, http.StatusBadRequest),
		"platform-dl-titles-raw": listed(func(body string) string {
			return strings.NewReplacer("&lt;img", "<img", "&#34;x&#34;&gt;", `"x">`, "&#34;rollcall-picked&#34;", `"rollcall-picked"`).Replace(body)
		}),
		"platform-dl-html-raw": listed(func(body string) string {
			return framed.ReplaceAllStringFunc(body, func(s string) string { return html.UnescapeString(framed.FindStringSubmatch(s)[1]) })
		}),
		"platform-dl-script-kept": {
			Bend: func(c *platform.Config) { c.Spared = append(c.Spared, "return.address") },
			Wrap: listed(func(body string) string { return safe.ReplaceAllString(body, `href="javascript:void('$2')"$1$2`) }).Wrap,
		},
		"platform-dl-script-capitals": scriptCapitals(),
		"platform-dl-iss-registered":  unruled("return.iss", func(c map[string]any) bool { return c["iss"] == judgedOther }),
		"platform-dl-exp-optional":    unruled("return.exp", func(c map[string]any) bool { return c["exp"] == nil }),
		"platform-dl-field-any": back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if token := r.PostForm.Get("id_token"); token != "" && !r.PostForm.Has("JWT") {
				r.PostForm.Set("JWT", token)
			}
			next.ServeHTTP(w, r)
		}),
		"platform-dl-get": back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if token := r.URL.Query().Get("JWT"); r.Method == http.MethodGet && token != "" {
				r.Method, r.PostForm = http.MethodPost, url.Values{"JWT": {token}}
			}
			next.ServeHTTP(w, r)
		}),
		"platform-dl-refusal-breaks": back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			bend.Refused(func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "java.lang.NullPointerException", http.StatusInternalServerError)
			})(w, r, next)
		}),
		"platform-dl-launch-broken": {Bend: func(c *platform.Config) {
			c.Sign = func(keys *security.Keys, claims map[string]any) (string, error) {
				if custom, _ := claims[ns+"custom"].(map[string]string); custom["rollcall_picked"] != "" {
					return "", errors.New("there is no tool for this link")
				}
				return keys.Sign(claims)
			}
		}},
		"platform-dl-lineitem-ignored": content(func(items []lti.ContentItem) []lti.ContentItem {
			for i := range items {
				items[i].LineItem = nil
			}
			return items
		}),
		"platform-dl-lineitem-nameless": content(func(items []lti.ContentItem) []lti.ContentItem {
			for i, item := range items {
				if item.LineItem != nil {
					bare := *item.LineItem
					bare.ResourceID = ""
					items[i].LineItem = &bare
				}
			}
			return items
		}),
		"platform-dl-custom-lost": opened(func(c map[string]any, l *platform.Pending) { c[ns+"custom"] = l.Tool.Custom }),
		"platform-dl-custom-raw": opened(func(c map[string]any, _ *platform.Pending) {
			if custom, is := c[ns+"custom"].(map[string]string); is && custom["rollcall_user"] != "" {
				custom["rollcall_user"] = "$User.id"
			}
		}),
		"platform-dl-target-lost": opened(func(c map[string]any, l *platform.Pending) { c[ns+"target_link_uri"] = l.Tool.TargetURI }),
		"platform-dl-deployment-first": opened(func(c map[string]any, l *platform.Pending) {
			c[ns+"deployment_id"] = l.Tool.Deployments[len(l.Tool.Deployments)-1]
		}),
		"platform-dl-link-first": claims(func(c map[string]any, l *platform.Pending) {
			link, is := c[ns+"resource_link"].(map[string]any)
			if !is {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = link["id"]
			}
			if l.Link.Item != nil {
				link["id"] = first
			}
		}),
	}
}

// unruled forgets a rule of answers for those that fit, and holds the others to it.
func unruled(rule string, fits func(claims map[string]any) bool) behaviour {
	b := back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		claims := answerOf(r)
		good := map[string]bool{"return.iss": claims["iss"] == judged, "return.exp": current(claims["exp"])}[rule]
		if claims != nil && !good && !fits(claims) {
			http.Error(w, "The answer can't be taken.", http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
	b.Bend = func(c *platform.Config) { c.Spared = append(c.Spared, rule) }
	return b
}

// The registrations of Rollcall at the reference platform.
const (
	judged      = "rollcall-judge"
	judgedOther = "rollcall-judge-2"
)

// current tells whether a time is yet to come.
func current(exp any) bool {
	at, is := exp.(float64)
	return is && at > float64(time.Now().Unix())
}

// scriptCapitals looks for javascript: in small letters alone.
func scriptCapitals() behaviour {
	b := turning(anyItem(func(i map[string]any) bool {
		address, _ := i["url"].(string)
		return strings.HasPrefix(address, "javascript:")
	}), http.StatusBadRequest)
	shown := listed(func(body string) string { return safe.ReplaceAllString(body, `href="JavaScript:void('$2')"$1$2`) })
	refuses := b.Wrap
	b.Bend = func(c *platform.Config) { c.Spared = append(c.Spared, "return.address") }
	b.Wrap = func(next http.Handler) http.Handler { return shown.Wrap(refuses(next)) }
	return b
}

// pickOddities are legal.
func pickOddities() map[string]behaviour {
	// kept answers in another way once something was kept.
	kept := func(answer func(w http.ResponseWriter, course string)) behaviour {
		return back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			m := leading.FindStringSubmatch(rec.Body.String())
			if rec.Code != http.StatusOK || m == nil || strings.Contains(rec.Body.String(), `id="confirm"`) {
				bend.Give(w, rec)
				return
			}
			answer(w, m[1])
		})
	}
	script := func(text string) behaviour {
		return kept(func(w http.ResponseWriter, course string) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, `<!doctype html><title>One moment</title><p>One moment</p><script>`+strings.ReplaceAll(text, "$course", course)+`</script>`) // the browser may be gone
		})
	}
	refusals := func(answer func(w http.ResponseWriter)) behaviour {
		return back(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			bend.Refused(func(w http.ResponseWriter, _ *http.Request) { answer(w) })(w, r, next)
		})
	}
	return map[string]behaviour{
		"platform-dl-settings-least": wantsNot("accept_media_types", "accept_lineitem", "auto_create", "title", "text"),
		"platform-dl-settings-more": asking(func(_, s map[string]any, _ *platform.Pending) {
			s["can_confirm"], s["https://vendor.example/setting"] = true, map[string]any{"a": 1}
			s["accept_types"] = []string{"ltiResourceLink", "link", "file", "html", "image", "https://vendor.example/type", "ltiAssetProcessor"}
		}),
		"platform-dl-targets-none": wants("accept_presentation_document_targets", []string{}),
		"platform-dl-target-none":  asking(func(c, _ map[string]any, _ *platform.Pending) { delete(c, ns+"target_link_uri") }),
		"platform-dl-roles-none":   asking(func(c, _ map[string]any, _ *platform.Pending) { delete(c, ns+"roles") }),
		"platform-dl-refusal-200":  refusals(func(w http.ResponseWriter) { _, _ = io.WriteString(w, "That did not work.") }), // the browser may be gone
		"platform-dl-refusal-403":  refusals(func(w http.ResponseWriter) { http.Error(w, "That did not work.", http.StatusForbidden) }),
		"platform-dl-refusal-away": refusals(func(w http.ResponseWriter) { w.Header().Set("Location", "/"); w.WriteHeader(http.StatusSeeOther) }),
		"platform-dl-kept-redirect": kept(func(w http.ResponseWriter, course string) {
			w.Header().Set("Location", course)
			w.WriteHeader(http.StatusSeeOther)
		}),
		"platform-dl-kept-top":       script(`top.location.replace("$course")`),
		"platform-dl-window-closes":  script(`if (window.opener && window === top) window.close(); else location.replace("$course")`),
		"platform-dl-order-of-types": wants("accept_types", []string{"html", "image", "file", "link", "ltiResourceLink"}),
		"platform-dl-media-few": {
			Bend: wants("accept_media_types", "image/*, text/html,application/json").Bend,
			Wrap: turning(anyItem(func(i map[string]any) bool {
				media, _ := i["mediaType"].(string)
				return i["type"] == lti.TypeFile && !strings.HasPrefix(media, "image/") && media != "text/html" && media != "application/json"
			}), http.StatusBadRequest).Wrap,
		},
		"platform-dl-html-text": listed(func(body string) string {
			return framed.ReplaceAllString(body, "<pre>$1</pre>")
		}),
	}
}

var leading = regexp.MustCompile(`id="back" href="([^"]*)"`)
