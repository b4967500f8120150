package rest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

type statusInfo struct {
	Major       any `json:"imsx_codeMajor"`
	Severity    any `json:"imsx_severity"`
	Description any `json:"imsx_description"`
	Minor       *struct {
		Fields []codeMinor `json:"imsx_codeMinorField"`
	} `json:"imsx_CodeMinor"`
}

type codeMinor struct {
	Name  any `json:"imsx_codeMinorFieldName"`
	Value any `json:"imsx_codeMinorFieldValue"`
}

// judgeStatusInfo judges an error body. It names the requirement that kept what stands
// deeper from being looked at; empty when nothing did.
func judgeStatusInfo(t *T, schema *schemas.Schema, r *harness.Response, f failure, at func(string) string) (by string) {
	if t.Service.Status.Set != "" {
		return judgeStatusSet(t, r, f, at)
	}
	shown := []*harness.Response{r}
	members, _ := membersOf(r.Body)
	_, major := members["imsx_codeMajor"]
	_, severity := members["imsx_severity"]
	body := r.Body
	if !t.Assert(at("status-info"), major && severity,
		harness.Finding{Expected: "imsx_codeMajor and imsx_severity at the top level", Seen: "members " + memberNames(members), Where: f.name,
			Responses: shown}) {
		// A status info object in a wrapper is judged as well, so that what is
		// wrong with it doesn't wait for the next run.
		if body, members = unwrapStatus(members); body == nil {
			t.NotTested(t.BlockedBy(at("status-info"), "the error body is no status info object", r), at(f.minor))
			return at("status-info")
		}
	}
	var info statusInfo
	_ = decode(body, &info)
	t.Assert(at("code-major"), info.Major == "failure",
		harness.Finding{Expected: "failure", Seen: fmt.Sprint(info.Major), Where: "/imsx_codeMajor", Responses: shown})
	t.Assert(at("severity"), info.Severity == "error",
		harness.Finding{Expected: "error", Seen: fmt.Sprint(info.Severity), Where: "/imsx_severity", Responses: shown})
	if f.status == 404 {
		judgeDescription(t, info, at("text-unknown-object"), shown)
	}
	return judgeCodeMinor(t, schema, statusBody{response: r, text: body, members: members, info: info}, f, at)
}

// judgeDescription holds the description of an answer of 404 to what the standard has it say.
func judgeDescription(t *T, info statusInfo, id string, shown []*harness.Response) {
	if info.Description == nil {
		t.NotApplicable(id, "the error body has no description, which is optional")
		return
	}
	text := strings.ToLower(fmt.Sprint(info.Description))
	t.Assert(id, strings.Contains(text, "unknown object") || strings.Contains(text, "unknownobject"),
		harness.Finding{Expected: "a description that says Unknown Object", Seen: t.Show("imsx_description", fmt.Sprint(info.Description)),
			Where: "/imsx_description", Responses: shown})
}

// statusBody is a status info object, and the answer that it came in.
type statusBody struct {
	response *harness.Response
	text     []byte
	members  map[string]json.RawMessage
	info     statusInfo
}

// judgeCodeMinor judges the code minor of an error body. It names the requirement that kept
// its value from being looked at; empty when nothing did.
func judgeCodeMinor(t *T, schema *schemas.Schema, body statusBody, f failure, at func(string) string) (by string) {
	r, info, members := body.response, body.info, body.members
	shown := []*harness.Response{r}
	findings, err := schema.Validate(body.text)
	if err != nil {
		panic(err)
	}
	if bad := slices.IndexFunc(findings, func(x schemas.Finding) bool {
		return x.Severity == schemas.Error &&
			(strings.HasPrefix(x.Pointer, "/imsx_CodeMinor") || strings.HasPrefix(strings.ToLower(x.Pointer), "/imsx_codeminor")) &&
			x.Keyword != "enum"
	}); bad >= 0 || t.otherwise(members) != "" {
		seen := t.otherwise(members) + ", which is written " + t.Service.Status.Minor
		if bad >= 0 {
			seen = findings[bad].Message
		}
		t.Fail(at("code-minor-shape"),
			harness.Finding{Expected: `{"imsx_codeMinorField": [{"imsx_codeMinorFieldName": …, "imsx_codeMinorFieldValue": …}]} as ` + t.Service.Status.Minor,
				Seen: seen, Where: "/" + t.Service.Status.Minor, Responses: shown})
		t.NotTested(t.BlockedBy(at("code-minor-shape"), "the code minor has another shape", r), at(f.minor))
		return at("code-minor-shape")
	}
	if info.Minor == nil || len(info.Minor.Fields) == 0 {
		t.NotApplicable(at(f.minor), "the error body has no code minor, which is optional")
		t.Note(at("code-minor-shape"), "%s: no %s, which is optional", f.name, t.Service.Status.Minor)
		return ""
	}
	t.Examined(at("code-minor-shape"), 1)
	known := !slices.ContainsFunc(findings, func(x schemas.Finding) bool {
		return x.Severity == schemas.Error && x.Keyword == "enum" && strings.HasPrefix(x.Pointer, "/"+t.Service.Status.Minor)
	})
	values := []string{}
	for _, x := range info.Minor.Fields {
		values = append(values, fmt.Sprint(x.Value))
		t.Assert(at("code-minor-name"), x.Name == "TargetEndSystem" || x.Name != nil && x.Name != "",
			harness.Finding{Expected: "the name of the system that reports, such as TargetEndSystem", Seen: fmt.Sprint(x.Name),
				Where: "/" + t.Service.Status.Minor + "/imsx_codeMinorField/0/imsx_codeMinorFieldName", Responses: shown})
	}
	if !known && t.loose(values) {
		known = true
		t.Note(at("code-minor-vocabulary"), "%s: %s is no value of %s, and a code of OneRoster", f.name, Examples(values), t.Service.Standard)
	}
	t.Assert(at("code-minor-vocabulary"), known,
		harness.Finding{Expected: "a value of the " + t.Service.Title + " service", Seen: Examples(values), Where: "/" + t.Service.Status.Minor,
			Responses: shown})
	fits := t.minors(f.value)
	t.Assert(at(f.minor), slices.ContainsFunc(values, func(v string) bool { return v == f.value || slices.Contains(fits, v) }),
		harness.Finding{Expected: strings.Join(fits, " or "), Seen: Examples(values),
			Where: f.name + ": /" + t.Service.Status.Minor + "/imsx_codeMinorField/0/imsx_codeMinorFieldValue", Responses: shown})
	return ""
}

