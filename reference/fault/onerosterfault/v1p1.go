package onerosterfault

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/fault"
)

//go:embed v1p1-faults.yaml
var v1p1Faults []byte

//go:embed v1p1-variants.yaml
var v1p1Variants []byte

// v1p1Base is the one root of OneRoster 1.1, and stands for its rosters; the other services are told
// by what is asked for.
const (
	v1p1Base          = "/ims/oneroster/v1p1"
	v1p1ResourcesBase = v1p1Base + " resources"
	v1p1GradebookBase = v1p1Base + " gradebook"
)

// V1P1 are the faults and variants of a provider's Rostering of OneRoster 1.1: what that of 1.2 can
// get wrong, to this version alone, and what 1.1 has otherwise.
var V1P1 = beside("OneRoster 1.1 provider", "or11.rostering.", v1p1Faults, v1p1Variants, v1p1Behaviours)

func v1p1Behaviours() map[string]behaviour {
	return ofService(v1p1Base, v1p1Wrappers(), map[string]func(fixtures.District) fixtures.District{}, v1p1Faults, v1p1Variants)
}

// v1p1Wrappers gathers what rosters of 1.1 can get wrong otherwise than those of 1.2; what error
// bodies and signatures can, befalls its other services too.
func v1p1Wrappers() map[string]wrapper {
	return fault.Gather(shapesOfV1P1(), statusOfV1P1(), signatureFaults(), odditiesOfV1P1())
}

// users applies to answers that hold users.
func users(a *answer) bool {
	return succeeded(a) && (strings.Contains(a.body.String(), `"users":`) || strings.Contains(a.body.String(), `"user":{`))
}

// someUser changes every third user, so that some are right.
func someUser(change func(object)) func(*answer) {
	return func(a *answer) {
		a.objects(func(o object) {
			id := str(o["sourcedId"])
			if o["familyName"] == nil && o["role"] == nil || len(id) == 0 || id[len(id)-1]%3 != 0 {
				return
			}
			change(o)
		})
	}
}

// shapesOfV1P1 are objects that aren't those of 1.1.
func shapesOfV1P1() map[string]wrapper {
	without := func(name string) wrapper { return changing(users, someUser(func(o object) { delete(o, name) })) }
	return map[string]wrapper{
		"v1p1-username-missing": without("username"),
		"v1p1-role-missing":     without("role"),
		"v1p1-orgs-missing":     without("orgs"),
		"v1p1-orgs-empty": changing(users, someUser(func(o object) {
			if o["orgs"] != nil {
				o["orgs"] = []any{}
			}
		})),
		"v1p1-orgs-single": changing(users, someUser(func(o object) {
			if list, is := o["orgs"].([]any); is && len(list) > 0 {
				o["orgs"] = list[0]
			}
		})),
		"v1p1-roles-beside": changing(users, someUser(func(o object) {
			if o["role"] != nil {
				o["roles"] = []any{object{"roleType": "primary", "role": o["role"], "org": object{}}}
			}
		})),
		"v1p1-role-principal": changing(users, someUser(func(o object) {
			if str(o["role"]) == "administrator" || str(o["role"]) == "aide" {
				o["role"] = "principal"
			}
		})),
		"v1p1-sex-other": changing(under("demographics"), func(a *answer) {
			a.objects(func(o object) {
				if str(o["sex"]) == "female" {
					o["sex"] = "other"
				}
			})
		}),
		"v1p1-body-envelope": changing(collection, func(a *answer) {
			a.envelope(func(e object) { e["total"] = 3 })
		}),
	}
}

// inSet changes the entries of the status info set of an answer.
func inSet(change func(object)) func(*answer) {
	return func(a *answer) {
		a.envelope(func(e object) {
			set, _ := e["statusInfoSet"].([]any)
			for _, one := range set {
				if entry, is := one.(object); is {
					change(entry)
				}
			}
		})
	}
}

// inVain applies to answers with data and a warning.
func inVain(a *answer) bool {
	return succeeded(a) && strings.Contains(a.body.String(), `"statusInfoSet"`)
}

// inVainBy applies to those in which one parameter names what there isn't.
func inVainBy(parameter string) when {
	return func(a *answer) bool { return inVain(a) && a.request.URL.Query().Has(parameter) }
}

// statusOfV1P1 are error bodies and warnings that aren't those of 1.1.
func statusOfV1P1() map[string]wrapper {
	first := func(a *answer) object {
		var e struct {
			Set []object `json:"statusInfoSet"`
		}
		if json.Unmarshal(a.body.Bytes(), &e) != nil || len(e.Set) == 0 {
			return object{}
		}
		return e.Set[0]
	}
	return map[string]wrapper{
		"v1p1-status-of-1.2": changing(failed, func(a *answer) {
			s := first(a)
			body, _ := json.Marshal(object{"imsx_codeMajor": s["imsx_codeMajor"], "imsx_severity": s["imsx_severity"], "imsx_CodeMinor": object{
				"imsx_codeMinorField": []any{object{"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": s["imsx_codeMinor"]}}}})
			a.setBody(body)
		}),
		"v1p1-code-minor-object": changing(failed, inSet(func(e object) { e["imsx_codeMinor"] = object{"value": e["imsx_codeMinor"]} })),
		"v1p1-code-minor-own":    changing(failed, inSet(func(e object) { e["imsx_codeMinor"] = "E0042" })),
		"v1p1-major-success":     changing(failed, inSet(func(e object) { e["imsx_codeMajor"] = "success" })),
		"v1p1-severity-fatal":    changing(failed, inSet(func(e object) { e["imsx_severity"] = "fatal" })),
		"v1p1-one-code-minor": changing(status(http.StatusNotFound, http.StatusUnauthorized, http.StatusBadRequest),
			inSet(func(e object) { e["imsx_codeMinor"] = "invalid data" })),
		"v1p1-warning-missing": changing(inVain, func(a *answer) { a.envelope(func(e object) { delete(e, "statusInfoSet") }) }),
		"v1p1-warning-other":   changing(inVain, inSet(func(e object) { e["imsx_codeMinor"] = "full success" })),
		"v1p1-warning-as-failure": changing(inVain, inSet(func(e object) {
			e["imsx_codeMajor"], e["imsx_severity"] = "failure", "error"
		})),
		"v1p1-unknown-field-400": changing(inVainBy("fields"), func(a *answer) { fail(a, http.StatusBadRequest, "invalid_selection_field") }),
		"v1p1-unknown-sort-400":  changing(inVainBy("sort"), func(a *answer) { fail(a, http.StatusBadRequest, "invalid_sort_field") }),
		"v1p1-unknown-field-empty": changing(inVainBy("fields"), func(a *answer) {
			a.objects(func(o object) {
				if o["imsx_codeMajor"] == nil {
					clear(o)
				}
			})
		}),
		"v1p1-blank-fields-all": asking(func(r *http.Request, _ string) {
			if q := r.URL.Query(); q.Has("fields") && q.Get("fields") == "" {
				rewrite(r, "fields", "")
			}
		}),
	}
}

