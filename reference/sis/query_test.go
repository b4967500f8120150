package sis_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/sis"
)

func TestFilter(t *testing.T) {
	onEachStore(t, func(t *testing.T, p *provider) {
		all := []string{"eve", "dan", "cat", "ben", "ann", "fay"}
		for filter, want := range map[string][]string{
			// each predicate
			"familyName='Abbot'":  {"eve"},
			"familyName!='Abbot'": {"dan", "cat", "ben", "ann", "fay"},
			"givenName>'Ben'":     {"eve", "dan", "cat", "fay"},
			"givenName>='Ben'":    {"eve", "dan", "cat", "ben", "fay"},
			"givenName<'Ben'":     {"ann"},
			"givenName<='Ben'":    {"ben", "ann"},
			"familyName~'bb'":     {"eve", "dan"},
			"familyName~'ABB'":    {"eve", "dan"},
			// operators
			"status='active' AND familyName~'bb'":                       {"eve", "dan"},
			"status='tobedeleted' OR givenName='Eve'":                   {"eve", "ben"},
			"status='tobedeleted' AND givenName='Eve' OR givenName='猫'": {"cat"},
			"givenName='Eve' OR givenName='Dan' OR givenName='Fay'":     {"eve", "dan", "fay"},
			"status='active' AND status='active' AND givenName!='Eve'":  {"dan", "cat", "ann", "fay"},
			"sourcedId='ann' AND familyName='Abbot'":                    nil,
			"sourcedId='ann' OR sourcedId='eve'":                        {"eve", "ann"},
			"sourcedId='nobody'":                                        nil,
			"sourcedId!='ann'":                                          {"eve", "dan", "cat", "ben", "fay"},
			"familyName='O''Brien'":                                     {"ann"},
			"familyName~''''":                                           {"ann"},
			"familyName='Zoë AND Co'":                                   {"ben"},
			"familyName~'%'":                                            {"fay"},
			"familyName~'_'":                                            {"fay"},
			"familyName=''":                                             nil,
			"enabledUser='false'":                                       {"ben"},
			"status='Active'":                                           nil,
			"email='ann@hamlet.example'":                                {"ann"},
			"email!='ann@hamlet.example'":                               {"eve", "dan", "cat", "ben", "fay"},
			"email<'zzz'":                                               {"ann"}, // absent members have no place in an order
			"middleName!='x'":                                           all,
			"middleName='x'":                                            nil,
			"grades='09'":                                               {"ann"},
			"resources.sourcedId='r'":                                   nil, // known, though there are none here
			// nested
			"roles.role='teacher'":                    {"eve", "cat"},
			"roles.role='teacher,student'":            {"cat"},
			"roles.role~'teacher,aide'":               {"eve", "dan", "cat"},
			"roles.org.sourcedId='s/2'":               {"eve", "cat", "ben"},
			"agents.sourcedId='ann'":                  {"eve"},
			"agents.href='" + p.base + "/users/ann'":  {"eve"},
			"userProfiles.credentials.username='ann'": {"ann"},
			"metadata.hamlet.bus='12'":                {"ann"},
			"metadata.locker='7'":                     {"ann"},
			"metadata.locker>'10'":                    nil, // as numbers
			"metadata.nested.deep='b'":                {"ann"},
			"metadata.unheard.of='x'":                 nil,
			"metadata.unheard.of!='x'":                all,
			// instants
			"dateLastModified='2026-03-08T08:30:00.250Z'":      all,
			"dateLastModified='2026-03-08t08:30:00.25z'":       all,
			"dateLastModified='2026-03-08T08:30:00.25Z'":       all,
			"dateLastModified='2026-03-08T10:30:00.250+02:00'": all,
			"dateLastModified>'2026-03-08T08:30:00.250Z'":      nil,
			"dateLastModified>='2026-03-08T08:30:00.250Z'":     all,
			"dateLastModified>'2026-03-08T08:30:00Z'":          all,
			"dateLastModified<'2026-03-08T08:30:00.251Z'":      all,
			"dateLastModified>'2026-03-08'":                    all,
			"dateLastModified<'2026-03-08'":                    nil,
			"dateLastModified!='2026-03-08'":                   all,
			"dateLastModified~'2026-03'":                       all,
		} {
			p.get(filtered("/users", filter)).wantIDs("users", want...)
		}
		for path, want := range map[string][]string{
			filtered("/enrollments", "class.sourcedId='k1'"):                               {"e1", "e3", "e4", "e5", "e9"},
			filtered("/enrollments", "class.sourcedId='k1' AND role='teacher'"):            {"e4", "e5"},
			filtered("/enrollments", "user.sourcedId='ann' AND class.sourcedId='k1'"):      {"e1", "e9"},
			filtered("/enrollments", "school.sourcedId='s/2'"):                             {"e6", "e7"},
			filtered("/enrollments", "school.sourcedId='none'"):                            nil,
			filtered("/enrollments", "class.sourcedId='k1' OR role='proctor'"):             {"e1", "e3", "e4", "e5", "e8", "e9"},
			filtered("/enrollments", "primary='true'"):                                     {"e5"},
			filtered("/enrollments", "beginDate>='2025-09-01'"):                            {"e3", "e5", "e9"},
			filtered("/enrollments", "beginDate<'2025-08-15T00:00:00Z'"):                   {"e4", "e6", "e7", "e8"},
			filtered("/schools/s1/enrollments", "class.sourcedId='k3'"):                    nil,
			filtered("/schools/s1/enrollments", "user.sourcedId='cat'"):                    {"e4"},
			filtered("/schools/s1/enrollments", "status='active' OR status='tobedeleted'"): {"e1", "e2", "e3", "e4", "e5", "e8", "e9"},
			filtered("/students", "status='active' OR status!='active'"):                   {"cat", "ben", "ann"},
			filtered("/students", "sourcedId='eve'"):                                       nil,
		} {
			wrapper := "enrollments"
			if strings.HasPrefix(path, "/students") {
				wrapper = "users"
			}
			p.get(path).wantIDs(wrapper, want...)
		}
		for filter, want := range map[string][]string{
			"grades='09,10'":          {"k1"},
			"grades='10,09'":          {"k1"},
			"grades='09'":             {"k1", "k2"},
			"grades~'10,11'":          {"k1", "k3"},
			"grades!='09'":            {"k3", "k4"},
			"subjects='Arts, Crafts'": {"k1"},
			"terms.sourcedId='t1,t2'": {"k2"},
			"course.sourcedId='c2'":   {"k2", "k3", "k4"},
			"school.sourcedId='s1'":   {"k1", "k2"},
			"school.type='org'":       {"k1", "k2", "k3", "k4"},
		} {
			p.get(filtered("/classes", filter)).wantIDs("classes", want...)
		}
	})
}

