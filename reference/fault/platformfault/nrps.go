package platformfault

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/fault/platformfault/agsfault"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/nrps"
)

// members handles the requests for members.
func members(handle bend.Handle) behaviour { return behaviour{Wrap: bend.Below("/nrps/", handle)} }

// containers changes what is told: the whole container, of a request.
func containers(change func(c map[string]any, r *http.Request)) behaviour {
	return members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		recast(rec, func(c map[string]any) { change(c, r) })
		bend.Give(w, rec)
	})
}

// recast changes the container of an answer, where it is one.
func recast(rec *httptest.ResponseRecorder, change func(c map[string]any)) {
	var c map[string]any
	if rec.Code != http.StatusOK || json.Unmarshal(rec.Body.Bytes(), &c) != nil {
		return
	}
	change(c)
	rec.Body.Reset()
	_ = json.NewEncoder(rec.Body).Encode(c) // a buffer never fails
}

// eachMember changes every member.
func eachMember(change func(m map[string]any)) behaviour {
	return containers(func(c map[string]any, _ *http.Request) { everybody(c, change) })
}

func everybody(c map[string]any, change func(m map[string]any)) {
	list, _ := c["members"].([]any)
	for _, x := range list {
		if m, is := x.(map[string]any); is {
			change(m)
		}
	}
}

// selected leaves out the members of some requests of which it isn't said that they stay.
func selected(when func(r *http.Request) bool, stays func(m map[string]any) bool) behaviour {
	return containers(func(c map[string]any, r *http.Request) {
		if when(r) {
			list, _ := c["members"].([]any)
			c["members"] = slices.DeleteFunc(list, func(x any) bool { m, _ := x.(map[string]any); return !stays(m) })
		}
	})
}

// queried changes the parameters before the service sees them.
func queried(change func(v url.Values)) behaviour {
	return members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		v := r.URL.Query()
		change(v)
		r.URL.RawQuery = v.Encode()
		next.ServeHTTP(w, r)
	})
}

// relOf takes a link of the service apart.
var relOf = regexp.MustCompile(`<([^>]*)>; rel="([a-z]+)"`)

// links writes the links of an answer anew; what is given back as "" is left out.
func links(write func(target *url.URL, rel string) string) behaviour {
	return members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		var out []string
		for _, m := range relOf.FindAllStringSubmatch(rec.Header().Get("Link"), -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				continue
			}
			if text := write(u, m[2]); text != "" {
				out = append(out, text)
			}
		}
		if rec.Header().Del("Link"); len(out) > 0 {
			rec.Header().Set("Link", strings.Join(out, ", "))
		}
		bend.Give(w, rec)
	})
}

func linkText(u *url.URL, rel string) string { return "<" + u.String() + `>; rel="` + rel + `"` }

// forgetting has next links lose a parameter.
func forgetting(name string) behaviour {
	return links(func(u *url.URL, rel string) string {
		if v := u.Query(); rel == "next" {
			v.Del(name)
			u.RawQuery = v.Encode()
		}
		return linkText(u, rel)
	})
}

// refusing answers requests of a kind by a status.
func refusing(status int, when func(r *http.Request) bool) behaviour {
	return members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if when(r) {
			http.Error(w, http.StatusText(status), status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// lettingIn answers what was refused as if a token had come that was good before, where when
// says so.
func lettingIn(when func(r *http.Request, good string, status int) bool) behaviour {
	var mu sync.Mutex
	good := ""
	return members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case rec.Code == http.StatusOK:
			good = r.Header.Get("Authorization")
		case (rec.Code == http.StatusUnauthorized || rec.Code == http.StatusForbidden) && good != "" && when(r, good, rec.Code):
			r.Header.Set("Authorization", good)
			rec = bend.Answered(next, r)
		}
		bend.Give(w, rec)
	})
}

// restated answers one status by another one.
func restated(change func(rec *httptest.ResponseRecorder, r *http.Request)) behaviour {
	return members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		change(rec, r)
		bend.Give(w, rec)
	})
}

