package ecosystem

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// written writes a district file with empty target files beside it.
func written(t *testing.T, text string) (*harness.Target, error) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"sis.yaml", "lms.yaml", "quiz.yaml", "library.yaml"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "district.yaml")
	if err := os.WriteFile(path, []byte("rollcall: 1\nname: D\nprofiles: [or12-rostering-core-provider]\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	return harness.ReadTarget(path, os.LookupEnv, New)
}

const systems = `district:
  class: c1
  systems:
    - {name: sis, role: sis, file: sis.yaml}
    - {name: lms, role: platform, file: lms.yaml, within: 5m}
    - {name: quiz, role: tool, file: quiz.yaml}
    - {name: tests, role: assessment}
    - {name: library, role: catalog, file: library.yaml}
`

func TestSection(t *testing.T) {
	target, err := written(t, systems+`  ids:
    - {kind: person, at: lms, prefix: "lms:"}
`)
	if err != nil {
		t.Fatal(err)
	}
	s := Of(target)
	if lms, _ := s.system("lms"); lms.Within == s.Systems[0].Within || s.IDs[0].SIS != "sourcedId" {
		t.Errorf("%+v", s)
	}
	for what, bad := range map[string]string{
		"role":    strings.Replace(systems, "role: tool", "role: tol", 1),
		"file":    strings.Replace(systems, "quiz.yaml", "quizz.yaml", 1),
		"sis":     strings.Replace(systems, "role: sis", "role: tool", 1),
		"class":   strings.Replace(systems, "  class: c1\n", "", 1),
		"part":    systems + "  people: [{name: x, part: principal, sourcedId: u1}]\n",
		"sign_in": systems + "  people: [{name: x, part: teacher, sourcedId: u1, sign_in: [{at: lms}]}]\n",
		"two":     systems + "  change: {enroll: {command: x, person: y}}\n",
		"kind":    systems + "  ids: [{kind: persons}]\n",
		"at":      systems + "  ids: [{kind: person, at: sis}]\n",
		"place":   systems + "  places: [{name: x, platform: quiz, tool: quiz, steps: [{open: 'http://x'}]}]\n",
		"step":    systems + "  places: [{name: x, platform: lms, tool: quiz, steps: [{value: x}]}]\n",
		"pick":    systems + "  picks: [{name: x, platform: lms, from: library, steps: [{open: 'http://x'}]}]\n",
	} {
		if _, err := written(t, bad); err == nil {
			t.Errorf("%s: nothing is said of it", what)
		}
	}
}

func TestFlows(t *testing.T) {
	flows := Flows()
	if len(flows) != 9 {
		t.Fatalf("there are %d flows", len(flows))
	}
	for i, f := range flows {
		if f.Number != i+1 || f.Name == "" || f.Title == "" || f.Text == "" || len(f.Hops) == 0 || len(f.IDs) == 0 {
			t.Errorf("%+v", f)
		}
	}
}
