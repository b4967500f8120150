package alignment

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// remembered is what a CASE server said that one suite of a run asked, for the next one: what
// gradebooks and assessments are aligned to is much the same. It lies in the run's scratch
// folder, and is gone with it.
type remembered struct {
	Answers map[string]rememberedAnswer `json:"answers"`
	Trouble map[string]int              `json:"trouble"` // by operation
	Left    int                         `json:"left"`    // questions
}

// rememberedAnswer is one that could be used: what couldn't is asked for anew, once.
type rememberedAnswer struct {
	Known  bool            `json:"known"` // of the server; else it says that it knows no such object
	Object json.RawMessage `json:"object,omitempty"`
	Quirk  string          `json:"quirk,omitempty"`
}

// placeOf is where the suites of a run share it; empty where there is no run.
func placeOf(s *harness.Session) string {
	if s.Dir == "" {
		return ""
	}
	return filepath.Join(s.DirOf("case"), "answers.json")
}

// recall takes in what the suite before was told. An operation of which it got nothing usable
// is tried once more, and not long.
func (r *resolver) recall(path string) {
	text, err := os.ReadFile(path)
	var before remembered
	if err != nil || json.Unmarshal(text, &before) != nil {
		return // nobody asked before
	}
	for place, said := range before.Answers {
		a := answer{kind: unknown, object: said.Object, quirk: said.Quirk}
		if said.Known {
			a.kind = found
		}
		r.answers[place] = a
	}
	for operation, n := range before.Trouble {
		r.trouble[operation] = min(n, maxTrouble-1)
	}
	r.left = min(r.left, before.Left)
}

// remember leaves what was told for the next suite. Where it can't, that one asks itself.
func (r *resolver) remember(path string) {
	kept := remembered{Answers: map[string]rememberedAnswer{}, Trouble: r.trouble, Left: r.left}
	for place, a := range r.answers {
		if a.kind != unusable {
			kept.Answers[place] = rememberedAnswer{Known: a.kind == found, Object: a.object, Quirk: a.quirk}
		}
	}
	text, err := json.Marshal(kept)
	if err != nil || path == "" || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	_ = os.WriteFile(path, text, 0o600)
}

// shows gives the exchange that shows an answer. One that another suite was given is asked for
// again; it shows nothing where the server says something else by now.
func (r *resolver) shows(ctx context.Context, operation, key, wrapper string, a answer) []*harness.Response {
	if a.response == nil && r.left > 0 {
		if now := r.question(ctx, r.base.JoinPath(operation+"/"+key), wrapper); now.kind == a.kind {
			a.response = now.response
		}
	}
	if a.response == nil {
		return nil
	}
	return []*harness.Response{a.response}
}
