package sis_test

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/sis"
)

// The fixture district, served and read back whole: nothing is lost, nothing is
// null or empty, and every reference leads to an object of its type.
func TestRiverbend(t *testing.T) {
	district, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	data, err := sis.OpenStore(t.Context(), "memory")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	p := serve(t, data, district, nil)

	count := map[string]int{}
	for range district.Orgs() {
		count["orgs"]++
	}
	for range district.AcademicSessions() {
		count["academicSessions"]++
	}
	for range district.Courses() {
		count["courses"]++
	}
	for range district.Classes() {
		count["classes"]++
	}
	for range district.Users() {
		count["users"]++
	}
	for range district.Enrollments() {
		count["enrollments"]++
	}
	for range district.Demographics() {
		count["demographics"]++
	}
	for range district.Resources() {
		count["resources"]++
	}
	served := func(endpoint string) *provider {
		if endpoint == "resources" {
			return p.resources()
		}
		return p
	}
	known := map[string]map[string]bool{} // by endpoint and sourcedId
	crawled := map[string][]map[string]any{}
	for endpoint, want := range count {
		known[endpoint] = map[string]bool{}
		crawled[endpoint] = served(endpoint).get("/" + endpoint + "?limit=10000").list(endpoint)
		for _, object := range crawled[endpoint] {
			known[endpoint][object["sourcedId"].(string)] = true
		}
		if len(known[endpoint]) != want || len(crawled[endpoint]) != want {
			t.Errorf("%s: %d objects with %d ids, want %d", endpoint, len(crawled[endpoint]), len(known[endpoint]), want)
		}
	}
	endpoints := map[string]string{"academicSession": "academicSessions", "class": "classes", "course": "courses", "org": "orgs", "resource": "resources", "user": "users"}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch value := value.(type) {
		case nil:
			t.Errorf("%s is null", path)
		case string:
			if value == "" {
				t.Errorf("%s is empty", path)
			}
		case []any:
			if len(value) == 0 {
				t.Errorf("%s is empty", path)
			}
			for _, element := range value {
				walk(path, element)
			}
		case map[string]any:
			if href, ok := value["href"].(string); ok {
				endpoint := endpoints[value["type"].(string)]
				if !strings.HasPrefix(href, served(endpoint).base+"/"+endpoint+"/") || !known[endpoint][value["sourcedId"].(string)] {
					t.Errorf("%s leads nowhere: %v", path, value)
				}
			}
			for name, member := range value {
				walk(path+"/"+name, member)
			}
		}
	}
	for endpoint, objects := range crawled {
		for _, object := range objects {
			walk(endpoint, object)
		}
	}
}