func TestFilterRefused(t *testing.T) {
	p := newProvider(t, nil)
	for _, filter := range []string{
		"unknown='x'", "users.familyName='x'", "roles='student'", "primaryOrg='d'", "metadata='x'", "metadata.='x'",
		"familyName.x='y'", "class.sourcedId='k1'", "FamilyName='Abbot'", "",
		"familyName", "familyName=", "familyName=Abbot", "familyName='Abbot", "familyName=Abbot'", "familyName=\"Abbot\"",
		"familyName=’Abbot’", "familyName ='Abbot'", "familyName= 'Abbot'", "familyName=='Abbot'", "familyName<>'Abbot'",
		"familyName!'Abbot'", "='Abbot'", "'Abbot'", ".familyName='x'", "roles..role='x'", "familyName='a' ", " familyName='a'",
		"familyName='a' AND", "familyName='a' AND ", "familyName='a' and givenName='b'", "familyName='a'AND givenName='b'",
		"familyName='a'  AND givenName='b'", "familyName='a' XOR givenName='b'", "familyName='O'Brien'", "familyName='a' OR OR givenName='b'",
		"dateLastModified>'yesterday'", "dateLastModified>'2026-02-30'", "dateLastModified>'2026-03-08T08:30:00'", "dateLastModified=''",
		"dateLastModified>'03:04:05'", "dateLastModified>'2026-03-08T8:30:00Z'", "dateLastModified>'2026-03-08T08:30:00,5Z'", strings.Repeat("status='active' AND ", 20) + "status='active'",
		"status='" + strings.Repeat("x", 9000) + "'",
	} {
		p.get(filtered("/users", filter)).wantFailure(http.StatusBadRequest, "invalid_filter_field")
	}
	p.get("/users?filter=status%3D'active'&filter=status%3D'active'").wantFailure(http.StatusBadRequest, "invalid_filter_field")
	// Plain quotes and signs, as many clients send them, and + for a blank.
	p.get("/users?filter=status='active'+AND+givenName='Eve'").wantIDs("users", "eve")
	p.get("/users?filter=givenName='Eve';x").wantFailure(http.StatusBadRequest, "invalid_filter_field")
}