// anyClient tells members to whoever has a token, whosever it is: what is refused as the tool isn't in
// the course is answered all the same.
func anyClient() behaviour {
	var mu sync.Mutex
	good := ""
	return members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := bend.Answered(next, r)
		mu.Lock()
		defer mu.Unlock()
		if rec.Code == http.StatusOK {
			good = r.Header.Get("Authorization")
		} else if strings.Contains(rec.Body.String(), "not deployed there") && good != "" {
			r.Header.Set("Authorization", good)
			rec = bend.Answered(next, r)
		}
		bend.Give(w, rec)
	})
}

// claimed changes the claim of the service in launches; nil takes it away.
func claimed(change func(claim map[string]any, c map[string]any) any) behaviour {
	return claims(func(c map[string]any, _ *platform.Pending) {
		claim, is := c[nrps.ClaimName].(map[string]any)
		if !is {
			return
		}
		if made := change(claim, c); made == nil {
			delete(c, nrps.ClaimName)
		} else {
			c[nrps.ClaimName] = made
		}
	})
}

// has tells of requests with a parameter.
func has(name string) func(r *http.Request) bool {
	return func(r *http.Request) bool { return r.URL.Query().Has(name) }
}

func always(*http.Request) bool { return true }

// inRole tells whether a member has a role in courses.
func inRole(m map[string]any, name string) bool {
	list, _ := m["roles"].([]any)
	return slices.Contains(list, any(membership+name))
}

// messagesOf changes the messages of every member who has some.
func messagesOf(change func(list []any) any) behaviour {
	return eachMember(func(m map[string]any) {
		if list, is := m["message"].([]any); is {
			m["message"] = change(list)
		}
	})
}

// nrpsFaults are platforms that are wrong about who is in a course.
func nrpsFaults() map[string]behaviour {
	return fault.Gather(nrpsAccessFaults(), nrpsMemberFaults(), nrpsPageFaults(), nrpsChangeFaults())
}

