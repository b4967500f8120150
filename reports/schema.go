package reports

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

//go:embed report.schema.json
var schema []byte

// Schema gives the JSON Schema (draft-07) of the report document. Members it
// doesn't name are allowed: a later minor version may add some.
func Schema() []byte { return slices.Clone(schema) }

var compiled = sync.OnceValues(func() (*gojsonschema.Schema, error) {
	return gojsonschema.NewSchema(gojsonschema.NewBytesLoader(schema))
})

// Validate holds a report document against Schema. The error names up to ten
// places that break it.
func Validate(document []byte) error {
	s, err := compiled()
	if err != nil {
		return fmt.Errorf("compiling the report schema: %w", err)
	}
	result, err := s.Validate(gojsonschema.NewBytesLoader(document))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrFormat, err)
	}
	const shown = 10
	var errs []error
	for i, e := range result.Errors() {
		if i == shown {
			errs = append(errs, fmt.Errorf("and %d more", len(result.Errors())-shown))
			break
		}
		where := strings.TrimPrefix(e.Context().String("/"), "(root)")
		errs = append(errs, fmt.Errorf("at %q: %s", where, e.Description()))
	}
	if len(errs) > 0 {
		return fmt.Errorf("%w: %w", ErrFormat, errors.Join(errs...))
	}
	return nil
}
