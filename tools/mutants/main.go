// Command mutants holds the judge to mistakes that a program makes in the source of the
// reference: turned comparisons, negated conditions, dropped statements, changed
// constants. Each mutant is judged over the wire by the whole suite of its role, or by what it
// has for services; what is
// not noticed gets a check, or a reason in survivors.yaml.
//
//	go run ./tools/mutants -role sis -n 100
//	go run ./tools/mutants -role tool -only "reference/tool/rules.go Verify turned 2"
package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

// folders are the packages and files of each role whose mistakes the role's suite has to notice.
// Those of a gradebook are of the SIS too, where they are few among many.
var folders = map[string][]string{
	"sis": {"reference/sis", "reference/resources", "reference/gradebook", "reference/oneroster", "reference/security"},
	"gradebook": {"reference/gradebook", "reference/oneroster/write.go", "reference/oneroster/validate.go",
		"reference/oneroster/references.go", "reference/oneroster/dialect.go", "reference/sis/v1p1.go", "reference/security/signature.go"},
	"tool":     {"reference/tool", "reference/lti"},
	"platform": {"reference/platform", "reference/lti"},
	"tool-services": {"reference/tool/client", "reference/tool/picker.go", "reference/tool/teach.go", "reference/tool/work.go",
		"reference/lti/deeplinking.go"},
	"platform-services": {"reference/platform/ags", "reference/platform/nrps", "reference/platform/deeplinking", "reference/platform/gradebook",
		"reference/platform/roster.go", "reference/platform/service.go", "reference/platform/token.go"},
}

// focus is what the mistakes of a role are judged by where that isn't its whole suite: what a
// service does wrong shows where it is called, and a launch costs more than many calls.
var focus = map[string][]string{
	"tool-services":     {"nrps20.tool.*", "ags20.tool.*", "sec10.tool.*", "dl20.tool.*"},
	"platform-services": {"nrps20.platform.*", "ags20.platform.*", "dl20.platform.*", "lti13.platform.access.*"},
}

//go:embed survivors.yaml
var recorded []byte

// survivor is a mutant that the judge doesn't notice, and why that is no fault of its.
type survivor struct {
	Mutant string `yaml:"mutant"`
	What   string `yaml:"what"` // the source of the place: an ordinal may come to name another one
	Reason string `yaml:"reason"`
}

func survivors() (map[string]survivor, error) {
	var list []survivor
	if err := strictyaml.Unmarshal(recorded, &list); err != nil {
		return nil, fmt.Errorf("reading survivors.yaml: %w", err)
	}
	out := map[string]survivor{}
	for _, s := range list {
		if s.Mutant == "" || s.What == "" || s.Reason == "" || out[s.Mutant].Reason != "" {
			return nil, fmt.Errorf("survivors.yaml: %q lacks a name, its source or a reason, or is there twice", s.Mutant)
		}
		out[s.Mutant] = s
	}
	return out, nil
}

func main() {
	log.SetFlags(0)
	role := flag.String("role", "sis", "sis, gradebook, tool, platform, tool-services or platform-services")
	n := flag.Int("n", 100, "how many mutants are drawn")
	seed := flag.Uint64("seed", 1, "draws others")
	abreast := flag.Int("abreast", 2, "how many are judged side by side")
	only := flag.String("only", "", "judge the mutants whose name begins so; several with commas between them")
	limit := flag.Duration("limit", 8*time.Minute, "how long one may take: what hangs is noticed too")
	list := flag.Bool("list", false, "list them, and judge none")
	quick := flag.Bool("quick", false, "of platform-services: judge by what shows without a browser alone")
	again := flag.Bool("again", false, "judge those too that survivors.yaml has a reason for")
	flag.Parse()
	if *quick {
		if err := os.Setenv("ROLLCALL_MUTANT_QUICK", "yes"); err != nil {
			log.Fatal(err)
		}
	}
	if err := run(*role, *n, *seed, *abreast, *only, *limit, *list, *again); err != nil {
		log.Fatal(err)
	}
}

// result is what became of a mutant.
type result struct {
	Mutant
	Outcome string // caught, survived, not reached, known, no start
	By      string
}

