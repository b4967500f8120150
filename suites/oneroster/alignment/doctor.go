package alignment

import (
	"context"
	"encoding/json"
	"fmt"
	"path"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster"
)

// versions of CASE, by the end of a base URL.
var versions = map[string]string{"v1p0": "CASE 1.0", "v1p1": "CASE 1.1"}

// Doctor looks whether the CASE server of the target file can be asked: that it is there, lets
// Rollcall in, and has frameworks. Where it can't, alignments are not tested; the product has
// nothing to do with it.
func Doctor(ctx context.Context, s *harness.Session) []harness.Diagnosis {
	of := oneroster.Of(s.Target).CASE
	base := baseURL(s)
	if base == nil {
		return nil
	}
	d := harness.Diagnosis{Name: "CASE server"}
	ask := newResolver(base, of.Token, s.Elsewhere)
	address := base.JoinPath("CFDocuments")
	address.RawQuery = "limit=1"
	a := ask.question(ctx, address, "")
	var list struct {
		Documents []json.RawMessage `json:"CFDocuments"`
	}
	if a.kind == found && json.Unmarshal(a.object, &list) != nil || a.kind == unknown {
		a.kind, a.why = unusable, "was answered with something else than a list of frameworks"
	}
	version := versions[path.Base(base.Path)]
	switch {
	case a.kind != found:
		d.Detail = fmt.Sprintf("%s %s; where learning objectives lead will be not-tested", a.response.Line(), a.why)
		d.Remedy = a.remedy()
	case len(list.Documents) == 0:
		d.Detail = fmt.Sprintf("%s has no framework that it shows to Rollcall", base)
		d.Remedy = "Name the server that has those of the product (oneroster.case.url), or give a token that opens them (oneroster.case.token)."
	case version == "":
		d.OK, d.Detail = true, fmt.Sprintf("%s has frameworks; its address doesn't say of which version of CASE", base)
	default:
		d.OK, d.Detail = true, fmt.Sprintf("%s has frameworks, and speaks %s by its address", base, version)
	}
	return []harness.Diagnosis{d}
}
