package resources

import (
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rest/resttest"
	"github.com/rollcall-edu/rollcall/suites/oneroster/rostering"
)

const whole, core = "or12-resources-provider", "or12-resources-core-provider"

// TestWhole holds the suite to the catalogue: every requirement of its profiles is decided.
func TestWhole(t *testing.T) {
	cat, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := Suite().Validate(cat); err != nil {
		t.Error(err)
	}
	if left := Suite().Uncovered(cat); len(left) > 0 {
		t.Errorf("no check decides %v", left)
	}
}

// TestUnbent judges the service that does right: nothing may be accused, and all but what needs
// other circumstances must pass.
func TestUnbent(t *testing.T) {
	// Its tokens live too long, its client has a plain secret, and there is no wire on loopback.
	elsewhere := func(id string) bool {
		return id == "access.expired" || id == "token.basic-encoded" || strings.HasPrefix(id, "transport.") || id == "payload.metadata"
	}
	for _, profile := range []string{whole, core} {
		results := judged(t, newProvider(t), profile, profile == whole)
		resttest.Complain(t, results, nil)
		for id, q := range results {
			testable := !strings.HasPrefix(q.Reason, "can't be judged over the wire")
			if q.Verdict != reports.Pass && testable && !elsewhere(id) {
				t.Errorf("%s: %s is %s: %s (%s)", profile, id, q.Verdict, q.Reason, q.Remedy)
			}
		}
		if len(results) < 150 {
			t.Errorf("%s: %d requirements", profile, len(results))
		}
	}
}

// TestAlone judges without rosters beside: nothing is accused, and what hangs on them says what
// to set.
func TestAlone(t *testing.T) {
	results := judged(t, newProvider(t), whole, false)
	resttest.Complain(t, results, nil)
	for _, id := range []string{"endpoint.get-resources-for-class", "sub.resources-for-user", "sub.empty", "scope.core-only", "scope.status",
		"errors.code-forbidden", "errors.unknown-parent", "paging.sub-collections", "sort.sub-collections", "filter.sub-collections",
		"fields.sub-collections", "references.roster-resources", "references.roster-href-object", "resources.associated",
		"payload.wrapper-sub-collections"} {
		if q := results[id]; q.Verdict != reports.NotTested || !strings.Contains(q.Remedy, "oneroster.rostering") {
			t.Errorf("%s is %s: %s (%s)", id, q.Verdict, q.Reason, q.Remedy)
		}
	}
	for id, q := range judged(t, newProvider(t), core, false) {
		if strings.Contains(q.Remedy, "oneroster.rostering") {
			t.Errorf("core: %s wants rosters", id)
		}
	}
}

// TestTogether judges rosters and resources in one run: the crawl of rosters is read once, and
// what it couldn't read is Rostering's failure, by which resources are blocked.
func TestTogether(t *testing.T) {
	together := func(s *provider) map[string]reports.RequirementResult {
		target := s.target(t, true, "or12-rostering-core-provider", whole)
		return run(t, target, []harness.Suite{rostering.Suite(), Suite()}, "rostering.identity.unique", "or12.resources.*")
	}
	s := newProvider(t)
	lists := 0
	s.ask = func(a *reply) {
		if a.op.ID == "getAllClasses" && a.q.Get("limit") == "1000" && a.q.Get("offset") == "0" {
			lists++
		}
	}
	results := together(s)
	for id, q := range results {
		if !strings.HasPrefix(id, "or12.rostering.") && (q.Verdict == reports.Fail || q.Verdict == reports.Warning || q.Verdict == reports.Error) {
			t.Errorf("%s is %s: %s %+v", id, q.Verdict, q.Reason, q.Findings)
		}
	}
	if q := results["sub.resources-for-user"]; q.Verdict != reports.Pass || lists != 1 {
		t.Errorf("the resources of users: %s; /classes was read %d times", q.Verdict, lists)
	}
	s = newProvider(t)
	s.ask = func(a *reply) {
		if a.op.ID == "getAllUsers" {
			a.refuse(500, "internal_server_error", "broken")
		}
	}
	results = together(s)
	const owner = "or12.rostering.endpoint.get-all-users"
	if q := results["sub.resources-for-user"]; q.Verdict != reports.NotTested || q.Blame == nil || q.Blame.Requirement != owner {
		t.Errorf("without users: %s %s %+v", q.Verdict, q.Reason, q.Blame)
	}
	if results[owner].Verdict != reports.Fail {
		t.Errorf("%s is %s", owner, results[owner].Verdict)
	}
}

// row bends the service in one way; want are the requirements, below or12.resources., that it
// breaks.
type row struct {
	name string
	bend func(s *provider)
	want []string
}

// each changes every resource on its way out.
func each(change func(path string, o object)) func(*provider) {
	return func(s *provider) {
		s.object = func(path string, o object) {
			if strings.Contains(path, "/resources") {
				change(path, o)
			}
		}
	}
}

