package sis_test

import (
	"fmt"
	"net/url"
	"sync"
	"testing"
)

// Sixteen clients that ask for the same things at once, most of them computed
// at the first request, see the same data.
func TestConcurrentClients(t *testing.T) {
	onEachStore(t, func(t *testing.T, p *provider) {
		paths := []string{
			"/users?sort=familyName&orderBy=desc", "/enrollments?sort=class.sourcedId&limit=3&offset=3",
			"/enrollments?filter=" + url.QueryEscape("role='student' OR beginDate<'2025-08-10'"),
			"/schools/s1/classes/k1/students", "/students/ann", "/classes?fields=title",
		}
		bodies := make([]sync.Map, len(paths)) // of the bodies seen
		var wait sync.WaitGroup
		for client := range 16 {
			wait.Go(func() {
				for i := range paths {
					n := (i + client) % len(paths)
					a := p.get(paths[n])
					bodies[n].Store(fmt.Sprint(a.status, a.header.Get("Link"), string(a.body)), true)
				}
			})
		}
		wait.Wait()
		for n := range bodies {
			seen := 0
			bodies[n].Range(func(any, any) bool { seen++; return true })
			if seen != 1 {
				t.Errorf("%s: %d different answers", paths[n], seen)
			}
		}
	})
}
