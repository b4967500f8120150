package driver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness/act"
)

// What the product holds is kept in memory, and compared there: the judge serves some
// thousands of objects, and no product has reason to give much more.
const (
	maxHeld   = 128 << 20 // bytes
	maxObject = 1 << 20   // bytes of one object
	maxCount  = 200_000   // objects
)

// lines reads objects of JSON that stand one after the other: a line each, printed over
// several lines, or in one list.
type lines struct {
	where   string
	objects Objects
	twice   []string
	unnamed []map[string]any
	strange map[string]int
	count   int
}

func newLines(where string) *lines {
	return &lines{where: where, objects: Objects{}, strange: map[string]int{}}
}

// bounded ends what is too long before it is in memory.
type bounded struct {
	from        io.Reader
	total, gone int64 // bytes that came, and up to where they were made something of
}

var errMuch, errLong = errors.New("too much"), errors.New("too long")

func (b *bounded) Read(p []byte) (int, error) {
	if b.total > maxHeld {
		return 0, errMuch
	}
	if b.total-b.gone > 2*maxObject {
		return 0, errLong
	}
	n, err := b.from.Read(p)
	b.total += int64(n)
	return n, err
}

func (l *lines) problem(cause, remedy string) error {
	return act.Fault(l.where, cause, remedy)
}

const linesRemedy = "print one JSON object a line, each with a member `collection` and a sourcedId, such as {\"collection\":\"users\",\"sourcedId\":\"u-1\",\"givenName\":\"Ada\"}"

func (l *lines) read(r io.Reader) error {
	in := &bounded{from: r}
	head := make([]byte, 3)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = bytes.TrimPrefix(head[:n], []byte{0xEF, 0xBB, 0xBF})
	if len(head) >= 2 && (head[0] == 0x1F && head[1] == 0x8B || head[0] == 'P' && head[1] == 'K') {
		return l.problem("it gives something packed (gzip or zip), and JSON lines are wanted", linesRemedy)
	}
	decoder := json.NewDecoder(io.MultiReader(bytes.NewReader(head), in))
	decoder.UseNumber()
	list := false
	for {
		var raw json.RawMessage
		if !list && l.count == 0 {
			// a list is taken apart, and not read as one value
			if first, err := peek(decoder); err == nil && first == '[' {
				_, _ = decoder.Token() // the bracket
				list = true
			}
		}
		if list && !decoder.More() {
			return nil
		}
		err := decoder.Decode(&raw)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errMuch):
			return l.problem(fmt.Sprintf("it gives more than %d MiB, of which %d objects were read", maxHeld>>20, l.count),
				"let it give what came from Rollcall alone: some thousands of objects")
		case errors.Is(err, errLong):
			return l.problem(fmt.Sprintf("after %d objects comes one that is longer than %d MiB", l.count, maxObject>>20), linesRemedy)
		case err != nil:
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
				return l.problem(fmt.Sprintf("what comes after %d objects is no JSON: %v", l.count, err), linesRemedy)
			}
			return err
		}
		in.gone = in.total
		if len(raw) > maxObject {
			return l.problem(fmt.Sprintf("after %d objects comes one that is longer than %d MiB", l.count, maxObject>>20), linesRemedy)
		}
		if err := l.take(raw); err != nil {
			return err
		}
	}
}

// peek gives the first byte that is no blank of what comes next.
func peek(d *json.Decoder) (byte, error) {
	for {
		rest, err := io.ReadAll(d.Buffered())
		if err != nil {
			return 0, err
		}
		if trimmed := bytes.TrimSpace(rest); len(trimmed) > 0 {
			return trimmed[0], nil
		}
		if !d.More() {
			return 0, io.EOF
		}
	}
}

func (l *lines) take(raw json.RawMessage) error {
	if l.count++; l.count > maxCount {
		return l.problem(fmt.Sprintf("it gives more than %d objects", maxCount),
			"let it give what came from Rollcall alone: some thousands of objects")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var members map[string]any
	if err := decoder.Decode(&members); err != nil || members == nil {
		return l.problem(fmt.Sprintf("value %d is no object: %s", l.count, act.Shortened(string(raw))), linesRemedy)
	}
	named, _ := members["collection"].(string)
	id, _ := text(members["sourcedId"])
	if collectionOf(named) == enrollments && id == "" {
		if _, _, ok := seatOf(members); ok {
			delete(members, "collection")
			l.unnamed = append(l.unnamed, members)
			return nil
		}
	}
	if named == "" || id == "" {
		lacking := "collection"
		if named != "" {
			lacking = "sourcedId"
		}
		return l.problem(fmt.Sprintf("object %d has no %s; it has %s", l.count, lacking, strings.Join(keysOf(members), ", ")), linesRemedy)
	}
	collection := collectionOf(named)
	if collection == "" {
		l.strange[act.Shortened(named)]++
		return nil
	}
	delete(members, "collection")
	if !l.objects.put(collection, id, members) {
		l.twice = append(l.twice, collection+"/"+id)
	}
	return nil
}

func (l *lines) held() *Held {
	h := &Held{Objects: l.objects, Twice: l.twice, Unnamed: l.unnamed}
	for _, name := range slices.Sorted(keysIn(l.strange)) {
		h.Notes = append(h.Notes, fmt.Sprintf("%d objects are of %q, which is no collection of OneRoster, and are passed over",
			l.strange[name], name))
	}
	return h
}
