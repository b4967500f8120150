package oneroster

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// statusInfo is the body of every failed request (OpenAPI document,
// imsx_StatusInfoDType). It is never part of a success.
type statusInfo struct {
	CodeMajor   string    `json:"imsx_codeMajor"`
	Severity    string    `json:"imsx_severity"`
	Description string    `json:"imsx_description,omitempty"`
	CodeMinor   codeMinor `json:"imsx_CodeMinor"` // with a capital C, unlike codeMajor
}

type codeMinor struct {
	Fields []codeMinorField `json:"imsx_codeMinorField"`
}

type codeMinorField struct {
	Name  string `json:"imsx_codeMinorFieldName"`
	Value string `json:"imsx_codeMinorFieldValue"`
}

// The code-minor values that there is a use for.
const (
	minorInvalidFilter    = "invalid_filter_field"
	minorInvalidSelection = "invalid_selection_field"
	minorInvalidData      = "invaliddata"
	minorUnauthorised     = "unauthorisedrequest"
	minorForbidden        = "forbidden"
	minorUnknownObject    = "unknownobject"
	minorInternal         = "internal_server_error"
	minorDeleteFailure    = "deletefailure"
)

// failure is why a request was not answered with data.
type failure struct {
	status      int
	minor       string
	description string
}

func (f *failure) Error() string { return f.description }

func fail(status int, minor, format string, arguments ...any) *failure {
	return &failure{status, minor, fmt.Sprintf(format, arguments...)}
}

// unknownObject is the answer to a sourcedId that names nothing here, or
// something of another kind.
func unknownObject(sourcedID string) *failure {
	return fail(http.StatusNotFound, minorUnknownObject, "Unknown Object: %q", sourcedID)
}

// write sends the failure. Headers beyond the content type are set before.
func (f *failure) write(w http.ResponseWriter) { f.writeIn(w, nil) }

// writeIn sends it as a version of the standard words it.
func (f *failure) writeIn(w http.ResponseWriter, d *Dialect) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(f.status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	// A write error means that the client left; there is nobody to tell.
	_ = encoder.Encode(d.body(f))
}
