package provider

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// stored is what a product made of one object: over that of the world, until the world changes it later.
type stored struct {
	object map[string]any // nil: it was deleted
	at     time.Time
}

// layer is what a product wrote, over the world.
type layer struct {
	written map[string]map[string]stored // by collection and sourcedId
	order   map[string][]string          // sourcedIds in the order in which they came first
}

// over puts the layer over the objects of a collection.
func (l *layer) over(collection string, list []map[string]any) []map[string]any {
	if len(l.written[collection]) == 0 {
		return list
	}
	there := map[string]bool{}
	out := make([]map[string]any, 0, len(list))
	for _, o := range list {
		id, _ := o["sourcedId"].(string)
		there[id] = true
		s, is := l.written[collection][id]
		changed, _ := instantOf(fmt.Sprint(o["dateLastModified"]))
		switch {
		case !is || changed.After(s.at):
			out = append(out, o)
		case s.object != nil:
			out = append(out, s.object)
		}
	}
	for _, id := range l.order[collection] {
		if s := l.written[collection][id]; !there[id] && s.object != nil {
			out = append(out, s.object)
		}
	}
	return out
}

// keep has what is served be as a product wrote it; nil takes an object away.
func (p *Provider) keep(collection, id string, object map[string]any, at time.Time) {
	l := &p.layer
	if l.written == nil {
		l.written, l.order = map[string]map[string]stored{}, map[string][]string{}
	}
	if l.written[collection] == nil {
		l.written[collection] = map[string]stored{}
	}
	if _, known := l.written[collection][id]; !known {
		l.order[collection] = append(l.order[collection], id)
	}
	l.written[collection][id] = stored{object, at}
	list := slices.Clone(p.objects[collection])
	i := slices.IndexFunc(list, func(o map[string]any) bool { return o["sourcedId"] == id })
	switch {
	case object == nil && i >= 0:
		list = slices.Delete(list, i, i+1)
	case object == nil:
	case i >= 0:
		list[i] = object
	default:
		list = append(list, object)
	}
	p.objects[collection] = list
}

// busy says whether something goes wrong with a call that writes before it is looked at, as the behaviour has it.
func (p *Provider) busy(c *Call, collection, id string) (reply, bool) {
	b := p.behaviour
	if b.Writes && p.due() {
		p.done++
		return p.trouble(c, reply{}), true
	}
	if c.Method != http.MethodPut {
		return reply{}, false
	}
	switch place := p.meet(collection, id); {
	case b.Refused == collection && place == 1:
		c.Trouble = "refused"
		return p.refuse(http.StatusUnprocessableEntity, "invaliddata", "This one isn't taken: it was recorded by somebody else."), true
	case b.Broken == collection && place == 2:
		c.Trouble = "error"
		return p.broke(), true
	}
	return reply{}, false
}

// meet gives the place of an object among those that were put into a collection since the behaviour began, from 0 on.
func (p *Provider) meet(collection, id string) int {
	if place := slices.Index(p.met[collection], id); place >= 0 {
		return place
	}
	if p.met == nil {
		p.met = map[string][]string{}
	}
	p.met[collection] = append(p.met[collection], id)
	return len(p.met[collection]) - 1
}

// broke is an answer that doesn't say whether anything was taken.
func (p *Provider) broke() reply {
	return p.refuse(http.StatusInternalServerError, "internal_server_error", "Something broke.")
}

