package provider

import (
	"encoding/json"
	"net/http"
	"time"
)

type reply struct {
	status int
	header http.Header
	body   []byte
	cut    bool
	delay  time.Duration
}

func (p *Provider) say(status int, v any) reply {
	text, _ := json.Marshal(v)
	if v == nil {
		text = nil
	}
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: text}
}

// unstored says that an answer isn't to be kept by anybody (RFC 6749 §5.1).
func unstored(a reply) reply {
	a.header.Set("Cache-Control", "no-store")
	a.header.Set("Pragma", "no-cache")
	return a
}

func (p *Provider) refuse(status int, minor, why string) reply {
	if p.version == "1.1" {
		return p.say(status, map[string]any{"statusInfoSet": []any{map[string]any{"imsx_codeMajor": "failure", "imsx_severity": "error",
			"imsx_codeMinor": minor, "imsx_description": why}}})
	}
	return p.say(status, map[string]any{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": why,
		"imsx_CodeMinor": map[string]any{"imsx_codeMinorField": []any{map[string]any{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}}}})
}

// minor is a code as the version writes it: 1.1 has blanks in some of them.
func (p *Provider) minor(code string) string {
	if p.version != "1.1" {
		return code
	}
	switch code {
	case "unknownobject":
		return "unknown object"
	case "unauthorisedrequest":
		return "unauthorized"
	}
	return code
}

// warning is what 1.1 says beside the data of what was asked for in vain.
func warning(code string) any {
	return []any{map[string]any{"imsx_codeMajor": "success", "imsx_severity": "warning", "imsx_codeMinor": code,
		"imsx_description": "There is no such property."}}
}
