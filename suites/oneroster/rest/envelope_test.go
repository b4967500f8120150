package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestPayloadsAreTakenApartAsDecoded compares with the decoder of the standard
// library, which copies everything.
func TestPayloadsAreTakenApartAsDecoded(t *testing.T) {
	for _, body := range []string{
		`{"orgs":[]}`, `{"orgs":[{}]}`, ` { "orgs" : [ { "a" : 1 } , null , "x,]}" , [ 1 , [ ] ] , -1.5e3 , true ] } `,
		`{"orgs":[{"a":"\"]}"},{"b":"\\"}],"x":{}}`, `{"orgs":1,"orgs":[{"last":"counts"}]}`, `{"or\u0067s":[{"e":"\u007d"}]}`,
		`{"org\\s":[1]}`, "{\"\xff\":[],\"orgs\":[\"\xff\"]}", `{}`, `null`, `[]`, `"x"`, `1`, `{"orgs":null}`, `{"orgs":{}}`, `{"orgs":"[]"}`, `{"users":[1]}`,
		``, `{`, `{"orgs":[`, `{"orgs":[}`, `{"orgs":[]}x`, `{"orgs":[1,]}`, `<html>`, "\xEF\xBB\xBF{}", "{\n\t\"orgs\":\r\n[1,\n2]}",
	} {
		var want map[string]json.RawMessage
		wrong := json.Unmarshal([]byte(body), &want) != nil
		got, fault := membersOf([]byte(body))
		if wrong != (fault != "") || !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%q: got %q (%s), want %q", body, got, fault, want)
		}
		if wrong || want["orgs"] == nil {
			continue
		}
		var list []json.RawMessage
		wrong = json.Unmarshal(want["orgs"], &list) != nil
		objects, fault := unwrap([]byte(body), "orgs")
		if wrong != (fault != "") || !slices.EqualFunc(objects, list, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%q: got objects %q (%s), want %q", body, objects, fault, list)
		}
	}
}

// TestHostilePayloadsAreBounded takes apart what once took gigabytes.
func TestHostilePayloadsAreBounded(t *testing.T) {
	many := func(what string, n int) string { return strings.TrimSuffix(strings.Repeat(what+",", n), ",") }
	var members strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&members, `"m%d":1,`, i)
	}
	for name, c := range map[string]struct {
		body  string
		fault string
	}{
		"a million members":         {"{" + members.String() + `"orgs":[]}`, "more than 1000 members"},
		"a string of 5 MB":          {`{"orgs":[{"x":"` + strings.Repeat("y", 5<<20) + `"}]}`, ""},
		"a string of 20 MB":         {`{"orgs":[{"x":"` + strings.Repeat("y", 20<<20) + `"}]}`, "holds at index 0 an object of 20971528 bytes, more than 8388608, the most that Rollcall takes apart (limits.max_body_mib raises it)"},
		"an object of empty ones":   {`{"orgs":[{"sourcedId":"a"},{"x":[` + many("{}", 500_000) + `]}]}`, "holds at index 1 an object of 1000002 values"},
		"an org with 10,000 childs": {`{"orgs":[{"children":[` + many(`{"href":"https://sis.example/orgs/x","sourcedId":"x","type":"org"}`, 10_000) + `]}]}`, ""},
		"a million empty ones":      {`{"orgs":[` + many("{}", 1_000_000) + `]}`, ""},
		"names of a megabyte":       {`{"` + strings.Repeat("y", 1<<20) + `":1}`, "the body has no member"},
	} {
		t.Run(name, func(t *testing.T) {
			body := []byte(c.body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, fault := unwrap(body, "orgs")
			runtime.ReadMemStats(&after)
			if !strings.Contains(fault, c.fault) || c.fault == "" && fault != "" || len(fault) > 400 {
				t.Errorf("fault is %.400q", fault)
			}
			// A slice that grows costs what it held before as well: 24 bytes an
			// object, some five times.
			if took := after.TotalAlloc - before.TotalAlloc; took > 150<<20 {
				t.Errorf("took %d MiB for %d MiB", took>>20, len(body)>>20)
			}
		})
	}
	if _, fault := unwrapSingle([]byte(`{"org":{"x":[`+many("{}", 500_000)+`]}}`), "org"); !strings.Contains(fault, "the most that Rollcall takes apart") {
		t.Errorf("a single object of empty ones: %q", fault)
	}
}