// write answers a call that puts, posts or deletes: what is right is kept.
func (p *Provider) write(c *Call, s *service.Service, op service.Operation) reply {
	collection := s.CollectionOf(op.Kind).Name
	id, _ := url.PathUnescape(path.Base(c.Path))
	if a, troubled := p.busy(c, collection, id); troubled {
		return a
	}
	switch c.Method {
	case http.MethodDelete:
		return p.remove(collection, id)
	case http.MethodPost:
		return p.post(c, s, op, collection)
	}
	sent, a := p.body(c, op.Wrapper)
	if a.status != 0 {
		return a
	}
	object, a := p.taken(c, s, op.Kind, sent)
	if a.status != 0 {
		return a
	}
	if object["sourcedId"] != id {
		return p.wrong(c, http.StatusUnprocessableEntity, "the sourcedId of the address", "another in the body", "/sourcedId")
	}
	_, there := p.find(collection, id)
	p.store(collection, id, object)
	if p.behaviour.Broken == collection && !p.halved && p.meet(collection, id) == 3 {
		p.halved, c.Trouble, c.Taken = true, "error", true
		return p.broke()
	}
	if there && slices.Contains(s.Made, http.StatusOK) {
		return p.say(http.StatusOK, nil)
	}
	return p.say(http.StatusCreated, nil)
}

// store keeps an object with the time of the write, which is later than that of the one before.
func (p *Provider) store(collection, id string, object map[string]any) {
	at := time.Now().UTC().Truncate(time.Millisecond)
	if before, there := p.find(collection, id); there {
		if last, ok := instantOf(fmt.Sprint(before["dateLastModified"])); ok && !at.After(last) {
			at = last.Add(time.Millisecond)
		}
	}
	object["dateLastModified"] = at.Format("2006-01-02T15:04:05.000Z")
	p.keep(collection, id, object, at)
}

// remove deletes an object that nothing refers to.
func (p *Provider) remove(collection, id string) reply {
	if _, there := p.find(collection, id); !there {
		return p.refuse(http.StatusNotFound, p.minor("unknownobject"), "Unknown Object: there is no such object.")
	}
	for other, list := range p.objects {
		for _, o := range list {
			for _, v := range o {
				r, _ := v.(map[string]any)
				if kind, _ := r["type"].(string); refID(v) == id && leads[kind] == collection {
					return p.refuse(http.StatusUnprocessableEntity, "deletefailure", "There are "+other+" that refer to it.")
				}
			}
		}
	}
	p.keep(collection, id, nil, time.Now())
	return p.say(http.StatusNoContent, nil)
}

// post takes a list of objects, all or none, and tells under which sourcedIds they stand.
func (p *Provider) post(c *Call, s *service.Service, op service.Operation, collection string) reply {
	segments, pattern := strings.Split(strings.Trim(c.Path, "/"), "/"), op.Segments()
	ids := map[string]string{}
	for i, segment := range pattern {
		if strings.HasPrefix(segment, "{") {
			ids[pattern[i-1]], _ = url.PathUnescape(segments[i])
		}
	}
	if _, there := p.parents(ids); !there {
		return p.refuse(http.StatusNotFound, p.minor("unknownobject"), "Unknown Object: what this lies below isn't there.")
	}
	sent, a := p.body(c, op.Wrapper)
	if a.status != 0 {
		return a
	}
	var list []json.RawMessage
	if json.Unmarshal(sent, &list) != nil || list == nil {
		return p.wrong(c, http.StatusUnprocessableEntity, "a list of objects", "none", "/"+op.Wrapper)
	}
	var objects []map[string]any
	var pairs []any
	supplied := map[any]bool{}
	for _, one := range list {
		object, a := p.taken(c, s, op.Kind, one)
		if a.status != 0 {
			return a
		}
		if supplied[object["sourcedId"]] {
			return p.wrong(c, http.StatusUnprocessableEntity, "each sourcedId once", "one twice", "/sourcedId")
		}
		supplied[object["sourcedId"]] = true
		for segment, id := range ids {
			if at := p.parentOf(object, segment); at != "" && at != id {
				return p.wrong(c, http.StatusUnprocessableEntity, "objects below what the address names", "one of another", segment)
			}
		}
		id := strings.ToLower(rand.Text())
		pairs = append(pairs, map[string]any{"suppliedSourcedId": object["sourcedId"], "allocatedSourcedId": id})
		object["sourcedId"] = id
		objects = append(objects, object)
	}
	for _, object := range objects {
		p.store(collection, fmt.Sprint(object["sourcedId"]), object)
	}
	if pairs == nil {
		pairs = []any{}
	}
	return p.say(http.StatusCreated, map[string]any{"sourcedIdPairs": pairs})
}

