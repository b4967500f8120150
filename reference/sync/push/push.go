package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// Kept is the collection in which it is remembered what was pushed.
const Kept store.Collection = "pushedObjects"

// Object is one thing that is to stand in a SIS.
type Object struct {
	Collection string // its place below the Gradebook service, such as lineItems
	Wrapper    string // the member of the body that holds it, such as lineItem
	SourcedID  string
	// Owner is the sourcedId of the object of the same push that it hangs on; empty: none. It
	// isn't sent where that couldn't be, and is deleted with it.
	Owner string
	// Lasting says that it stays for as long as its owner does, where it is among what is pushed
	// no more.
	Lasting bool
	// Body are its members but for sourcedId, status and dateLastModified.
	Body map[string]any
	// Lacks says what the SIS requires of it and nobody knows; it isn't sent then. Empty: nothing.
	Lacks string
}

// From is what is pushed.
type From interface {
	// Name tells it from others that are pushed to the same SIS.
	Name() string
	// Objects gives everything that is to stand there, owners before what hangs on them.
	// What was pushed before and is among them no more is deleted, unless it lasts.
	Objects(ctx context.Context, to SIS) ([]Object, error)
}

// Sender sends requests with access tokens of a scope, again where a SIS is busy or a token was
// over: PUT and DELETE do the same when they are sent twice. It gives the status of the answer, and
// what a refusal says in words; the error is of what got no answer.
type Sender interface {
	Send(ctx context.Context, method, address, scope string, body []byte) (status int, says string, err error)
}

// SIS is where it is pushed to.
type SIS struct {
	Gradebook string // base URL of the Gradebook service
	Rostering string // base URL of the Rostering service, for references
	// V1P1 says that it is a SIS of OneRoster 1.1: both addresses are that of its one service, and
	// what is pushed has the members of that version.
	V1P1   bool
	Sender Sender
}

// Refer gives a reference to an object of the SIS.
func (s SIS) Refer(kind, collection, sourcedID string) map[string]any {
	base := s.Rostering
	if slices.Contains(own, collection) {
		base = s.Gradebook
	}
	href := strings.TrimRight(base, "/") + "/" + collection + "/" + url.PathEscape(sourcedID)
	return map[string]any{"href": href, "sourcedId": sourcedID, "type": kind}
}

var own = []string{"categories", "lineItems", "results", "assessmentLineItems", "assessmentResults"}

// The scopes of what is sent (OneRoster 1.2 Gradebook service, OpenAPI document), and of the same by
// OneRoster 1.1 (final specification, security).
const (
	scopePrefix = "https://purl.imsglobal.org/spec/or/v1p2/scope/"

	ScopePut              = scopePrefix + "gradebook.createput"
	ScopeDelete           = scopePrefix + "gradebook.delete"
	ScopeAssessmentPut    = scopePrefix + "assessment.createput"
	ScopeAssessmentDelete = scopePrefix + "assessment.delete"
	V1P1ScopePut          = oneroster.ScopePrefixV1P1 + "gradebook.createput"
	V1P1ScopeDelete       = oneroster.ScopePrefixV1P1 + "gradebook.delete"
)

// scope is the one by which a collection is written.
func (s SIS) scope(method, collection string) string {
	put, remove := ScopePut, ScopeDelete
	switch {
	case s.V1P1:
		put, remove = V1P1ScopePut, V1P1ScopeDelete
	case strings.HasPrefix(collection, "assessment"):
		put, remove = ScopeAssessmentPut, ScopeAssessmentDelete
	}
	if method == http.MethodDelete {
		return remove
	}
	return put
}

// Pushed says what became of a push.
type Pushed struct {
	Sent      int // objects that were put
	Deleted   int
	Unchanged int // objects that stand there as they are
	// Refused are those that the SIS didn't take, or that weren't tried for those. They are
	// sent again by the next push.
	Refused []error
}

// Refused is an answer that says no.
type Refused struct {
	Method, Collection, SourcedID string
	Status                        int
	Says                          string // imsx_description of the answer; may be empty
}