// stored changes one resource for good.
func stored(i int, members object) func(*provider) {
	return func(s *provider) {
		for name, v := range members {
			s.data["resources"][i][name] = v
		}
	}
}

// refers changes what an object of rosters refers to.
func refers(collection string, i int, change func(s *provider, refs []object) []object) func(*provider) {
	return func(s *provider) {
		refs, _ := s.data[collection][i]["resources"].([]object)
		s.data[collection][i]["resources"] = change(s, refs)
	}
}

// below changes the answers of sub-collections.
func below(root string, change func(s *provider, a *reply)) func(*provider) {
	return func(s *provider) {
		s.change = func(a *reply) {
			if a.status == 200 && a.op.Sub() && a.op.Root() == root && a.op.Wrapper == "resources" {
				change(s, a)
			}
		}
	}
}

func bent(t *testing.T, focus []string, rows []row) {
	t.Helper()
	for _, test := range rows {
		t.Run(test.name, func(t *testing.T) {
			s := newProvider(t)
			test.bend(s)
			resttest.Complain(t, judged(t, s, whole, true, focus...), test.want)
		})
	}
}

// TestItems bends what resources say of themselves.
func TestItems(t *testing.T) {
	bent(t, []string{"endpoint", "payload", "vocabulary", "resources"}, []row{
		{"no vendorResourceId", each(func(_ string, o object) { delete(o, "vendorResourceId") }), []string{"payload.required-resource"}},
		{"an empty vendorResourceId", stored(3, object{"vendorResourceId": ""}), []string{"payload.no-empty-text"}},
		{"a number for vendorResourceId", each(func(_ string, o object) { o["vendorResourceId"] = 7 }), []string{"payload.text"}},
		{"roles as one text", each(func(_ string, o object) { o["roles"] = "student" }), []string{"payload.lists"}},
		{"a role that there isn't", stored(3, object{"roles": []string{"everybody"}}), []string{"vocabulary.resource-role"}},
		{"an odd extension", stored(3, object{"roles": []string{"ext:the librarian"}}), []string{"vocabulary.extension-form"}},
		{"a role twice", stored(3, object{"roles": []string{"student", "student"}}), []string{"resources.roles-once"}},
		{"importance in capitals", stored(3, object{"importance": "Primary"}), []string{"vocabulary.importance"}},
		{"an extension of importance", stored(3, object{"importance": "ext:some"}), []string{"vocabulary.importance"}},
		{"null for what is unknown", each(func(_ string, o object) { o["applicationId"] = nil }), []string{"payload.no-null"}},
		{"a member of its own", each(func(_ string, o object) { o["url"] = "https://content.example/1" }), []string{"payload.unknown-members"}},
		{"a label over two lines", stored(3, object{"title": "two\nlines"}), []string{"payload.normalized-text"}},
		{"metadata as a list", each(func(_ string, o object) { o["metadata"] = []string{} }), []string{"payload.metadata"}},
		{"a vendor's id twice", stored(3, object{"vendorResourceId": "V-2"}), []string{"resources.vendor-unique"}},
		{"the same id of another vendor", stored(3, object{"vendorResourceId": "V-2", "vendorId": "other"}), nil},
		{"the same id of a deleted resource", stored(3, object{"vendorResourceId": "V-12"}), nil},
		{"blanks around an id", stored(3, object{"vendorResourceId": " V-3 "}), []string{"resources.identifiers"}},
		{"an empty applicationId", stored(3, object{"applicationId": ""}), []string{"resources.identifiers"}},
		{"only single reads show numbers", each(func(path string, o object) {
			if strings.HasSuffix(path, "{sourcedId}") {
				o["title"] = 7
			}
		}), []string{"payload.text"}},
		{"only a user's resources show numbers", each(func(path string, o object) {
			if strings.HasPrefix(path, "/users") {
				o["title"] = 7
			}
		}), []string{"payload.text"}},
		{"another wrapper", func(s *provider) {
			s.change = func(a *reply) {
				if a.op.ID == "getResource" && a.status == 200 {
					a.body = object{"resources": a.body["resource"]}
				}
			}
		}, []string{"payload.wrapper-resources"}},
		{"sub-collections under another wrapper", below("users", func(_ *provider, a *reply) { a.body = object{"users": a.page()} }),
			[]string{"payload.wrapper-sub-collections"}},
		{"a resource that nobody refers to", refers("users", 2, func(_ *provider, refs []object) []object { return refs[:1] }),
			[]string{"resources.associated"}},
	})
}

