package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Mutant is one mechanical mistake: a place in the source and what is done there.
type Mutant struct {
	Name string // path, function, kind and ordinal: it outlives changes elsewhere in the file
	Line int    // in the source as it is
	What string // the source of the place, cut
	n    int    // by which a built program is told
}

// instrumented is a source file in which every mutant is built in, each asleep until the
// program is told its number.
type instrumented struct {
	path    string // of the source
	text    []byte
	mutants []Mutant
	lines   map[int][]int // of the instrumented text, with the mutants that stand there
}

// helpers is added to each package that is instrumented. The number comes from the
// environment, so that one build serves all mutants; a mutant that is reached says so in
// a file, once.
const helpers = `package %s

import (
	"os"
	"strconv"
	"sync"
)

var (
	rollcallMutantNow, _ = strconv.Atoi(os.Getenv("ROLLCALL_MUTANT"))
	rollcallMutantOnce   sync.Once
)

func rollcallMutant(n int) bool {
	if n != rollcallMutantNow {
		return false
	}
	rollcallMutantOnce.Do(func() {
		if path := os.Getenv("ROLLCALL_MUTANT_REACHED"); path != "" {
			_ = os.WriteFile(path, []byte("reached"), 0o600)
		}
	})
	return true
}

func rollcallNumber[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float64](n int, v T) T {
	if rollcallMutant(n) {
		return v + 1
	}
	return v
}

func rollcallText[T ~string](n int, v T) T {
	if rollcallMutant(n) {
		return v + "x"
	}
	return v
}
`

// turned is each comparison and what it is taken for.
var turned = map[token.Token]token.Token{token.LSS: token.LEQ, token.LEQ: token.LSS, token.GTR: token.GEQ, token.GEQ: token.GTR}

// quiet are calls without which nothing is seen from outside, or everything hangs: they
// are no mistakes that a judge could be asked to find.
var quiet = []string{"Lock", "Unlock", "RLock", "RUnlock", "Close", "Print", "Printf", "Println", "Debug", "Info", "Warn", "Error",
	"Errorf", "Done", "Add", "Helper"}

type edit struct {
	from, to int
	text     string
}

// instrument builds every mutant of a file in, numbered from next on. Those in left are
// left out: they didn't compile.
func instrument(path string, source []byte, next int, left map[string]bool) (*instrumented, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, source, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	out := &instrumented{path: path, lines: map[int][]int{}}
	var edits []edit
	ordinals := map[string]int{}
	at := func(p token.Pos) int { return set.Position(p).Offset }
	text := func(n ast.Node) string { return string(source[at(n.Pos()):at(n.End())]) }
	add := func(function, kind string, n ast.Node, made func(number int) []edit) {
		key := fmt.Sprintf("%s %s %s", filepath.ToSlash(path), function, kind)
		ordinals[key]++
		m := Mutant{Name: fmt.Sprintf("%s %d", key, ordinals[key]), Line: set.Position(n.Pos()).Line, What: cut(text(n)), n: next}
		next++
		if left[m.Name] {
			return
		}
		out.mutants = append(out.mutants, m)
		edits = append(edits, made(m.n)...)
	}
	around := func(n ast.Node, before, after string) []edit {
		return []edit{{at(n.Pos()), at(n.Pos()), before}, {at(n.End()), at(n.End()), after}}
	}
	for _, d := range file.Decls {
		f, is := d.(*ast.FuncDecl)
		if !is || f.Body == nil {
			continue
		}
		function := f.Name.Name
		if f.Recv != nil && len(f.Recv.List) > 0 {
			function = strings.TrimLeft(text(f.Recv.List[0].Type), "*") + "." + function
		}
		skipped := map[ast.Node]bool{}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if n == nil || skipped[n] {
				return false
			}
			switch n := n.(type) {
			case *ast.CaseClause: // what a case names may have to be constant
				for _, e := range n.List {
					skipped[e] = true
				}
			case *ast.GenDecl, *ast.ArrayType, *ast.BranchStmt:
				return false
			case *ast.CallExpr:
				name := called(n)
				if name == "Errorf" || name == "New" && strings.HasPrefix(text(n), "errors.") || slices.Contains(quiet, name) {
					return false
				}
			case *ast.IfStmt:
				if b, is := n.Cond.(*ast.BinaryExpr); !is || b.Op != token.EQL && b.Op != token.NEQ {
					add(function, "negated", n.Cond, func(i int) []edit { return around(n.Cond, fmt.Sprintf("rollcallMutant(%d) != (", i), ")") })
				}
			case *ast.BinaryExpr:
				switch n.Op {
				case token.EQL, token.NEQ:
					add(function, "turned", n, func(i int) []edit { return around(n, fmt.Sprintf("(rollcallMutant(%d) != (", i), "))") })
				case token.LAND, token.LOR:
				default:
					if other, is := turned[n.Op]; is && plain(n.X) && plain(n.Y) {
						add(function, "turned", n, func(i int) []edit {
							return around(n, fmt.Sprintf("(rollcallMutant(%d) && (%s %s %s) || !rollcallMutant(%d) && (", i, text(n.X), other,
								text(n.Y), i), "))")
						})
					}
				}
			case *ast.ExprStmt, *ast.IncDecStmt:
				if c, is := n.(*ast.ExprStmt); is {
					if call, is := c.X.(*ast.CallExpr); !is || slices.Contains(quiet, called(call)) {
						return true
					}
				}
				if alone(f.Body, n.(ast.Stmt)) {
					add(function, "dropped", n, func(i int) []edit { return around(n, fmt.Sprintf("if !rollcallMutant(%d) { ", i), " }") })
				}
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE && !blank(n) && alone(f.Body, n) {
					add(function, "dropped", n, func(i int) []edit { return around(n, fmt.Sprintf("if !rollcallMutant(%d) { ", i), " }") })
				}
			case *ast.BasicLit:
				switch {
				case n.Kind == token.INT:
					add(function, "constant", n, func(i int) []edit { return around(n, fmt.Sprintf("rollcallNumber(%d, ", i), ")") })
				case n.Kind == token.STRING && worth(n.Value):
					add(function, "constant", n, func(i int) []edit { return around(n, fmt.Sprintf("rollcallText(%d, ", i), ")") })
				}
			}
			return true
		})
	}
	out.text = applied(source, edits)
	for i, line := range bytes.Split(out.text, []byte("\n")) {
		for _, m := range out.mutants {
			if bytes.Contains(line, fmt.Appendf(nil, "(%d)", m.n)) || bytes.Contains(line, fmt.Appendf(nil, "(%d, ", m.n)) {
				out.lines[i+1] = append(out.lines[i+1], m.n)
			}
		}
	}
	if _, err := format.Source(out.text); err != nil {
		return nil, fmt.Errorf("building mutants into %s: %w", path, err)
	}
	return out, nil
}

