package competency

import (
	"strconv"

	"github.com/rollcall-edu/rollcall/fixtures/framework"
)

// The members that all documents of the fixtures have alike.
const (
	creator     = "Rollcall"
	language    = "en"
	caseVersion = "1.1"
)

// builder makes the objects of one version, with addresses that begin with base: the
// server's own prefix, such as https://case.example.org.
type builder struct {
	book    *framework.Book
	base    string
	version Version
	library *library
}

// build makes everything anew: it is a hundred objects, and every address in them begins
// with the one by which a client reached the server.
func build(book *framework.Book, base string, version Version) *library {
	b := &builder{book, base, version, &library{of: map[string]string{}}}
	b.terms()
	for _, d := range book.Documents {
		b.document(d)
	}
	b.rubric(book.Rubric)
	return b.library
}

// later tells whether members of 1.1 are sent.
func (b *builder) later() bool { return b.version == V1p1 }

// uri is the address of an object: below 1.1, whatever version is served.
func (b *builder) uri(endpoint, id string) string {
	return b.base + V1p1.BasePath() + "/" + endpoint + "/" + id
}

// object makes what each object has, by the code behind its identifier.
func (b *builder) object(endpoint, code, changed string) object {
	id := b.book.Identifier(code)
	return object{Identifier: id, URI: b.uri(endpoint, id), Changed: changed}
}

func (o object) link(title string) *linkURI { return &linkURI{title, o.Identifier, o.URI} }

// changed is when the terms, which are of all documents, were changed: with the first.
func (b *builder) changed() string { return b.book.Garden().Changed }

func (b *builder) term(endpoint, kind, code string) object {
	return b.object(endpoint, framework.Code(kind, code), b.changed())
}

func (b *builder) terms() {
	l := b.library
	for _, t := range b.book.Subjects {
		l.subjects = append(l.subjects, subject{b.term("CFSubjects", "CFSubject", t.Code), t.Title, t.Hierarchy, t.Description})
	}
	for _, t := range b.book.Concepts {
		l.concepts = append(l.concepts, concept{b.term("CFConcepts", "CFConcept", t.Code), t.Title, t.Keywords, t.Hierarchy, t.Description})
	}
	for _, t := range b.book.Types {
		l.types = append(l.types, itemType{b.term("CFItemTypes", "CFItemType", t.Code), t.Title, t.Description, t.Hierarchy, t.TypeCode})
	}
	g, c := b.book.Grouping, b.book.License
	l.groupings = []grouping{{b.term("CFAssociationGroupings", "CFAssociationGrouping", g.Code), g.Title, g.Description}}
	l.licenses = []license{{b.term("CFLicenses", "CFLicense", c.Code), c.Title, c.Description, c.Text}}
}

func (b *builder) license() *linkURI {
	l := b.library.licenses[0]
	return l.link(l.Title)
}

// subjects are those of a document, as texts and as links.
func (b *builder) subjects(code string) (titles []string, links []linkURI) {
	id := b.book.Identifier(framework.Code("CFSubject", code))
	for _, s := range b.library.subjects {
		if s.Identifier == id {
			return []string{s.Title}, []linkURI{*s.link(s.Title)}
		}
	}
	return nil, nil
}