func TestSort(t *testing.T) {
	onEachStore(t, func(t *testing.T, p *provider) {
		for query, want := range map[string][]string{
			"sort=givenName":              {"ann", "ben", "dan", "eve", "fay", "cat"},
			"sort=givenName&orderBy=asc":  {"ann", "ben", "dan", "eve", "fay", "cat"},
			"sort=givenName&orderBy=desc": {"cat", "fay", "eve", "dan", "ben", "ann"},
			// Unicode, not bytes: abbot before Abbot, Ähre among the As, digits first
			"sort=familyName":          {"fay", "dan", "eve", "cat", "ann", "ben"},
			"sort=sourcedId":           {"ann", "ben", "cat", "dan", "eve", "fay"},
			"sort=email":               {"eve", "dan", "cat", "ben", "fay", "ann"},
			"sort=dateLastModified":    {"eve", "dan", "cat", "ben", "ann", "fay"},
			"sort=status&orderBy=desc": {"ben", "fay", "ann", "cat", "dan", "eve"},
			"sort=roles.role":          {"dan", "fay", "ben", "ann", "eve", "cat"},
			"sort=metadata.locker":     {"eve", "dan", "cat", "ben", "fay", "ann"},
			"sort=nothing":             {"eve", "dan", "cat", "ben", "ann", "fay"},
			"sort=roles":               {"eve", "dan", "cat", "ben", "ann", "fay"},
			"orderBy=desc":             {"eve", "dan", "cat", "ben", "ann", "fay"},
			"sort=givenName&filter=status%3D'active'&limit=2&offset=1": {"dan", "eve"},
		} {
			p.get("/users?"+query).wantIDs("users", want...)
		}
		p.get("/schools/s1/students?sort=sourcedId").wantIDs("users", "ann", "ben")
		p.get("/enrollments?sort=beginDate").wantIDs("enrollments", "e2", "e4", "e6", "e7", "e8", "e1", "e3", "e5", "e9")
	})
}

