package schemas

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzValidate: no document makes Validate panic, fail or waver; what it takes no
// offence at, both validators accept; and it is right about what is JSON.
func FuzzValidate(f *testing.F) {
	// Its date-time takes signs within the time ("T+0:00:00Z"); FuzzFormats is for those.
	second := newSecond(f, "uri", "date", "date-time", "date-or-date-time")
	names := Names()
	for _, facts := range readFacts(f) {
		for _, fact := range facts {
			f.Add(uint(slices.Index(names, fact.Schema)), fact.document(f))
		}
	}
	f.Fuzz(func(t *testing.T, which uint, doc []byte) {
		name := names[which%uint(len(names))]
		s := MustLoad(name)
		findings, err := s.Validate(doc)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := s.Validate(doc)
		if !slices.Equal(findings, again) {
			t.Fatalf("twice, and differently:\n%v\n%v", findings, again)
		}
		has := func(keyword string) bool {
			return slices.ContainsFunc(findings, func(f Finding) bool { return f.Keyword == keyword })
		}
		for _, g := range findings {
			if g.Pointer != "" && g.Pointer[0] != '/' || g.Keyword == "" || rank(g.Severity) < 1 {
				t.Errorf("not a finding: %+v", g)
			}
		}
		if has(KeywordDepth) || has(KeywordMore) {
			return
		}
		body := bytes.TrimPrefix(doc, []byte(byteOrderMark))
		if valid := json.Valid(body); valid == has(KeywordJSON) {
			t.Fatalf("JSON: %v, findings: %v", valid, findings)
		} else if !valid || has(KeywordNumber) || has(KeywordDuplicate) || has(KeywordEncoding) {
			return
		}
		var ours []string
		for _, g := range findings {
			if g.Keyword != KeywordNull {
				ours = append(ours, g.Keyword+" "+g.Pointer)
			}
		}
		slices.Sort(ours)
		ours = slices.Compact(ours)
		theirs := second.findings(t, name, body)
		if slices.Contains(ours, "enum /error") { // the second goes no further there
			ours = slices.DeleteFunc(ours, func(s string) bool { return strings.HasPrefix(s, "pattern /error") })
			theirs = slices.DeleteFunc(theirs, func(s string) bool { return strings.HasPrefix(s, "pattern /error") })
		}
		if !slices.Equal(ours, theirs) {
			t.Fatalf("we find %q\nthe second finds %q", ours, theirs)
		}
	})
}

var dateTimeForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// FuzzFormats compares our judges with package time, package net/url and an
// expression. A leap second is judged apart, since package time knows none.
func FuzzFormats(f *testing.F) {
	for _, facts := range readFacts(f)["formats"] {
		for _, v := range facts.Set {
			if s, ok := v.(string); ok {
				f.Add(s)
			}
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := time.Parse(time.DateOnly, s); isDate(s) != (err == nil) {
			t.Errorf("%q as a date: %v, package time: %v", s, isDate(s), err)
		}
		formed := dateTimeForm.MatchString(s) && isDate(s[:10])
		switch {
		case !formed && isDateTime(s):
			t.Errorf("%q passes as a date-time", s)
		case formed && s[17:19] == "60":
			at, err := time.Parse(time.RFC3339, strings.ToUpper(s[:17]+"59"+s[19:]))
			if err != nil {
				t.Fatal(err)
			}
			if last := at.UTC().Format("15:04") == "23:59"; isDateTime(s) != last {
				t.Errorf("%q as a leap second: %v, and it is %v", s, isDateTime(s), at.UTC())
			}
		case formed && !isDateTime(s):
			t.Errorf("%q does not pass as a date-time", s)
		}
		if isURI(s) {
			if u, err := url.Parse(s); err != nil || !u.IsAbs() {
				t.Errorf("%q passes as a URI: %v", s, err)
			}
		}
	})
}
