package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Objects are objects of OneRoster: by collection, as 1.2 names them, and by sourcedId, their
// members as 1.2 names them.
type Objects map[string]map[string]map[string]any

// put adds an object; it tells whether there was none of that id.
func (o Objects) put(collection, id string, members map[string]any) bool {
	if o[collection] == nil {
		o[collection] = map[string]map[string]any{}
	}
	_, twice := o[collection][id]
	o[collection][id] = members
	return !twice
}

// Count is how many objects there are.
func (o Objects) Count() (n int) {
	for _, c := range o {
		n += len(c)
	}
	return n
}

// Held is what a product holds.
type Held struct {
	Objects Objects
	// Twice are the objects that were told more than once, as collection/sourcedId.
	Twice []string
	// Unnamed are enrollments without a sourcedId, which few products keep: see Name.
	Unnamed []map[string]any
	// Notes are peculiarities of what was read, for a person.
	Notes []string
	// Probed names the only objects that were looked for, where the rest can't be seen:
	// by collection, those of which a probe was made. nil: everything can be seen.
	Probed map[string][]string
	Took   time.Duration
}

// Sees tells whether it would have been seen that the product holds an object.
func (h *Held) Sees(collection, id string) bool {
	return h.Probed == nil || slices.Contains(h.Probed[collection], id)
}

// Probe is one user who is looked for on pages: the members of a user of OneRoster 1.2.
type Probe map[string]any

// Holdings reads what the product holds. probes are the users to look for, where only pages
// tell (Holder.Looks). An error is a *harness.ConfigError, or ctx's: it says nothing of the product
// but that its holdings could not be read.
func (d *Driver) Holdings(ctx context.Context, probes []Probe) (*Held, error) {
	h := d.section.Holds
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(h.Timeout), errSlow)
	defer cancel()
	var held *Held
	var err error
	switch h.Way() {
	case "export":
		held, err = d.export(ctx, h.Export)
	case "query":
		held, err = d.query(ctx, h.Query)
	case "provider":
		held, err = d.crawl(ctx, h.Provider)
	case "pages":
		held, err = d.look(ctx, h.Pages, probes)
	default:
		return nil, act.Fault("consumer.holds", "nothing says how to read what the product holds",
			"add one of export, query, provider and pages")
	}
	if errors.Is(err, context.DeadlineExceeded) && context.Cause(ctx) == errSlow {
		return nil, act.Fault("consumer.holds."+h.Way(), fmt.Sprintf("what the product holds was not read within %s", time.Duration(h.Timeout)),
			"raise consumer.holds.timeout, or let it give less")
	}
	if err != nil {
		return nil, d.cleanFault(Occasion{}, err)
	}
	slices.Sort(held.Twice)
	held.Twice = slices.Compact(held.Twice)
	for name := range held.Objects {
		if len(h.Keeps) > 0 && !slices.Contains(h.Keeps, name) {
			delete(held.Objects, name)
		}
	}
	if len(h.Keeps) > 0 && !slices.Contains(h.Keeps, enrollments) {
		held.Unnamed = nil
	}
	held.Took = time.Since(began)
	return held, nil
}

var errSlow = errors.New("reading takes too long")

// query reads JSON lines.
func (d *Driver) query(ctx context.Context, q *Query) (*Held, error) {
	const where = "consumer.holds.query"
	in := newLines(where)
	if q.Command != "" {
		r, w := io.Pipe()
		read := make(chan error, 1)
		go func() {
			err := in.read(r)
			_ = r.CloseWithError(cmp.Or(err, io.ErrClosedPipe)) // who writes on is told
			read <- err
		}()
		ran, err := act.Run(ctx, where+".command", q.Command, nil, time.Duration(d.section.Holds.Timeout), w)
		_ = w.Close() // of a pipe
		if problem := <-read; problem != nil {
			return nil, problem
		}
		switch {
		case err != nil:
			return nil, err
		case ran.Over:
			return nil, context.DeadlineExceeded
		case ran.Code != 0:
			return nil, act.Fault(where+".command", fmt.Sprintf("it ends with %d: %s", ran.Code, act.OrNothing(ran.Words)),
				"run it by hand, and let it end with 0 once it has printed what the product holds")
		}
		return in.held(), nil
	}
	body, err := d.fetch(ctx, where, q.URL, q.Header)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if err := in.read(body); err != nil {
		return nil, err
	}
	return in.held(), nil
}

// fetch gets what lies at an address of the product.
func (d *Driver) fetch(ctx context.Context, where, address string, header map[string]string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, act.Fault(where+".url", err.Error(), "write it in full, like https://lms.example.org/api/held")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	response, err := d.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.DeadlineExceeded
		}
		return nil, act.Answer{Problem: err}.Fault(where+".url", address, nil)
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(response.Body, act.MostWords)) // what broke off is told by what came
		a := act.Answer{Status: response.StatusCode, Location: response.Header.Get("Location"), Words: act.Readable(said, int64(len(said)))}
		if err := a.Fault(where+".url", address, []int{http.StatusOK}); err != nil {
			return nil, err
		}
		return nil, act.Fault(where+".url", fmt.Sprintf("%s answers %d: %s", browser.Bare(address), a.Status, act.OrNothing(a.Words)),
			"let it answer 200 with what the product holds")
	}
	return response.Body, nil
}
