package rest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// place is how far a reading has come. There are no secrets in it.
type place struct {
	First  string `json:"first"`
	URL    string `json:"url"`              // the page to be read
	Skip   int    `json:"skip,omitempty"`   // objects of it that were read
	Read   int    `json:"read,omitempty"`   // objects on the pages before
	Total  int    `json:"total"`            // as it was said last
	Linked bool   `json:"linked,omitempty"` // whether pages have links
}

func (p place) String() string {
	text, _ := json.Marshal(p) // of texts and numbers
	return string(text)
}

func readPlace(text string) (place, error) {
	p := place{Total: -1}
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.URL == "" || p.Skip < 0 || p.Read < 0 {
		return p, errors.New("the place at which it shall go on is none of this source: sync from the beginning")
	}
	return p, nil
}

const (
	// part is how many objects are handed on at once, where a provider sends more than were asked
	// for: so that memory is bounded.
	part = 5000
	// largest bounds one object, in bytes.
	largest = 8 << 20
)

// pages reads from a place to the end.
func (s *Source) pages(ctx context.Context, o offer, at place, yield func(sync.Page) error) error {
	asked := map[string]bool{}
	seen := map[uint64]bool{}
	for first := at.Read == 0 && at.Skip == 0; ; first = false {
		next, more, err := s.page(ctx, o, at, asked, seen, yield)
		if err != nil && !first {
			return &laterPage{err}
		}
		if err != nil || !more {
			return err
		}
		at = next
	}
}

// page reads one page, hands it on, and tells where the next one is.
func (s *Source) page(ctx context.Context, o offer, at place, asked map[string]bool, seen map[uint64]bool,
	yield func(sync.Page) error) (place, bool, error) {
	firstURL, err1 := url.Parse(at.First)
	pageURL, err2 := url.Parse(at.URL)
	base, err3 := url.Parse(o.base)
	if errors.Join(err1, err2, err3) != nil || !s.c.Manners.Trusts(base, firstURL) || !s.c.Manners.Trusts(base, pageURL) {
		return at, false, errors.New("the place at which it shall go on is none of this source: sync from the beginning")
	}
	asked[at.URL] = true
	done := at.Skip
	var rest []sync.Object
	var a *Arrival
	var hash uint64
	err := s.client.Do(ctx, client.Request{URL: at.URL, Scopes: o.scopes}, func(response *http.Response) error {
		a = &Arrival{
			Collection: o.collection, First: firstURL, Asked: pageURL, Header: response.Header, Total: at.Total, Limit: s.c.PageSize,
			Linked: at.Linked || len(client.Links(response.Header)) > 0, Trusts: s.c.Manners.Trusts,
		}
		rest = rest[:0]
		var sum maphash.Hash
		sum.SetSeed(seed)
		n := 0
		total, err := decode(response, o.collection, func(raw json.RawMessage) error {
			n++
			if n <= done {
				old, err := s.object(ctx, o.collection, raw)
				_, _ = sum.WriteString(old.SourcedID + "\x00")
				return err
			}
			object, err := s.object(ctx, o.collection, raw)
			if err != nil {
				return err
			}
			_, _ = sum.WriteString(object.SourcedID + "\x00")
			if len(rest) >= part {
				there := at
				there.Skip = n - 1
				if err := yield(sync.Page{Objects: rest, Next: there.String(), Total: at.Total}); err != nil {
					return err
				}
				rest, done = nil, n-1
			}
			rest = append(rest, object)
			return nil
		})
		if err != nil {
			return err
		}
		if said := s.c.Manners.Total(response.Header); said >= 0 {
			total = said
		}
		if total >= 0 {
			a.Total = total
		}
		a.Objects, hash = n, sum.Sum64()
		return nil
	})
	if err != nil {
		return at, false, err
	}
	a.Read = at.Read + a.Objects
	a.Again = a.Objects > 0 && seen[hash]
	seen[hash] = true
	if a.Again && !a.Linked && a.Total < 0 && a.Objects == at.Read {
		// It gives everything at once, whatever it is asked for.
		return at, false, yield(sync.Page{Total: -1})
	}
	a.Next = s.c.Manners.Next(a)
	a.Round = a.Next != "" && asked[a.Next]
	for _, rule := range s.c.Rules {
		if broken := rule.Broken(a); broken != "" {
			return at, false, &PageError{rule.ID, o.collection, at.URL, broken}
		}
	}
	page := sync.Page{Objects: rest, Total: a.Total}
	if a.Total == a.Objects && a.Read > a.Total {
		page.Total = -1 // it is the length of the page
	}
	then := place{First: at.First, URL: a.Next, Read: a.Read, Total: a.Total, Linked: a.Linked}
	if a.Next != "" {
		page.Next = then.String()
	}
	return then, a.Next != "", yield(page)
}