func (r *Refused) Error() string {
	return strings.TrimRight(fmt.Sprintf("%s %s/%s was answered with %d %s: %s", r.Method, r.Collection, r.SourcedID, r.Status,
		http.StatusText(r.Status), r.Says), ": ")
}

// record is what is remembered of an object that was pushed.
type record struct {
	From       string `json:"from"`
	Gradebook  string `json:"gradebook"`
	Collection string `json:"collection"`
	SourcedID  string `json:"sourcedId"`
	Owner      string `json:"owner,omitempty"`
	Lasting    bool   `json:"lasting,omitempty"`
	Sum        string `json:"sum"`
}

func (r record) key() string {
	return url.QueryEscape(r.Gradebook) + " " + r.Collection + "/" + r.SourcedID
}

// Pusher pushes to one SIS. One push at a time.
type Pusher struct {
	To    SIS
	Store store.Store // opened with Kept
	Now   func() time.Time

	mu sync.Mutex
}

const (
	// patience is after how many refusals in a row, and nothing taken, the rest is given up.
	patience = 10
	// batch is after how many objects it is remembered that they were sent. Those of a push
	// that is killed before are sent again, which changes nothing.
	batch = 50
)

// errGivenUp stands for what was not tried any more.
var errGivenUp = errors.New("the rest was not tried, for the SIS took nothing of what came before")

// Push brings a SIS up to what From says. What the SIS refuses is among what it tells; the error
// is of what kept it from going on.
func (p *Pusher) Push(ctx context.Context, from From) (Pushed, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out Pushed
	objects, err := from.Objects(ctx, p.To)
	if err != nil {
		return out, fmt.Errorf("pushing %s: %w", from.Name(), err)
	}
	before, err := p.before(ctx, from.Name())
	if err != nil {
		return out, err
	}
	r := run{p: p, from: from.Name(), before: before, out: &out, failed: map[string]bool{}}
	err = r.put(ctx, objects)
	if err == nil {
		err = r.remove(ctx, objects)
	}
	if kept := r.keep(context.WithoutCancel(ctx)); err == nil {
		err = kept
	}
	if err != nil {
		return out, fmt.Errorf("pushing %s: %w", from.Name(), err)
	}
	return out, nil
}

