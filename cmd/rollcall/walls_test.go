package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

const module = "github.com/rollcall-edu/rollcall/"

// walls says which rooms a room must never reach, directly or through others
// (docs/architecture.md).
var walls = []struct {
	room      string
	forbidden []string
	why       string
}{
	{"suites", []string{"reference", "cmd"}, "the judge shares no code with the judged"},
	{"reference", []string{"suites", "reports", "cmd"}, "the judged shares no code with the judge"},
	{"reference/oneroster", []string{"reference/sis", "reference/resources", "reference/fault"}, "the engine knows no service by name"},
	{"reference/resources", []string{"reference/sis", "reference/fault"}, "a service knows no other"},
	{"reports", []string{"suites", "reference", "schemas", "fixtures", "cmd", "net/http"}, "a report is rendered from the model alone, offline"},
	{"schemas", []string{"suites", "reference", "reports", "fixtures", "cmd"}, "ground floor"},
	{"fixtures", []string{"suites", "reference", "reports", "schemas", "cmd"}, "ground floor"},
	{"suites/oneroster/service", []string{"suites/harness", "suites/catalogue", "suites/oneroster/rest", "reports", "fixtures"},
		"what a service is says nothing of how it is judged"},
	{"suites/oneroster/rest", []string{"suites/oneroster/rostering", "suites/oneroster/csv", "suites/lti", "fixtures"},
		"what holds for any service knows none by name"},
	{"suites/catalogue", []string{"suites/harness", "suites/oneroster", "reference", "reports", "schemas", "fixtures", "cmd"}, "ground floor"},
}

// standards are the names of what the kernel doesn't know.
var standards = regexp.MustCompile(`(?i)oneroster|\blti|\blis_`)

// introduction is how Rollcall presents itself to every product: the one place in the kernel
// where standards are named, for the product's log.
const introduction = `"Rollcall (OneRoster and LTI conformance harness)"`

