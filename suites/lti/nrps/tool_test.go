package nrps

import (
	"net/http"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

func TestPagesThatWereRead(t *testing.T) {
	get := func(query string, status int) tool.Call {
		return tool.Call{Method: http.MethodGet, Path: "/members", Query: query, Status: status}
	}
	a := tool.Acted{Calls: []tool.Call{
		get("course=1", http.StatusUnauthorized), {Token: true, Path: "/members"}, get("course=1&limit=50", http.StatusOK), get("page=2&course=1", http.StatusOK),
		get("course=1&page=3", http.StatusForbidden), get("course=1&page=3&role=x", http.StatusInternalServerError),
	}}
	got := pagesOf(a)
	if len(requests(a)) != 5 || got["1"] != 1 || got["2"] != 1 || got["3"] != 1 {
		t.Errorf("%v", got)
	}
	if _, is := unanswered(a); is {
		t.Error("some were answered")
	}
	for status, owner := range map[int]string{403: "sec10.tool.token.by-scope", 401: "sec10.tool.token.header", 404: ToolPrefix + "roster.address"} {
		if o, is := unanswered(tool.Acted{Calls: []tool.Call{get("course=1", status)}}); !is || o.Owner() != owner {
			t.Errorf("%d is blocked by %q", status, o.Owner())
		}
	}
}

// A page tells of a roster where it names somebody of it, however it writes names.
func TestShows(t *testing.T) {
	for text, want := range map[string]bool{"Okafor, Amara": true, "Tan Mei-Ling (learner)": true, "3 people": false, "Amara": false} {
		a := tool.Acted{}
		a.Page.Text = text
		if shows(a) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

func TestUnnamed(t *testing.T) {
	a := tool.Acted{}
	a.Page.Text = "Amara Okafor, Jonas Weber, Tan Mei-Ling, Diego Fuentes"
	if n := unnamed(a); n != 1 || names(a, gone) {
		t.Errorf("%d are missing", n)
	}
	a.Page.Text += ", Saoirse Byrne, " + gone
	if n := unnamed(a); n != 0 || !names(a, gone) {
		t.Errorf("%d are missing", n)
	}
}
