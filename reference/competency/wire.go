package competency

// The objects of CASE 1.1 as they are sent (information model, section 4), members in the
// order of the OpenAPI document. What is empty is left out. Members of 1.1 alone are marked;
// what stands only outside of a package is empty within one.

// linkURI leads to an object that has an address and a UUID (LinkURIDType).
type linkURI struct {
	Title      string `json:"title"`
	Identifier string `json:"identifier"`
	URI        string `json:"uri"`
}

// linkGenURI is an end of an association, which may lie elsewhere (LinkGenURIDType).
type linkGenURI struct {
	Title      string `json:"title"`
	Identifier string `json:"identifier"` // any text
	URI        string `json:"uri"`
	TargetType string `json:"targetType,omitempty"` // 1.1
}

// object is what every object has.
type object struct {
	Identifier string `json:"identifier"`
	URI        string `json:"uri"`
	Changed    string `json:"lastChangeDateTime"`
}

func (o object) identifier() string { return o.Identifier }

// document is a framework (CFDocumentDType, CFPckgDocumentDType).
type document struct {
	object
	FrameworkType     string    `json:"frameworkType,omitempty"` // 1.1
	CaseVersion       string    `json:"caseVersion,omitempty"`   // 1.1
	Creator           string    `json:"creator"`
	Title             string    `json:"title"`
	OfficialSourceURL string    `json:"officialSourceURL,omitempty"`
	Publisher         string    `json:"publisher,omitempty"`
	Description       string    `json:"description,omitempty"`
	Subject           []string  `json:"subject,omitempty"`
	SubjectURI        []linkURI `json:"subjectURI,omitempty"`
	Language          string    `json:"language,omitempty"`
	Version           string    `json:"version,omitempty"`
	AdoptionStatus    string    `json:"adoptionStatus,omitempty"`
	StatusStartDate   string    `json:"statusStartDate,omitempty"`
	StatusEndDate     string    `json:"statusEndDate,omitempty"`
	LicenseURI        *linkURI  `json:"licenseURI,omitempty"`
	Notes             string    `json:"notes,omitempty"`
	CFPackageURI      *linkURI  `json:"CFPackageURI,omitempty"` // required outside of a package
}

// item is a statement of a framework (CFItemDType, CFPckgItemDType).
type item struct {
	object
	FullStatement        string    `json:"fullStatement"`
	AlternativeLabel     string    `json:"alternativeLabel,omitempty"`
	CFItemType           string    `json:"CFItemType,omitempty"`
	HumanCodingScheme    string    `json:"humanCodingScheme,omitempty"`
	ListEnumeration      string    `json:"listEnumeration,omitempty"`
	AbbreviatedStatement string    `json:"abbreviatedStatement,omitempty"`
	ConceptKeywords      []string  `json:"conceptKeywords,omitempty"`
	ConceptKeywordsURI   *linkURI  `json:"conceptKeywordsURI,omitempty"` // one, whatever the name says
	Notes                string    `json:"notes,omitempty"`
	Subject              []string  `json:"subject,omitempty"`    // 1.1
	SubjectURI           []linkURI `json:"subjectURI,omitempty"` // 1.1
	Language             string    `json:"language,omitempty"`
	EducationLevel       []string  `json:"educationLevel,omitempty"`
	CFItemTypeURI        *linkURI  `json:"CFItemTypeURI,omitempty"`
	LicenseURI           *linkURI  `json:"licenseURI,omitempty"`
	StatusStartDate      string    `json:"statusStartDate,omitempty"`
	StatusEndDate        string    `json:"statusEndDate,omitempty"`
	CFDocumentURI        *linkURI  `json:"CFDocumentURI,omitempty"` // required outside of a package
}

