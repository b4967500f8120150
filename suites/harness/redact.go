package harness

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	_ "embed"
	"encoding/base32"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
)

//go:embed redact.yaml
var redactRules []byte

// Redactor removes secrets and personal data before anything is kept. A personal
// value becomes a pseudonym that is the same throughout a run and tells nothing
// outside of it, so that evidence stays comparable. It works on bytes and never
// fails: broken JSON is redacted as far as it goes.
//
// Three things tell it what to hide: names of members (redact.yaml), secrets that the
// judge holds (Secret), and personal values that it met before. What the judge made up
// itself is shown (Own). All methods may be called at once.
type Redactor struct {
	salt    []byte
	rules   *rules
	secrets secrets
	people  *people
	keep    bool // personal values stay as they are; secrets never do

	mu    sync.RWMutex
	own   map[string]bool
	words map[string]bool // of the target file: no names of people
	// public is what the target file says and is no secret, in comparable form: the addresses
	// of either side, client ids, deployments. A product may put them into its cookies and
	// tokens, which makes no secret of them.
	public string
}

// class says what a member of that name holds.
type class uint8

const (
	ordinary class = iota
	flag           // true or false about a person
	code           // one of few terms, or anything at all: hidden, but never looked for elsewhere
	personal
	secret
)

// rules are redact.yaml, read, with what sections say of their standards' data.
type rules struct {
	classes map[string]class // by the comparable form of a name
	endings []string
	headers map[string]bool
	words   map[string]bool // that ordinary texts hold
	text    string          // these texts, in comparable form

	mu    sync.RWMutex
	cache map[string]class
	asked map[string]bool // of fragments of secrets: whether they are words
}

// NewRedactor reads the embedded rules, and beside them those that are told (Section.Hides).
// Secrets given here are removed wherever they stand; an empty salt is replaced by a random
// one.
func NewRedactor(salt []byte, hides [][]byte, secrets ...string) (*Redactor, error) {
	rules, err := rulesOf(hides)
	if err != nil {
		return nil, err
	}
	if len(salt) == 0 {
		salt = make([]byte, 16)
		rand.Read(salt)
	}
	r := &Redactor{salt: salt, rules: rules, people: newPeople(salt), own: map[string]bool{}, words: map[string]bool{}}
	for _, s := range secrets {
		r.secrets.add(s, true)
		r.secrets.add(url.QueryEscape(s), true)
		if _, credentials, found := strings.Cut(s, " "); found { // Bearer …
			r.secrets.add(credentials, true)
		}
	}
	return r, nil
}

// madeRules are the rules that were read in this process, by the texts that they were read
// from: sessions of a run have the same, and what they have found out of names.
var madeRules sync.Map

// rulesOf reads the kernel's rules and those of sections.
func rulesOf(hides [][]byte) (*rules, error) {
	key := string(bytes.Join(hides, []byte{0}))
	if made, there := madeRules.Load(key); there {
		return made.(*rules), nil
	}
	r, err := readRules(append([][]byte{redactRules}, hides...))
	if err != nil {
		return nil, err
	}
	made, _ := madeRules.LoadOrStore(key, r)
	return made.(*rules), nil
}

// hidden is a file of rules.
type hidden struct {
	Personal []string `yaml:"personal"`
	Flags    []string `yaml:"flags"`
	Codes    []string `yaml:"codes"`
	Secret   []string `yaml:"secret"`
	Endings  []string `yaml:"endings"`
	Headers  []string `yaml:"headers"`
	Words    []string `yaml:"words"`
}