func run(role string, n int, seed uint64, abreast int, only string, limit time.Duration, list, again bool) error {
	if folders[role] == nil {
		return fmt.Errorf("there is no role %q: %s", role, strings.Join(slices.Sorted(maps.Keys(folders)), ", "))
	}
	known, err := survivors()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "rollcall-mutants-")
	if err != nil {
		return fmt.Errorf("making a folder to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	binary, all, err := built(role, dir)
	if err != nil {
		return err
	}
	log.Printf("%d mutants are built in", len(all))
	chosen := draw(all, n, seed)
	if only != "" {
		begins := strings.Split(only, ",")
		chosen = slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool {
			return !slices.ContainsFunc(begins, func(s string) bool { return strings.HasPrefix(m.Name, s) })
		})
	}
	if list {
		for _, m := range chosen {
			fmt.Printf("%s\t%s:%d\t%s\n", m.Name, strings.Fields(m.Name)[0], m.Line, m.What)
		}
		return nil
	}
	// The reference as it is must not be noticed.
	if r := judge(binary, dir, role, Mutant{Name: "none"}, limit); r.Outcome == "caught" || r.Outcome == "no start" {
		return fmt.Errorf("the reference without a mistake is noticed: %s", r.By)
	}
	var mu sync.Mutex
	counts := map[string]int{}
	var judged []result
	room, wait := make(chan struct{}, abreast), sync.WaitGroup{}
	for _, m := range chosen {
		if reason := known[m.Name].Reason; reason != "" && !again {
			mu.Lock()
			counts["known"]++
			mu.Unlock()
			log.Printf("%-11s %s:%d  %s  [%s]  %s", "known", strings.Fields(m.Name)[0], m.Line, m.What, m.Name, reason)
			continue
		}
		room <- struct{}{}
		wait.Go(func() {
			defer func() { <-room }()
			r := judge(binary, dir, role, m, limit)
			mu.Lock()
			defer mu.Unlock()
			if r.Outcome == "survived" && known[m.Name].Reason != "" {
				r.Outcome, r.By = "known", known[m.Name].Reason
			}
			counts[r.Outcome]++
			judged = append(judged, r)
			log.Printf("%-11s %s:%d  %s  [%s]  %s", r.Outcome, strings.Fields(m.Name)[0], m.Line, m.What, m.Name, r.By)
		})
	}
	wait.Wait()
	observable := counts["caught"] + counts["survived"]
	fmt.Printf("%s, seed %d: %d mutants: %d caught, %d survived, %d known not to be observable, %d not reached, %d don't come up", role, seed, len(chosen),
		counts["caught"], counts["survived"], counts["known"], counts["not reached"], counts["no start"])
	if observable > 0 {
		fmt.Printf("; %.1f %% of the observable ones are caught", 100*float64(counts["caught"])/float64(observable))
	}
	fmt.Println()
	slices.SortFunc(judged, func(a, b result) int { return strings.Compare(a.Name, b.Name) })
	for _, r := range judged {
		if r.Outcome == "survived" {
			fmt.Printf("  %s  line %d: %s\n", r.Name, r.Line, r.What)
		}
	}
	if observable > 0 && float64(counts["caught"]) < 0.95*float64(observable) {
		return errors.New("fewer than 95 % of the observable mutants are caught: write a check, or say in survivors.yaml why one can't be seen")
	}
	return nil
}

// draw picks some mutants, the same for the same seed.
func draw(all []Mutant, n int, seed uint64) []Mutant {
	picked := rand.New(rand.NewPCG(seed, 0)).Perm(len(all))
	picked = picked[:min(n, len(picked))]
	slices.Sort(picked)
	var out []Mutant
	for _, i := range picked {
		out = append(out, all[i])
	}
	return out
}

