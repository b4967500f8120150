package districtfault

import (
	"iter"

	"github.com/rollcall-edu/rollcall/fixtures"
)

// view is a district with some of its objects changed or left out.
type view struct {
	fixtures.District
	enrollments func(fixtures.Enrollment) (fixtures.Enrollment, bool)
	resources   func(fixtures.Resource) (fixtures.Resource, bool)
	classes     func(fixtures.Class) (fixtures.Class, bool)
}

// Err is that of the district.
func (v view) Err() error {
	if d, fails := v.District.(interface{ Err() error }); fails {
		return d.Err()
	}
	return nil
}

func (v view) Enrollments() iter.Seq[fixtures.Enrollment] {
	return through(v.District.Enrollments(), v.enrollments)
}

func (v view) Resources() iter.Seq[fixtures.Resource] {
	return through(v.District.Resources(), v.resources)
}

func (v view) Classes() iter.Seq[fixtures.Class] { return through(v.District.Classes(), v.classes) }

func through[Row any](rows iter.Seq[Row], change func(Row) (Row, bool)) iter.Seq[Row] {
	if change == nil {
		return rows
	}
	return func(yield func(Row) bool) {
		for row := range rows {
			if row, keep := change(row); keep && !yield(row) {
				return
			}
		}
	}
}