// Forget forgets what was pushed: the next push sends everything.
func (p *Pusher) Forget(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var keys []string
	err := p.Store.SourcedIDs(ctx, Kept, func(id []byte) error {
		keys = append(keys, string(id))
		return nil
	})
	if err == nil {
		err = p.Store.Update(ctx, func(tx store.Tx) error {
			_, err := tx.DeleteAll(Kept, keys)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("forgetting what was pushed: %w", err)
	}
	return nil
}

// before reads what was pushed, by the keys of records.
func (p *Pusher) before(ctx context.Context, from string) (map[string]record, error) {
	out := map[string]record{}
	err := p.Store.Scan(ctx, Kept, 0, math.MaxInt32, func(_ store.Key, body []byte) error {
		var r record
		if err := json.Unmarshal(body, &r); err != nil {
			return err
		}
		if r.From == from && r.Gradebook == p.To.Gradebook {
			out[r.key()] = r
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what was pushed before: %w", err)
	}
	return out, nil
}

// run is one push under way.
type run struct {
	p      *Pusher
	from   string
	before map[string]record
	out    *Pushed
	failed map[string]bool // sourcedIds of what could not be put
	done   []record        // to be remembered
	gone   []record        // to be forgotten
	inARow int             // refusals since something was taken
}

func (r *run) put(ctx context.Context, objects []Object) error {
	for _, o := range objects {
		sum, err := sumOf(o)
		if err != nil {
			return err
		}
		of := record{r.from, r.p.To.Gradebook, o.Collection, o.SourcedID, o.Owner, o.Lasting, sum}
		if r.before[of.key()].Sum == sum {
			r.out.Unchanged++
			continue
		}
		if o.Lacks != "" {
			r.failed[o.SourcedID] = true
			r.out.Refused = append(r.out.Refused, fmt.Errorf("%s/%s was not tried: %s", o.Collection, o.SourcedID, o.Lacks))
			continue
		}
		if r.failed[o.Owner] {
			r.failed[o.SourcedID] = true
			r.out.Refused = append(r.out.Refused, fmt.Errorf("%s/%s was not tried, for what it hangs on was not taken", o.Collection, o.SourcedID))
			continue
		}
		body := map[string]any{"sourcedId": o.SourcedID, "status": "active",
			"dateLastModified": r.p.Now().UTC().Format("2006-01-02T15:04:05.000Z")}
		for name, v := range o.Body {
			body[name] = v
		}
		text, err := json.Marshal(map[string]any{o.Wrapper: body})
		if err != nil {
			return fmt.Errorf("writing %s: %w", o.Wrapper, err)
		}
		taken, err := r.send(ctx, http.MethodPut, of, text)
		if err != nil {
			return err
		}
		if !taken {
			r.failed[o.SourcedID] = true
			continue
		}
		r.out.Sent++
		if r.done = append(r.done, of); len(r.done) >= batch {
			if err := r.keep(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove deletes what is to stand there no more, what hangs on something before that.
func (r *run) remove(ctx context.Context, objects []Object) error {
	wanted := map[string]bool{}
	for _, o := range objects {
		wanted[o.SourcedID] = true
	}
	var stale []record
	for _, old := range r.before {
		if !wanted[old.SourcedID] && !(old.Lasting && wanted[old.Owner]) {
			stale = append(stale, old)
		}
	}
	// What has an owner goes first; a tree may be deeper than two.
	depth := func(x record) (n int) {
		for x.Owner != "" && n < len(r.before) {
			n++
			i := slices.IndexFunc(stale, func(o record) bool { return o.SourcedID == x.Owner })
			if i < 0 {
				break
			}
			x = stale[i]
		}
		return n
	}
	slices.SortFunc(stale, func(a, b record) int { return strings.Compare(a.key(), b.key()) })
	slices.SortStableFunc(stale, func(a, b record) int { return depth(b) - depth(a) })
	for _, old := range stale {
		taken, err := r.send(ctx, http.MethodDelete, old, nil)
		if err != nil {
			return err
		}
		if taken {
			r.out.Deleted++
			r.gone = append(r.gone, old)
		}
	}
	return nil
}

// send tells whether the SIS took a request; the error is of what ends the push.
func (r *run) send(ctx context.Context, method string, of record, body []byte) (taken bool, err error) {
	address := strings.TrimRight(of.Gradebook, "/") + "/" + of.Collection + "/" + url.PathEscape(of.SourcedID)
	status, says, err := r.p.To.Sender.Send(ctx, method, address, r.p.To.scope(method, of.Collection), body)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err == nil && (status >= 200 && status < 300 || method == http.MethodDelete && status == http.StatusNotFound):
		r.inARow = 0
		return true, nil
	case err == nil:
		err = &Refused{method, of.Collection, of.SourcedID, status, says}
	}
	r.out.Refused = append(r.out.Refused, err)
	if r.inARow++; r.inARow >= patience && r.out.Sent+r.out.Deleted == 0 {
		return false, errGivenUp
	}
	return false, nil
}

// keep remembers what was sent and what was deleted.
func (r *run) keep(ctx context.Context) error {
	if len(r.done)+len(r.gone) == 0 {
		return nil
	}
	err := r.p.Store.Update(ctx, func(tx store.Tx) error {
		for _, of := range r.done {
			body, err := json.Marshal(of)
			if err != nil {
				return err
			}
			if _, err := tx.Put(Kept, store.Document{SourcedID: of.key(), Body: body}); err != nil {
				return err
			}
		}
		for _, of := range r.gone {
			if _, err := tx.Delete(Kept, of.key()); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remembering what was pushed: %w", err)
	}
	r.done, r.gone = nil, nil
	return nil
}

// sumOf tells an object from what it was, whenever that is said.
func sumOf(o Object) (string, error) {
	text, err := json.Marshal(o.Body)
	if err != nil {
		return "", fmt.Errorf("writing %s: %w", o.Wrapper, err)
	}
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:16]), nil
}

// identifier makes the sourcedId of what has these names: the same each time, and without a
// word about anybody.
func identifier(names ...string) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%q", names))
	return hex.EncodeToString(h[:16])
}
