package catalog

import (
	"encoding/json"

	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
)

// The objects of Resource Search as they are sent (OpenAPI document, definitions), members in
// its order. What isn't known is left out.

// Resource is what a repository has (Resource.Type).
type Resource struct {
	Name                     string           `json:"name"`
	Description              string           `json:"description,omitempty"`
	Subject                  []string         `json:"subject,omitempty"` // names of subjects
	URL                      string           `json:"url,omitempty"`     // one of url and ltiLink is there
	LTILink                  *LTILink         `json:"ltiLink,omitempty"`
	LearningResourceType     []string         `json:"learningResourceType"`
	Language                 []string         `json:"language,omitempty"`
	ThumbnailURL             string           `json:"thumbnailUrl,omitempty"`
	TypicalAgeRange          string           `json:"typicalAgeRange,omitempty"`
	TextComplexity           []TextComplexity `json:"textComplexity,omitempty"`
	LearningObjectives       []Objective      `json:"learningObjectives,omitempty"`
	Author                   []string         `json:"author,omitempty"`
	Publisher                string           `json:"publisher"`
	UseRightsURL             string           `json:"useRightsURL,omitempty"`
	TimeRequired             string           `json:"timeRequired,omitempty"` // ISO 8601
	TechnicalFormat          string           `json:"technicalFormat,omitempty"`
	EducationalAudience      []string         `json:"educationalAudience,omitempty"`
	AccessibilityAPI         []string         `json:"accessibilityAPI,omitempty"`
	AccessibilityInputMethod []string         `json:"accessibilityInputMethod,omitempty"`
	AccessibilityFeatures    []string         `json:"accessibilityFeatures,omitempty"`
	AccessibilityHazards     []string         `json:"accessibilityHazards,omitempty"`
	AccessMode               []string         `json:"accessMode,omitempty"`
	PublishDate              string           `json:"publishDate,omitempty"`
	Rating                   string           `json:"rating,omitempty"` // 1 to 5, a text all the same
}

// LTILink is a link as in a Common Cartridge (CCLTILink.Type).
type LTILink struct {
	Title           string       `json:"title"`
	Description     string       `json:"description,omitempty"`
	Custom          *PropertySet `json:"custom,omitempty"`
	LaunchURL       string       `json:"launch_url,omitempty"`
	SecureLaunchURL string       `json:"secure_launch_url,omitempty"`
	Vendor          Vendor       `json:"vendor"`
}

// PropertySet is what goes along with a launch (PropertySet.Type).
type PropertySet struct {
	Properties []Property `json:"properties"`
}

// Property is one of them (Property.Type).
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Vendor is who made a resource (Vendor.Type).
type Vendor struct {
	Code string `json:"code"`
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// TextComplexity is how hard a text is to read (TextComplexity.Type).
type TextComplexity struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Objective is what a resource is aligned to (LearningObjectives.Type).
type Objective struct {
	AlignmentType        string `json:"alignmentType"`
	EducationalFramework string `json:"educationalFramework,omitempty"`
	TargetDescription    string `json:"targetDescription,omitempty"`
	TargetName           string `json:"targetName,omitempty"`
	TargetURL            string `json:"targetURL,omitempty"`
	CASEItemURI          string `json:"caseItemUri,omitempty"`
	CASEItemGUID         string `json:"caseItemGUID,omitempty"`
}

// subjectSet is the answer of getAllSubjects (SubjectSet.Type).
type subjectSet struct {
	Subjects []Subject `json:"subjects"`
}

// Subject is a node of the tree (Subject.Type).
type Subject struct {
	Identifier int    `json:"identifier"`
	Name       string `json:"name"`
	// Parent is required, and at least 1 by its type; the root has none, and says null.
	Parent *int `json:"parent"`
}

// member is one member of a resource as it is kept.
type member struct {
	name  string
	value json.RawMessage
}

// members takes a resource apart, in the order in which it was written.
func members(f shelf.Found) ([]member, error) {
	var known map[string]json.RawMessage
	if err := json.Unmarshal(f.Document, &known); err != nil {
		return nil, err
	}
	var out []member
	for _, name := range Members() {
		if value, there := known[name]; there {
			out = append(out, member{name, value})
		}
	}
	return out, nil
}