// association ties an origin to a destination (CFAssociationDType, CFPckgAssociationDType).
// A child is the origin of isChildOf, and its parent the destination.
type association struct {
	object
	AssociationType          string     `json:"associationType"`
	SequenceNumber           int        `json:"sequenceNumber,omitempty"`
	OriginNodeURI            linkGenURI `json:"originNodeURI"`
	DestinationNodeURI       linkGenURI `json:"destinationNodeURI"`
	CFAssociationGroupingURI *linkURI   `json:"CFAssociationGroupingURI,omitempty"`
	Notes                    string     `json:"notes,omitempty"`         // 1.1
	CFDocumentURI            *linkURI   `json:"CFDocumentURI,omitempty"` // only where it is read by itself
}

// associationSet is what hangs on one item (CFAssociationSetDType).
type associationSet struct {
	CFItem         item          `json:"CFItem"`
	CFAssociations []association `json:"CFAssociations"`
}

type documentSet struct {
	CFDocuments []document `json:"CFDocuments"`
}

// subject, concept and itemType are terms of a hierarchy: the code of one begins with that
// of what it is below.
type subject struct {
	object
	Title         string `json:"title"`
	HierarchyCode string `json:"hierarchyCode"`
	Description   string `json:"description,omitempty"`
}

type subjectSet struct {
	CFSubjects []subject `json:"CFSubjects"`
}

type concept struct {
	object
	Title         string `json:"title"`
	Keywords      string `json:"keywords,omitempty"` // one text, with | between them
	HierarchyCode string `json:"hierarchyCode"`
	Description   string `json:"description,omitempty"`
}

type conceptSet struct {
	CFConcepts []concept `json:"CFConcepts"`
}

type itemType struct {
	object
	Title         string `json:"title"`
	Description   string `json:"description"`
	HierarchyCode string `json:"hierarchyCode"`
	TypeCode      string `json:"typeCode,omitempty"`
}

type itemTypeSet struct {
	CFItemTypes []itemType `json:"CFItemTypes"`
}

type grouping struct {
	object
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

type license struct {
	object
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	LicenseText string `json:"licenseText"`
}

type rubric struct {
	object
	Title            string            `json:"title,omitempty"`
	Description      string            `json:"description,omitempty"`
	CFRubricCriteria []rubricCriterion `json:"CFRubricCriteria,omitempty"`
}

type rubricCriterion struct {
	object
	Category                string        `json:"category,omitempty"`
	Description             string        `json:"description,omitempty"`
	CFItemURI               *linkURI      `json:"CFItemURI,omitempty"`
	Weight                  float64       `json:"weight,omitempty"`
	Position                int           `json:"position,omitempty"`
	RubricID                string        `json:"rubricId,omitempty"`
	CFRubricCriterionLevels []rubricLevel `json:"CFRubricCriterionLevels,omitempty"`
}

type rubricLevel struct {
	object
	Description       string  `json:"description,omitempty"`
	Quality           string  `json:"quality,omitempty"`
	Score             float64 `json:"score"`
	Feedback          string  `json:"feedback,omitempty"`
	Position          int     `json:"position,omitempty"`
	RubricCriterionID string  `json:"rubricCriterionId,omitempty"`
}

// cfPackage is a document with all that is in it (CFPackageDType).
type cfPackage struct {
	CFDocument     document      `json:"CFDocument"`
	CFItems        []item        `json:"CFItems,omitempty"`
	CFAssociations []association `json:"CFAssociations,omitempty"`
	CFDefinitions  definitions   `json:"CFDefinitions"`
	CFRubrics      []rubric      `json:"CFRubrics,omitempty"`
}

// definitions are the terms that a package uses (CFDefinitionDType).
type definitions struct {
	CFConcepts             []concept  `json:"CFConcepts,omitempty"`
	CFSubjects             []subject  `json:"CFSubjects,omitempty"`
	CFLicenses             []license  `json:"CFLicenses,omitempty"`
	CFItemTypes            []itemType `json:"CFItemTypes,omitempty"`
	CFAssociationGroupings []grouping `json:"CFAssociationGroupings,omitempty"`
}