func TestFields(t *testing.T) {
	p := newProvider(t, nil)
	for query, want := range map[string]string{
		"fields=givenName":                                `{"user":{"givenName":"Ann"}}`,
		"fields=sourcedId,familyName":                     `{"user":{"sourcedId":"ann","familyName":"O'Brien"}}`,
		"fields=familyName,sourcedId":                     `{"user":{"sourcedId":"ann","familyName":"O'Brien"}}`,
		"fields=familyName&fields=sourcedId":              `{"user":{"sourcedId":"ann","familyName":"O'Brien"}}`,
		"fields=familyName%2CsourcedId&fields=familyName": `{"user":{"sourcedId":"ann","familyName":"O'Brien"}}`,
		"fields=middleName":                               `{"user":{}}`,
		"fields=metadata":                                 `{"user":{"metadata":{"hamlet.bus":"12","locker":7,"nested":{"deep":["a","b"]}}}}`,
		"fields=status&limit=0&sort=&filter=x":            `{"user":{"status":"active"}}`, // a single object takes only fields
	} {
		if a := p.get("/users/ann?" + query); string(a.body) != want {
			t.Errorf("%s: %s, want %s", query, a.body, want)
		}
	}
	if got, want := string(p.get("/users?fields=givenName&limit=2").body), `{"users":[{"givenName":"Eve"},{"givenName":"Dan"}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, query := range []string{
		"fields=nothing", "fields=givenName,nothing", "fields=", "fields=givenName,", "fields=givenName&fields=nothing",
		"fields=GivenName", "fields=roles.role", "fields=givenName%20", "fields=*", "fields=role",
	} {
		p.get("/users?"+query).wantFailure(http.StatusBadRequest, "invalid_selection_field")
		p.get("/users/ann?"+query).wantFailure(http.StatusBadRequest, "invalid_selection_field")
	}
}

func TestBadParameters(t *testing.T) {
	p := newProvider(t, nil)
	for _, query := range []string{
		"limit=0", "limit=-1", "limit=abc", "limit=1e3", "limit=+5", "limit=1.0", "limit=", "limit=%201", "limit=99999999999",
		"limit=1&limit=2", "offset=-1", "offset=x", "offset=", "offset=1&offset=1", "offset=2147483648", "offset=-0",
		"orderBy=up", "orderBy=ASC", "orderBy=", "sort=", "sort=a&sort=b", "x=%zz", "%=1",
	} {
		p.get("/users?"+query).wantFailure(http.StatusBadRequest, "invaliddata")
	}
	for _, query := range []string{"unknown=1", "LIMIT=x", "unknown", "&&", "access_token=x", "a;b=c"} {
		if a := p.get("/users?" + query); a.status != http.StatusOK || a.header.Get("X-Total-Count") != "6" {
			t.Errorf("%s: %d", query, a.status)
		}
	}
}

func TestPaging(t *testing.T) {
	p := newProvider(t, nil)
	link := func(rel, query string) string { return "<" + p.base + "/users?" + query + `>; rel="` + rel + `"` }
	for _, c := range []struct {
		query string
		total string
		ids   []string
		links []string
	}{
		{"", "6", []string{"eve", "dan", "cat", "ben", "ann", "fay"},
			[]string{link("first", "limit=100&offset=0"), link("last", "limit=100&offset=0")}},
		{"limit=4", "6", []string{"eve", "dan", "cat", "ben"},
			[]string{link("first", "limit=4&offset=0"), link("next", "limit=4&offset=4"), link("last", "limit=4&offset=4")}},
		{"limit=4&offset=4", "6", []string{"ann", "fay"},
			[]string{link("first", "limit=4&offset=0"), link("prev", "limit=4&offset=0"), link("last", "limit=4&offset=4")}},
		{"offset=2&limit=2", "6", []string{"cat", "ben"},
			[]string{link("first", "limit=2&offset=0"), link("prev", "limit=2&offset=0"), link("next", "limit=2&offset=4"), link("last", "limit=2&offset=4")}},
		{"offset=1&limit=2", "6", []string{"dan", "cat"},
			[]string{link("first", "limit=2&offset=0"), link("prev", "limit=2&offset=0"), link("next", "limit=2&offset=3"), link("last", "limit=2&offset=4")}},
		{"offset=6", "6", nil, []string{link("first", "limit=100&offset=0"), link("prev", "limit=100&offset=0"), link("last", "limit=100&offset=0")}},
		{"offset=2147483647&limit=2147483647", "6", nil, []string{link("first", "limit=10000&offset=0"), link("prev", "limit=10000&offset=0"), link("last", "limit=10000&offset=0")}},
		{"offset=1000&limit=5", "6", nil, []string{link("first", "limit=5&offset=0"), link("prev", "limit=5&offset=5"), link("last", "limit=5&offset=5")}},
		{"filter=" + url.QueryEscape("familyName~'b b+&'"), "0", nil, []string{
			link("first", "limit=100&offset=0&filter=familyName~%27b%20b%2B%26%27"), link("last", "limit=100&offset=0&filter=familyName~%27b%20b%2B%26%27")}},
		{"sort=givenName&limit=3&orderBy=desc&fields=sourcedId,status&x=%C3%A9", "6", []string{"cat", "fay", "eve"}, []string{
			link("first", "limit=3&offset=0&sort=givenName&orderBy=desc&fields=sourcedId%2Cstatus&x=%C3%A9"),
			link("next", "limit=3&offset=3&sort=givenName&orderBy=desc&fields=sourcedId%2Cstatus&x=%C3%A9"),
			link("last", "limit=3&offset=3&sort=givenName&orderBy=desc&fields=sourcedId%2Cstatus&x=%C3%A9")}},
	} {
		a := p.get("/users?" + c.query)
		a.wantIDs("users", c.ids...)
		if got := a.header.Get("X-Total-Count"); got != c.total {
			t.Errorf("%s: X-Total-Count %q, want %s", c.query, got, c.total)
		}
		if got, want := a.header.Get("Link"), strings.Join(c.links, ", "); got != want {
			t.Errorf("%s:\nLink %s\nwant %s", c.query, got, want)
		}
	}
	if got := p.get("/schools/s%2F2/classes?limit=1").header.Get("Link"); !strings.Contains(got, "<"+p.base+"/schools/s%2F2/classes?limit=1&offset=1>") {
		t.Errorf("Link of a sub-collection: %s", got)
	}
	if h := p.get("/users/ann").header; h.Get("Link") != "" || h.Get("X-Total-Count") != "" {
		t.Errorf("a single object has paging headers: %v", h)
	}
}

// Whatever the page size, the pages together are the collection.
func TestPagesJoin(t *testing.T) {
	p := newProvider(t, func(c *sis.Config) { c.MaxLimit = 4 })
	for _, query := range []string{"", "&sort=role", "&sort=class.sourcedId&orderBy=desc", "&filter=status%3D'active'"} {
		var whole []string
		for offset := 0; ; offset += 4 {
			page := p.get(fmt.Sprintf("/enrollments?limit=100000&offset=%d%s", offset, query)).list("enrollments")
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				whole = append(whole, e["sourcedId"].(string))
			}
		}
		for limit := 1; limit <= 4; limit++ {
			var joined []string
			next := fmt.Sprintf("%s/enrollments?limit=%d%s", p.base, limit, query)
			for next != "" {
				r, err := http.NewRequest(http.MethodGet, next, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer "+p.token)
				a := p.do(r)
				for _, e := range a.list("enrollments") {
					joined = append(joined, e["sourcedId"].(string))
				}
				next = ""
				for link := range strings.SplitSeq(a.header.Get("Link"), ", ") {
					if target, ok := strings.CutSuffix(link, `>; rel="next"`); ok {
						next = strings.TrimPrefix(target, "<")
					}
				}
			}
			if !slices.Equal(joined, whole) {
				t.Errorf("%q by %d: %q, want %q", query, limit, joined, whole)
			}
		}
		if len(whole) < 8 {
			t.Errorf("%q: only %q", query, whole)
		}
	}
}
