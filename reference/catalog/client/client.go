package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

// Scope is that of searches (LTI Resource Search 1.0, security).
const Scope = "http://www.imsglobal.org/ltirs"

// MostLimit is the largest page (parameter limit).
const MostLimit = 100

const (
	// largest bounds an answer, in bytes: a page of a hundred items with texts of some pages each is less.
	largest = 16 << 20
	// patience is what a person waits.
	patience = 15 * time.Second
	// mostPages bounds how far All reads: a catalogue may say for ever that there is more.
	mostPages = 10_000
)

// Catalog is where is searched, and by whom.
type Catalog struct {
	BaseURL  string // what stands before /resources
	TokenURL string
	ClientID string
	Secret   string
	// Transport sends requests; nil: over TLS that the system's authorities vouch for.
	Transport http.RoundTripper
	// Patience is how long one search may wait for its catalogue; zero: as long as a person does.
	Patience time.Duration
}

// Client searches one catalogue. Several goroutines may use it.
type Client struct {
	base     string
	caller   *client.Client
	patience time.Duration
}

// New makes a client. It says what of the catalogue can't be.
func New(c Catalog) (*Client, error) {
	if c.Patience == 0 {
		c.Patience = patience
	}
	if _, err := client.Address("base URL", c.BaseURL, true); err != nil {
		return nil, err
	}
	caller, err := client.New(client.Config{TokenURL: c.TokenURL, ClientID: c.ClientID, ClientSecret: c.Secret, Transport: c.Transport,
		Patience: c.Patience, AllowPlain: true}) // whoever runs it named the addresses
	if err != nil {
		return nil, err
	}
	return &Client{base: strings.TrimRight(c.BaseURL, "/"), caller: caller, patience: c.Patience}, nil
}

// Page is some of what a search finds.
type Page struct {
	Items []Item
	Total int // that the catalogue finds altogether; -1: it doesn't say
	// Next is the offset of what comes next; More tells whether anything does.
	Next int
	More bool
	// Warning is what the catalogue says was asked for in vain (imsx_severity: warning), such as a member to sort by; "": nothing.
	Warning string

	hash uint64 // of what was sent
}

var seed = maphash.MakeSeed() // the same for all pages of a process

// Search finds a page (searchForResources), at an offset that counts items from 0.
//
// How far there is to go a catalogue says by X-Total-Count, by a Link of rel=next, or by neither: then it is asked until it has
// nothing more. The address of such a link isn't followed: offset says the same, and leads nowhere else.
func (c *Client) Search(ctx context.Context, q Query, offset int) (Page, error) {
	var set struct {
		Resources *[]Item `json:"resources"`
	}
	if q.Grade != "" && GradeAges(q.Grade) == "" {
		return Page{}, &QueryError{"a grade is KG, or a number from 1 to 13"}
	}
	p := Page{Total: -1}
	header, err := c.get(ctx, "/resources", q.parameters(offset), func(body []byte) (err error) {
		set.Resources = nil
		p.hash = maphash.Bytes(seed, body)
		if p.Warning, err = read(body, &set); err == nil && set.Resources == nil {
			err = errors.New(`it has no list "resources", which is empty where nothing is found`)
		}
		return err
	})
	if err != nil {
		return Page{}, fmt.Errorf("searching the catalogue: %w", err)
	}
	found := *set.Resources
	p.Next = offset + len(found)
	if n, err := strconv.Atoi(header.Get("X-Total-Count")); err == nil && n >= 0 {
		p.Total = n
	}
	_, next := client.Links(header)["next"]
	switch {
	case len(found) == 0 && offset < p.Total:
		return Page{}, fmt.Errorf("searching the catalogue: %w",
			&AnswerError{fmt.Sprintf("it has nothing at offset %d, though X-Total-Count says that %d were found", offset, p.Total)})
	case len(found) == 0:
	case p.Total >= 0:
		p.More = p.Next < p.Total
	default:
		p.More = next || header.Get("Link") == ""
	}
	for _, i := range found {
		if q.narrows(i) {
			p.Items = append(p.Items, i)
		}
	}
	return p, nil
}

