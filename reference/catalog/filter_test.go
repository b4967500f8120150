package catalog

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseFilter(t *testing.T) {
	for text, want := range map[string]Filter{
		"name='Fractions'":                       {{{"name", Equal, "Fractions"}}},
		"name!=''":                               {{{"name", NotEqual, ""}}},
		"rating>='4'":                            {{{"rating", AtLeast, "4"}}},
		"rating > '4'":                           {{{"rating", Greater, "4"}}},
		"rating<='4' AND name~'O''Hara'":         {{{"rating", AtMost, "4"}, {"name", Contains, "O'Hara"}}},
		"rating<'2' OR rating='5'":               {{{"rating", Less, "2"}}, {{"rating", Equal, "5"}}},
		"a='1' AND b='2' OR c='3' AND d='4'":     {{{"a", Equal, "1"}, {"b", Equal, "2"}}, {{"c", Equal, "3"}, {"d", Equal, "4"}}},
		"textComplexity.value>'800'":             {{{"textComplexity.value", Greater, "800"}}},
		"search~'a AND b'":                       {{{"search", Contains, "a AND b"}}},
		"  name = 'x'   AND   name = 'y'  ":      {{{"name", Equal, "x"}, {"name", Equal, "y"}}},
		"name='''' OR name=''''''":               {{{"name", Equal, "'"}}, {{"name", Equal, "''"}}},
		"learningObjectives.caseItemGUID='é,=~'": {{{"learningObjectives.caseItemGUID", Equal, "é,=~"}}},
	} {
		got, err := ParseFilter(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", " ", "name", "name=", "name=Fractions", `name="Fractions"`, "name='Fractions", "'name'='x'", "='x'", "name=='x'", "name<>'x'",
		"name='x' name='y'", "name='x'AND name='y'", "name='x' ANDname='y'", "name='x' AND", "name='x' AND ", "AND name='x'", "name='x' and name='y'",
		"name='x' XOR name='y'", "name='x' && name='y'", "(name='x')", "name='x' AND (name='y' OR name='z')", "name='x')", "name=null",
		"naïve='x'", "name='x\x00'", "name='\xff'", "name='" + strings.Repeat("x", maxFilter) + "'",
		strings.Repeat("a='1' OR ", maxClauses) + "a='1'",
	} {
		if got, err := ParseFilter(text); err == nil {
			t.Errorf("%q is taken: %v", text, got)
		}
	}
}

func TestOperators(t *testing.T) {
	for text, want := range map[string]int{"a='1'": 0, "a='1' OR a='2'": 1, "a='1' AND a='2' OR a='3'": 2} {
		f, err := ParseFilter(text)
		if err != nil || f.Operators() != want {
			t.Errorf("%q has %d operators, %v", text, f.Operators(), err)
		}
	}
}

// What was read and is written again says the same.
func FuzzParseFilter(f *testing.F) {
	for _, text := range []string{"name='Fractions'", "a!='''' AND b~'x' OR c<='y'", "a.b > 'é'", "a='1'  OR  b='2'", "(a='1')", "a='"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ParseFilter(text)
		if err != nil {
			return
		}
		again, err := ParseFilter(first.String())
		if len(first.String()) <= maxFilter && (err != nil || !reflect.DeepEqual(first, again)) {
			t.Errorf("%q reads %v, and written again %v, %v", text, first, again, err)
		}
		rules := NewRules()
		for _, group := range first {
			for _, c := range group {
				if field, known := rules.field(c.Field); known {
					_, _ = Compare(field, c) // it must not panic
				}
				_ = words(c.Value)
			}
		}
	})
}
