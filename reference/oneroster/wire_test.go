package oneroster

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// FuzzReferences holds that references lead where they should, below the service or another
// one of the provider, whatever a sourcedId and the texts around it hold.
func FuzzReferences(f *testing.F) {
	for _, seed := range []string{"a", "a/b c", "~", "\x01", "\x01~/x", `"href":"\u0001`, "é%2F"} {
		f.Add(seed)
	}
	at := Addresses{Service: "https://sis.example/tenant/rostering", Provider: "https://sis.example/tenant"}
	f.Fuzz(func(t *testing.T, id string) {
		document, err := EncodeDocument(map[string]any{"title": id, "own": ReferTo("org", "orgs", id), "across": ReferAcross("/resources", "resource", "resources", id)})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Title       string
			Own, Across Reference
		}
		if err := json.Unmarshal(AppendDocument(nil, document, at), &got); err != nil {
			t.Fatalf("%q: %v in %q", id, err, document)
		}
		for href, base := range map[string]string{got.Own.Href: at.Service + "/orgs/", got.Across.Href: at.Provider + "/resources/resources/"} {
			rest, below := strings.CutPrefix(href, base)
			if back, err := url.PathUnescape(rest); !below || err != nil || back != id {
				t.Errorf("%q: %q, want it below %s", id, href, base)
			}
		}
		if valid := toValidUTF8(id); got.Title != valid || got.Own.SourcedID != valid {
			t.Errorf("%q came as %q and %q", id, got.Title, got.Own.SourcedID)
		}
	})
}
