package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const sample = `package sample

import "fmt"

type list []int

func (l list) Count(limit int) (n int, err error) {
	if limit < 0 {
		return 0, fmt.Errorf("a limit of %d", limit)
	}
	for _, x := range l {
		if x == limit || !odd(x) {
			continue
		}
		n++
		if n >= limit && limit > 10 {
			break
		}
	}
	return n, nil
}

func odd(x int) bool { return x%2 == 1 }

func Name(kind string) string {
	switch kind {
	case "a":
		kind = "first"
	default:
		kind += "!"
	}
	return kind
}
`

// TestMutantsOfEveryKindAreBuiltIn: the file compiles with all of them, does what it did
// while they sleep, and something else when one is woken.
func TestMutantsOfEveryKindAreBuiltIn(t *testing.T) {
	in, err := instrument("sample.go", []byte(sample), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, m := range in.mutants {
		kinds[strings.Fields(m.Name)[2]]++
		if m.Line == 0 || m.What == "" {
			t.Errorf("%+v says too little", m)
		}
		if strings.Contains(m.What, "a limit of") {
			t.Errorf("%s changes the words of an error", m.Name)
		}
	}
	for kind, least := range map[string]int{"turned": 5, "negated": 2, "dropped": 3, "constant": 5} {
		if kinds[kind] < least {
			t.Errorf("%d mutants are %s, want %d at least: %v", kinds[kind], kind, least, kinds)
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module sample\n\ngo 1.24\n", "sample.go": string(in.text), "helpers.go": strings.Replace(helpers, "%s", "sample", 1),
		"sample_test.go": `package sample

import "testing"

func Test(t *testing.T) {
	n, err := list{1, 2, 3, 5}.Count(3)
	_, wrong := list{}.Count(-1)
	many, _ := make(list, 0).Count(20)
	if n != 2 || err != nil || wrong == nil || many != 0 || Name("a") != "first" || Name("b") != "b!" {
		t.Fatal(n, err, wrong, many)
	}
}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "sample.test")
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, in.text)
	}
	passes := func(n string) bool {
		c := exec.Command(binary)
		c.Env = append(os.Environ(), "ROLLCALL_MUTANT="+n)
		return c.Run() == nil
	}
	if !passes("0") {
		t.Error("it does something else while all are asleep")
	}
	caught := 0
	for _, m := range in.mutants {
		if !passes(itoa(m.n)) {
			caught++
		}
	}
	if caught < len(in.mutants)/2 {
		t.Errorf("%d of %d mutants do anything", caught, len(in.mutants))
	}
}

// TestNamesOutliveOtherChanges: a mutant has the same name whatever is left out or numbered
// before it.
func TestNamesOutliveOtherChanges(t *testing.T) {
	first, err := instrument("sample.go", []byte(sample), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	gone := first.mutants[2].Name
	second, err := instrument("sample.go", []byte("// A line more.\n"+sample), 500, map[string]bool{gone: true})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, m := range second.mutants {
		names[m.Name] = true
	}
	for _, m := range first.mutants {
		if names[m.Name] != (m.Name != gone) {
			t.Errorf("%s: there %v", m.Name, names[m.Name])
		}
	}
}