// TestRosters bends how resources hang together with rosters.
func TestRosters(t *testing.T) {
	drop := func(_ *provider, a *reply) {
		if len(a.page()) > 0 {
			a.set(a.page()[1:])
		}
	}
	more := func(i int) func(*provider, *reply) {
		return func(s *provider, a *reply) {
			if len(a.page()) > 0 {
				a.set(append(slices.Clone(a.page()), s.data["resources"][i]))
			}
		}
	}
	bent(t, []string{"sub", "references"}, []row{
		{"a class lacks one", below("classes", drop), []string{"sub.resources-for-class"}},
		{"a course lacks one", below("courses", drop), []string{"sub.resources-for-course"}},
		{"a user lacks one", below("users", drop), []string{"sub.resources-for-user"}},
		{"a class has another's", below("classes", more(9)), []string{"sub.resources-for-class"}},
		{"a class has its course's", func(s *provider) {
			below("classes", func(s *provider, a *reply) {
				if a.ids[0] == "class-1" {
					more(0)(s, a)
				}
			})(s)
		}, nil},
		{"a course has a user's", below("courses", more(9)), []string{"sub.resources-for-course"}},
		{"a course has its classes'", below("courses", more(6)), nil},
		{"a user has another's", below("users", func(s *provider, a *reply) {
			if a.ids[0] == "ann" {
				more(10)(s, a)
			}
		}), []string{"sub.resources-for-user"}},
		{"a user has a class's", below("users", more(3)), nil},
		{"what is deleted comes along", below("users", more(12)), nil},
		{"404 for a class without any", func(s *provider) {
			s.ask = func(a *reply) {
				if a.op.ID == "getResourcesForClass" && a.ids[0] == "class-2" {
					a.refuse(404, "unknownobject", "Unknown Object")
				}
			}
		}, []string{"sub.empty"}},
		{"a reference to what isn't there", refers("users", 0, func(s *provider, refs []object) []object { return append(refs, s.resource("gone")) }),
			[]string{"references.roster-resources"}},
		{"an href into the Rostering service", refers("courses", 0, func(_ *provider, refs []object) []object {
			for _, r := range refs {
				r["href"] = strings.Replace(r["href"].(string), "/resources/v1p2", "/rostering/v1p2", 1)
			}
			return refs
		}), []string{"references.roster-href-resolves"}},
		{"an href of another resource", refers("courses", 0, func(s *provider, refs []object) []object {
			refs[0]["href"] = s.resource("res5")["href"]
			return refs
		}), []string{"references.roster-href-object"}},
		{"the sub-collection of users isn't there", func(s *provider) {
			s.ask = func(a *reply) {
				if a.op.ID == "getResourcesForUser" {
					a.refuse(404, "unknownobject", "Unknown Object")
				}
			}
		}, []string{"endpoint.get-resources-for-user"}},
		{"users can't be read", func(s *provider) {
			s.ask = func(a *reply) {
				if a.op.ID == "getAllUsers" {
					a.refuse(500, "internal_server_error", "broken")
				}
			}
		}, nil},
	})
}

// TestService bends what any service can get wrong: the checks are those of Rostering, and
// speak of this one.
func TestService(t *testing.T) {
	bent(t, []string{"security"}, []row{
		{"the core scope opens everything", func(s *provider) {
			s.ask = func(a *reply) {
				if a.op.Sub() && a.op.Wrapper == "resources" {
					a.op.Scopes = append(slices.Clone(a.op.Scopes), "resource-core.readonly")
				}
			}
		}, []string{"scope.core-only"}},
		{"the full scope opens no single read", func(s *provider) {
			s.ask = func(a *reply) {
				if a.op.ID == "getResource" {
					a.op.Scopes = []string{"resource-core.readonly"}
				}
			}
		}, []string{"scope.full"}},
		{"401 for want of a scope", func(s *provider) {
			s.change = func(a *reply) {
				if a.status == 403 {
					a.status = 401
				}
			}
		}, []string{"scope.status"}},
	})
	bent(t, []string{"endpoint", "paging", "sort", "filter", "fields", "errors", "discovery", "lifecycle", "identity"}, []row{
		{"an unknown class has no resources", func(s *provider) {
			s.change = func(a *reply) {
				if a.status == 404 && a.op.Root() == "classes" {
					a.status, a.body = 200, object{"resources": []object{}}
				}
			}
		}, []string{"errors.unknown-parent"}},
		{"a code of another service", func(s *provider) {
			s.change = func(a *reply) {
				if a.status == 404 {
					a.refuse(404, "deletefailure", "Unknown Object")
				}
			}
		}, []string{"errors.code-minor-vocabulary", "errors.code-unknown-object"}},
		{"sub-collections can't be filtered", below("classes", func(s *provider, a *reply) {
			if a.q.Has("filter") {
				list, _ := s.list(a)
				a.set(list)
			}
		}), []string{"filter.sub-collections"}},
		{"limit is ignored below classes", below("classes", func(s *provider, a *reply) {
			list, _ := s.list(a)
			a.set(list)
		}), []string{"paging.sub-collections", "fields.sub-collections", "filter.sub-collections", "sort.sub-collections"}},
		{"the discovery document lacks an operation", func(s *provider) {
			s.change = func(a *reply) {
				if paths, ok := a.body["paths"].(object); ok {
					delete(paths, "/users/{userSourcedId}/resources")
				}
			}
		}, []string{"discovery.operations"}},
	})
}
