package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
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
}

// Search finds a page (searchForResources), at an offset that counts items from 0.
//
// How far there is to go a catalogue says by X-Total-Count, by a Link of rel=next, or by neither: then it is asked until it has
// nothing more. The address of such a link isn't followed: offset says the same, and leads nowhere else.
func (c *Client) Search(ctx context.Context, q Query, offset int) (Page, error) {
	var set struct {
		Resources []Item `json:"resources"`
	}
	header, err := c.get(ctx, "/resources", q.parameters(offset), &set)
	if err != nil {
		return Page{}, fmt.Errorf("searching the catalogue: %w", err)
	}
	p := Page{Total: -1, Next: offset + len(set.Resources)}
	if n, err := strconv.Atoi(header.Get("X-Total-Count")); err == nil && n >= 0 {
		p.Total = n
	}
	_, next := rest.Links(header)["next"]
	switch {
	case len(set.Resources) == 0:
	case p.Total >= 0:
		p.More = p.Next < p.Total
	default:
		p.More = next || header.Get("Link") == ""
	}
	for _, i := range set.Resources {
		if q.narrows(i) {
			p.Items = append(p.Items, i)
		}
	}
	return p, nil
}

// All finds everything, page after page. It ends with the first error.
func (c *Client) All(ctx context.Context, q Query) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		offset, before := 0, []Item(nil)
		for range mostPages {
			p, err := c.Search(ctx, q, offset)
			if err == nil && len(p.Items) > 0 && reflect.DeepEqual(p.Items, before) {
				err = fmt.Errorf("searching the catalogue: at offset %d it gives the same %d items as before", offset, len(p.Items))
			}
			if err != nil {
				yield(Item{}, err)
				return
			}
			before = p.Items
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
	}
}

// Subjects gives the subjects of the catalogue (getAllSubjects), as a tree: those without a parent that is there come first.
func (c *Client) Subjects(ctx context.Context) ([]*Subject, error) {
	var set struct {
		Subjects []wireSubject `json:"subjects"`
	}
	if _, err := c.get(ctx, "/subjects", nil, &set); err != nil {
		return nil, fmt.Errorf("reading the subjects of the catalogue: %w", err)
	}
	return tree(set.Subjects), nil
}

// get reads what lies below the base.
func (c *Client) get(ctx context.Context, path string, q url.Values, into any) (header http.Header, err error) {
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
			return fmt.Errorf("the answer has more than %d MiB; ask for fewer items at a time", largest>>20)
		}
		return read(body, into)
	})
	return header, err
}

// read takes an answer apart. A member that can't be read is passed over: an item is found all the same.
func read(body []byte, into any) error {
	var wrong *json.UnmarshalTypeError
	err := json.Unmarshal(body, into)
	if errors.As(err, &wrong) && strings.Contains(wrong.Field, ".") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the answer is no set of the standard: %w", err)
	}
	return nil
}
