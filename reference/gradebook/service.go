package gradebook

import (
	_ "embed"
	"reflect"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// BasePath is the path of the Gradebook service below the provider's own prefix (OpenAPI
// document, servers).
const BasePath = "/ims/oneroster/gradebook/v1p2"

// The collections of the service.
const (
	Categories          store.Collection = "categories"
	ScoreScales         store.Collection = "scoreScales"
	LineItems           store.Collection = "lineItems"
	Results             store.Collection = "results"
	AssessmentLineItems store.Collection = "assessmentLineItems"
	AssessmentResults   store.Collection = "assessmentResults"
)

// Collections lists them in the order of loading.
func Collections() []store.Collection {
	return []store.Collection{Categories, ScoreScales, LineItems, Results, AssessmentLineItems, AssessmentResults}
}

// The collections of the roster that paths and references lead to.
const (
	academicSessions store.Collection = "academicSessions"
	classes          store.Collection = "classes"
	courses          store.Collection = "courses"
	orgs             store.Collection = "orgs"
	users            store.Collection = "users"
)

// The relations of the roster that paths go through: orgs that are schools, and the
// classes of one.
const (
	schools         = "schools"
	classesOfSchool = "school.classes"
)

// The relations of the service that lists are kept of, each by one reference.
const (
	LineItemsOfClass    = "class.lineItems"
	CategoryOfLineItem  = "lineItem.categories"
	ResultsOfLineItem   = "lineItem.results"
	ResultsOfStudent    = "student.results"
	ScoreScalesOfClass  = "class.scoreScales"
	ResultsOfAssessment = "assessmentLineItem.assessmentResults"
	TestsOfStudent      = "student.assessmentResults"
	PartsOfAssessment   = "assessmentLineItem.children"

	// No operation has these: what is on them can't be deleted.
	LineItemsOfCategory = "category.lineItems"
	LineItemsOfScale    = "scoreScale.lineItems"
	ResultsOfScale      = "scoreScale.results"
	AssessmentsOfScale  = "scoreScale.assessmentLineItems"
	TestsOfScale        = "scoreScale.assessmentResults"
)

// The relations that follow from others.
const (
	resultsOfClass      = "class.results"
	categoriesOfClass   = "class.categories"
	scoreScalesOfSchool = "school.scoreScales"
)

// The scopes of the Gradebook service (OpenAPI document, securitySchemes).
const (
	ScopeAll              = oneroster.ScopePrefix + "gradebook.readonly"
	ScopeCore             = oneroster.ScopePrefix + "gradebook-core.readonly"
	ScopePut              = oneroster.ScopePrefix + "gradebook.createput"
	ScopePost             = oneroster.ScopePrefix + "gradebook.createpost"
	ScopeDelete           = oneroster.ScopePrefix + "gradebook.delete"
	ScopeAssessment       = oneroster.ScopePrefix + "assessment.readonly"
	ScopeAssessmentPut    = oneroster.ScopePrefix + "assessment.createput"
	ScopeAssessmentDelete = oneroster.ScopePrefix + "assessment.delete"
)

//go:embed operations.json
var operations []byte

// Service describes the Gradebook service.
func Service() oneroster.Service {
	return oneroster.Service{
		Name:       "Gradebook",
		Path:       BasePath,
		Operations: operations,
		Endpoints: []oneroster.Endpoint{
			{Name: "categories", Collection: Categories, Plural: "categories", Singular: "category"},
			{Name: "scoreScales", Collection: ScoreScales, Plural: "scoreScales", Singular: "scoreScale"},
			{Name: "lineItems", Collection: LineItems, Plural: "lineItems", Singular: "lineItem"},
			{Name: "results", Collection: Results, Plural: "results", Singular: "result"},
			{Name: "assessmentLineItems", Collection: AssessmentLineItems, Plural: "assessmentLineItems", Singular: "assessmentLineItem"},
			{Name: "assessmentResults", Collection: AssessmentResults, Plural: "assessmentResults", Singular: "assessmentResult"},
			{Name: "classes", Collection: classes, Owner: "class"},
			{Name: "schools", Collection: orgs, Subset: schools, Owner: "school"},
			{Name: "students", Collection: users, Owner: "student"},
			{Name: "academicSessions", Collection: academicSessions, Owner: "academicSession"},
		},
		Objects: map[store.Collection]reflect.Type{
			Categories:          reflect.TypeFor[category](),
			ScoreScales:         reflect.TypeFor[scoreScale](),
			LineItems:           reflect.TypeFor[lineItem](),
			Results:             reflect.TypeFor[result](),
			AssessmentLineItems: reflect.TypeFor[assessmentLineItem](),
			AssessmentResults:   reflect.TypeFor[assessmentResult](),
		},
		Relations: []string{
			LineItemsOfClass, ResultsOfLineItem, ResultsOfStudent, ScoreScalesOfClass,
			resultsOfClass, categoriesOfClass, scoreScalesOfSchool,
		},
		Links: []oneroster.Link{
			{Relation: LineItemsOfClass, Collection: LineItems, Path: "class", Target: classes},
			{Relation: CategoryOfLineItem, Collection: LineItems, Path: "category", Target: Categories, Forward: true},
			{Relation: ResultsOfLineItem, Collection: Results, Path: "lineItem", Target: LineItems},
			{Relation: ResultsOfStudent, Collection: Results, Path: "student", Target: users},
			{Relation: ScoreScalesOfClass, Collection: ScoreScales, Path: "class", Target: classes},
			{Relation: ResultsOfAssessment, Collection: AssessmentResults, Path: "assessmentLineItem", Target: AssessmentLineItems},
			{Relation: TestsOfStudent, Collection: AssessmentResults, Path: "student", Target: users},
			{Relation: PartsOfAssessment, Collection: AssessmentLineItems, Path: "parentAssessmentLineItem", Target: AssessmentLineItems},
			{Relation: LineItemsOfCategory, Collection: LineItems, Path: "category", Target: Categories},
			{Relation: LineItemsOfScale, Collection: LineItems, Path: "scoreScale", Target: ScoreScales},
			{Relation: ResultsOfScale, Collection: Results, Path: "scoreScale", Target: ScoreScales},
			{Relation: AssessmentsOfScale, Collection: AssessmentLineItems, Path: "scoreScale", Target: ScoreScales},
			{Relation: TestsOfScale, Collection: AssessmentResults, Path: "scoreScale", Target: ScoreScales},
		},
		Composed: []oneroster.Composed{
			{Relation: resultsOfClass, Steps: []oneroster.Step{
				{Relation: LineItemsOfClass, Collection: LineItems}, {Relation: ResultsOfLineItem, Collection: Results},
			}},
			{Relation: categoriesOfClass, Steps: []oneroster.Step{
				{Relation: LineItemsOfClass, Collection: LineItems}, {Relation: CategoryOfLineItem, Collection: Categories},
			}},
			{Relation: scoreScalesOfSchool, Steps: []oneroster.Step{
				{Relation: classesOfSchool, Collection: classes}, {Relation: ScoreScalesOfClass, Collection: ScoreScales},
			}},
		},
		Shortcuts: []oneroster.Shortcut{
			{Collection: LineItems, Path: "class.sourcedId", Owners: classes, Relation: LineItemsOfClass},
			{Collection: Results, Path: "lineItem.sourcedId", Owners: LineItems, Relation: ResultsOfLineItem},
			{Collection: Results, Path: "student.sourcedId", Owners: users, Relation: ResultsOfStudent},
			{Collection: ScoreScales, Path: "class.sourcedId", Owners: classes, Relation: ScoreScalesOfClass},
			{Collection: AssessmentResults, Path: "assessmentLineItem.sourcedId", Owners: AssessmentLineItems, Relation: ResultsOfAssessment},
			{Collection: AssessmentResults, Path: "student.sourcedId", Owners: users, Relation: TestsOfStudent},
			{
				Collection: AssessmentLineItems, Path: "parentAssessmentLineItem.sourcedId",
				Owners: AssessmentLineItems, Relation: PartsOfAssessment,
			},
		},
		Scopes: []oneroster.Scope{
			{Name: ScopeAll, Description: "All reads of gradebooks, without assessments."},
			{Name: ScopeCore, Description: "The core reads: each collection and each single object, without assessments."},
			{Name: ScopePut, Description: "To create and replace categories, line items, results and score scales."},
			{Name: ScopePost, Description: "To create line items and results, with sourcedIds that are allocated."},
			{Name: ScopeDelete, Description: "To delete categories, line items, results and score scales."},
			{Name: ScopeAssessment, Description: "The reads of assessments and their results."},
			{Name: ScopeAssessmentPut, Description: "To create and replace assessments and their results."},
			{Name: ScopeAssessmentDelete, Description: "To delete assessments and their results."},
		},
		Referrals:    referrals(),
		Vocabularies: vocabularies(),
		Discovery:    DiscoveryNames(),
	}
}

// DiscoveryNames are the file names of the service's own OpenAPI document.
func DiscoveryNames() []string { return oneroster.DiscoveryNames("gradebook", "gradebook") }
