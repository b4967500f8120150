package rest

import "github.com/rollcall-edu/rollcall/suites/oneroster/service"

// sampleSub gives the sub-collection on which parameters are tried, and what its parents
// hold.
func sampleSub(t *T) (op service.Operation, parents []Members) {
	return t.Service.Operation(t.Service.Samples.Sub.Operation), model(t).Members()
}

// modifiedOf gives when an object of a whole collection changed, as it says.
func modifiedOf(t *T, kind, id string) string {
	raw := crawl(t).Raw(t.Service.CollectionOf(kind).Name)
	if i := raw.Find(id); i >= 0 {
		if _, object, err := raw.At(i); err == nil {
			return Read[Base](object).DateLastModified
		}
	}
	return ""
}
