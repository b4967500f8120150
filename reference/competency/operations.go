package competency

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Version is a version of the standard.
type Version string

// The versions, by the last segment of their base path.
const (
	V1p0 Version = "v1p0"
	V1p1 Version = "v1p1"
)

// Versions lists them, the older first.
func Versions() []Version { return []Version{V1p0, V1p1} }

// BasePath is what the path of every operation begins with, below the server's own prefix
// (CASE 1.1 REST binding, section 2.1).
func (v Version) BasePath() string { return "/ims/case/" + string(v) }

// operation is one row of operations.json.
type operation struct {
	ID      string `json:"operationId"`
	Path    string `json:"path"`
	Schema  string `json:"schema"`
	Answers string `json:"answers"`
}

//go:embed operations.json
var table []byte

// operations reads the table. Both versions have the same one.
var operations = sync.OnceValues(func() ([]operation, error) {
	var all []operation
	if err := json.Unmarshal(table, &all); err != nil {
		return nil, fmt.Errorf("reading operations.json: %w", err)
	}
	for _, o := range all {
		if reads[o.ID] == nil && o.ID != listing || schemas[o.Schema] == nil {
			return nil, fmt.Errorf("operations.json: %s is read by nothing, or answers with %s, which is no schema", o.ID, o.Schema)
		}
	}
	return all, nil
})

// listing is the one operation with query parameters.
const listing = "getAllCFDocuments"

// reads are the operations of one object: each finds what an identifier names, or nil.
var reads = map[string]func(l *library, id string) any{
	"getCFAssociationGrouping": func(l *library, id string) any { return one(l.groupings, id) },
	"getCFAssociation":         func(l *library, id string) any { return one(l.associations, id) },
	"getCFConcept":             func(l *library, id string) any { return branch(l.concepts, id, conceptSet{}) },
	"getCFDocument":            func(l *library, id string) any { return one(l.documents, id) },
	"getCFItemAssociations":    func(l *library, id string) any { return l.itemAssociations(id) },
	"getCFItemType":            func(l *library, id string) any { return branch(l.types, id, itemTypeSet{}) },
	"getCFItem":                func(l *library, id string) any { return one(l.items, id) },
	"getCFLicense":             func(l *library, id string) any { return one(l.licenses, id) },
	"getCFPackage":             func(l *library, id string) any { return l.cfPackage(id) },
	"getCFRubric":              func(l *library, id string) any { return one(l.rubrics, id) },
	"getCFSubject":             func(l *library, id string) any { return branch(l.subjects, id, subjectSet{}) },
}

// schemas are the answers of operations, by the names that the OpenAPI document has for them.
var schemas = map[string]reflect.Type{
	"CFAssociationGroupingDType": reflect.TypeFor[grouping](),
	"CFAssociationDType":         reflect.TypeFor[association](),
	"CFAssociationSetDType":      reflect.TypeFor[associationSet](),
	"CFConceptSetDType":          reflect.TypeFor[conceptSet](),
	"CFDocumentDType":            reflect.TypeFor[document](),
	"CFDocumentSetDType":         reflect.TypeFor[documentSet](),
	"CFItemDType":                reflect.TypeFor[item](),
	"CFItemTypeSetDType":         reflect.TypeFor[itemTypeSet](),
	"CFLicenseDType":             reflect.TypeFor[license](),
	"CFPackageDType":             reflect.TypeFor[cfPackage](),
	"CFRubricDType":              reflect.TypeFor[rubric](),
	"CFSubjectSetDType":          reflect.TypeFor[subjectSet](),
}

// route finds the operation at a path below the base path, still encoded, and the identifier
// in it.
func route(path string) (o operation, id string, found bool) {
	all, err := operations()
	if err != nil {
		return operation{}, "", false
	}
	name, id, below := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	want := "/" + name
	if below {
		want += "/{sourcedId}"
	}
	at := slices.IndexFunc(all, func(o operation) bool { return o.Path == want })
	if at < 0 || strings.Contains(id, "/") || below && id == "" {
		return operation{}, "", false
	}
	return all[at], id, true
}
