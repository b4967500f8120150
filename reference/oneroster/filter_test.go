package oneroster

import (
	"reflect"
	"testing"
)

// FuzzFilter holds that any text is either refused or read in a way that its
// own rendering is read again, and that what was read can be run.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"status='active'", "familyName='O''Brien' AND roles.role~'teacher'", "a!='' OR b<='x'", "metadata.x.y>'1'",
		"dateLastModified>='2026-01-01'", "a='b", "='x'", "a=='x'", "a='x' AND ", "a='x' XOR b='y'", "a=''''", "\x00='\xff'",
	} {
		f.Add(seed)
	}
	properties := objectProperties(miniature())[people]
	document, err := EncodeDocument(person{
		Base:  Base{SourcedID: "a", Status: "active", DateLastModified: "2026-01-01T00:00:00.000Z", Metadata: map[string]any{"x": map[string]any{"y": []any{1, "\"\\"}}}},
		Roles: []part{{"teacher", ReferTo("org", "orgs", "o")}}, FamilyName: "O'Brien \" \\",
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFilter(text)
		if err != nil {
			return
		}
		if len(text) <= maxFilterLength/2 {
			again, err := parseFilter(parsed.String())
			if err != nil || !reflect.DeepEqual(again, parsed) {
				t.Fatalf("%q was read as %q, which is read as %q, %v", text, parsed, again, err)
			}
		}
		if matches, err := compile(parsed, properties); err == nil {
			matches(document)
		}
	})
}

// FuzzDocument holds that walking over the bytes of a document finds what
// encoding/json put in.
func FuzzDocument(f *testing.F) {
	f.Add("key", "value")
	f.Add("a.b", `"\`)
	f.Add("", "\x01\x00\n")
	f.Add("href", "é猫\U0001F600")
	f.Fuzz(func(t *testing.T, key, value string) {
		if key == "" {
			return
		}
		object := seat{Base: Base{SourcedID: value, Metadata: map[string]any{"before": []any{"{", 1.5, true}, key: value, "zz": "after"}}, User: ReferTo("user", "users", "u")}
		document, err := EncodeDocument(object)
		if err != nil {
			t.Fatal(err)
		}
		want := toValidUTF8(value)
		found := false
		eachValue(document, "metadata."+toValidUTF8(key), func(got []byte) bool {
			found = found || string(got) == want
			return true
		})
		if !found && toValidUTF8(key) != "zz" {
			t.Fatalf("%q is not found in %s", key, document)
		}
		got := ""
		eachValue(selectMembers(nil, document, map[string]bool{"sourcedId": true}), "sourcedId", func(v []byte) bool { got = string(v); return true })
		if got != want {
			t.Fatalf("sourcedId is %q, want %q", got, want)
		}
		eachValue(document, "user.sourcedId", func(v []byte) bool { got = string(v); return true })
		if got != "u" {
			t.Fatalf("user.sourcedId is %q", got)
		}
	})
}

func toValidUTF8(s string) string { return string([]rune(s)) }