// All finds everything, page after page. It ends with the first error; without one that is all there is.
func (c *Client) All(ctx context.Context, q Query) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		offset, before := 0, map[uint64]bool{}
		for range mostPages {
			p, err := c.Search(ctx, q, offset)
			n := p.Next - offset
			if err == nil && n > 0 && before[p.hash] {
				err = fmt.Errorf("searching the catalogue: %w",
					&AnswerError{fmt.Sprintf("at offset %d it gives the same %d items as before", offset, n)})
			}
			if err != nil {
				yield(Item{}, err)
				return
			}
			before[p.hash] = true
			for _, i := range p.Items {
				if !yield(i, nil) {
					return
				}
			}
			if !p.More {
				return
			}
			offset = p.Next
		}
		yield(Item{}, fmt.Errorf("searching the catalogue: %w",
			&BoundError{fmt.Sprintf("after %d pages there is more", mostPages)}))
	}
}

// Again finds an item once more that was found before: of those with its name the one of its mark.
func (c *Client) Again(ctx context.Context, name, mark string) (i Item, there bool, err error) {
	for i, err := range c.All(ctx, Query{Name: name}) {
		if err != nil {
			return Item{}, false, err
		}
		if i.Mark() == mark {
			return i, true, nil
		}
	}
	return Item{}, false, nil
}

// Subjects gives the subjects of the catalogue (getAllSubjects), as a tree: those without a parent that is there come first.
func (c *Client) Subjects(ctx context.Context) ([]*Subject, error) {
	var set struct {
		Subjects []wireSubject `json:"subjects"`
	}
	if _, err := c.get(ctx, "/subjects", nil, func(body []byte) error { _, err := read(body, &set); return err }); err != nil {
		return nil, fmt.Errorf("reading the subjects of the catalogue: %w", err)
	}
	return tree(set.Subjects), nil
}

// get reads what lies below the base. An error of take is one of the answer.
func (c *Client) get(ctx context.Context, path string, q url.Values, take func(body []byte) error) (header http.Header, err error) {
	address := c.base + path
	if len(q) > 0 {
		address += "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
	}
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	err = c.caller.Do(ctx, client.Request{Method: http.MethodGet, URL: address, Scopes: []string{Scope}}, func(r *http.Response) error {
		header = r.Header
		body, err := io.ReadAll(io.LimitReader(r.Body, largest+1))
		switch {
		case err != nil:
			return &client.BrokenError{Cause: err}
		case len(body) > largest:
			return &BoundError{fmt.Sprintf("the answer has more than %d MiB", largest>>20)}
		}
		if err := take(body); err != nil {
			return &AnswerError{err.Error()}
		}
		return nil
	})
	return header, err
}

// read takes an answer apart, and gives its warning. A member of an item that can't be read is passed over: the item is found all
// the same. What is answered with 200 and says that it failed has failed (imsx_StatusInfo.Type).
func read(body []byte, into any) (warning string, err error) {
	body = bytes.TrimPrefix(body, []byte("\xEF\xBB\xBF"))
	if !utf8.Valid(body) {
		return "", errors.New("it is not written in UTF-8")
	}
	var wrong *json.UnmarshalTypeError
	err = json.Unmarshal(body, into)
	if err != nil && !(errors.As(err, &wrong) && strings.Contains(wrong.Field, ".")) {
		return "", fmt.Errorf("it is no set of the standard: %w", err)
	}
	var status struct {
		Major       string `json:"imsx_codeMajor"`
		Severity    string `json:"imsx_severity"`
		Description string `json:"imsx_description"`
	}
	_ = json.Unmarshal(body, &status) // what isn't there says nothing
	said := printable(status.Description)
	if major := strings.ToLower(status.Major); major == "failure" || major == "unsupported" {
		return "", fmt.Errorf("it is 200, and imsx_codeMajor is %s: %s", major, said)
	}
	if strings.EqualFold(status.Severity, "warning") {
		warning = said
	}
	return warning, nil
}