// turnedAway refuses signed requests that it says so of.
func turnedAway(refused func(r *http.Request, header string) bool) wrapper {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			header := r.Header.Get("Authorization")
			if _, ours := servicePath(r); !ours || !strings.HasPrefix(header, "OAuth ") || !refused(r, header) {
				h.ServeHTTP(w, r)
				return
			}
			a := &answer{request: r, header: http.Header{}}
			fail(a, http.StatusUnauthorized, "unauthorized")
			a.header.Set("WWW-Authenticate", `OAuth realm="OneRoster"`)
			a.send(w)
		})
	}
}

// waved lets signed requests in that the role refuses for one of the reasons: they get what the
// last one with the same query got.
func waved(reasons ...string) wrapper {
	return func(h http.Handler) http.Handler {
		var mu sync.Mutex
		last := map[string]*answer{}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ours := servicePath(r); !ours || !strings.HasPrefix(r.Header.Get("Authorization"), "OAuth ") {
				h.ServeHTTP(w, r)
				return
			}
			a := ask(h, r)
			mu.Lock()
			defer mu.Unlock()
			said := a.body.String()
			if succeeded(a) && strings.HasSuffix(r.URL.RawQuery, "limit=1") {
				last[r.URL.String()] = a
			} else if before := last[r.URL.String()]; a.status == http.StatusUnauthorized && before != nil &&
				slices.ContainsFunc(reasons, func(reason string) bool { return strings.Contains(said, reason) }) {
				a = before
			}
			a.send(w)
		})
	}
}

// signatureFaults are what verifies signatures wrong.
func signatureFaults() map[string]wrapper {
	return map[string]wrapper{
		"v1p1-sha1-refused":  turnedAway(func(_ *http.Request, header string) bool { return strings.Contains(header, `"HMAC-SHA1"`) }),
		"v1p1-blank-refused": turnedAway(func(r *http.Request, _ string) bool { return strings.Contains(r.URL.RawQuery, "Colin%20Robert") }),
		"v1p1-reserved-refused": turnedAway(func(r *http.Request, _ string) bool {
			return strings.Contains(r.URL.RawQuery, "%26") || strings.Contains(r.URL.RawQuery, "%2B")
		}),
		"v1p1-query-unsorted":    turnedAway(func(r *http.Request, _ string) bool { return strings.HasPrefix(r.URL.RawQuery, "sort=") }),
		"v1p1-realm-refused":     turnedAway(func(_ *http.Request, header string) bool { return strings.Contains(header, "realm=") }),
		"v1p1-version-wanted":    turnedAway(func(_ *http.Request, header string) bool { return !strings.Contains(header, "oauth_version") }),
		"v1p1-unverified":        waved("not that of a known consumer"),
		"v1p1-stale-taken":       waved("too far from"),
		"v1p1-replay-taken":      waved("nonce was used"),
		"v1p1-any-version-taken": waved("oauth_version is"),
		"v1p1-incomplete-taken":  waved("lacks oauth_nonce", "lacks oauth_timestamp"),
	}
}

// odditiesOfV1P1 are what 1.1 allows.
func odditiesOfV1P1() map[string]wrapper {
	spelt := func(by ...string) wrapper {
		return changing(failed, inSet(func(e object) { e["imsx_codeMinor"] = strings.NewReplacer(by...).Replace(str(e["imsx_codeMinor"])) }))
	}
	return map[string]wrapper{
		"v1p1-code-minor-underscores": spelt("unknown object", "unknown_object", "invalid data", "invalid_data"),
		"v1p1-code-minor-of-1.2": spelt("unknown object", "unknownobject", "invalid data", "invaliddata", "unauthorized", "unauthorisedrequest",
			"invalid_blank_selection_field", "invalid_selection_field"),
		"v1p1-code-minor-missing": changing(failed, inSet(func(e object) { delete(e, "imsx_codeMinor") })),
		"v1p1-org-unnumbered":     changing(under("orgs", "schools"), func(a *answer) { a.objects(func(o object) { delete(o, "identifier") }) }),
		"v1p1-course-uncoded":     changing(succeeded, func(a *answer) { a.objects(func(o object) { delete(o, "courseCode") }) }),
		"v1p1-references-named": changing(failed, inSet(func(e object) {
			e["imsx_operationRefIdentifier"], e["imsx_messageRefIdentifier"] = "getAllUsers", "0f3a"
		})),
		"v1p1-signed": func(h http.Handler) http.Handler { return h },
	}
}
