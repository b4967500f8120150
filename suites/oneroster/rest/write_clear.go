package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// clearLimit is how long taking away may take when the check's own time is up.
const clearLimit = 30 * time.Second

// clear takes away what the check has made, the last first, and names what it couldn't. What
// something that was put again has come to refer to goes once that is gone.
func (d *desk) clear(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearLimit)
	defer cancel()
	left := d.sweep(ctx)
	var there []madeObject
	for _, m := range slices.Backward(d.made) {
		if !slices.Contains(there, m) {
			there = append(there, m)
		}
	}
	for before := len(there) + 1; len(there) > 0 && len(there) < before; {
		before = len(there)
		there = slices.DeleteFunc(there, func(m madeObject) bool { return d.remove(ctx, m) })
	}
	for _, m := range there {
		left = append(left, d.named(m))
	}
	if len(left) > 0 && len(d.Requirements()) > 0 {
		d.Note(d.Requirements()[0], "Rollcall made these and could not delete them again: %s", strings.Join(left, ", "))
	}
}

// named says which object of the target one is.
func (d *desk) named(m madeObject) string {
	return "/" + d.Service.CollectionOf(m.kind).Name + "/" + d.Own(m.id)
}

// remove deletes an object, and tells whether it is gone: a provider may have said so and
// not done it.
func (d *desk) remove(ctx context.Context, m madeObject) bool {
	r := d.send(ctx, http.MethodDelete, d.of(http.MethodDelete, m.kind).PathFor(m.id), nil)
	if r.Status == http.StatusNotFound || r.Status == http.StatusGone {
		return true
	}
	_, seen, there := d.read(ctx, m.kind, m.id)
	return !there && !unread(seen)
}

// sweep takes away what lies elsewhere than it was put: a provider that gives ids of its own
// keeps the texts, by which what this check has made can be told. It names what it couldn't.
func (d *desk) sweep(ctx context.Context) (left []string) {
	for _, kind := range slices.Backward(d.kinds()) {
		if !d.astray[kind] {
			continue
		}
		for _, id := range d.strays(ctx, kind) {
			m := madeObject{kind, id}
			if !slices.Contains(d.made, m) && !d.remove(ctx, m) {
				left = append(left, d.named(m))
			}
		}
	}
	return left
}

// strays finds the objects of a kind that have the check's mark: by a filter on a text that was
// sent, and where that finds nothing by a walk.
func (d *desk) strays(ctx context.Context, kind string) []string {
	list := d.Service.CollectionOf(kind).List
	for _, name := range slices.Concat(d.Service.Kinds[kind].Labels, d.Service.Kinds[kind].Sent) {
		if d.Service.Kinds[kind].TypeOf(name) != service.Text {
			continue
		}
		page := d.List(ctx, list.Path, list.Wrapper, Query("limit", "1000", "filter", name+"~"+quote(d.mark)))
		if ids := d.marked(page); len(ids) > 0 {
			return ids
		}
	}
	var out []string
	for offset, walked := 0, 0; walked < pagesWalked; walked++ {
		page := d.List(ctx, list.Path, list.Wrapper, Query("limit", "1000", "offset", fmt.Sprint(offset)))
		if !page.OK() || len(page.IDs) == 0 {
			break
		}
		out = append(out, d.marked(page)...)
		offset += len(page.IDs)
	}
	return out
}

// marked gives the ids of those objects of a page that this check has made.
func (d *desk) marked(page *Page) (ids []string) {
	if !page.OK() {
		return nil
	}
	for _, raw := range page.Objects {
		var object struct {
			ID     string `json:"sourcedId"`
			Status string `json:"status"`
		}
		if strings.Contains(string(raw), d.mark) && json.Unmarshal(raw, &object) == nil && object.ID != "" && object.Status != "tobedeleted" {
			ids = append(ids, object.ID)
		}
	}
	return ids
}
