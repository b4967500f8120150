package consumer

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

//go:embed facts.yaml
var factsFile []byte

// kept says what is compared of the objects of one collection.
type kept struct {
	Name   string   `yaml:"name"`
	Kind   string   `yaml:"kind"`   // the member by which a product may keep some and leave others
	Begins string   `yaml:"begins"` // a date before which an object doesn't count yet
	Ends   string   `yaml:"ends"`   // and from which on it doesn't count any more
	Refers []string `yaml:"refers"` // references without which a product can't hold an object
	Facts  []fact   `yaml:"facts"`
}

// fact is a member that is compared.
type fact struct {
	Member string `yaml:"member"`
	As     string `yaml:"as"`
	Named  bool   `yaml:"named"` // it is compared even where the product has each in another form
}

// forms are how values are compared, by the name that a fact has for it.
var forms = map[string]func(v any) string{
	"text":       func(v any) string { return strings.Join(strings.Fields(scalar(v)), " ") },
	"folded":     func(v any) string { return strings.ToLower(strings.TrimSpace(scalar(v))) },
	"date":       func(v any) string { s := scalar(v); return s[:min(len(s), len("2006-01-02"))] },
	"flag":       func(v any) string { return flag(scalar(v)) },
	"number":     func(v any) string { return number(scalar(v)) },
	"reference":  reference,
	"references": func(v any) string { return joined(v, reference) },
	"list":       func(v any) string { return joined(v, scalar) },
	"roles":      func(v any) string { return joined(v, role) },
}

var collections = sync.OnceValues(func() ([]kept, error) {
	var f struct {
		Collections []kept `yaml:"collections"`
	}
	if err := strictyaml.Unmarshal(factsFile, &f); err != nil {
		return nil, fmt.Errorf("reading what is compared: %w", err)
	}
	for _, c := range f.Collections {
		for _, x := range c.Facts {
			if forms[x.As] == nil {
				return nil, fmt.Errorf("%s of %s is compared as %q, which is no form", x.Member, c.Name, x.As)
			}
		}
	}
	return f.Collections, nil
})

// comparedAs gives what is compared of a collection.
func comparedAs(collection string) kept {
	all, err := collections()
	if err != nil {
		panic(err) // embedded data
	}
	if i := slices.IndexFunc(all, func(c kept) bool { return c.Name == collection }); i >= 0 {
		return all[i]
	}
	return kept{Name: collection}
}

// of gives a fact of an object in the form in which it is compared; empty: it has none.
func (f fact) of(object map[string]any) string {
	v, has := object[f.Member]
	if !has || v == nil {
		return ""
	}
	return forms[f.As](v)
}

// scalar gives a value as text.
func scalar(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case json.Number:
		return x.String()
	case int:
		return strconv.Itoa(x)
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

func flag(s string) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1", "yes":
		return "true"
	case "false", "0", "no":
		return "false"
	}
	return s
}

func number(s string) string {
	if n, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return s
}

// reference gives the sourcedId to which a reference leads: an object with one, or the bare identifier.
func reference(v any) string {
	if m, is := v.(map[string]any); is {
		return scalar(m["sourcedId"])
	}
	return scalar(v)
}

// role writes a role of a user as what it is and where.
func role(v any) string {
	m, is := v.(map[string]any)
	if !is {
		return scalar(v)
	}
	return scalar(m["role"]) + " at " + reference(m["org"])
}

// joined writes a list without regard to its order; a text may hold one, parted by commas.
func joined(v any, each func(any) string) string {
	var list []any
	switch x := v.(type) {
	case []any:
		list = x
	case []string:
		for _, s := range x {
			list = append(list, s)
		}
	case []map[string]any:
		for _, m := range x {
			list = append(list, m)
		}
	case string:
		for s := range strings.SplitSeq(x, ",") {
			list = append(list, strings.TrimSpace(s))
		}
	default:
		list = []any{v}
	}
	var out []string
	for _, item := range list {
		if s := each(item); s != "" {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ", ")
}