// built makes the tests of the program with all mutants in them, asleep. What doesn't
// compile is left out, line by line.
func built(role, dir string) (string, []Mutant, error) {
	var files []string
	for _, folder := range folders[role] {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return "", nil, fmt.Errorf("looking for the source, which is looked for from the top of the repository: %w", err)
		}
	}
	left := map[string]bool{}
	for range 40 {
		overlay := map[string]string{}
		bySite := map[string]*instrumented{}
		var all []Mutant
		next := 1
		for i, path := range files {
			source, err := os.ReadFile(path)
			if err != nil {
				return "", nil, fmt.Errorf("reading the source: %w", err)
			}
			in, err := instrument(path, source, next, left)
			if err != nil {
				return "", nil, err
			}
			next += 10_000
			all = append(all, in.mutants...)
			place := filepath.Join(dir, fmt.Sprintf("%d.go", i))
			if err := os.WriteFile(place, in.text, 0o600); err != nil {
				return "", nil, fmt.Errorf("writing mutants: %w", err)
			}
			overlay[path], bySite[path] = place, in
			bySite[place] = in
			name := packageName(source)
			added := filepath.Join(filepath.Dir(path), "rollcall_mutants.go")
			if overlay[added] == "" {
				overlay[added] = filepath.Join(dir, fmt.Sprintf("helpers-%d.go", i))
				if err := os.WriteFile(overlay[added], fmt.Appendf(nil, helpers, name), 0o600); err != nil {
					return "", nil, fmt.Errorf("writing mutants: %w", err)
				}
			}
		}
		text, _ := json.Marshal(map[string]any{"Replace": overlay}) // of strings
		description := filepath.Join(dir, "overlay.json")
		if err := os.WriteFile(description, text, 0o600); err != nil {
			return "", nil, fmt.Errorf("writing mutants: %w", err)
		}
		binary := filepath.Join(dir, "judge.test")
		out, err := exec.Command("go", "test", "-c", "-vet=off", "-gcflags=-e", "-overlay", description, "-o", binary,
			"./cmd/rollcall").CombinedOutput()
		if err == nil {
			return binary, all, nil
		}
		before := len(left)
		for _, m := range place.FindAllSubmatch(out, -1) {
			path := string(m[1])
			if whole, err := filepath.Abs(path); err == nil && bySite[path] == nil {
				path = whole // the compiler shortens a path that lies near the working folder
			}
			in := bySite[path]
			if in == nil {
				continue
			}
			line, _ := strconv.Atoi(string(m[2])) // digits
			for _, number := range in.lines[line] {
				i := slices.IndexFunc(in.mutants, func(x Mutant) bool { return x.n == number })
				left[in.mutants[i].Name] = true
			}
		}
		if len(left) == before {
			return "", nil, fmt.Errorf("building the mutants: %w\n%s", err, out)
		}
	}
	return "", nil, errors.New("building the mutants: what doesn't compile has no end")
}

// place finds where the compiler complains.
var place = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):`)

func packageName(source []byte) string {
	s := bufio.NewScanner(bytes.NewReader(source))
	for s.Scan() {
		if name, is := strings.CutPrefix(s.Text(), "package "); is {
			return strings.Fields(name)[0]
		}
	}
	return ""
}

// judge runs the suite of a role against the reference with one mistake.
func judge(binary, dir, role string, m Mutant, limit time.Duration) result {
	reached := filepath.Join(dir, fmt.Sprintf("reached-%d", m.n))
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c := exec.CommandContext(ctx, binary, "-test.run", "^TestMutantOfTheSource$", "-test.v", "-test.timeout", (limit + time.Minute).String())
	c.Dir = "cmd/rollcall"
	c.Env = append(os.Environ(), "ROLLCALL_MUTANT="+itoa(m.n), "ROLLCALL_MUTANT_ROLE="+role, "ROLLCALL_MUTANT_REACHED="+reached,
		"ROLLCALL_MUTANT_FOCUS="+strings.Join(focus[role], ","))
	c.WaitDelay = 10 * time.Second
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	err := c.Start()
	greedy := false
	if err == nil {
		ended, watched := make(chan struct{}), make(chan bool, 1)
		go func() { watched <- watch(c.Process, ended) }()
		err = c.Wait()
		close(ended)
		greedy = <-watched
	}
	out := said.Bytes()
	r := result{Mutant: m, Outcome: "survived"}
	_, notReached := os.Stat(reached)
	switch by := verdict.FindSubmatch(out); {
	case greedy:
		r.Outcome, r.By = "caught", "the reference takes more and more memory"
	case ctx.Err() != nil:
		r.Outcome, r.By = "caught", "the run doesn't end"
	case by != nil:
		r.Outcome, r.By = "caught", string(by[1])
	case err != nil:
		// Whoever starts it sees that, and nobody else: the judge has had no part in it.
		r.Outcome, r.By = "no start", cut(string(out[max(0, len(out)-300):]))
	case notReached != nil && m.n != 0:
		r.Outcome = "not reached"
	}
	return r
}

// most is how much memory a reference may take: some mistakes have no end.
const most = 3 << 30

// watch ends a process that takes too much memory, and tells whether it did.
func watch(p *os.Process, stop <-chan struct{}) bool {
	for {
		select {
		case <-stop:
			return false
		case <-time.After(time.Second):
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.Pid))
		if err != nil {
			continue // there is no such file here, or the process is gone
		}
		if f := strings.Fields(string(text)); len(f) > 1 {
			if pages, err := strconv.ParseInt(f[1], 10, 64); err == nil && pages*int64(os.Getpagesize()) > most {
				_ = p.Kill() // it may have ended
				return true
			}
		}
	}
}

// verdict is the line by which the test says what was noticed.
var verdict = regexp.MustCompile(`(?m)noticed: (.*)$`)

func itoa(n int) string { return strconv.Itoa(n) }
