package onerosterfault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// fail turns an answer into an error in the standard's own form.
func fail(a *answer, code int, minor string) {
	a.status = code
	a.header = http.Header{"Content-Type": {"application/json"}}
	if a.request != nil && baseOf(a.request.URL.Path) == v1p1Base {
		spelt := strings.NewReplacer("unknownobject", "unknown object", "invaliddata", "invalid data", "unauthorisedrequest", "unauthorized")
		entry := object{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_codeMinor": spelt.Replace(minor)}
		body, _ := json.Marshal(object{"statusInfoSet": []any{entry}})
		a.setBody(body)
		return
	}
	body, _ := json.Marshal(object{"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": http.StatusText(code),
		"imsx_CodeMinor": object{"imsx_codeMinorField": []any{object{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}}}})
	a.setBody(body)
}

// say replaces the body and its type.
func say(a *answer, kind, body string) {
	a.header.Set("Content-Type", kind)
	a.setBody([]byte(body))
}

func failed(a *answer) bool { return a.status >= 400 }

// emptyCollection applies to collections without objects that were asked for
// from the beginning.
func emptyCollection(a *answer) bool {
	return collection(a) && length(a) == 0 && number(a.request, "offset", 0) == 0
}

func statusInfo(change func(object)) func(*answer) {
	return func(a *answer) { a.envelope(change) }
}

func codeMinor(a *answer, value string) bool { return strings.Contains(a.body.String(), `"`+value+`"`) }

func errorFaults() map[string]wrapper {
	unknown := func(a *answer) bool {
		return a.status == http.StatusNotFound && (codeMinor(a, "unknownobject") || codeMinor(a, "unknown object"))
	}
	unknownObject := func(a *answer) bool { return unknown(a) && !isCollection(a.path) }
	return map[string]wrapper{
		"error-as-200": changing(unknownObject, func(a *answer) { a.status = http.StatusOK }),
		"error-html": changing(status(http.StatusNotFound), func(a *answer) {
			say(a, "text/html; charset=utf-8", "<!doctype html><title>404</title><h1>Not Found</h1>")
		}),
		"error-wrong-shape": changing(failed, func(a *answer) {
			say(a, "application/json", fmt.Sprintf(`{"timestamp":"2026-01-01","status":%d,"error":%q}`, a.status, http.StatusText(a.status)))
		}),
		"error-empty":           changing(failed, func(a *answer) { a.setBody(nil) }),
		"error-code-minor-text": changing(failed, statusInfo(func(e object) { delete(e, "imsx_CodeMinor"); e["imsx_codeMinor"] = "invalid_data" })),
		"error-code-minor-value": changing(failed, func(a *answer) {
			a.setBody([]byte(strings.ReplaceAll(a.body.String(), "unknownobject", "unknown_object")))
		}),
		"error-major-success": changing(failed, statusInfo(func(e object) { e["imsx_codeMajor"] = "success" })),
		"error-severity":      changing(failed, statusInfo(func(e object) { e["imsx_severity"] = "fatal" })),
		"unauthorised-spelling": changing(status(http.StatusUnauthorized), func(a *answer) {
			a.setBody([]byte(strings.ReplaceAll(a.body.String(), "unauthorisedrequest", "unauthorizedrequest")))
		}),
		"unknown-id-400": changing(unknownObject, func(a *answer) { fail(a, http.StatusBadRequest, "invaliddata") }),
		"unknown-id-500": changing(unknownObject, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"unknown-id-empty-200": changing(unknownObject, func(a *answer) {
			a.status = http.StatusOK
			say(a, "application/json", "{}")
		}),
		"unknown-parent-empty-200": changing(func(a *answer) bool { return unknown(a) && isCollection(a.path) }, func(a *answer) {
			a.status = http.StatusOK
			parts := strings.Split(strings.Trim(a.path, "/"), "/")
			wrapper := parts[len(parts)-1]
			if w := map[string]string{"students": "users", "teachers": "users", "terms": "academicSessions",
				"gradingPeriods": "academicSessions"}[wrapper]; w != "" {
				wrapper = w
			}
			say(a, "application/json", fmt.Sprintf(`{%q:[]}`, wrapper))
			a.header.Set("X-Total-Count", "0")
		}),
		"unknown-parent-500": changing(func(a *answer) bool { return unknown(a) && isCollection(a.path) }, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"empty-404":          changing(emptyCollection, func(a *answer) { fail(a, http.StatusNotFound, "unknownobject") }),
		"empty-204": changing(emptyCollection, func(a *answer) {
			a.status = http.StatusNoContent
			a.setBody(nil)
		}),
		"method-500": changing(func(a *answer) bool { return a.status == http.StatusMethodNotAllowed }, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
		"method-200": changing(func(a *answer) bool { return a.status == http.StatusMethodNotAllowed }, func(a *answer) {
			a.status = http.StatusOK
			say(a, "application/json", "{}")
		}),
		"head-500": changing(func(a *answer) bool { return a.request.Method == http.MethodHead }, func(a *answer) { a.status = http.StatusInternalServerError; a.setBody(nil) }),
		"conditional-500": changing(func(a *answer) bool {
			return a.request.Header.Get("If-None-Match") != "" || a.request.Header.Get("If-Modified-Since") != ""
		}, func(a *answer) { fail(a, http.StatusInternalServerError, "internal_server_error") }),
	}
}
