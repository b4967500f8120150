package catalog

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// statusInfo is the body of every failed request (imsx_StatusInfo.Type), and stands beside the
// resources with a warning.
type statusInfo struct {
	CodeMajor   string     `json:"imsx_codeMajor"`
	Severity    string     `json:"imsx_severity"`
	Description string     `json:"imsx_description,omitempty"`
	CodeMinor   *codeMinor `json:"imsx_codeMinor,omitempty"` // with a small c, unlike OneRoster's
}

type codeMinor struct {
	Fields []codeMinorField `json:"imsx_codeMinorField"`
}

type codeMinorField struct {
	Name  string `json:"imsx_codeMinorFieldName"`
	Value string `json:"imsx_codeMinorFieldValue"`
}

// The code-minor values (imsx_CodeMinorField.Type) that there is a use for. The open
// implementation has OneRoster's instead, invalid_filter_field and so on.
const (
	minorParameter    = "invalidqueryparameter"
	minorUnauthorised = "unauthorisedrequest"
	minorForbidden    = "forbidden"
	minorInternal     = "internal_server_error"
	minorNone         = "" // there is none for a path that isn't, or a method that isn't offered
)

func status(major, severity, minor, description string) statusInfo {
	s := statusInfo{CodeMajor: major, Severity: severity, Description: description}
	if minor != minorNone {
		s.CodeMinor = &codeMinor{[]codeMinorField{{"TargetEndSystem", minor}}}
	}
	return s
}

// failure is why a request was not answered with data.
type failure struct {
	status      int
	minor       string
	description string
}

func fail(status int, minor, format string, arguments ...any) *failure {
	return &failure{status, minor, fmt.Sprintf(format, arguments...)}
}

func (f *failure) write(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	major := "failure"
	if f.status == http.StatusNotFound || f.status == http.StatusMethodNotAllowed {
		major = "unsupported"
	}
	send(w, f.status, status(major, "error", f.minor, f.description))
}

// send writes a body of JSON.
func send(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // an error means that the client left
}
