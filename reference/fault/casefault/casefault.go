// Package casefault makes the reference's CASE server wrong on purpose, and odd within the
// law. Nothing of it may be held against who refers to such a server: what it gets wrong is
// no failure of a product that names its identifiers, so that all of it stands among the
// variants, but for what a product is warned of: identifiers that the server doesn't know.
package casefault

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/competency"
	"github.com/rollcall-edu/rollcall/reference/fault"
	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

//go:embed faults.yaml
var faultTable []byte

//go:embed variants.yaml
var variantTable []byte

type behaviour = fault.Behaviour[competency.Config]

// Kind is the faults and variants of a CASE server.
var Kind = fault.NewKind("CASE server", func() (fault.Tables, error) {
	return fault.ReadTables("CASE server", faultTable, variantTable, behaviours(), nil, nil)
}, behaviours, func(*competency.Config, fault.Fault) {})

func behaviours() map[string]behaviour {
	all := map[string]behaviour{}
	for id, w := range fault.Gather(gone(), broken(), odd()) {
		all[id] = behaviour{Wrap: w}
	}
	all["case-token-wanted"] = behaviour{Bend: func(c *competency.Config) { c.Token = "a token that nobody was given" }}
	return all
}

type object = map[string]any

// gone are servers that don't know what they should.
func gone() map[string]bend.Wrapper {
	return map[string]bend.Wrapper{
		"case-knows-nothing": items(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			refuse(w, http.StatusNotFound, "unknownobject")
		}),
		"case-item-ended": answered("/CFItems/", only("A.1", func(o object) { o["statusEndDate"] = "2020-06-30" })),
		"case-framework-retired": answered("/CFDocuments/", func(o object) object {
			o["adoptionStatus"] = "Retired"
			return o
		}),
		"case-item-replaced": answered("/CFItemAssociations/", associated("replacedBy", false)),
		"case-item-parent":   answered("/CFItemAssociations/", associated("isChildOf", true)),
		"case-forgets-one": answered("/CFItems/", func(o object) object {
			if o["humanCodingScheme"] == "A.1" {
				return nil
			}
			return o
		}),
	}
}

// only changes the item that has a code.
func only(code string, change func(object)) func(object) object {
	return func(o object) object {
		if o["humanCodingScheme"] == code {
			change(o)
		}
		return o
	}
}

// associated has the standard A.1 stand in one more association: with something below it, or
// in its place.
func associated(kind string, below bool) func(object) object {
	return func(o object) object {
		item, _ := o["CFItem"].(object)
		list, _ := o["CFAssociations"].([]any)
		if item["humanCodingScheme"] != "A.1" {
			return o
		}
		self := object{"identifier": item["identifier"], "title": item["fullStatement"], "uri": item["uri"]}
		other := object{"identifier": "5f0f4d5e-3f8e-4c57-8f43-6a0b8f0e8b11", "title": "Count seeds", "uri": item["uri"]}
		if below {
			self, other = other, self
		}
		o["CFAssociations"] = append(list, object{"associationType": kind, "originNodeURI": self, "destinationNodeURI": other})
		return o
	}
}