// nrpsAccessFaults are wrong about where members are told, and to whom.
func nrpsAccessFaults() map[string]behaviour {
	return map[string]behaviour{
		"platform-nrps-claim-none": claimed(func(map[string]any, map[string]any) any { return nil }),
		"platform-nrps-claim-teachers": claimed(func(claim, c map[string]any) any {
			if list, _ := c[ns+"roles"].([]string); !slices.Contains(list, membership+"Instructor") {
				return nil
			}
			return claim
		}),
		"platform-nrps-claim-path": claimed(func(claim, _ map[string]any) any {
			u, _ := url.Parse(claim["context_memberships_url"].(string))
			claim["context_memberships_url"] = u.Path
			return claim
		}),
		"platform-nrps-claim-version-text": claimed(func(claim, _ map[string]any) any { claim["service_versions"] = "2.0"; return claim }),
		"platform-nrps-claim-version-old": claimed(func(claim, _ map[string]any) any {
			claim["service_versions"] = []string{"1.0"}
			return claim
		}),
		"platform-nrps-claim-http": claimed(func(claim, _ map[string]any) any {
			claim["context_memberships_url"] = strings.Replace(claim["context_memberships_url"].(string), "https:", "http:", 1)
			return claim
		}),
		"platform-nrps-scope-alone": at("/token", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.PostFormValue("scope") == nrps.Scope {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"error":"invalid_scope"}`)) // the client may be gone
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-nrps-scheme-case": refusing(http.StatusUnauthorized, func(r *http.Request) bool {
			return strings.HasPrefix(r.Header.Get("Authorization"), "bearer")
		}),
		"platform-nrps-open": lettingIn(func(r *http.Request, _ string, _ int) bool { return r.Header.Get("Authorization") == "" }),
		"platform-nrps-any-token": lettingIn(func(r *http.Request, _ string, status int) bool {
			return r.Header.Get("Authorization") != "" && status == http.StatusUnauthorized
		}),
		"platform-nrps-half-token": lettingIn(func(r *http.Request, good string, _ int) bool {
			_, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			_, good, _ = strings.Cut(good, " ") // the scheme may have come in another case
			return strings.HasPrefix(sent, good[:len(good)/2])
		}),
		"platform-nrps-any-scope":  lettingIn(func(_ *http.Request, _ string, status int) bool { return status == http.StatusForbidden }),
		"platform-nrps-any-client": anyClient(),
		"platform-nrps-refuses-404": restated(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			if rec.Code == http.StatusUnauthorized || rec.Code == http.StatusForbidden {
				rec.Code = http.StatusNotFound
			}
		}),
		"platform-nrps-no-challenge": restated(func(rec *httptest.ResponseRecorder, _ *http.Request) { rec.Header().Del("WWW-Authenticate") }),
		"platform-nrps-down":         refusing(http.StatusInternalServerError, always),
	}
}

// nrpsMemberFaults are wrong about the container and the members in it.
func nrpsMemberFaults() map[string]behaviour {
	renamed := func(from, to string) func(m map[string]any) {
		return func(m map[string]any) { m[to] = m[from]; delete(m, from) }
	}
	return map[string]behaviour{
		"platform-nrps-users": containers(func(c map[string]any, _ *http.Request) { renamed("members", "users")(c) }),
		"platform-nrps-type-lis": restated(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			rec.Header().Set("Content-Type", "application/vnd.ims.lis.v2.membershipcontainer+json")
		}),
		"platform-nrps-accept-exact": refusing(http.StatusNotAcceptable,
			func(r *http.Request) bool { return r.Header.Get("Accept") != nrps.MediaType }),
		"platform-nrps-id-number": containers(func(c map[string]any, _ *http.Request) { c["id"] = 7 }),
		"platform-nrps-context-other": containers(func(c map[string]any, _ *http.Request) {
			if x, is := c["context"].(map[string]any); is {
				x["id"] = "7"
			}
		}),
		"platform-nrps-context-text": containers(func(c map[string]any, _ *http.Request) {
			if x, is := c["context"].(map[string]any); is {
				c["context"] = x["id"]
			}
		}),
		"platform-nrps-context-names": containers(func(c map[string]any, _ *http.Request) {
			if x, is := c["context"].(map[string]any); is {
				x["label"], x["title"] = x["title"], x["label"]
			}
		}),
		"platform-nrps-user-number": eachMember(func(m map[string]any) { m["user_id"] = len(m["user_id"].(string)) }),
		"platform-nrps-user-camel":  eachMember(renamed("user_id", "userId")),
		"platform-nrps-user-other":  eachMember(func(m map[string]any) { m["user_id"] = m["user_id"].(string) + "-7" }),
		"platform-nrps-twice": containers(func(c map[string]any, r *http.Request) {
			v := r.URL.Query()
			narrowed := v.Has("limit") || v.Has("role") || v.Has("rlid") || v.Has("since")
			if list, _ := c["members"].([]any); len(list) > 0 && !narrowed {
				c["members"] = append(list, list[0])
			}
		}),
		"platform-nrps-roles-text": eachMember(func(m map[string]any) { m["roles"] = m["roles"].([]any)[0] }),
		"platform-nrps-roles-own":  eachMember(func(m map[string]any) { m["roles"] = []string{"editingteacher"} }),
		"platform-nrps-roles-learners": eachMember(func(m map[string]any) {
			m["roles"] = []string{membership + "Learner"}
		}),
		"platform-nrps-status-own":  eachMember(func(m map[string]any) { m["status"] = "Enrolled" }),
		"platform-nrps-status-case": eachMember(func(m map[string]any) { m["status"] = strings.ToLower(m["status"].(string)) }),
		"platform-nrps-deleted": containers(func(c map[string]any, r *http.Request) {
			if r.URL.Query().Has("since") {
				return
			}
			everybody(c, func(m map[string]any) {
				if inRole(m, "Mentor") {
					m["status"] = "Deleted"
				}
			})
		}),
		"platform-nrps-nulls":   eachMember(func(m map[string]any) { m["picture"], m["middle_name"] = nil, nil }),
		"platform-nrps-sourced": eachMember(func(m map[string]any) { m["lis_person_sourcedid"] = 7 }),
		"platform-nrps-entities": eachMember(func(m map[string]any) {
			if name, is := m["name"].(string); is {
				m["name"] = strings.ReplaceAll(html.EscapeString(name), " ", "&#32;")
			}
		}),
		"platform-nrps-name-turned": eachMember(func(m map[string]any) {
			given, _ := m["given_name"].(string)
			family, _ := m["family_name"].(string)
			if m["name"] != nil {
				m["name"] = family + ", " + given
			}
		}),
		"platform-nrps-tells-more": claims(func(c map[string]any, _ *platform.Pending) {
			for _, name := range []string{"name", "given_name", "middle_name", "family_name", "email"} {
				delete(c, name)
			}
		}),
		"platform-nrps-learners-alone": selected(always, func(m map[string]any) bool { return inRole(m, "Learner") }),
	}
}

// nrpsPageFaults are wrong about what can be asked for, and about pages.
func nrpsPageFaults() map[string]behaviour {
	return map[string]behaviour{
		"platform-nrps-role-ignored": queried(func(v url.Values) { v.Del("role") }),
		"platform-nrps-role-loses": selected(has("role"), func(m map[string]any) bool {
			id, _ := m["user_id"].(string)
			return id > "U" // some are lost, the same on every page
		}),
		"platform-nrps-role-long": selected(func(r *http.Request) bool {
			role := r.URL.Query().Get("role")
			return role != "" && !strings.Contains(role, ":")
		}, func(map[string]any) bool { return false }),
		"platform-nrps-role-refused": refusing(http.StatusBadRequest, has("role")),
		"platform-nrps-role-none-404": restated(func(rec *httptest.ResponseRecorder, r *http.Request) {
			if has("role")(r) && strings.Contains(rec.Body.String(), `"members":[]`) {
				rec.Code = http.StatusNotFound
			}
		}),
		"platform-nrps-tokens-outlive": agsfault.TokensOutlive(),
		"platform-nrps-next-internal": links(func(u *url.URL, rel string) string {
			if rel == "next" {
				u.Scheme, u.Host = "http", "internal.invalid:8080"
			}
			return linkText(u, rel)
		}),
		"platform-nrps-rlid-role": queried(func(v url.Values) {
			if v.Has("rlid") {
				v.Del("role")
			}
		}),
		"platform-nrps-default-cut": members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			v := r.URL.Query()
			if cut := !v.Has("limit"); cut && !v.Has("since") {
				v.Set("limit", "10")
				r.URL.RawQuery = v.Encode()
				rec := bend.Answered(next, r)
				if _, diff, both := strings.Cut(rec.Header().Get("Link"), ", "); both {
					rec.Header().Set("Link", diff)
				}
				bend.Give(w, rec)
				return
			}
			next.ServeHTTP(w, r)
		}),
		"platform-nrps-limit-ignored": queried(func(v url.Values) { v.Del("limit") }),
		"platform-nrps-limit-more": queried(func(v url.Values) {
			if n, err := strconv.Atoi(v.Get("limit")); err == nil && n > 0 && !v.Has("after") {
				v.Set("limit", strconv.Itoa(n+1))
			}
		}),
		"platform-nrps-limit-dropped": forgetting("limit"),
		"platform-nrps-next-none": links(func(u *url.URL, rel string) string {
			if rel == "next" {
				return ""
			}
			return linkText(u, rel)
		}),
		"platform-nrps-next-first": forgetting("after"),
		"platform-nrps-next-always": members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if link := rec.Header().Get("Link"); link != "" && !strings.Contains(link, `rel="next"`) && r.URL.Query().Has("limit") {
				rec.Header().Set("Link", link+", <https://"+r.Host+r.URL.RequestURI()+`>; rel="next"`)
			}
			bend.Give(w, rec)
		}),
		"platform-nrps-page-gap": containers(func(c map[string]any, r *http.Request) {
			if list, _ := c["members"].([]any); r.URL.Query().Has("after") && len(list) > 0 {
				c["members"] = list[1:]
			}
		}),
		"platform-nrps-page-overlap": containers(func(c map[string]any, r *http.Request) {
			list, _ := c["members"].([]any)
			if r.URL.Query().Has("after") && len(list) > 1 && r.URL.Query().Get("limit") != "" {
				list[1] = list[0] // as many as there must be, one of them twice
			}
		}),
		"platform-nrps-next-404": refusing(http.StatusNotFound, has("after")),
		"platform-nrps-link-bare": links(func(u *url.URL, rel string) string {
			return linkText(u, rel) + ", " + u.String() + `; rel="self"`
		}),
		"platform-nrps-diff-relative": links(func(u *url.URL, rel string) string {
			if rel == "differences" {
				return "<" + u.RequestURI() + `>; rel="` + rel + `"`
			}
			return linkText(u, rel)
		}),
		"platform-nrps-role-begins": queried(func(v url.Values) {
			for _, role := range []string{"Learner", "Instructor"} {
				if asked := strings.TrimPrefix(v.Get("role"), membership); asked != "" && strings.HasPrefix(role, asked) {
					v.Set("role", membership+role)
				}
			}
		}),
		"platform-nrps-page-bare": containers(func(c map[string]any, r *http.Request) {
			if r.URL.Query().Has("after") {
				delete(c, "id")
				delete(c, "context")
			}
		}),
		"platform-nrps-role-dropped": forgetting("role"),
		"platform-nrps-rlid-dropped": forgetting("rlid"),
		"platform-nrps-rlid-ignored": queried(func(v url.Values) { v.Del("rlid") }),
		"platform-nrps-rlid-refused": refusing(http.StatusBadRequest, has("rlid")),
		"platform-nrps-rlid-object":  messagesOf(func(list []any) any { return list[0] }),
		"platform-nrps-rlid-short": messagesOf(func(list []any) any {
			for _, x := range list {
				if m, is := x.(map[string]any); is {
					m["message_type"] = m[ns+"message_type"]
					delete(m, ns+"message_type")
				}
			}
			return list
		}),
		"platform-nrps-rlid-raw": messagesOf(func(list []any) any {
			for _, x := range list {
				m, _ := x.(map[string]any)
				if custom, is := m[ns+"custom"].(map[string]any); is {
					custom["user_id"] = "$User.id"
				}
			}
			return list
		}),
		"platform-nrps-rlid-teachers": selected(has("rlid"), func(m map[string]any) bool { return inRole(m, "Instructor") }),
		"platform-nrps-rlid-any": members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if v := r.URL.Query(); rec.Code == http.StatusNotFound && v.Has("rlid") {
				v.Del("rlid")
				r.URL.RawQuery = v.Encode()
				rec = bend.Answered(next, r)
			}
			bend.Give(w, rec)
		}),
		"platform-nrps-limit-500": refusing(http.StatusInternalServerError, func(r *http.Request) bool {
			v := r.URL.Query()
			_, err := strconv.Atoi(v.Get("limit"))
			return v.Has("limit") && err != nil
		}),
		"platform-nrps-limit-zero": members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			v := r.URL.Query()
			none := v.Get("limit") == "0"
			if none {
				v.Set("limit", "1")
				r.URL.RawQuery = v.Encode()
			}
			rec := bend.Answered(next, r)
			if none {
				recast(rec, func(c map[string]any) { c["members"] = []any{} })
			}
			bend.Give(w, rec)
		}),
		"platform-nrps-unknown-400": refusing(http.StatusBadRequest, func(r *http.Request) bool {
			for name := range r.URL.Query() {
				if !slices.Contains([]string{"role", "limit", "rlid", "after", "since", "up_to"}, name) {
					return true
				}
			}
			return false
		}),
		"platform-nrps-post-read": members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if r.Method == http.MethodPost {
				r.Method = http.MethodGet
			}
			next.ServeHTTP(w, r)
		}),
		"platform-nrps-post-404": refusing(http.StatusNotFound, func(r *http.Request) bool { return r.Method == http.MethodPost }),
		"platform-nrps-head-405": refusing(http.StatusMethodNotAllowed, func(r *http.Request) bool { return r.Method == http.MethodHead }),
	}
}

// nrpsChangeFaults are wrong about who came and left.
func nrpsChangeFaults() map[string]behaviour {
	return map[string]behaviour{
		"platform-nrps-diff-none": links(func(u *url.URL, rel string) string {
			if rel == "differences" {
				return ""
			}
			return linkText(u, rel)
		}),
		"platform-nrps-diff-204": members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if has("since")(r) && strings.Contains(rec.Body.String(), `"members":[]`) {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			bend.Give(w, rec)
		}),
		"platform-nrps-diff-all": queried(func(v url.Values) { v.Del("since") }),
		"platform-nrps-diff-ends": members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			if has("since")(r) {
				rec.Header().Del("Link")
			}
			bend.Give(w, rec)
		}),
		"platform-nrps-diff-still": selected(has("since"), func(map[string]any) bool { return false }),
		"platform-nrps-diff-stays": selected(has("since"), func(m map[string]any) bool { return m["status"] != "Deleted" }),
		"platform-nrps-diff-paused": eachMember(func(m map[string]any) {
			if m["status"] == "Deleted" {
				m["status"] = "Inactive"
			}
		}),
		"platform-nrps-list-kept": func() behaviour {
			var mu sync.Mutex
			kept := map[string]*httptest.ResponseRecorder{}
			return members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				mu.Lock()
				defer mu.Unlock()
				rec := bend.Answered(next, r)
				if r.URL.RawQuery == "" && r.Method == http.MethodGet && rec.Code == http.StatusOK {
					if kept[r.URL.Path] == nil {
						kept[r.URL.Path] = rec
					}
					bend.Give(w, kept[r.URL.Path])
					return
				}
				bend.Give(w, rec)
			})
		}(),
	}
}

// nrpsOddities are platforms that tell who is in a course rightly, in an unusual way.
func nrpsOddities() map[string]behaviour {
	return map[string]behaviour{
		"platform-nrps-url-query": claimed(func(claim, _ map[string]any) any {
			claim["context_memberships_url"] = claim["context_memberships_url"].(string) + "?via=lti&course=7"
			return claim
		}),
		"platform-nrps-versions": claimed(func(claim, _ map[string]any) any {
			claim["service_versions"] = []string{"1.0", "2.0", "3.0"}
			claim["vendor"] = map[string]any{"x": 1}
			return claim
		}),
		"platform-nrps-links-unquoted": links(func(u *url.URL, rel string) string { return "<" + u.String() + ">;rel=" + rel }),
		"platform-nrps-links-relative": links(func(u *url.URL, rel string) string {
			if rel == "next" {
				return "<" + u.RequestURI() + `>; rel="next"`
			}
			return linkText(u, rel)
		}),
		"platform-nrps-rlid-403": restated(func(rec *httptest.ResponseRecorder, r *http.Request) {
			if rec.Code == http.StatusNotFound && r.URL.Query().Has("rlid") {
				rec.Code = http.StatusForbidden
			}
		}),
		"platform-nrps-id-bare": containers(func(c map[string]any, _ *http.Request) {
			id, _ := c["id"].(string)
			c["id"], _, _ = strings.Cut(id, "?")
		}),
		"platform-nrps-links-capitals": links(func(u *url.URL, rel string) string {
			return "<" + u.String() + ">; REL=\"" + strings.ToUpper(rel) + "\"; title=\"more, of <them>\""
		}),
		"platform-nrps-links-apart": restated(func(rec *httptest.ResponseRecorder, r *http.Request) {
			if fields := strings.Split(rec.Header().Get("Link"), ", "); fields[0] != "" {
				rec.Header()["Link"] = append(fields, "<https://"+r.Host+r.URL.RequestURI()+`>; rel="first self"`)
			}
		}),
		"platform-nrps-diff-last": restated(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			if next, _, more := strings.Cut(rec.Header().Get("Link"), ", "); more {
				rec.Header().Set("Link", next)
			}
		}),
		"platform-nrps-roles-short": eachMember(func(m map[string]any) {
			var short []string
			for _, r := range m["roles"].([]any) {
				short = append(short, strings.TrimPrefix(r.(string), membership))
			}
			m["roles"] = short
		}),
		"platform-nrps-roles-more": eachMember(func(m map[string]any) {
			m["roles"] = append([]any{"http://purl.imsglobal.org/vocab/lis/v2/institution/person#Other", "https://vendor.example/role#Helper"},
				m["roles"].([]any)...)
		}),
		"platform-nrps-no-status": eachMember(func(m map[string]any) {
			if m["status"] == "Active" {
				delete(m, "status")
			}
		}),
		"platform-nrps-no-names": eachMember(func(m map[string]any) {
			for _, name := range []string{"name", "given_name", "middle_name", "family_name", "email", "lis_person_sourcedid"} {
				delete(m, name)
			}
		}),
		"platform-nrps-more-members": containers(func(c map[string]any, _ *http.Request) {
			c["vendor"], c["@context"] = nil, "https://vendor.example/context"
			everybody(c, func(m map[string]any) {
				m["picture"], m["lti11_legacy_user_id"] = "https://vendor.example/portrait", "7"
				m["group_enrollments"] = []any{map[string]any{"group_id": "g-1"}}
				m["https://vendor.example/seat"] = 12
			})
		}),
		"platform-nrps-private-deployment": privateDeployment(),
		"platform-nrps-last-empty": members(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			rec := bend.Answered(next, r)
			recast(rec, func(c map[string]any) {
				list, _ := c["members"].([]any)
				v := r.URL.Query()
				if v.Get("limit") == strconv.Itoa(len(list)) && !strings.Contains(rec.Header().Get("Link"), `"next"`) {
					v.Set("after", "100000")
					rec.Header().Set("Link", "<https://"+r.Host+r.URL.Path+"?"+v.Encode()+`>; rel="next", `+rec.Header().Get("Link"))
				}
			})
			bend.Give(w, rec)
		}),
		"platform-nrps-small-pages": queried(func(v url.Values) {
			if n, err := strconv.Atoi(v.Get("limit")); !v.Has("limit") || err == nil && n > 5 {
				v.Set("limit", "5")
			}
		}),
		"platform-nrps-type-charset": restated(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			if rec.Code == http.StatusOK {
				rec.Header().Set("Content-Type", strings.ToUpper(nrps.MediaType[:4])+nrps.MediaType[4:]+"; charset=utf-8")
			}
		}),
		"platform-nrps-backwards": containers(func(c map[string]any, _ *http.Request) {
			list, _ := c["members"].([]any)
			slices.Reverse(list)
		}),
		"platform-nrps-context-bare": containers(func(c map[string]any, _ *http.Request) {
			if x, is := c["context"].(map[string]any); is {
				c["context"] = map[string]any{"id": x["id"]}
			}
		}),
		"platform-nrps-refuses-401": restated(func(rec *httptest.ResponseRecorder, _ *http.Request) {
			if rec.Code == http.StatusForbidden {
				rec.Code = http.StatusUnauthorized
			}
		}),
		"platform-nrps-messages-more": messagesOf(func(list []any) any {
			return append([]any{map[string]any{ns + "message_type": "LtiSubmissionReviewRequest"}}, list...)
		}),
		"platform-nrps-messages-bare": messagesOf(func(list []any) any {
			for _, x := range list {
				if m, is := x.(map[string]any); is {
					delete(m, ns+"custom")
				}
			}
			return list
		}),
		"platform-nrps-parents-unlisted": selected(always, func(m map[string]any) bool { return !inRole(m, "Mentor") }),
		"platform-nrps-paused": eachMember(func(m map[string]any) {
			if inRole(m, "Mentor") && m["status"] == "Active" {
				m["status"] = "Inactive"
			}
		}),
		"platform-nrps-limit-lenient": queried(func(v url.Values) {
			if n, err := strconv.Atoi(v.Get("limit")); err != nil || n < 1 {
				v.Del("limit")
			}
		}),
		"platform-nrps-changes-late": func() behaviour {
			var mu sync.Mutex
			asked := map[string]int{}
			return selected(func(r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				asked[r.URL.RawQuery]++ // of each state some are told of after a while
				return r.URL.Query().Has("since") && asked[r.URL.RawQuery] < 3
			}, func(map[string]any) bool { return false })
		}(),
	}
}
