package harness

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// WriteTarget gives a target as the text of a file, which ParseTarget reads: for whoever
// has a target and no file, such as a reference that describes itself. A secret that doesn't
// stand as ${NAME} stands in it in clear.
func WriteTarget(t Target, sections ...Section) ([]byte, error) {
	t.Rollcall = formatVersion
	var head, file yaml.Node
	if err := head.Encode(t); err != nil {
		return nil, fmt.Errorf("writing the target %s: %w", t.Name, err)
	}
	file.Kind = yaml.MappingNode
	place := func() error {
		for _, section := range sections {
			var key, value yaml.Node
			if err := value.Encode(section); err != nil {
				return fmt.Errorf("writing the section %s of the target %s: %w", section.Key(), t.Name, err)
			}
			key.SetString(section.Key())
			file.Content = append(file.Content, &key, &value)
		}
		sections = nil
		return nil
	}
	// The sections stand where the struct has them: after the stance, before the rest.
	for i := 0; i+1 < len(head.Content); i += 2 {
		switch head.Content[i].Value {
		case "rollcall", "name", "vendor", "product", "version", "profiles", "stance":
		default:
			if err := place(); err != nil {
				return nil, err
			}
		}
		file.Content = append(file.Content, head.Content[i], head.Content[i+1])
	}
	if err := place(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(&file); err != nil {
		return nil, fmt.Errorf("writing the target %s: %w", t.Name, err)
	}
	return out.Bytes(), e.Close()
}
