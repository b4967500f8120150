package oneroster

import (
	"slices"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Filters and orders come out of columns as they come out of the documents.
func TestColumnsAreLikeDocuments(t *testing.T) {
	data := openMiniature(t)
	district, err := fixtures.New(fixtures.Scale(3000), fixtures.DefaultSeed) // more users than a row has
	if err != nil {
		t.Fatal(err)
	}
	loadMiniature(t, data, district)
	s := newSelector(data, miniature())
	for c, texts := range map[store.Collection][]string{
		people: {
			"familyName='Garcia'", "familyName!='Garcia' AND status='active'", "roles.role='student,teacher'", "roles.role~'ea'",
			"middleName=''", "middleName!=''", "grades='09' OR email~'A'", "dateLastModified>'2026-06-01'", "userProfiles.profileType='x'",
			"familyName>'M' AND givenName<='m' OR roles.org.sourcedId!='none'", "sourcedId>'8'",
		},
		seats: {"role='teacher' AND status='active'", "beginDate>='2026-01-01'", "primary='true'", "endDate!='2027-06-05'", "user.sourcedId<'8'"},
	} {
		for _, text := range texts {
			f, err := parseFilter(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, group := range f {
				for _, by := range group {
					if found, ok := s.properties[c].find(by.path); !ok || !inColumn(by.path, found) {
						t.Errorf("%s has no column", by.path)
					}
				}
			}
			got, err := s.filterByColumns(t.Context(), c, nil, f)
			if err != nil {
				t.Fatal(err)
			}
			want, err := s.filterByDocuments(t.Context(), c, nil, f)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %d of %d, %v", text, len(got), len(want), err)
			}
		}
		for _, property := range []string{"sourcedId", "status", "role", "familyName", "roles.role", "grades", "user.sourcedId", "dateLastModified"} {
			found, ok := s.properties[c].find(property)
			if !ok {
				continue
			}
			got, err := s.sortByColumn(t.Context(), c, nil, property, newColumn(true), found)
			if err != nil {
				t.Fatal(err)
			}
			want, err := s.sortByDocuments(t.Context(), c, nil, property, found)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("the order by %s differs, %v", property, err)
			}
		}
	}
}