// TestWallsKernel: the kernel knows no standard. Its source and its data name none, not even in a remedy
// (a section of the target file and its credentials say where they stand), and it reaches
// nothing of theirs; nor does what describes a standard's products know how they are judged.
func TestWallsKernel(t *testing.T) {
	const kernel = module + "suites/harness"
	rooms := []string{module + "suites/oneroster", module + "suites/lti"}
	met, introduced, described := map[string]bool{}, 0, 0
	for _, p := range list(t) {
		inKernel := p.ImportPath == kernel || strings.HasPrefix(p.ImportPath, kernel+"/")
		if !inKernel && !slices.Contains(rooms, p.ImportPath) {
			continue
		}
		met[p.ImportPath] = true
		for _, dep := range p.Deps {
			for _, room := range rooms {
				if strings.HasPrefix(dep, room+"/") || inKernel && dep == room {
					t.Errorf("%s reaches %s", p.ImportPath, dep)
				}
			}
		}
		if !inKernel {
			continue
		}
		data, err := filepath.Glob(filepath.Join(p.Dir, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Concat(p.GoFiles, data) {
			name = filepath.Base(name)
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			described += strings.Count(name, ".yaml")
			for i, line := range strings.Split(string(text), "\n") {
				if strings.Contains(line, introduction) {
					introduced++
				} else if found := standards.FindString(line); found != "" {
					t.Errorf("%s/%s:%d names %s; the kernel knows no standard", strings.TrimPrefix(p.ImportPath, module), name, i+1, found)
				}
			}
		}
	}
	if !met[kernel] || !met[rooms[0]] || !met[rooms[1]] || introduced != 1 || described < 2 {
		t.Errorf("there are %v, %d introductions and %d files of data; the wall test looks at nothing", met, introduced, described)
	}
}

type listed struct {
	ImportPath   string
	Dir          string
	GoFiles      []string
	Deps         []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestWalls(t *testing.T) {
	packages := list(t)
	within := func(path, room string) bool {
		if !strings.Contains(room, "/") || strings.HasPrefix(room, "suites/") || strings.HasPrefix(room, "reference/") {
			room = module + room
			if strings.TrimPrefix(room, module) == "net" {
				room = "net"
			}
		}
		return path == room || strings.HasPrefix(path, room+"/")
	}
	for _, wall := range walls {
		met := false
		for _, p := range packages {
			if !within(p.ImportPath, wall.room) {
				continue
			}
			met = true
			for _, dep := range slices.Concat(p.Deps, p.TestImports, p.XTestImports) {
				for _, room := range wall.forbidden {
					std := room == "net/http"
					if std && dep == room && slices.Contains(p.Imports, room) || !std && within(dep, room) {
						t.Errorf("%s reaches %s, through the wall around %s: %s", p.ImportPath, dep, wall.room, wall.why)
					}
				}
			}
		}
		if !met {
			t.Errorf("there is no room %s; the wall test looks at nothing", wall.room)
		}
	}
}

// TestWallsGinkgo keeps Ginkgo behind the executor's wall, and the clean roles
// free of faults.
func TestWallsGinkgo(t *testing.T) {
	const executor = module + "suites/harness/executor"
	used := false
	for _, p := range list(t) {
		for _, dep := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if strings.HasPrefix(dep, "github.com/onsi/ginkgo") {
				if p.ImportPath != executor {
					t.Errorf("%s imports %s; only %s may", p.ImportPath, dep, executor)
				}
				used = true
			}
			if strings.HasPrefix(dep, module+"reference/fault") && strings.HasPrefix(p.ImportPath, module+"reference/") && !strings.HasPrefix(p.ImportPath, module+"reference/fault") && p.ImportPath != module+"reference/district" {
				t.Errorf("%s imports the faults; a role stays clean", p.ImportPath)
			}
		}
	}
	if !used {
		t.Error("nothing imports Ginkgo; the wall test looks at nothing")
	}
}

func list(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Deps,Imports,TestImports,XTestImports", module+"...").Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	var packages []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}

// servers are the files that may make an HTTP server: each has limits, and tests of
// them.
var servers = []string{"reference/web/server.go", "suites/lti/side/side.go", "suites/oneroster/consumer/provider/provider.go",
	"suites/resourcesearch/searcher/catalog/catalog.go"}

// TestWallsServers sees to it that nobody else makes one, or serves without limits.
func TestWallsServers(t *testing.T) {
	met := map[string]bool{}
	for _, p := range list(t) {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				var x ast.Expr
				switch n := n.(type) {
				case *ast.CompositeLit:
					x = n.Type
				case *ast.CallExpr:
					x = n.Fun
				}
				s, ok := x.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				of, ok := s.X.(*ast.Ident)
				if !ok {
					return true
				}
				switch made := of.Name + "." + s.Sel.Name; made {
				case "http.Server", "http.Serve", "http.ServeTLS", "http.ListenAndServe", "http.ListenAndServeTLS", "httptest.NewServer", "httptest.NewTLSServer":
					own := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module)+"/"+name, "/")
					if !slices.Contains(servers, own) {
						t.Errorf("%s uses %s; servers are made in %s", own, made, strings.Join(servers, " and "))
					}
					met[own] = true
				}
				return true
			})
		}
	}
	if len(met) != len(servers) {
		t.Errorf("servers are made in %v alone; the wall test looks at nothing", met)
	}
}

// maxLine is how long a line of the program may be, in characters, a tab being one.
const maxLine = 140

// TestWallsLines holds the program, not its tests, to lines that can be read side by side.
// Data may be longer: a row of a table, a line with a text of sixty characters or more (texts
// are kept whole, so that they can be found), and what stands in a text of several lines.
func TestWallsLines(t *testing.T) {
	long := 0
	for _, p := range list(t) {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data := textLines(t, path, text)
			for i, line := range strings.Split(string(text), "\n") {
				n, code := utf8.RuneCountInString(line), strings.TrimSpace(line)
				if n <= maxLine || strings.HasPrefix(code, "{") || strings.HasPrefix(code, `"`) {
					continue
				}
				long++
				if !data[i+1] {
					t.Errorf("%s:%d has %d characters; break lines of code at %d", strings.TrimPrefix(p.ImportPath, module)+"/"+name, i+1, n, maxLine)
				}
			}
		}
	}
	if long == 0 {
		t.Error("no line is long; the wall test looks at nothing")
	}
}

// textLines gives the lines that hold, or are within, a long text.
func textLines(t *testing.T, path string, text []byte) map[int]bool {
	t.Helper()
	files, out := token.NewFileSet(), map[int]bool{}
	file, err := parser.ParseFile(files, path, text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING && len(s.Value) >= 60 {
			for line := files.Position(s.Pos()).Line; line <= files.Position(s.End()).Line; line++ {
				out[line] = true
			}
		}
		if tag, ok := n.(*ast.Field); ok && tag.Comment != nil {
			out[files.Position(tag.Comment.Pos()).Line] = true // what a member means, beside it
		}
		return true
	})
	return out
}
