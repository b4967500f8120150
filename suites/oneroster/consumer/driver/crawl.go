package driver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
	"github.com/rollcall-edu/rollcall/suites/weblink"
)

const pageSize = 100

// crawl reads the product's own provider, as far as it has the collections.
func (d *Driver) crawl(ctx context.Context, p *Provider) (*Held, error) {
	const where = "consumer.holds.provider"
	s, err := d.readerSession()
	if err != nil {
		return nil, err
	}
	c := &crawler{session: s, held: &Held{Objects: Objects{}}, keeps: d.section.Holds.Keeps, where: where}
	for _, place := range []struct {
		base string
		of   []*service.Service
	}{
		{p.Rostering, []*service.Service{service.Rostering()}},
		{p.Gradebook, []*service.Service{service.Gradebook(), service.Assessment()}},
		{p.Resources, []*service.Service{service.Resources()}},
		{p.V1P1, []*service.Service{service.Rostering11(), service.Gradebook11(), service.Resources11()}},
	} {
		if place.base == "" {
			continue
		}
		for i, of := range place.of {
			if err := c.service(ctx, place.base, of, i == 0); err != nil {
				return nil, err
			}
		}
	}
	return c.held, nil
}

// readerSession lets Rollcall in to the product's own provider.
func (d *Driver) readerSession() (*harness.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reader != nil {
		return d.reader, nil
	}
	of := harness.Suite{ID: "oneroster.consumer.holds", Access: &harness.Access{Key: "consumer.holds.provider.auth", Signed: true,
		Of: func(t *harness.Target) *harness.Credentials {
			if p := Of(t).Holds.Provider; p != nil {
				return &p.Auth
			}
			return &harness.Credentials{}
		}}}
	s, err := harness.NewSession(d.session.Target, of, harness.SessionOptions{Prefix: "held-", Redactor: d.session.Redactor()})
	if err != nil {
		return nil, fmt.Errorf("being let in to the product's own provider: %w", err)
	}
	d.reader = s
	return s, nil
}

type crawler struct {
	session *harness.Session
	held    *Held
	keeps   []string
	where   string
}

// service reads the collections of one service. Where it is the first at its address, that none can
// be read is a fault of the configuration; of others it tells that the product has none of them.
func (c *crawler) service(ctx context.Context, base string, of *service.Service, first bool) error {
	read := 0
	var refused []string
	for _, collection := range of.Whole() {
		name := collectionOf(collection.Name)
		if name == "" || len(c.keeps) > 0 && !slices.Contains(c.keeps, name) {
			continue
		}
		scope := of.Scopes.Full
		if of.Scopes.Apart != "" && collection.Name == of.Scopes.Beside {
			scope = of.Scopes.Apart
		}
		var scopes []string
		if scope != "" {
			scopes = []string{of.Scopes.Prefix + scope}
		}
		r, err := c.collection(ctx, base, collection.Name, name, scopes)
		switch {
		case err != nil:
			return err
		case r == nil:
			read++
		default:
			refused = append(refused, fmt.Sprintf("%s: %s", collection.Name, r.Summary()))
		}
	}
	if read == 0 && first && len(refused) > 0 {
		return act.Fault(c.where, fmt.Sprintf("none of the collections of %s can be read at %s: %s", of, browser.Bare(base),
			strings.Join(refused, "; ")),
			"check the base URL and consumer.holds.provider.auth: a run of `rollcall doctor` with a provider profile of the product tells more")
	}
	for _, r := range refused {
		c.held.Notes = append(c.held.Notes, of.String()+": "+r)
	}
	return nil
}

// collection reads one collection to its end. The response is the one of a first page that
// can't be read; a later one that can't is an error, for half a collection says nothing.
func (c *crawler) collection(ctx context.Context, base, path, name string, scopes []string) (*harness.Response, error) {
	address := fmt.Sprintf("%s/%s?limit=%d&offset=0", base, path, pageSize)
	met := map[string]bool{}
	for at := 0; ; {
		met[address] = true
		r := c.session.Do(ctx, harness.Request{URL: address, Auth: harness.AuthSession, Scopes: scopes,
			Header: http.Header{"Accept": {"application/json"}}})
		if ctx.Err() != nil {
			return nil, context.DeadlineExceeded
		}
		list, ok := page(r)
		switch {
		case !ok && at == 0 && r.Status == 0 && r.Problem != "":
			return nil, act.Fault(c.where, fmt.Sprintf("nothing answers at %s: %s", browser.Bare(address), r.Problem),
				"start the product, check the URL and auth, and tls.ca_file where its certificate is self-made")
		case !ok && at == 0:
			return r, nil
		case !ok:
			return nil, act.Fault(c.where, fmt.Sprintf("%s of the product's provider can't be read to the end: after %d objects it answers %s", path,
				at, r.Summary()),
				"judge it as a provider first; or read what the product holds by an export or a query")
		}
		for _, o := range list {
			id, _ := text(o["sourcedId"])
			if id == "" {
				c.held.Notes = append(c.held.Notes, "an object of "+path+" has no sourcedId")
				continue
			}
			if !c.held.Objects.put(name, id, o) {
				c.held.Twice = append(c.held.Twice, name+"/"+id)
			}
		}
		at += len(list)
		if at > maxCount {
			return nil, act.Fault(c.where, fmt.Sprintf("%s of the product's provider has more than %d objects", path, maxCount),
				"let it hold what came from Rollcall alone: some thousands of objects")
		}
		next := weblink.Targets(r.Header.Values("Link"), r.URL)["next"]
		if next == "" && len(list) >= pageSize {
			next = fmt.Sprintf("%s/%s?limit=%d&offset=%d", base, path, pageSize, at)
		}
		if next == "" || len(list) == 0 {
			return nil, nil
		}
		if from, err := url.Parse(base); err != nil || !sameOrigin(from, next) || met[next] {
			return nil, act.Fault(c.where, fmt.Sprintf("the next page of %s lies at %s, which was read already or is another server's", path,
				browser.Bare(next)),
				"judge it as a provider first; or read what the product holds by an export or a query")
		}
		address = next
	}
}

func sameOrigin(a *url.URL, address string) bool {
	b, err := url.Parse(address)
	return err == nil && strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Host, b.Host)
}

// page takes a page apart: the one list of objects in it.
func page(r *harness.Response) ([]map[string]any, bool) {
	if r.Problem != "" || r.Status != http.StatusOK {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.UseNumber()
	var envelope map[string]any
	if d.Decode(&envelope) != nil {
		return nil, false
	}
	var out []map[string]any
	found := false
	for _, v := range envelope {
		list, is := v.([]any)
		if !is {
			continue
		}
		if found {
			return nil, false
		}
		found = true
		for _, x := range list {
			o, is := x.(map[string]any)
			if !is {
				return nil, false
			}
			out = append(out, o)
		}
	}
	return out, found
}
