package oneroster

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/store"
)

// The largest bodies that are read. A set that is larger is sent in several.
const (
	largestObject = 1 << 20
	largestSet    = 8 << 20
)

// write answers PUT, POST and DELETE. What they do is one transaction, and an answer of
// success says that it is stored for good.
func (p *Provider) write(w http.ResponseWriter, r *http.Request, s *service, route route) error {
	switch route.Method {
	case http.MethodPut:
		return p.put(w, r, s, route)
	case http.MethodPost:
		return p.post(w, r, s, route)
	default:
		return p.delete(w, r, s, route)
	}
}

// put stores an object under the sourcedId of the path, whatever was there (OpenAPI
// document: 201, and no body).
func (p *Provider) put(w http.ResponseWriter, r *http.Request, s *service, route route) error {
	c, sourcedID := route.target.Collection, route.sourcedIDs[len(route.sourcedIDs)-1]
	value, failed := readWrapped(w, r, route.target.Singular, largestObject)
	if failed != nil {
		return failed
	}
	sent, failed := p.accept(s, c, value)
	if failed != nil {
		return failed
	}
	if sent.sourcedID != sourcedID {
		return invalid("sourcedId", "is not that of the path")
	}
	err := p.selector.store.Update(r.Context(), func(tx store.Tx) error { return p.store(tx, s, c, sent, sourcedID) })
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}

// store puts an object, in the place of the one that has its sourcedId, if there is one.
func (p *Provider) store(tx store.Tx, s *service, c store.Collection, sent sentObject, sourcedID string) error {
	_, before, err := tx.Get(c, sourcedID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	s.Dialect.take(tx, c, sent.members, before)
	after, err := p.complete(c, sent, sourcedID, p.modified(before))
	if err != nil {
		return err
	}
	if _, err := p.hold(tx, c, after); err != nil {
		return err
	}
	key, err := tx.Put(c, store.Document{SourcedID: sourcedID, Body: after})
	if err != nil {
		return err
	}
	return p.link(tx, c, key, before, after)
}

// modified is the time of a write: later than that of the one before, or whoever asks for
// what changed since would miss it.
func (p *Provider) modified(before []byte) time.Time {
	now := p.now().UTC().Truncate(time.Millisecond)
	eachValue(before, "dateLastModified", func(value []byte) bool {
		if last, err := time.Parse(TimestampLayout, string(value)); err == nil && !now.After(last) {
			now = last.Add(time.Millisecond)
		}
		return false
	})
	return now
}

// pair tells a client what became of a sourcedId that it supplied (OpenAPI document,
// GUIDPairDType).
type pair struct {
	Supplied  string `json:"suppliedSourcedId"`
	Allocated string `json:"allocatedSourcedId"`
}

// post stores a set of objects below a parent, each under a sourcedId that the provider
// allocates: all of them or none.
func (p *Provider) post(w http.ResponseWriter, r *http.Request, s *service, route route) error {
	c := route.target.Collection
	for i, parent := range route.parents {
		if _, err := s.resolve(r.Context(), parent, route.sourcedIDs[i]); err != nil {
			return err
		}
	}
	value, failed := readWrapped(w, r, route.target.Plural, largestSet)
	if failed != nil {
		return failed
	}
	elements, ok := value.([]any)
	if !ok {
		return invalid(route.target.Plural, "is an array")
	}
	supplied := map[string]bool{}
	sent := make([]sentObject, len(elements))
	for i, element := range elements {
		if sent[i], failed = p.accept(s, c, element); failed != nil {
			return failed
		}
		if supplied[sent[i].sourcedID] {
			return invalid("sourcedId", "is that of two objects")
		}
		supplied[sent[i].sourcedID] = true
	}
	pairs := make([]pair, len(sent))
	err := p.selector.store.Update(r.Context(), func(tx store.Tx) error {
		for i, object := range sent {
			if failed := bound(tx, p.referralsOf(c), route, object); failed != nil {
				return failed
			}
			pairs[i] = pair{object.sourcedID, allocate()}
			if err := p.store(tx, s, c, object, pairs[i].Allocated); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"sourcedIdPairs": pairs})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(body) // an error means that the client left
	return nil
}

// bound holds an object to the path that it was sent to: by a member of its own, or by one
// of what it refers to.
func bound(tx store.Tx, referrals []Referral, route route, object sentObject) error {
	for i, member := range route.Binds {
		first, beyond, far := strings.Cut(member, ".")
		reference, _ := object.members[first].(map[string]any)
		sourcedID, _ := reference["sourcedId"].(string)
		if far {
			var known bool
			var err error
			if sourcedID, known, err = beyondOf(tx, referrals, first, sourcedID, beyond); err != nil {
				return err
			}
			if !known {
				continue // what is not there is found when it is stored
			}
		}
		if sourcedID != route.sourcedIDs[i] {
			return invalid(member, "is not what the path names")
		}
	}
	return nil
}

// beyondOf follows a reference, and reads one of what it leads to.
func beyondOf(tx store.Tx, referrals []Referral, member, sourcedID, beyond string) (found string, known bool, err error) {
	for _, r := range referrals {
		if r.Member != member {
			continue
		}
		_, body, err := tx.Get(r.Owners, sourcedID)
		if errors.Is(err, store.ErrNotFound) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		found, known = referredBy(body, beyond)
		return found, known, nil
	}
	return "", false, nil
}

// allocate makes a sourcedId that nobody has: a UUID of version 4 (RFC 9562, section 5.4).
func allocate() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// delete removes an object for good, unless others refer to it: then nothing is changed,
// and the code minor deletefailure says why.
func (p *Provider) delete(w http.ResponseWriter, r *http.Request, s *service, route route) error {
	c, sourcedID := route.target.Collection, route.sourcedIDs[len(route.sourcedIDs)-1]
	if s.selector.limited(c) {
		if _, err := s.resolve(r.Context(), route.target, sourcedID); err != nil {
			return err // whatever another version has under it
		}
	}
	err := p.selector.store.Update(r.Context(), func(tx store.Tx) error {
		key, before, err := tx.Get(c, sourcedID)
		if errors.Is(err, store.ErrNotFound) {
			return unknownObject(sourcedID)
		}
		if err != nil {
			return err
		}
		who, err := p.hanging(tx, c, key)
		if err != nil {
			return err
		}
		if who != "" {
			return fail(http.StatusUnprocessableEntity, minorDeleteFailure, "%s still refer to it", who)
		}
		if _, err := tx.Delete(c, sourcedID); err != nil {
			return err
		}
		return p.link(tx, c, key, before, nil)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readWrapped reads a body of limited size and takes it out of its wrapper.
func readWrapped(w http.ResponseWriter, r *http.Request, wrapper string, largest int64) (any, *failure) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, fail(http.StatusUnsupportedMediaType, minorInvalidData, "the body is sent as application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largest))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, fail(http.StatusRequestEntityTooLarge, minorInvalidData, "the body has more than %d bytes", largest)
	}
	if err != nil {
		return nil, fail(http.StatusBadRequest, minorInvalidData, "the body ends early")
	}
	members, failed := decodeJSON(body)
	if failed != nil {
		return nil, failed
	}
	value, there := members[wrapper]
	if !there || len(members) != 1 {
		return nil, fail(http.StatusUnprocessableEntity, minorInvalidData, "the body is an object with the one member %s", wrapper)
	}
	return value, nil
}
