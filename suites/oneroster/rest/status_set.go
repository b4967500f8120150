package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Error bodies of OneRoster 1.1: a list of status infos, whose code minor is a text. Products
// are seen to leave out the prefix of names, which decides nothing here.

// plainStatus is one entry.
type plainStatus struct {
	Major, Severity, Description any
	Minor                        json.RawMessage
}

// statusSet takes the entries out of a body; shaped is false where it has no such set, and the
// entries then are what could be read of it all the same.
func statusSet(t *T, body []byte) (entries []plainStatus, shaped bool) {
	members, fault := membersOf(body)
	if fault != "" {
		return nil, false
	}
	set, has := members[t.Service.Status.Set]
	if list, fault := elements(set, 1); has && fault == "" && len(list) > 0 {
		shaped = true
		for _, one := range list {
			entry, whole := plainStatusOf(one)
			entries, shaped = append(entries, entry), shaped && whole
		}
		return entries, shaped
	}
	if inner, there := members["errors"]; there {
		if list, fault := elements(inner, 1); fault == "" {
			for _, one := range list {
				if entry, whole := plainStatusOf(one); whole {
					entries = append(entries, entry)
				}
			}
		}
		return entries, false
	}
	if entry, whole := plainStatusOf(body); whole {
		return []plainStatus{entry}, false
	}
	return nil, false
}

// plainStatusOf reads one entry, its names with the prefix or without.
func plainStatusOf(object []byte) (s plainStatus, whole bool) {
	members, fault := membersOf(object)
	if fault != "" {
		return s, false
	}
	get := func(name string) json.RawMessage {
		if v, there := members["imsx_"+name]; there {
			return v
		}
		return members[name]
	}
	_ = json.Unmarshal(get("codeMajor"), &s.Major)
	_ = json.Unmarshal(get("severity"), &s.Severity)
	_ = json.Unmarshal(get("description"), &s.Description)
	if s.Minor = get("codeMinor"); s.Minor == nil {
		s.Minor = members["imsx_CodeMinor"]
	}
	return s, s.Major != nil && s.Severity != nil
}

// text is the code minor where it is a text.
func (s plainStatus) text() (string, bool) {
	var minor string
	return minor, s.Minor != nil && json.Unmarshal(s.Minor, &minor) == nil
}

// judgeStatusSet judges an error body. It names the requirement that kept what stands deeper
// from being looked at; empty when nothing did.
func judgeStatusSet(t *T, r *harness.Response, f failure, at func(string) string) (by string) {
	shown := []*harness.Response{r}
	members, _ := membersOf(r.Body)
	entries, shaped := statusSet(t, r.Body)
	t.Assert(at("status-info"), shaped, harness.Finding{
		Expected: t.Service.Status.Set + ", a list whose entries have imsx_codeMajor and imsx_severity",
		Seen:     "members " + memberNames(members), Where: f.name, Responses: shown})
	if len(entries) == 0 {
		t.NotTested(t.BlockedBy(at("status-info"), "the error body is no status info set", r), at(f.minor))
		return at("status-info")
	}
	first := entries[0]
	t.Assert(at("code-major"), first.Major == "failure",
		harness.Finding{Expected: "failure", Seen: fmt.Sprint(first.Major), Where: "/statusInfoSet/0/imsx_codeMajor", Responses: shown})
	t.Assert(at("severity"), first.Severity == "error",
		harness.Finding{Expected: "error", Seen: fmt.Sprint(first.Severity), Where: "/statusInfoSet/0/imsx_severity", Responses: shown})
	if f.status == 404 {
		judgeDescription(t, statusInfo{Description: first.Description}, at("text-unknown-object"), shown)
	}
	return judgePlainMinor(t, r, entries, f, at)
}

