package schemas_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/schemas"
)

// plainUser is a user with every member that providers commonly send.
func plainUser(i int) string {
	return fmt.Sprintf(`{"sourcedId":"4f1d0c2e-77aa-4e0b-9a52-%012d","status":"active","dateLastModified":"2026-08-14T06:12:33.250Z",`+
		`"metadata":{"rosterSource":"fixtures","cohort":"%d"},"userMasterIdentifier":"m-%d","username":"user%d","userIds":[{"type":"SIS","identifier":"%d"}],`+
		`"enabledUser":"true","givenName":"Ren\u00e9e","familyName":"O'Brien-Łukasz","middleName":"Maya","preferredFirstName":"Ren",`+
		`"roles":[{"roleType":"primary","role":"student","org":{"href":"https://sis.example/ims/oneroster/rostering/v1p2/orgs/o-%d","sourcedId":"o-%d","type":"org"},"beginDate":"2026-08-20"}],`+
		`"primaryOrg":{"href":"https://sis.example/ims/oneroster/rostering/v1p2/orgs/o-%d","sourcedId":"o-%d","type":"org"},`+
		`"email":"user%d@riverbend.example","agents":[{"href":"https://sis.example/ims/oneroster/rostering/v1p2/users/p-%d","sourcedId":"p-%d","type":"user"}],"grades":["0%d"]}`,
		i, 2020+i%9, i, i, i, i%3, i%3, i%3, i%3, i, i, i, i%9)
}

func pageOfUsers(n int) []byte {
	users := make([]string, n)
	for i := range users {
		users[i] = plainUser(i)
	}
	return []byte(`{"users":[` + strings.Join(users, ",") + `]}`)
}

const benchPage = 100

// BenchmarkValidate measures pages of 100 users, on all cores: clean ones, which
// the walker alone reads, and ones that each user has a note in, so that all the
// words are needed.
func BenchmarkValidate(b *testing.B) {
	clean := pageOfUsers(benchPage)
	noted := []byte(strings.ReplaceAll(string(clean), `"enabledUser"`, `"orgs":[],"enabledUser"`))
	s := schemas.MustLoad("oneroster/1.2/users")
	for _, c := range []struct {
		name     string
		page     []byte
		findings int
	}{{"clean", clean, 0}, {"noted", noted, benchPage}} {
		b.Run(c.name, func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(400))
			b.SetBytes(int64(len(c.page)))
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					findings, err := s.Validate(c.page)
					if err != nil || len(findings) != c.findings {
						b.Errorf("%d findings, %v", len(findings), err)
						return
					}
				}
			})
			b.ReportMetric(benchPage*float64(b.N)/b.Elapsed().Seconds(), "objects/s")
		})
	}
}