// parentOf is what an object lies below, by a segment of the address: itself, or what it is a result of.
func (p *Provider) parentOf(object map[string]any, segment string) string {
	member := map[string]string{"classes": "class", "schools": "school", "lineItems": "lineItem",
		"academicSessions": "academicSession"}[segment]
	if id := refID(object[member]); id != "" {
		return id
	}
	item, _ := p.find("lineItems", refID(object["lineItem"]))
	return refID(item[member])
}

// wrong refuses what was sent, and notes why.
func (p *Provider) wrong(c *Call, status int, expected, seen, where string) reply {
	c.Problems = append(c.Problems, Problem{"body", expected, seen, where})
	return p.refuse(status, "invaliddata", expected+" was expected at "+where+", and not "+seen)
}

// body takes what was sent out of its wrapper.
func (p *Provider) body(c *Call, wrapper string) (json.RawMessage, reply) {
	if media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, p.wrong(c, http.StatusUnsupportedMediaType, "application/json", "another type", "header Content-Type")
	}
	var members map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader(c.Body))
	if !utf8.Valid(c.Body) || d.Decode(&members) != nil {
		return nil, p.wrong(c, http.StatusBadRequest, "a JSON object", "none that can be read", "body")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, p.wrong(c, http.StatusBadRequest, "one JSON object", "more than one", "body")
	}
	value, there := members[wrapper]
	if !there || len(members) != 1 {
		return nil, p.wrong(c, http.StatusUnprocessableEntity, "the one member "+wrapper, "others", "body")
	}
	return value, reply{}
}

// unsent are members that many clients leave out of what they send, and providers set themselves.
var unsent = []string{"status", "dateLastModified"}

// taken holds an object that was sent to its schema and to what there is, and gives it as it is kept.
func (p *Provider) taken(c *Call, s *service.Service, kind string, sent json.RawMessage) (map[string]any, reply) {
	schema, err := schemas.Load(s.Schema(kind))
	if err != nil {
		panic(err) // embedded data
	}
	found, err := schema.Validate(sent)
	if err != nil {
		return nil, p.wrong(c, http.StatusUnprocessableEntity, "an object of the standard", "none", "body")
	}
	for _, f := range found {
		at := path.Base(f.Pointer)
		left := f.Keyword == "required" && (slices.Contains(unsent, at) || strings.Count(f.Pointer, "/") > 1 && (at == "href" || at == "type"))
		if f.Severity == schemas.Error && !left { // what stands there may be about somebody
			return nil, p.wrong(c, http.StatusUnprocessableEntity, f.Expected, "what breaks "+f.Keyword, f.Pointer)
		}
	}
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(sent))
	d.UseNumber()
	if d.Decode(&object) != nil || object == nil {
		return nil, p.wrong(c, http.StatusUnprocessableEntity, "an object", "none", "body")
	}
	if object["status"] == nil {
		object["status"] = "active"
	}
	maps.DeleteFunc(object, func(_ string, v any) bool { return v == nil })
	for _, m := range s.Kinds[kind].References() {
		if len(m.Path) != 1 || object[m.Path[0]] == nil {
			continue
		}
		r, _ := object[m.Path[0]].(map[string]any)
		of, _ := r["type"].(string)
		if of == "" {
			of = m.Refers
		}
		if _, there := p.find(leads[m.Refers], refID(r)); !there {
			return nil, p.wrong(c, http.StatusUnprocessableEntity, "one of the provider's "+leads[m.Refers], "one that isn't there", m.At)
		}
		object[m.Path[0]] = map[string]any{"sourcedId": refID(r), "type": of}
	}
	return object, reply{}
}
