package harness

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// redactorFor makes the redactor of a session or a run: it knows the target's secrets, and
// that what the target file names on purpose is nobody's data.
func redactorFor(target *Target, salt []byte, keep bool) (*Redactor, error) {
	var hides [][]byte
	for _, section := range target.sections {
		hides = append(hides, section.Hides())
	}
	r, err := NewRedactor(salt, hides, target.secret...)
	if err != nil {
		return nil, err
	}
	r.keep = keep
	r.read(target)
	return r, nil
}

// read takes in what a target file tells of secrets, and of what is nobody's data.
func (r *Redactor) read(target *Target) {
	for _, c := range target.credentials() { // as HTTP's Basic scheme has them (RFC 6749 §2.3.1)
		for _, secret := range target.secret {
			r.secrets.add(url.QueryEscape(c.ClientID)+":"+url.QueryEscape(secret), true)
		}
	}
	text := r.secretText(target.source)
	for _, w := range wordsOf(text) {
		r.words[w] = true
	}
	r.public = strings.Join(append([]string{r.public}, append(comparable(text), comparable(url.QueryEscape(text))...)...), "\n")
	for _, address := range mailAddress.FindAllString(text, -1) {
		r.Own(address)
	}
}

// peopleFile holds, in the scratch folder of a run, whose values the crawl has met: salted
// hashes, for the processes that run the checks.
const peopleFile = "people"

func (r *Redactor) savePeople(dir string) error {
	if dir == "" {
		return nil
	}
	return r.people.save(filepath.Join(dir, peopleFile))
}

func (r *Redactor) loadPeople(dir string) error {
	if dir == "" {
		return nil
	}
	return r.people.load(filepath.Join(dir, peopleFile))
}

// tell has each secret that comes to be known told to the parent of a child process.
func (r *Redactor) tell(events *emitter) {
	events.redactor = r
	r.secrets.mu.Lock()
	defer r.secrets.mu.Unlock()
	r.secrets.learned = func(secret string) {
		_ = events.emit(Event{Kind: EventSecret, Secrets: []string{secret}}) // the parent is gone, then
	}
}

// heard stands before what handles the events of a child: it keeps what the child came to
// hold, and cleans the rest with what all children hold. What one child was granted can turn
// up in what another saw.
func (r *Run) heard(handle func(Event) error) func(Event) error {
	return func(e Event) error {
		if e.Kind == EventSecret {
			r.redactor.Secret(e.Secrets...)
			return nil
		}
		r.redactor.Clean(&e)
		return handle(e)
	}
}

// known lists the secrets that came to be known, for a child that starts later.
func (r *Redactor) known() []string {
	r.secrets.mu.RLock()
	defer r.secrets.mu.RUnlock()
	return append([]string(nil), r.secrets.order...)
}

// leavingError redacts an error that goes to the terminal.
func (r *Redactor) leavingError(err error) error {
	var config *ConfigError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &config):
		clean := *config
		if r.Clean(&clean); clean != *config {
			return &clean
		}
		return err
	}
	if clean := r.Text(err.Error()); clean != err.Error() {
		return errors.New(clean)
	}
	return err
}

// cleanJournal goes through a finished journal once more: a product can tell one child a
// token before it has granted it to another, and a line written in between holds it in
// clear. Most journals stay as they are.
func (r *Redactor) cleanJournal(path string) error {
	if path == "" {
		return nil
	}
	was, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the journal: %w", err)
	}
	changed := false
	var now bytes.Buffer
	out := &emitter{w: &now, redactor: r}
	for line := range bytes.Lines(was) {
		var e Event
		if text := string(line); r.secretText(text) == text || json.Unmarshal(line, &e) != nil {
			now.Write(line)
			continue
		}
		changed = true
		if err := out.emit(e); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	if err := os.WriteFile(path, now.Bytes(), 0o600); err != nil {
		return &ConfigError{
			Key:    "--out",
			Cause:  "the journal can't be written: " + err.Error(),
			Remedy: "remove events.jsonl: it may hold tokens; and free some disk space",
		}
	}
	return nil
}
