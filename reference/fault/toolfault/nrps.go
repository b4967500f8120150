package toolfault

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// oneSpelling is how some clients look for the next page.
var oneSpelling = regexp.MustCompile(`^<[^>]*>; ?rel="next"`)

// listed reads the members of a page of a roster; nil where it has none.
func (a *reply) listed() []map[string]any {
	var page struct {
		Members []map[string]any `json:"members"`
	}
	_ = json.Unmarshal(a.body, &page) // none, then
	return page.Members
}

// rosterFaults are tools that read rosters in a wrong way.
func rosterFaults() map[string]behaviour {
	unsupported := func(wrong func(list []map[string]any) bool) behaviour {
		return receiving(ofRoster, func(_ *http.Request, a *reply) {
			if list := a.listed(); a.StatusCode == http.StatusOK && list != nil && wrong(list) {
				a.is(http.StatusUnprocessableEntity, "")
			}
		})
	}
	const nobody = `{"members":[]}`
	return map[string]behaviour{
		"tool-roster-query-lost": sending(ofRoster, func(r *http.Request, body []byte) []byte {
			if !r.URL.Query().Has("page") {
				r.URL.RawQuery = ""
			}
			return body
		}),
		"tool-roster-accept":     header(ofRoster, "Accept", "application/json"),
		"tool-roster-first-page": receiving(ofRoster, func(_ *http.Request, a *reply) { a.Header.Del("Link") }),
		"tool-roster-links-quoted": receiving(ofRoster, func(_ *http.Request, a *reply) {
			if !oneSpelling.MatchString(a.Header.Get("Link")) {
				a.Header.Del("Link")
			}
		}),
		"tool-roster-links-lowered": receiving(ofRoster, func(_ *http.Request, a *reply) {
			a.Header.Set("Link", strings.ToLower(a.Header.Get("Link")))
		}),
		"tool-roster-links-decoded": receiving(ofRoster, func(_ *http.Request, a *reply) {
			plain, err := url.PathUnescape(a.Header.Get("Link"))
			if err == nil {
				a.Header.Set("Link", plain)
			}
		}),
		"tool-roster-last-page": receiving(ofRoster, func(_ *http.Request, a *reply) {
			if a.StatusCode == http.StatusOK && strings.Contains(a.Header.Get("Link"), "next") {
				a.is(http.StatusOK, nobody)
			}
		}),
		"tool-roster-differences": receiving(ofRoster, func(_ *http.Request, a *reply) {
			if link := a.Header.Get("Link"); !strings.Contains(link, "next") {
				a.Header.Set("Link", strings.Replace(link, "differences", "next", 1))
			}
			a.body = bytes.ReplaceAll(a.body, []byte(`"Deleted"`), []byte(`"Active"`))
		}),
		"tool-roster-needs-names": unsupported(func(list []map[string]any) bool {
			for _, m := range list {
				if m["name"] == nil {
					return true
				}
			}
			return false
		}),
		"tool-roster-needs-somebody": unsupported(func(list []map[string]any) bool { return len(list) == 0 }),
		"tool-roster-missing-empty": receiving(ofRoster, func(_ *http.Request, a *reply) {
			if a.StatusCode == http.StatusOK && a.listed() == nil && !strings.Contains(string(a.body), `"members"`) {
				a.is(http.StatusOK, nobody)
			}
		}),
		"tool-roster-loops": loops(),
		"tool-roster-part": receiving(ofRoster, func(_ *http.Request, a *reply) {
			if a.StatusCode >= 500 {
				a.is(http.StatusOK, nobody)
			}
		}),
		"tool-roster-capped": receiving(ofRoster, func(r *http.Request, a *reply) {
			if strings.Contains(a.Header.Get("Link"), "<"+r.URL.String()+">") {
				a.Header.Del("Link")
			}
		}),
	}
}

// loops never knows a page again that it has read.
func loops() behaviour {
	var n atomic.Int64
	return passing(ofRoster, func(r *http.Request, send func(*http.Request) (*reply, error)) (*reply, error) {
		a, err := send(changedRequest(r, func(r *http.Request, body []byte) []byte {
			q := r.URL.Query()
			q.Del("read")
			r.URL.RawQuery = q.Encode()
			return body
		}))
		if err == nil && oneSpelling.MatchString(a.Header.Get("Link")) {
			a.Header.Set("Link", strings.Replace(a.Header.Get("Link"), ">", "&read="+strconv.FormatInt(n.Add(1), 10)+">", 1))
		}
		return a, err
	})
}

// rosterOddities are tools that read rosters in an unusual way.
func rosterOddities() map[string]behaviour {
	asking := func(name, value string) behaviour {
		return sending(ofRoster, func(r *http.Request, body []byte) []byte {
			r.URL.RawQuery += "&" + name + "=" + url.QueryEscape(value)
			return body
		})
	}
	return map[string]behaviour{
		"tool-roster-limit":          asking("limit", "50"),
		"tool-roster-role":           asking("role", "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"),
		"tool-roster-accept-several": header(ofRoster, "Accept", "application/vnd.ims.lti-nrps.v2.membershipcontainer+json;q=1, application/json;q=0.5"),
		"tool-roster-slow":           receiving(ofRoster, func(*http.Request, *reply) { time.Sleep(300 * time.Millisecond) }),
		"tool-roster-twice": passing(ofRoster, func(r *http.Request, send func(*http.Request) (*reply, error)) (*reply, error) {
			if _, err := send(r.Clone(r.Context())); err != nil {
				return nil, err
			}
			return send(r)
		}),
		"tool-roster-at-launch": {Wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := bend.Answered(next, r)
				if strings.Contains(rec.Body.String(), `id="roster"`) {
					inner := r.Clone(r.Context())
					inner.URL = &url.URL{Path: "/roster", RawQuery: "launch=" + r.URL.Query().Get("launch")}
					inner.RequestURI = inner.URL.String()
					roster := httptest.NewRecorder()
					next.ServeHTTP(roster, inner)
					before, after, _ := strings.Cut(rec.Body.String(), "</main>")
					_, shown, _ := strings.Cut(roster.Body.String(), "<h1>")
					shown, _, _ = strings.Cut(shown, "</main>")
					rec.Body.Reset()
					rec.Body.WriteString(before + "<section><h2>" + strings.Replace(shown, "</h1>", "</h2>", 1) + "</section></main>" + after)
				}
				bend.Give(w, rec)
			})
		}},
	}
}