// judgeTerms reads a refusal that no operation documents, 404 and 405 alike: where it is a
// status info object, what it says is of the vocabularies, and a failure.
func judgeTerms(t *T, r *harness.Response, what string) {
	if t.Service.Status.Set != "" {
		judgeTermsOfSet(t, r, what)
		return
	}
	members, fault := membersOf(r.Body)
	if fault != "" || members["imsx_codeMajor"] == nil {
		return
	}
	var info statusInfo
	_ = decode(r.Body, &info)
	schema, err := schemas.Load(t.Service.StatusInfo)
	if err != nil {
		panic(err)
	}
	findings, err := schema.Validate(r.Body)
	if err != nil {
		panic(err)
	}
	what = fmt.Sprintf("%s, answered %d", what, r.Status)
	shown := []*harness.Response{r}
	majors := t.Service.Status.Majors
	if len(majors) == 0 {
		majors = []string{"failure"}
	}
	t.Assert(errorsAt+"code-major", slices.Contains(majors, fmt.Sprint(info.Major)),
		harness.Finding{Expected: strings.Join(majors, " or "), Seen: fmt.Sprint(info.Major), Where: what + ": /imsx_codeMajor",
			Responses: shown})
	t.Assert(errorsAt+"severity", info.Severity == "error",
		harness.Finding{Expected: "error", Seen: fmt.Sprint(info.Severity), Where: what + ": /imsx_severity", Responses: shown})
	seen := func(enum bool) string {
		i := slices.IndexFunc(findings, func(x schemas.Finding) bool {
			loose := enum && info.Minor != nil && t.looseFields(info.Minor.Fields)
			return x.Severity == schemas.Error && (x.Keyword == "enum") == enum && !loose &&
				strings.HasPrefix(strings.ToLower(x.Pointer), "/imsx_codeminor")
		})
		if i < 0 {
			return ""
		}
		return findings[i].Message
	}
	if shape := seen(false); !t.Assert(errorsAt+"code-minor-shape", shape == "",
		harness.Finding{Expected: "an " + t.Service.Status.Minor + " as the standard has it", Seen: shape,
			Where: what + ": /" + t.Service.Status.Minor, Responses: shown}) || info.Minor == nil {
		return
	}
	odd := seen(true)
	if slices.ContainsFunc(info.Minor.Fields, func(f codeMinor) bool { return f.Value == "fullsuccess" }) {
		odd = "fullsuccess, of a refusal"
	}
	t.Assert(errorsAt+"code-minor-vocabulary", odd == "",
		harness.Finding{Expected: "a value of the " + t.Service.Title + " service, for a failure", Seen: odd,
			Where: what + ": /" + t.Service.Status.Minor, Responses: shown})
}

// termsOptional says that refusals without a status info object are free to be so.
func termsOptional(t *T) {
	for _, name := range []string{"code-major", "severity", "code-minor-shape", "code-minor-vocabulary"} {
		t.NotApplicable(errorsAt+name, "no operation documents this refusal, and it has no status info object, or none with a code minor")
	}
}

// unwrapStatus finds a status info object that is the only member of an error
// body; nil when there is none.
func unwrapStatus(members map[string]json.RawMessage) ([]byte, map[string]json.RawMessage) {
	if len(members) != 1 {
		return nil, nil
	}
	for _, body := range members {
		if inner, fault := membersOf(body); fault == "" && inner["imsx_codeMajor"] != nil {
			return body, inner
		}
	}
	return nil, nil
}

func memberNames(members map[string]json.RawMessage) string {
	var names []string
	for n := range members {
		names = append(names, n)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names[:min(len(names), 6)], ", ")
}

// otherwise names the member with code minors where it is written in another case than the standard
// has; empty where there is none.
func (t *T) otherwise(members map[string]json.RawMessage) string {
	for _, name := range []string{"imsx_CodeMinor", "imsx_codeMinor"} {
		if name != t.Service.Status.Minor && members[name] != nil {
			return name
		}
	}
	return ""
}

// minors are what the service has for a code minor of OneRoster 1.2.
func (t *T) minors(value string) []string {
	if own := t.Service.Status.Spellings[value]; len(own) > 0 {
		return own
	}
	return []string{value}
}

// loose tells whether code minors that are none of the service's vocabulary are of another document
// that products go by.
func (t *T) loose(values []string) bool {
	return len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool {
		return !slices.Contains(t.Service.Status.Loose, v) && !slices.Contains(t.Service.Status.Minors, v)
	})
}

func (t *T) looseFields(fields []codeMinor) bool {
	var values []string
	for _, f := range fields {
		values = append(values, fmt.Sprint(f.Value))
	}
	return t.loose(values)
}
