package competency

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// statusInfo is the body of every failed request (OpenAPI document, imsx_StatusInfoDType).
// Unlike OneRoster's it begins imsx_codeMinor with a small c.
type statusInfo struct {
	CodeMajor   string    `json:"imsx_codeMajor"`
	Severity    string    `json:"imsx_severity"`
	Description string    `json:"imsx_description,omitempty"`
	CodeMinor   codeMinor `json:"imsx_codeMinor"`
}

type codeMinor struct {
	Fields []codeMinorField `json:"imsx_codeMinorField"`
}

type codeMinorField struct {
	Name  string `json:"imsx_codeMinorFieldName"`
	Value string `json:"imsx_codeMinorFieldValue"`
}

// The code-minor values, as 1.1 spells them.
const (
	minorSelection    = "invalid_selection_field"
	minorUnauthorised = "unauthorised_request"
	minorForbidden    = "forbidden"
	minorUnknown      = "unknownobject"
	minorMalformed    = "invalid_uuid"
	minorInternal     = "internal_server_error"
)

// before are those that 1.0 spells in another way.
var before = map[string]string{minorUnauthorised: "unauthorisedrequest", minorMalformed: "invaliduuid"}

// failure is why a request was not answered with data.
type failure struct {
	status      int
	minor       string
	description string
}

func fail(status int, minor, format string, arguments ...any) *failure {
	return &failure{status, minor, fmt.Sprintf(format, arguments...)}
}

// write sends the failure as a version words it.
func (f *failure) write(w http.ResponseWriter, version Version) {
	minor := f.minor
	if old, differs := before[minor]; differs && version == V1p0 {
		minor = old
	}
	send(w, f.status, statusInfo{"failure", "error", f.description, codeMinor{[]codeMinorField{{"TargetEndSystem", minor}}}})
}

// send writes a body of JSON.
func send(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // an error means that the client left
}
