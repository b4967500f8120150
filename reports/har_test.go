package reports

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// The members that HAR 1.2 requires, for each object of an entry.
var harRequired = map[string][]string{
	"":                 {"startedDateTime", "time", "request", "response", "cache", "timings"},
	"request":          {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"},
	"response":         {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize"},
	"timings":          {"send", "wait", "receive"},
	"response.content": {"size", "mimeType"},
	"request.postData": {"mimeType", "params", "text"},
}

func TestHARIsComplete(t *testing.T) {
	var document struct {
		Log struct {
			Version string           `json:"version"`
			Creator map[string]any   `json:"creator"`
			Pages   []map[string]any `json:"pages"`
			Entries []map[string]any `json:"entries"`
		} `json:"log"`
	}
	if err := json.Unmarshal(rendered(t, "har"), &document); err != nil {
		t.Fatal(err)
	}
	log := document.Log
	if log.Version != "1.2" || log.Creator["name"] == "" || log.Creator["version"] == "" {
		t.Errorf("version %q, creator %v", log.Version, log.Creator)
	}
	if len(log.Entries) != len(sample().Exchanges) {
		t.Errorf("%d entries for %d exchanges", len(log.Entries), len(sample().Exchanges))
	}
	pages := map[any]bool{}
	for _, p := range log.Pages {
		pages[p["id"]] = true
		if _, ok := p["pageTimings"].(map[string]any); !ok {
			t.Errorf("page %v lacks pageTimings", p["id"])
		}
	}
	var last time.Time
	posts := 0
	for i, e := range log.Entries {
		if !pages[e["pageref"]] {
			t.Errorf("entry %d refers to page %v, which is missing", i, e["pageref"])
		}
		request, response := e["request"].(map[string]any), e["response"].(map[string]any)
		parts := map[string]map[string]any{
			"": e, "request": request, "response": response, "timings": e["timings"].(map[string]any), "response.content": response["content"].(map[string]any),
		}
		if post, ok := request["postData"].(map[string]any); ok {
			parts["request.postData"] = post
			posts++
		}
		for name, object := range parts {
			for _, member := range harRequired[name] {
				if v, ok := object[member]; !ok || v == nil {
					t.Errorf("entry %d: %s lacks %s", i, name, member)
				}
			}
		}
		at, err := time.Parse(time.RFC3339, e["startedDateTime"].(string))
		if err != nil || at.Before(last) {
			t.Errorf("entry %d starts at %v, after %v: %v", i, at, last, err)
		}
		last = at
	}
	if posts != 1 {
		t.Errorf("%d entries have postData, want 1", posts)
	}
}

func TestHARQueryAndCookies(t *testing.T) {
	got := harQuery("https://h/p?limit=7&filter=givenName%3D%27Zo%C3%AB%27&bad=%zz&flag&=x#frag?no=1")
	want := []harField{{"limit", "7"}, {"filter", "givenName='Zoë'"}, {"bad", "%zz"}, {"flag", ""}, {"", "x"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	headers := []Header{{"set-cookie", "a=1; Path=/; HttpOnly"}, {"Cookie", "b=2; c=3=4"}, {"Set-Cookie", "junk"}}
	if got := cookies(headers, "Set-Cookie"); !slices.Equal(got, []harField{{"a", "1"}}) {
		t.Errorf("Set-Cookie: %v", got)
	}
	if got := cookies(headers, "Cookie"); !slices.Equal(got, []harField{{"b", "2"}, {"c", "3=4"}}) {
		t.Errorf("Cookie: %v", got)
	}
}
