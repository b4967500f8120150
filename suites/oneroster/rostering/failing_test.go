package rostering

import (
	"net/http"
	"strings"
	"testing"
)

// saying bends the refusals of the service, not those of its token endpoint.
func saying(change func(a *reply)) func(*provider) {
	return func(s *provider) {
		s.change = func(a *reply) {
			if a.status >= 400 && a.path != "/token" && !strings.HasPrefix(a.path, "/discovery") {
				change(a)
			}
		}
	}
}

func TestFailing(t *testing.T) {
	// minor bends the code minor of refusals with a status.
	minor := func(status int, value string) func(*provider) {
		return saying(func(a *reply) {
			if a.status == status {
				a.body["imsx_CodeMinor"] = object{"imsx_codeMinorField": []object{{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": value}}}
			}
		})
	}
	with := func(name string, v any) func(*provider) { return saying(func(a *reply) { a.body[name] = v }) }
	found := func(when func(a *reply) bool, status int, body string) func(*provider) {
		return saying(func(a *reply) {
			if a.status == 404 && when(a) {
				a.status, a.raw = status, body
			}
		})
	}
	known := func(a *reply) bool { return a.op.ID != "" }
	bent(t, "errors", []row{
		{"400 to an unknown object", found(func(a *reply) bool { return a.op.Single }, 400, ""), []string{"errors.invalid-id", "errors.unknown-object"}},
		{"200 and null to an unknown object", found(func(a *reply) bool { return a.op.Single }, 200, `{"user":null}`), []string{"errors.invalid-id", "errors.unknown-object"}},
		{"200 and a failure to an unknown object", found(func(a *reply) bool { return a.op.Single }, 200, `{"imsx_codeMajor":"failure","imsx_severity":"error"}`), []string{"errors.invalid-id", "errors.not-in-success", "errors.unknown-object"}},
		{"500 to a long id", found(func(a *reply) bool { return len(a.path) > 300 }, 500, ""), []string{"errors.invalid-id"}},
		{"400 to an id with a blank", found(func(a *reply) bool { return strings.Contains(a.path, "%20") }, 400, ""), []string{"errors.invalid-id"}},
		{"an empty list below an unknown parent", found(func(a *reply) bool { return a.op.Sub() }, 200, `{"users":[]}`), []string{"errors.unknown-parent"}},
		{"200 to an unknown path", found(func(a *reply) bool { return !known(a) }, 200, `{}`), []string{"errors.unknown-route"}},
		{"400 to an unknown path", found(func(a *reply) bool { return !known(a) }, 400, ""), []string{"errors.unknown-route"}},
		{"a page to an unknown path", saying(func(a *reply) {
			if !known(a) {
				a.header.Set("Content-Type", "text/html")
				a.raw = "<html>not here</html>"
			}
		}), []string{"errors.unknown-route-json"}},
		{"errors as text", saying(func(a *reply) { a.header.Set("Content-Type", "text/plain") }), []string{"errors.json", "errors.unknown-route-json"}},
		{"errors in a wrapper", saying(func(a *reply) { a.body = object{"imsx_StatusInfo": a.body} }), []string{"errors.status-info"}},
		{"errors of its own", saying(func(a *reply) { a.body = object{"error": "no"} }), []string{"errors.status-info"}},
		{"a failure that calls itself success", with("imsx_codeMajor", "success"), []string{"errors.code-major"}},
		{"a failure of no severity", with("imsx_severity", "status"), []string{"errors.severity"}},
		{"the code minor is a text", with("imsx_CodeMinor", "unknownobject"), []string{"errors.code-minor-shape"}},
		{"the code minor in small letters", saying(func(a *reply) {
			a.body["imsx_codeMinor"] = a.body["imsx_CodeMinor"]
			delete(a.body, "imsx_CodeMinor")
		}), []string{"errors.code-minor-shape"}},
		{"no code minor", saying(func(a *reply) { delete(a.body, "imsx_CodeMinor") }), nil},
		{"a code minor of its own", minor(404, "not_there"), []string{"errors.code-minor-vocabulary", "errors.code-unknown-object"}},
		{"a code minor without a name", saying(func(a *reply) {
			a.body["imsx_CodeMinor"].(object)["imsx_codeMinorField"].([]object)[0]["imsx_codeMinorFieldName"] = ""
		}), []string{"errors.code-minor-name"}},
		{"the code minor of 401 is forbidden", minor(401, "forbidden"), []string{"errors.code-unauthorised"}},
		{"the code minor of 403 is unauthorisedrequest", minor(403, "unauthorisedrequest"), []string{"errors.code-forbidden"}},
		{"the code minor of 404 is invaliddata", minor(404, "invaliddata"), []string{"errors.code-unknown-object"}},
		{"the code minor of any 400 is invaliddata", minor(400, "invaliddata"), []string{"errors.code-invalid-filter", "errors.code-invalid-selection"}},
		{"a description that says nothing", with("imsx_description", "oops"), []string{"errors.text-unknown-object"}},
		{"no description", saying(func(a *reply) { delete(a.body, "imsx_description") }), nil},
		{"a stack trace", with("imsx_description", "Unknown Object\n\tat org.example.Roster"), []string{"errors.no-internals"}},
		{"a query of the database", with("imsx_description", "Unknown Object: SELECT * FROM orgs"), []string{"errors.no-internals"}},
		{"a record can be put", func(s *provider) {
			s.ask = func(a *reply) {
				if a.r.Method == http.MethodPut {
					a.raw = "{}"
				}
			}
		}, []string{"errors.write-refused"}},
		{"a record can be posted", func(s *provider) {
			s.ask = func(a *reply) {
				if a.r.Method == http.MethodPost && a.path != "/token" {
					a.status = 201
				}
			}
		}, []string{"errors.write-refused"}},
		{"DELETE breaks the server", func(s *provider) {
			s.ask = func(a *reply) {
				if a.r.Method == http.MethodDelete {
					a.status = 500
				}
			}
		}, []string{"errors.write-refused"}},
		{"405 without Allow", func(s *provider) { s.change = func(a *reply) { a.header.Del("Allow") } }, []string{"errors.method-status"}},
		{"400 to other methods", saying(func(a *reply) {
			if a.status == 405 {
				a.status = 400
			}
		}), nil},
		{"404 to other methods", saying(func(a *reply) {
			if a.status == 405 {
				a.status = 404
			}
		}), []string{"errors.method-status"}},
		{"405 with a code minor of its own", saying(func(a *reply) {
			if a.status == 405 {
				a.refuse(405, "methodnotallowed", "read only")
			}
		}), []string{"errors.code-minor-vocabulary"}},
		{"405 that calls itself a success", saying(func(a *reply) {
			if a.status == 405 {
				a.refuse(405, "fullsuccess", "read only")
			}
		}), []string{"errors.code-minor-vocabulary"}},
		{"405 without a body", saying(func(a *reply) {
			if a.status == 405 {
				a.raw = " "
			}
		}), nil},
		{"an unknown parameter breaks the server", refusing("noSuchParameter", "", 500), []string{"errors.server-error"}},
		{"an unknown parameter is refused", refusing("noSuchParameter", "", 400), []string{"errors.unknown-parameter"}},
		{"an unknown parameter filters", listed(func(a *reply) {
			if a.q.Has("noSuchParameter") {
				a.set([]object{})
			}
		}), []string{"errors.unknown-parameter"}},
	})
}
