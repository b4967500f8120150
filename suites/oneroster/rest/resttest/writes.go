package resttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/schemas"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// put stores an object.
func (p *Provider) put(a *Reply) {
	var sent map[string]Object
	if json.Unmarshal(a.Sent, &sent) != nil || sent[a.Op.Wrapper] == nil {
		a.Refuse(http.StatusBadRequest, "invaliddata", "no such object")
		return
	}
	o := sent[a.Op.Wrapper]
	if why := p.wrong(a, o); why != "" || o["sourcedId"] != a.IDs[0] {
		a.Refuse(http.StatusUnprocessableEntity, "invaliddata", why+", or another sourcedId")
		return
	}
	p.Store(collectionOf(a.Service, a.Op.Kind), o)
	a.Status, a.Body = http.StatusCreated, nil
}

// Store puts an object with a dateLastModified of the provider's own.
func (p *Provider) Store(collection string, o Object) {
	p.clock++
	o["dateLastModified"] = time.Date(2026, 3, 1, 0, 0, p.clock, 0, time.UTC).Format("2006-01-02T15:04:05.000Z")
	p.Put(collection, o)
}

// wrong says what of an object can't be.
func (p *Provider) wrong(a *Reply, o Object) string {
	schema, err := schemas.Load(a.Service.Schema(a.Op.Kind))
	if err != nil {
		panic(err)
	}
	raw, _ := json.Marshal(o)
	findings, err := schema.Validate(raw)
	if err != nil {
		return err.Error()
	}
	k := a.Service.Kinds[a.Op.Kind]
	for _, f := range findings {
		if f.Severity == schemas.Error {
			return f.Message
		}
	}
	for name := range o {
		if _, known := k.Member("/" + name); !known {
			return "unknown " + name
		}
	}
	for _, m := range k.References() {
		reference, is := o[m.Path[0]].(Object)
		if len(m.Path) == 1 && is && p.Find(collectionOf(a.Service, m.Refers), fmt.Sprint(reference["sourcedId"])) == nil {
			return m.Path[0] + " refers to nothing"
		}
	}
	return ""
}

// post stores a set of objects under sourcedIds that are allocated.
func (p *Provider) post(a *Reply) {
	if !p.parents(a) {
		a.Refuse(http.StatusNotFound, "unknownobject", "Unknown Object")
		return
	}
	var sent map[string][]Object
	if json.Unmarshal(a.Sent, &sent) != nil || sent[a.Op.Wrapper] == nil {
		a.Refuse(http.StatusBadRequest, "invaliddata", "no such set")
		return
	}
	pairs := []Object{}
	for _, o := range sent[a.Op.Wrapper] {
		if why := p.wrong(a, o); why != "" {
			a.Refuse(http.StatusUnprocessableEntity, "invaliddata", why)
			return
		}
		p.clock++
		supplied := o["sourcedId"]
		o["sourcedId"] = fmt.Sprintf("allocated-%d", p.clock)
		p.Store(collectionOf(a.Service, a.Op.Kind), o)
		pairs = append(pairs, Object{"suppliedSourcedId": supplied, "allocatedSourcedId": o["sourcedId"]})
	}
	a.Status, a.Body = http.StatusCreated, Object{service.Pairs: pairs}
}

// delete removes an object to which nothing refers.
func (p *Provider) delete(a *Reply) {
	collection := collectionOf(a.Service, a.Op.Kind)
	if p.Find(collection, a.IDs[0]) == nil {
		a.Refuse(http.StatusNotFound, "unknownobject", "Unknown Object")
		return
	}
	for kind, k := range a.Service.Kinds {
		for _, m := range k.References() {
			hangs := func(o Object) bool {
				reference, is := o[m.Path[0]].(Object)
				return is && reference["sourcedId"] == a.IDs[0]
			}
			if m.Refers == a.Op.Kind && slices.ContainsFunc(p.Data[collectionOf(a.Service, kind)], hangs) {
				a.Refuse(http.StatusUnprocessableEntity, "deletefailure", "others refer to it")
				return
			}
		}
	}
	p.Remove(collection, a.IDs[0])
	a.Status, a.Body = http.StatusNoContent, nil
}