func (b *builder) document(d framework.Document) {
	o := b.object("CFDocuments", d.Code, d.Changed)
	subject, subjectURI := b.subjects(d.Subject)
	out := document{
		object: o, Creator: creator, Title: d.Title, OfficialSourceURL: b.book.Base + d.Code, Publisher: creator, Description: d.Description,
		Subject: subject, SubjectURI: subjectURI, Language: language, Version: d.Version, AdoptionStatus: d.Status,
		StatusStartDate: d.Started, StatusEndDate: d.Ended, LicenseURI: b.license(), Notes: d.Notes,
		CFPackageURI: &linkURI{d.Title, o.Identifier, b.uri("CFPackages", o.Identifier)},
	}
	if b.later() {
		out.CaseVersion = caseVersion
		out.FrameworkType = "PrimarySchool"
	}
	b.library.documents = append(b.library.documents, out)
	nodes := map[string]linkGenURI{"": {Title: d.Title, Identifier: o.Identifier, URI: o.URI}}
	siblings := map[string]int{}
	for _, i := range d.Items {
		siblings[i.Parent]++
		made := b.item(d, out, i, siblings[i.Parent])
		nodes[i.Code] = linkGenURI{Title: i.Statement, Identifier: made.Identifier, URI: made.URI}
		b.associate(d, out, association{
			AssociationType: "isChildOf", SequenceNumber: siblings[i.Parent], OriginNodeURI: nodes[i.Code], DestinationNodeURI: nodes[i.Parent],
		}, "isChildOf", i.Code, i.Parent)
	}
	for _, i := range d.Items {
		if i.ReplacedBy != "" {
			b.associate(d, out, association{
				AssociationType: "replacedBy", OriginNodeURI: nodes[i.Code], DestinationNodeURI: nodes[i.ReplacedBy],
			}, "replacedBy", i.Code, i.ReplacedBy)
		}
	}
	for n, a := range d.Associations {
		end := nodes[a.To]
		if a.Elsewhere != "" {
			end = linkGenURI{Title: a.Title, Identifier: a.Elsewhere, URI: a.Elsewhere}
			if b.later() {
				end.TargetType = a.Target
			}
		}
		grouping := b.library.groupings[0]
		made := association{
			AssociationType: a.Type, SequenceNumber: n + 1, OriginNodeURI: nodes[a.From], DestinationNodeURI: end,
			CFAssociationGroupingURI: grouping.link(grouping.Title),
		}
		if b.later() {
			made.Notes = a.Notes
		}
		b.associate(d, out, made, a.Type, a.From, a.To+a.Elsewhere)
	}
}

// item makes an item, the n-th below its parent.
func (b *builder) item(d framework.Document, of document, i framework.Item, n int) item {
	concept, kind := b.library.concepts[0], b.term("CFItemTypes", "CFItemType", i.Type)
	made := item{
		object: b.object("CFItems", i.Code, d.Changed), FullStatement: i.Statement, AlternativeLabel: d.Title + " " + i.Code,
		CFItemType: i.Type, HumanCodingScheme: i.Code, ListEnumeration: strconv.Itoa(n), AbbreviatedStatement: i.Short,
		ConceptKeywords: []string{concept.Title}, ConceptKeywordsURI: concept.link(concept.Title), Notes: i.Notes, Language: language,
		EducationLevel: d.Levels, CFItemTypeURI: kind.link(i.Type), LicenseURI: b.license(),
		StatusStartDate: d.Started, StatusEndDate: i.Ended, CFDocumentURI: of.link(of.Title),
	}
	if b.later() {
		made.Subject, made.SubjectURI = b.subjects(d.Subject)
	}
	b.library.items = append(b.library.items, made)
	b.library.of[made.Identifier] = of.Identifier
	return made
}

// associate adds an association, whose identifier is made of its type and its ends.
func (b *builder) associate(d framework.Document, of document, a association, codes ...string) {
	a.object = b.object("CFAssociations", framework.Code("CFAssociation", append([]string{d.Code}, codes...)...), d.Changed)
	a.CFDocumentURI = of.link(of.Title)
	b.library.associations = append(b.library.associations, a)
	b.library.of[a.Identifier] = of.Identifier
}

// rubric makes a rubric. Its criteria and their levels have no endpoint: they are found
// within it.
func (b *builder) rubric(r framework.Rubric) {
	made := rubric{object: b.term("CFRubrics", "CFRubric", r.Code), Title: r.Title, Description: r.Description}
	within := func(kind string, codes ...string) object {
		o := b.object("", framework.Code(kind, append([]string{r.Code}, codes...)...), b.changed())
		o.URI = made.URI + "#" + o.Identifier
		return o
	}
	for n, c := range r.Criteria {
		criterion := rubricCriterion{
			object: within("CFRubricCriterion", c.Code), Category: c.Category, Description: c.Description,
			Weight: c.Weight, Position: n + 1, RubricID: made.Identifier,
		}
		if found, there := one(b.library.items, b.book.Identifier(c.Item)).(item); there {
			criterion.CFItemURI = found.link(found.FullStatement)
		}
		for m, v := range c.Levels {
			criterion.CFRubricCriterionLevels = append(criterion.CFRubricCriterionLevels, rubricLevel{
				object: within("CFRubricCriterionLevel", c.Code, v.Code), Description: v.Description, Quality: v.Quality, Score: v.Score,
				Feedback: v.Feedback, Position: m + 1, RubricCriterionID: criterion.Identifier,
			})
		}
		made.CFRubricCriteria = append(made.CFRubricCriteria, criterion)
	}
	b.library.rubrics = append(b.library.rubrics, made)
	b.library.of[made.Identifier] = b.book.Identifier(r.Document)
}