// broken are servers that answer nothing that can be used.
func broken() map[string]bend.Wrapper {
	always := func(answer http.HandlerFunc) bend.Wrapper {
		return func(http.Handler) http.Handler { return answer }
	}
	status := func(code int, kind, body string) bend.Wrapper {
		return always(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			fmt.Fprint(w, body)
		})
	}
	return map[string]bend.Wrapper{
		"case-500":       status(http.StatusInternalServerError, "application/json", `{"imsx_codeMajor":"failure","imsx_severity":"error"}`),
		"case-503":       status(http.StatusServiceUnavailable, "text/plain", "down for maintenance"),
		"case-html":      status(http.StatusOK, "text/html", "<!doctype html><title>Frameworks</title><p>Sign in to go on."),
		"case-html-404":  status(http.StatusNotFound, "text/html", "<!doctype html><title>Not found</title>"),
		"case-403-text":  status(http.StatusForbidden, "application/json", `{"message":"Missing Authentication Token"}`),
		"case-empty":     status(http.StatusOK, "application/json", ""),
		"case-null":      status(http.StatusOK, "application/json", "null"),
		"case-list":      status(http.StatusOK, "application/json", "[]"),
		"case-nested":    status(http.StatusOK, "application/json", strings.Repeat(`{"CFItem":`, 20_000)+"1"+strings.Repeat("}", 20_000)),
		"case-half":      status(http.StatusOK, "application/json", `{"identifier": "`),
		"case-error-200": status(http.StatusOK, "application/json", `{"imsx_codeMajor":"failure","imsx_severity":"error"}`),
		"case-other-404": status(http.StatusNotFound, "application/json", `{"statusCode":404,"message":"Resource not found"}`),
		"case-busy": always(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			refuse(w, http.StatusTooManyRequests, "server_busy")
		}),
		"case-elsewhere": always(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://elsewhere.invalid"+r.URL.Path, http.StatusFound)
		}),
		"case-circle": always(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}),
		"case-stalls": always(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(time.Minute):
			}
		}),
		"case-endless": always(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"fullStatement":"`)
			for text := []byte(strings.Repeat("seeds and ", 6400)); r.Context().Err() == nil; {
				if _, err := w.Write(text); err != nil {
					return
				}
			}
		}),
		"case-cut": always(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		"case-other-item": answered("/CFItems/", func(o object) object {
			o["identifier"] = "0b0c5d3e-8a53-4b3c-9a4c-5b3d2c1e0f9a"
			return o
		}),
		"case-associations-500": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/CFItemAssociations/") {
					refuse(w, http.StatusInternalServerError, "internal_server_error")
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	}
}

var version4 = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// odd are servers of which all can be read that has to be, in their own way.
func odd() map[string]bend.Wrapper {
	return map[string]bend.Wrapper{
		"case-wrapped":      answered("/CFItems/", func(o object) object { return object{"CFItem": o} }),
		"case-listed":       answered("/CFItems/", func(o object) object { return object{"CFItems": []any{o}} }),
		"case-no-document":  answered("/CFItems/", func(o object) object { delete(o, "CFDocumentURI"); return o }),
		"case-capitals":     answered("/CFItems/", func(o object) object { o["identifier"] = strings.ToUpper(o["identifier"].(string)); return o }),
		"case-nulls":        answered("/CFItems/", func(o object) object { o["statusEndDate"], o["notes"] = nil, nil; return o }),
		"case-more-members": answered("/CFItems/", func(o object) object { o["extensions"] = object{"ours": []any{1, nil}}; return o }),
		"case-other-uri": answered("/CFItems/", func(o object) object {
			o["uri"] = "https://case.elsewhere.example/uri/" + o["identifier"].(string)
			return o
		}),
		"case-moved": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, ".json") {
					http.Redirect(w, r, r.URL.Path+".json", http.StatusMovedPermanently)
					return
				}
				r.URL.Path, r.URL.RawPath = strings.TrimSuffix(r.URL.Path, ".json"), ""
				next.ServeHTTP(w, r)
			})
		},
		"case-version-4": func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/CFItems/") && !version4.MatchString(r.URL.Path) {
					refuse(w, http.StatusNotFound, "invalid_uuid")
					return
				}
				next.ServeHTTP(w, r)
			})
		},
	}
}

// items handles the reads of items and what hangs on them, and leaves all others alone.
func items(handle bend.Handle) bend.Wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, "/CFItem") {
				next.ServeHTTP(w, r)
				return
			}
			handle(w, r, next)
		})
	}
}

// answered changes the object that an operation is answered with; where nothing is left of
// it, it is unknown.
func answered(operation string, change func(object) object) bend.Wrapper {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.URL.Path, operation) {
				next.ServeHTTP(w, r)
				return
			}
			rec := bend.Answered(next, r)
			var o object
			if rec.Code == http.StatusOK && json.Unmarshal(rec.Body.Bytes(), &o) == nil {
				if o = change(o); o == nil {
					refuse(w, http.StatusNotFound, "unknownobject")
					return
				}
				rec.Body.Reset()
				_ = json.NewEncoder(rec.Body).Encode(o) // it was JSON before
			}
			bend.Give(w, rec)
		})
	}
}

func refuse(w http.ResponseWriter, status int, minor string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{
		"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_description": "this server misbehaves on purpose",
		"imsx_codeMinor": object{"imsx_codeMinorField": []object{{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}}},
	}) // the client may be gone
}
