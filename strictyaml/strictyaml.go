// Package strictyaml reads the YAML that the program itself is made of (the catalogue,
// services, fixtures, faults): what is misspelt there must not be passed over.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// Unmarshal reads a text of one document into a struct, a list or a map. A key that the
// struct doesn't have, a key that stands twice, and a second document are errors, which
// name the line. An empty text leaves what it is read into as it is.
func Unmarshal(text []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch err := d.Decode(new(yaml.Node)); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("there is a second document (---); one is read")
}
