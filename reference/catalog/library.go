package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures/framework"
	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
)

// Places are where addresses of resources lead: origins, without a slash at the end.
type Places struct {
	// Catalog is the catalogue itself, which has a page and a picture of each resource.
	Catalog string
	// Tool is the tool that opens LTI links, below /resources; where there is none, resources
	// that only a tool opens have a page instead.
	Tool string
	// CASE is what stands before /CFItems of the CASE server that has the learning objectives;
	// without one they are told by their GUID alone.
	CASE string
}

// defaultPlaces is where nothing is, where no other place is known.
const defaultPlaces = "https://catalog.example"

// Seed puts a library on the shelf, unless it is there already with the same addresses.
func Seed(ctx context.Context, s *shelf.Shelf, l *library.Library, p Places) error {
	label := fmt.Sprintf("%s at %s, %s, %s", l.Label(), p.Catalog, p.Tool, p.CASE)
	if there, err := s.Label(ctx); err != nil || there == label {
		return err
	}
	m, err := newMaker(p)
	if err != nil {
		return err
	}
	fields := Fields()
	return s.Fill(ctx, label, func(yield func(shelf.Entry, error) bool) {
		for item := range l.Items() {
			r := m.resource(item)
			document, err := encode(r)
			if !yield(shelf.Entry{Document: document, Values: kept(r, fields), Words: found(r)}, err) {
				return
			}
		}
	})
}

// encode writes a resource, with < and & as they are.
func encode(r *Resource) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(r)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// statement is an item of a framework.
type statement struct{ framework, short, text, guid string }

// maker makes resources of items.
type maker struct {
	places     Places
	statements map[string]statement // by code
}

func newMaker(p Places) (*maker, error) {
	book, err := framework.Read()
	if err != nil {
		return nil, err
	}
	if p.Catalog == "" {
		p.Catalog = defaultPlaces
	}
	m := &maker{p, map[string]statement{}}
	for _, d := range book.Documents {
		for _, i := range d.Items {
			m.statements[i.Code] = statement{d.Title, i.Code, i.Statement, book.Identifier(i.Code)}
		}
	}
	return m, nil
}

func (m *maker) resource(i library.Item) *Resource {
	r := &Resource{
		Name:                     i.Name,
		Description:              i.Description,
		Subject:                  i.Subjects,
		LearningResourceType:     i.Types,
		Language:                 i.Languages,
		TypicalAgeRange:          i.AgeRange(),
		Author:                   i.Authors,
		Publisher:                i.Publisher.Name,
		TechnicalFormat:          i.Format,
		EducationalAudience:      i.Audience,
		AccessibilityAPI:         i.Interfaces,
		AccessibilityInputMethod: i.Inputs,
		AccessibilityFeatures:    i.Features,
		AccessibilityHazards:     i.Hazards,
		AccessMode:               i.Modes,
		PublishDate:              i.Published,
		TimeRequired:             duration(i.Minutes),
	}
	launch := i.Launch && m.places.Tool != ""
	if i.Page || !launch {
		r.URL = m.places.Catalog + itemsPath + i.Number
	}
	if launch {
		r.LTILink = m.link(i)
	}
	if i.Thumbnail {
		r.ThumbnailURL = m.places.Catalog + thumbnailsPath + i.Number
	}
	if i.Rights {
		r.UseRightsURL = i.Publisher.Rights
	}
	if i.Rating > 0 {
		r.Rating = strconv.Itoa(i.Rating)
	}
	for _, c := range i.Complexity {
		r.TextComplexity = append(r.TextComplexity, TextComplexity{c.Scale, c.Value})
	}
	for _, o := range i.Objectives {
		r.LearningObjectives = append(r.LearningObjectives, m.objective(o))
	}
	return r
}

// link has the tool open the resource, and know which it is whatever the platform calls it.
func (m *maker) link(i library.Item) *LTILink {
	l := &LTILink{
		Title:       i.Name,
		Description: i.Description,
		Custom:      &PropertySet{[]Property{{"resource_id", i.Number}}},
		Vendor:      Vendor{i.Publisher.Code, i.Publisher.Name, i.Publisher.URL},
	}
	address := m.places.Tool + "/resources/" + i.Number
	if strings.HasPrefix(address, "https://") {
		l.SecureLaunchURL = address
	} else {
		l.LaunchURL = address
	}
	return l
}

func (m *maker) objective(o library.Objective) Objective {
	s := m.statements[o.Code]
	out := Objective{
		AlignmentType:        o.Alignment,
		EducationalFramework: s.framework,
		TargetName:           s.short,
		TargetDescription:    s.text,
		CASEItemGUID:         s.guid,
	}
	if m.places.CASE != "" {
		out.CASEItemURI = m.places.CASE + "/CFItems/" + s.guid
		out.TargetURL = out.CASEItemURI
	}
	return out
}

// duration writes minutes in the form of ISO 8601: hours are told from an hour on.
func duration(minutes int) string {
	switch h, m := minutes/60, minutes%60; {
	case minutes == 0:
		return ""
	case h == 0:
		return fmt.Sprintf("PT%dM", m)
	case m == 0:
		return fmt.Sprintf("PT%dH", h)
	default:
		return fmt.Sprintf("PT%dH%dM", h, m)
	}
}