// judgePlainMinor judges the code minors of a set.
func judgePlainMinor(t *T, r *harness.Response, entries []plainStatus, f failure, at func(string) string) (by string) {
	shown := []*harness.Response{r}
	var minors []string
	for _, entry := range entries {
		if entry.Minor == nil {
			continue
		}
		minor, isText := entry.text()
		if !t.Assert(at("code-minor-shape"), isText, harness.Finding{Expected: "a text", Seen: "something else",
			Where: f.name + ": /statusInfoSet/0/imsx_codeMinor", Responses: shown}) {
			t.NotTested(t.BlockedBy(at("code-minor-shape"), "the code minor has another shape", r), at(f.minor))
			return at("code-minor-shape")
		}
		minors = append(minors, minor)
		t.Assert(at("code-minor-vocabulary"), t.Service.Status.Lists(minor),
			harness.Finding{Expected: "one of " + strings.Join(t.Service.Status.Minors, ", "), Seen: minor,
				Where: f.name + ": /statusInfoSet/0/imsx_codeMinor", Responses: shown})
	}
	if len(minors) == 0 {
		t.NotApplicable(at(f.minor), "the error body has no code minor, which is optional")
		return ""
	}
	t.Assert(at(f.minor), slices.ContainsFunc(minors, func(m string) bool { return t.Service.Status.Means(m, f.value) }),
		harness.Finding{Expected: f.value, Seen: Examples(minors), Where: f.name + ": /statusInfoSet/0/imsx_codeMinor", Responses: shown})
	return ""
}

// judgeTermsOfSet reads a refusal that no operation documents: where it is a status info set,
// what it says is of the vocabularies, and a failure.
func judgeTermsOfSet(t *T, r *harness.Response, what string) {
	entries, shaped := statusSet(t, r.Body)
	if !shaped {
		return
	}
	what = fmt.Sprintf("%s, answered %d", what, r.Status)
	shown := []*harness.Response{r}
	t.Assert(errorsAt+"code-major", entries[0].Major == "failure",
		harness.Finding{Expected: "failure", Seen: fmt.Sprint(entries[0].Major), Where: what, Responses: shown})
	t.Assert(errorsAt+"severity", entries[0].Severity == "error",
		harness.Finding{Expected: "error", Seen: fmt.Sprint(entries[0].Severity), Where: what, Responses: shown})
	for _, entry := range entries {
		if entry.Minor == nil {
			continue
		}
		minor, isText := entry.text()
		if t.Assert(errorsAt+"code-minor-shape", isText, harness.Finding{Expected: "a text", Seen: "something else", Where: what,
			Responses: shown}) {
			t.Assert(errorsAt+"code-minor-vocabulary", t.Service.Status.Lists(minor) && t.Service.Status.Plain(minor) != "fullsuccess",
				harness.Finding{Expected: "a value of OneRoster 1.1, for a failure", Seen: minor, Where: what, Responses: shown})
		}
	}
}

// warned asks for a field and an order that there aren't, and looks for the warning beside the
// data: where it stands is nowhere confirmed.
func warned(ctx context.Context, t *T) {
	const warning, success = errorsAt + "warning", errorsAt + "not-in-success"
	c, _ := pageable(t, 1)
	for _, try := range [][2]string{{"fields", "invalid_selection_field"}, {"sort", "invalid_sort_field"}} {
		p := part(ctx, t, c, 0, 5, try[0], "noSuchProperty")
		if !p.OK() {
			if p.Status == http.StatusBadRequest {
				t.NotTested(t.BlockedBy(map[string]string{"fields": fieldsAt + "unknown", "sort": sortAt + "unknown-field"}[try[0]],
					"an unknown property in "+try[0]+" is refused", p.Response), warning, success)
			} else {
				t.Hinders(p.Response)
			}
			continue
		}
		where, shown := try[0]+"=noSuchProperty: /"+t.Service.Status.Set, []*harness.Response{p.Response}
		entries, shaped := statusSet(t, p.Response.Body)
		if !t.Assert(warning, shaped, harness.Finding{Expected: "a status info set beside the data", Seen: "none", Where: where,
			Responses: shown}) {
			t.Examined(success, 1)
			continue
		}
		minor, _ := entries[0].text()
		t.Assert(warning, t.Service.Status.Means(minor, try[1]),
			harness.Finding{Expected: try[1], Seen: minor, Where: where, Responses: shown})
		t.Assert(success, entries[0].Major == "success" && entries[0].Severity != "error",
			harness.Finding{Expected: "success, with the severity warning", Seen: fmt.Sprintf("%v, %v", entries[0].Major, entries[0].Severity),
				Where: where, Responses: shown})
	}
}
