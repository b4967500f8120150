package schemas_test

import (
	"fmt"

	"github.com/rollcall-edu/rollcall/schemas"
)

func ExampleSchema_Validate() {
	page := []byte(`{"orgs":[{"sourcedId":"o-1","status":"Active","dateLastModified":"2026-08-14",
		"name":"Riverbend High","type":"school","identifier":"RB-01"}]}`)
	findings, err := schemas.MustLoad("oneroster/1.2/orgs").Validate(page)
	if err != nil {
		panic(err)
	}
	for _, f := range findings {
		fmt.Printf("%s: %s\n  expected %s\n  seen %s\n", f.Severity, f.Pointer, f.Expected, f.Seen)
	}
	// Output:
	// error: /orgs/0/dateLastModified
	//   expected a date and time with a zone, as 2026-01-31T13:45:00.000Z (RFC 3339)
	//   seen string "2026-08-14"
	// error: /orgs/0/status
	//   expected one of active, tobedeleted
	//   seen string "Active"
}
