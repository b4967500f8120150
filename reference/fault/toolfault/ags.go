package toolfault

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// scoreFaults are tools that post scores and make line items in a wrong way.
func scoreFaults() map[string]behaviour {
	graded := func(change func(m map[string]any)) behaviour {
		return members(ofScores, func(m map[string]any) {
			if m["scoreGiven"] != nil {
				change(m)
			}
		})
	}
	const fixed = "2026-01-01T08:00:00.000Z"
	return map[string]behaviour{
		"tool-score-zero-dropped": graded(func(m map[string]any) {
			if m["scoreGiven"] == 0.0 {
				delete(m, "scoreGiven")
			}
		}),
		"tool-score-behind-query": sending(ofScores, func(r *http.Request, body []byte) []byte {
			if r.URL.RawQuery != "" {
				r.URL.Path = strings.TrimSuffix(r.URL.Path, "/scores")
				r.URL.RawQuery += "/scores"
			}
			return body
		}),
		"tool-score-json":       header(ofScores, "Content-Type", "application/json"),
		"tool-score-v2":         header(ofScores, "Content-Type", "application/vnd.ims.lis.v2.score+json"),
		"tool-score-own-user":   members(ofScores, func(m map[string]any) { m["userId"] = "4711" }),
		"tool-score-no-maximum": graded(func(m map[string]any) { delete(m, "scoreMaximum") }),
		"tool-score-words": members(ofScores, func(m map[string]any) {
			if s, is := m["gradingProgress"].(string); is {
				m["gradingProgress"] = strings.ToLower(s)
			}
		}),
		"tool-score-text": graded(func(m map[string]any) { m["scoreGiven"] = "10" }),
		"tool-score-no-zone": members(ofScores, func(m map[string]any) {
			if s, is := m["timestamp"].(string); is {
				m["timestamp"] = strings.TrimSuffix(s, "Z")
			}
		}),
		"tool-score-times-outside": members(ofScores, func(m map[string]any) {
			if s, is := m["submission"].(map[string]any); is {
				m["startedAt"], m["submittedAt"] = s["startedAt"], s["submittedAt"]
				delete(m, "submission")
			}
		}),
		"tool-score-whole-seconds": members(ofScores, func(m map[string]any) {
			if s, is := m["timestamp"].(string); is {
				before, _, _ := strings.Cut(s, ".")
				m["timestamp"] = before + "Z"
			}
		}),
		"tool-score-local-time": members(ofScores, func(m map[string]any) {
			if at, err := time.Parse(time.RFC3339, fmt.Sprint(m["timestamp"])); err == nil {
				m["timestamp"] = at.In(time.FixedZone("", 2*3600)).Format("2006-01-02T15:04:05.000") + "Z"
			}
		}),
		"tool-score-time-fixed": members(ofScores, func(m map[string]any) { m["timestamp"] = fixed }),
		"tool-score-200-only": receiving(ofScores, func(_ *http.Request, a *reply) {
			if a.StatusCode > 200 && a.StatusCode < 300 {
				a.is(http.StatusBadRequest, "")
			}
		}),
		"tool-score-needs-body": receiving(ofScores, func(_ *http.Request, a *reply) {
			if a.StatusCode < 300 && len(a.body) == 0 {
				a.is(http.StatusBadRequest, "")
			}
		}),
		"tool-score-busy-lost": mistaking(ofScores, http.StatusServiceUnavailable, http.StatusBadRequest),
		"tool-score-broken-lost": passing(ofScores, func(r *http.Request, send func(*http.Request) (*reply, error)) (*reply, error) {
			a, err := send(r)
			if err != nil {
				a = &reply{Response: &http.Response{Header: http.Header{}, Request: r}}
				a.is(http.StatusBadRequest, "")
			}
			return a, nil
		}),
		"tool-score-endless": insisting(http.StatusServiceUnavailable, 40),
		"tool-score-insists": insisting(http.StatusConflict, 10),
		"tool-item-no-label": members(ofItems, func(m map[string]any) { m["label"] = "" }),
		"tool-item-maximum":  members(ofItems, func(m map[string]any) { m["scoreMaximum"] = 0 }),
		"tool-item-json": sending(ofItems, func(r *http.Request, body []byte) []byte {
			if r.Method == http.MethodPost {
				r.Header.Set("Content-Type", "application/json")
			}
			return body
		}),
		"tool-item-each-time": receiving(ofItems, func(r *http.Request, a *reply) {
			if r.Method == http.MethodGet {
				a.is(http.StatusOK, "[]")
			}
		}),
		"tool-item-first-page": receiving(ofItems, func(_ *http.Request, a *reply) { a.Header.Del("Link") }),
	}
}

// insisting sends a score again at once, many times, where it is answered with a status.
func insisting(status, times int) behaviour {
	return passing(ofScores, func(r *http.Request, send func(*http.Request) (*reply, error)) (a *reply, err error) {
		var body []byte
		r = changedRequest(r, func(_ *http.Request, b []byte) []byte { body = b; return b })
		for n := 0; ; n++ {
			a, err = send(changedRequest(r, func(*http.Request, []byte) []byte { return body }))
			if err != nil || a.StatusCode != status || n == times {
				return a, err
			}
		}
	})
}

// scoreOddities are tools that do so in an unusual way.
func scoreOddities() map[string]behaviour {
	return map[string]behaviour{
		"tool-score-comment-empty": members(ofScores, func(m map[string]any) { m["comment"] = "" }),
		"tool-score-extension": members(ofScores, func(m map[string]any) {
			m["https://canvas.instructure.com/lti/submission"] = map[string]any{"new_submission": true}
		}),
		"tool-score-offset": members(ofScores, func(m map[string]any) {
			if at, err := time.Parse(time.RFC3339, m["timestamp"].(string)); err == nil {
				m["timestamp"] = at.In(time.FixedZone("", 2*3600)).Format("2006-01-02T15:04:05.000000-07:00")
			}
		}),
		"tool-score-other-maximum": members(ofScores, func(m map[string]any) {
			if given, is := m["scoreGiven"].(float64); is {
				m["scoreGiven"], m["scoreMaximum"] = given/10, 1
			}
		}),
		"tool-score-slow":    receiving(ofScores, func(*http.Request, *reply) { time.Sleep(250 * time.Millisecond) }),
		"tool-score-charset": header(ofScores, "Content-Type", "application/vnd.ims.lis.v1.score+json; charset=utf-8"),
		"tool-score-bare":    members(ofScores, func(m map[string]any) { delete(m, "submission") }),
		"tool-items-all": sending(ofItems, func(r *http.Request, body []byte) []byte {
			q := r.URL.Query()
			q.Del("resource_id")
			r.URL.RawQuery = q.Encode()
			return body
		}),
		"tool-item-members": members(ofItems, func(m map[string]any) {
			delete(m, "resourceLinkId")
			m["https://example.org/ext/colour"] = "blue"
		}),
	}
}
