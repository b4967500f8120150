package competency

import (
	"slices"
	"strings"
)

// library is what one version of the service has, with all addresses in it.
type library struct {
	documents    []document
	items        []item
	associations []association
	subjects     []subject
	concepts     []concept
	types        []itemType
	groupings    []grouping
	licenses     []license
	rubrics      []rubric
	of           map[string]string // identifier of an item, association or rubric to that of its document
}

// identified is any object; a term has a place in a hierarchy.
type (
	identified interface{ identifier() string }
	term       interface {
		identified
		hierarchy() string
	}
)

func (s subject) hierarchy() string  { return s.HierarchyCode }
func (c concept) hierarchy() string  { return c.HierarchyCode }
func (t itemType) hierarchy() string { return t.HierarchyCode }

// one gives the object of an identifier, or nil.
func one[O identified](all []O, id string) any {
	at := slices.IndexFunc(all, func(o O) bool { return o.identifier() == id })
	if at < 0 {
		return nil
	}
	return all[at]
}

// set is a wrapper around terms.
type set[T term] interface{ with([]T) any }

func (subjectSet) with(all []subject) any   { return subjectSet{all} }
func (conceptSet) with(all []concept) any   { return conceptSet{all} }
func (itemTypeSet) with(all []itemType) any { return itemTypeSet{all} }

// branch gives a term and those below it, the one that was asked for first (REST binding,
// getCFConcept, getCFItemType, getCFSubject), or nil.
func branch[T term](all []T, id string, in set[T]) any {
	at := slices.IndexFunc(all, func(t T) bool { return t.identifier() == id })
	if at < 0 {
		return nil
	}
	found := []T{all[at]}
	for _, t := range all {
		if strings.HasPrefix(t.hierarchy(), all[at].hierarchy()+".") {
			found = append(found, t)
		}
	}
	return in.with(found)
}

// itemAssociations gives an item and what begins or ends at it. Each item has one at least,
// by which it is a child.
func (l *library) itemAssociations(id string) any {
	at := slices.IndexFunc(l.items, func(i item) bool { return i.Identifier == id })
	if at < 0 {
		return nil
	}
	found := associationSet{CFItem: l.items[at]}
	for _, a := range l.associations {
		if a.OriginNodeURI.Identifier == id || a.DestinationNodeURI.Identifier == id {
			a.CFDocumentURI = nil
			found.CFAssociations = append(found.CFAssociations, a)
		}
	}
	return found
}

// cfPackage gives a document with all that is in it. Where all is of one document, nothing
// says of which (CFPckgDocumentDType, CFPckgItemDType, CFPckgAssociationDType).
func (l *library) cfPackage(id string) any {
	at := slices.IndexFunc(l.documents, func(d document) bool { return d.Identifier == id })
	if at < 0 {
		return nil
	}
	p := cfPackage{CFDocument: l.documents[at]}
	p.CFDocument.CFPackageURI = nil
	for _, i := range l.items {
		if l.of[i.Identifier] == id {
			i.CFDocumentURI = nil
			p.CFItems = append(p.CFItems, i)
		}
	}
	for _, a := range l.associations {
		if l.of[a.Identifier] == id {
			a.CFDocumentURI = nil
			p.CFAssociations = append(p.CFAssociations, a)
		}
	}
	for _, r := range l.rubrics {
		if l.of[r.Identifier] == id {
			p.CFRubrics = append(p.CFRubrics, r)
		}
	}
	p.CFDefinitions = definitions{l.concepts, l.subjects, l.licenses, l.types, l.groupings}
	return p
}