var seed = maphash.MakeSeed() // the same for all pages of a process

// decode reads the objects of an answer one by one. total is what the body says of how many there
// are; -1: nothing.
func decode(response *http.Response, c store.Collection, take func(json.RawMessage) error) (total int, err error) {
	address := response.Request.URL.String()
	if response.StatusCode == http.StatusNoContent {
		return -1, nil
	}
	in := &bounded{in: bufio.NewReader(response.Body)}
	if mark, _ := in.in.Peek(3); string(mark) == "\xEF\xBB\xBF" {
		_, _ = in.in.Discard(3)
	}
	d := json.NewDecoder(in)
	in.at = d.InputOffset
	wrong := func(err error) error {
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax):
			return &AnswerError{address, "the answer is no JSON: " + err.Error() + kindOf(response)}
		case errors.Is(err, errLarge):
			return &AnswerError{address, err.Error()}
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return &client.BrokenError{Cause: err}
	}
	total, found := -1, false
	list := func() error {
		found = true
		for d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				return wrong(err)
			}
			if !utf8.Valid(raw) {
				return &AnswerError{address, "the answer is not written in UTF-8, and names would be lost: have the provider send UTF-8"}
			}
			if err := take(raw); err != nil {
				return err
			}
		}
		if _, err := d.Token(); err != nil {
			return wrong(err)
		}
		return nil
	}
	begin, err := d.Token()
	if err != nil {
		return -1, wrong(err)
	}
	switch begin {
	case json.Delim('['):
		err = list()
	case json.Delim('{'):
		total, err = members(d, c, address, list, wrong)
	default:
		return -1, &AnswerError{address, "the answer is no JSON object"}
	}
	if err != nil {
		return -1, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return -1, &AnswerError{address, "something follows the JSON of the answer"}
	}
	if !found {
		return -1, &AnswerError{address, fmt.Sprintf("the answer has no member %q: a collection that is empty has an empty list", c)}
	}
	return total, nil
}

// members reads the members of an answer.
func members(d *json.Decoder, c store.Collection, address string, list func() error, wrong func(error) error) (total int, err error) {
	total = -1
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return -1, wrong(err)
		}
		key, _ := name.(string)
		if !names(key, c) {
			var other json.RawMessage
			if err := d.Decode(&other); err != nil {
				return -1, wrong(err)
			}
			if text := failure(key, other); text != "" {
				return -1, &AnswerError{address, "the answer is 200 and says that it failed: " + text}
			}
			var n int
			if (strings.EqualFold(key, "total") || strings.EqualFold(key, "totalCount")) && json.Unmarshal(other, &n) == nil && n >= 0 {
				total = n
			}
			continue
		}
		begin, err := d.Token()
		if err != nil {
			return -1, wrong(err)
		}
		if begin == nil {
			continue // null: then there is no list
		}
		if begin != json.Delim('[') {
			return -1, &AnswerError{address, fmt.Sprintf("the member %q of the answer is no list", key)}
		}
		if err := list(); err != nil {
			return -1, err
		}
	}
	if _, err := d.Token(); err != nil {
		return -1, wrong(err)
	}
	return total, nil
}

// names tells whether a member is the collection, in its name or one near it.
func names(key string, c store.Collection) bool {
	name := string(c)
	return strings.EqualFold(key, name) || strings.EqualFold(key+"s", name) || strings.EqualFold(key+"es", name)
}

// failure tells what a status info says that isn't good.
func failure(key string, value json.RawMessage) string {
	var major string
	switch key {
	case "imsx_codeMajor":
		_ = json.Unmarshal(value, &major)
	case "statusInfoSet":
		var set []struct {
			Major string `json:"imsx_codeMajor"`
			Text  string `json:"imsx_description"`
		}
		if json.Unmarshal(value, &set) == nil && len(set) > 0 {
			major = set[0].Major
		}
	}
	if strings.EqualFold(major, "failure") || strings.EqualFold(major, "unsupported") {
		return "imsx_codeMajor is " + strings.ToLower(major)
	}
	return ""
}

// kindOf says what an answer calls itself, where that helps.
func kindOf(response *http.Response) string {
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	if strings.Contains(strings.ToLower(kind), "html") {
		return "; it is a page for people: see whether the base address is that of the service"
	}
	return ""
}

var errLarge = fmt.Errorf("an object of the answer is larger than %d bytes", largest)

// bounded ends an answer of which one object is too large to be held.
type bounded struct {
	in   *bufio.Reader
	at   func() int64 // up to where it was decoded
	read int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.read-b.at() > largest {
		return 0, errLarge
	}
	n, err := b.in.Read(p)
	b.read += int64(n)
	return n, err
}