// applied makes edits in a text. What is inserted at one place nests: what begins first
// in the tree, which lists outer nodes before inner ones, stands outside.
func applied(source []byte, edits []edit) []byte {
	type insert struct {
		at    int
		order int
		close bool
		text  string
	}
	var all []insert
	for i, e := range edits {
		all = append(all, insert{e.from, i, i%2 == 1, e.text})
	}
	slices.SortStableFunc(all, func(a, b insert) int {
		switch {
		case a.at != b.at:
			return a.at - b.at
		case a.close != b.close: // what ends here ends before another begins
			if a.close {
				return -1
			}
			return 1
		case a.close: // the inner one ends first
			return b.order - a.order
		}
		return a.order - b.order
	})
	var out bytes.Buffer
	last := 0
	for _, x := range all {
		out.Write(source[last:x.at])
		out.WriteString(x.text)
		last = x.at
	}
	out.Write(source[last:])
	return out.Bytes()
}

// called names the function of a call, without its package or receiver.
func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// plain tells whether an expression can be written twice: it holds no function.
func plain(e ast.Expr) bool {
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		if _, is := n.(*ast.FuncLit); is {
			ok = false
		}
		return ok
	})
	return ok
}

// blank tells whether an assignment throws its values away.
func blank(a *ast.AssignStmt) bool {
	return !slices.ContainsFunc(a.Lhs, func(e ast.Expr) bool { i, is := e.(*ast.Ident); return !is || i.Name != "_" })
}

// alone tells whether a statement is one of its own, and not part of an if, a
// for or a switch.
func alone(body *ast.BlockStmt, a ast.Stmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		var list []ast.Stmt
		switch n := n.(type) {
		case *ast.BlockStmt:
			list = n.List
		case *ast.CaseClause:
			list = n.Body
		case *ast.CommClause:
			list = n.Body
		}
		found = found || slices.Contains(list, a)
		return !found
	})
	return found
}

// worth tells whether a text is one that others may see: no format of an error, nothing
// empty.
func worth(literal string) bool {
	s, err := strconv.Unquote(literal)
	return err == nil && s != "" && len(s) <= 200 && !strings.Contains(s, "%w")
}

func cut(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 90 {
		return s[:90] + "…"
	}
	return s
}
