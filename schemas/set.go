package schemas

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

//go:embed index.json hints.json oneroster oauth2 lti
var files embed.FS

// entry is a line of index.json: the name of a schema, the file and definition
// it is in, where the objects stand in its documents, and whether a null where
// the schema is silent is worth a warning.
type entry struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	Object string `json:"object"`
	NoNull bool   `json:"noNull"`
}

// idBase starts the $id of every file. The host can never exist (RFC 6761), so
// that no validator fetches one.
const idBase = "https://rollcall.invalid/schemas/"

// standard compiles the embedded schemas, once.
var standard = sync.OnceValues(compileAll)

// Load gives a schema by name.
func Load(name string) (*Schema, error) {
	set, err := standard()
	if err != nil {
		return nil, fmt.Errorf("compiling the embedded schemas: %w", err)
	}
	if s := set[name]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no schema is named %q; there are %s", name, strings.Join(Names(), ", "))
}

// MustLoad is Load for names known when the program is written; it panics on
// others.
func MustLoad(name string) *Schema {
	s, err := Load(name)
	if err != nil {
		panic("schemas: " + err.Error())
	}
	return s
}

// Names lists the schemas, sorted.
func Names() []string {
	entries, err := readIndex()
	if err != nil {
		return nil // Load tells why
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	slices.Sort(names)
	return names
}

func readIndex() (entries []entry, err error) {
	data, err := files.ReadFile("index.json")
	if err != nil {
		return nil, err
	}
	if err := strictly(data, &entries); err != nil {
		return nil, fmt.Errorf("reading index.json: %w", err)
	}
	return entries, nil
}

// strictly decodes embedded data, refusing members that nothing reads.
func strictly(data []byte, into any) error {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func compileAll() (map[string]*Schema, error) {
	registerFormats()
	entries, err := readIndex()
	if err != nil {
		return nil, err
	}
	hints, err := readHints()
	if err != nil {
		return nil, err
	}
	c := compiler{files: map[string]*raw{}, nodes: map[string]*node{}}
	var documents []any
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/") {
			return err
		}
		document, err := c.read(path)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		documents = append(documents, document)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var one sync.Mutex // documents are read by one compiler at a time
	set := map[string]*Schema{}
	for _, e := range entries {
		s := &Schema{name: e.Name, noNull: e.NoNull, hints: hints}
		if e.Object != "" {
			s.object = strings.Split(e.Object, "/")[1:]
		}
		if s.root, err = c.at(idBase, e.File); err != nil {
			return nil, fmt.Errorf("compiling %s: %w", e.Name, err)
		}
		s.words = sync.OnceValues(func() (*gojsonschema.Schema, error) {
			one.Lock()
			defer one.Unlock()
			return worded(e, documents)
		})
		set[e.Name] = s
	}
	return set, nil
}

// worded compiles a schema for gojsonschema, which costs more than all else of a start and is
// needed for documents alone in which something is wrong.
func worded(e entry, documents []any) (*gojsonschema.Schema, error) {
	// A loader each, since one that has compiled takes no more documents.
	loader := gojsonschema.NewSchemaLoader()
	loader.Draft, loader.AutoDetect = gojsonschema.Draft7, false
	for _, d := range documents {
		if err := loader.AddSchemas(gojsonschema.NewRawLoader(d)); err != nil {
			return nil, fmt.Errorf("compiling %s: %w", e.Name, err)
		}
	}
	s, err := loader.Compile(gojsonschema.NewRawLoader(map[string]any{"$ref": idBase + e.File}))
	if err != nil {
		return nil, fmt.Errorf("compiling %s: %w", e.Name, err)
	}
	return s, nil
}

// read takes in a schema file for the walker and gives it for gojsonschema, whose
// formats are to be ours.
func (c *compiler) read(path string) (any, error) {
	data, err := files.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := new(raw)
	if err := strictly(data, r); err != nil {
		return nil, err
	}
	if r.ID != idBase+path {
		return nil, fmt.Errorf("its $id is %q, and should be %q", r.ID, idBase+path)
	}
	c.files[r.ID] = r
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber() // gojsonschema demands it
	var document any
	if err := d.Decode(&document); err != nil {
		return nil, err
	}
	ownFormats(document)
	return document, nil
}

// ownFormats renames the formats of a schema to those we registered.
func ownFormats(schema any) {
	switch s := schema.(type) {
	case map[string]any:
		if format, ok := s["format"].(string); ok {
			s["format"] = formatPrefix + format
		}
		for _, v := range s {
			ownFormats(v)
		}
	case []any:
		for _, v := range s {
			ownFormats(v)
		}
	}
}