func readRules(texts [][]byte) (*rules, error) {
	var file hidden
	for _, text := range texts {
		var one hidden
		if err := strictyaml.Unmarshal(text, &one); err != nil {
			return nil, fmt.Errorf("reading the redaction rules: %w", err)
		}
		file.Personal, file.Flags = append(file.Personal, one.Personal...), append(file.Flags, one.Flags...)
		file.Codes, file.Secret = append(file.Codes, one.Codes...), append(file.Secret, one.Secret...)
		file.Endings, file.Headers = append(file.Endings, one.Endings...), append(file.Headers, one.Headers...)
		file.Words = append(file.Words, one.Words...)
	}
	r := &rules{
		classes: map[string]class{},
		headers: map[string]bool{},
		words:   map[string]bool{},
		cache:   map[string]class{},
		asked:   map[string]bool{},
	}
	said := slices.Clone(file.Words)
	for c, names := range map[class][]string{personal: file.Personal, flag: file.Flags, code: file.Codes, secret: file.Secret} {
		for _, n := range names {
			r.classes[normal(n)] = c
		}
		said = append(said, names...)
	}
	for _, n := range file.Endings {
		if end := normal(n); r.classes[end] == ordinary {
			return nil, fmt.Errorf("reading the redaction rules: the ending %s is no name of theirs", n)
		} else {
			r.endings = append(r.endings, end)
		}
	}
	for _, n := range file.Headers {
		r.headers[strings.ToLower(n)] = true
	}
	more, err := judgeTexts()
	if err != nil {
		return nil, err
	}
	text := strings.Join(append(said, more...), " \n")
	for _, w := range wordsOf(text) {
		r.words[w] = true
	}
	r.text = asWritten(text)
	return r, nil
}

// normal gives the form in which names of members are compared: decoded, in lower case,
// without signs.
func normal(name string) string {
	forms := comparable(name)
	return forms[len(forms)-1]
}

// maxNames bounds the names that are remembered with their class.
const maxNames = 4096

// class tells what a member of that name holds.
func (r *rules) class(name []byte) class {
	r.mu.RLock()
	c, known := r.cache[string(name)]
	r.mu.RUnlock()
	if known {
		return c
	}
	if len(name) > 512 {
		name = name[:512]
	}
	plain := normal(string(name))
	if c, known = r.classes[plain]; !known {
		for _, end := range r.endings {
			if strings.HasSuffix(plain, end) {
				c = r.classes[end]
				break
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cache) < maxNames {
		r.cache[string(name)] = c
	}
	return c
}

// Secret makes a secret known: it is removed from then on, in whatever form it turns up.
func (r *Redactor) Secret(values ...string) {
	for _, v := range values {
		r.secrets.add(v, false)
	}
}

// maxOwn bounds the values that the judge may call its own.
const maxOwn = 1 << 14

// Own makes known what the judge made up itself, such as the value of a filter that
// nothing satisfies: it is shown, wherever it stands. It gives the first value back.
func (r *Redactor) Own(values ...string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, v := range values {
		if len(r.own) < maxOwn {
			r.own[v] = true
		}
	}
	return values[0]
}

func (r *Redactor) isOwn(value string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.own[value]
}

// pseudonym gives a stable stand-in for a personal value.
func (r *Redactor) pseudonym(value string) string {
	mac := hmac.New(sha256.New, r.salt)
	mac.Write([]byte(value))
	return "~" + strings.ToLower(base32.StdEncoding.EncodeToString(mac.Sum(nil)[:5]))
}

// Value redacts one value that stands under a member name.
func (r *Redactor) Value(member, value string) string {
	return r.as(r.rules.class([]byte(member)), value)
}

// At redacts a value found at a JSON pointer; the outermost member name that is
// personal decides.
func (r *Redactor) At(pointer, value string) string {
	for _, member := range strings.Split(pointer, "/") {
		if c := r.rules.class([]byte(member)); c != ordinary {
			return r.as(c, value)
		}
	}
	return r.Text(value)
}

// as redacts a value of a class.
func (r *Redactor) as(c class, value string) string {
	switch {
	case value == "":
		return value
	case c == secret:
		return "[redacted]"
	case c == ordinary:
		return r.Text(value)
	}
	if inner, quoted := strings.CutPrefix(value, `"`); quoted {
		inner, closed := strings.CutSuffix(inner, `"`)
		value = `"` + r.mask(c, inner)
		if closed {
			value += `"`
		}
		return value
	}
	return r.mask(c, value)
}

func tlsName(version uint16) string {
	return tls.VersionName(version)
}
