package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// BenchmarkUsers reads one page of a thousand users that are as long as most.
func BenchmarkUsers(b *testing.B) {
	var list []string
	for i := range 1000 {
		list = append(list, fmt.Sprintf(`{"sourcedId":"%08d-2971-3320-9ef0-000000000000","status":"active",`+
			`"dateLastModified":"2026-09-01T00:00:00.000Z","username":"student%d","enabledUser":"true","givenName":"Hamza",`+
			`"familyName":"Lindqvist","email":"student%d@riverbend.example.org","identifier":"S-%d","grades":["11"],"roles":[{"roleType":"primary",`+
			`"role":"student","org":{"href":"https://sis.example/orgs/23727ac6","sourcedId":"23727ac6-296a-839e-bdf7-0e43d0ede1b1","type":"org"}}]}`,
			i, i, i, i))
	}
	body := `{"users":[` + strings.Join(list, ",") + `]}`
	p := &provider{total: true, before: func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("X-Total-Count", "1000")
		w.Header().Set("Link", `<x>; rel="first"`)
		fmt.Fprint(w, body)
		return true
	}}
	s := start(b, p).source(b)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := s.Read(b.Context(), sync.Reading{Collection: sis.Users}, func(sync.Page) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
