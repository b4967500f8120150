package spelling

import (
	"strings"
	"testing"
)

var names = []string{"name", "profiles", "stance", "token_url", "client_id", "client_secret", "page-overlap", "page-short",
	"or12.rostering.paging.total-count", "or12.rostering.paging.total-integer", "or12.rostering.token.issue", "or12-rostering-core-provider", "or12-rostering-provider", "lti13-core-tool"}

func TestNear(t *testing.T) {
	for word, want := range map[string]string{
		"nmae":                              "name",
		"tokenurl":                          "token_url",
		"Client-ID":                         "client_id",
		"page_overlap":                      "page-overlap",
		"paging.total-count":                "or12.rostering.paging.total-count",
		"token.isue":                        "or12.rostering.token.issue",
		"or12.rostering.paging.total-cuont": "or12.rostering.paging.total-count",
		"or12-rostering-kore-provider":      "or12-rostering-core-provider",
		"core-tool":                         "lti13-core-tool",
		"entirely-else":                     "",
		"":                                  "",
		strings.Repeat("x", 1<<20):          "",
	} {
		got := Near(word, names)
		if want == "" && len(got) > 0 || want != "" && (len(got) == 0 || got[0] != want) {
			t.Errorf("%.40q is near %q, want %q first", word, got, want)
		}
	}
}

func TestHint(t *testing.T) {
	if got := Hint("stanc", names); got != "did you mean stance?" {
		t.Error(got)
	}
	if got := Hint("rostering-provider", names); !strings.HasPrefix(got, "did you mean or12-rostering-provider") || !strings.HasSuffix(got, "?") {
		t.Error(got)
	}
	if got := Remedy("zzzz", names, "see the list"); got != "see the list" {
		t.Error(got)
	}
	if got := Remedy("nmae", names, "see the list"); got != "did you mean name? Else see the list" {
		t.Error(got)
	}
}
