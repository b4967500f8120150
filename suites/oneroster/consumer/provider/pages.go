package provider

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

func (p *Provider) page(c *Call, op service.Operation, list []map[string]any) reply {
	limit, offset := 100, 0
	if n, err := strconv.Atoi(c.Query.Get("limit")); err == nil {
		limit = n
	}
	offset, _ = strconv.Atoi(c.Query.Get("offset"))
	limit, offset = min(limit, math.MaxInt32), min(offset, math.MaxInt32) // their sum is a number too, whatever is asked for
	b := p.behaviour
	if b.Cap > 0 {
		limit = min(limit, b.Cap)
	}
	if b.Still && strings.Contains(c.Query.Get("filter"), "dateLastModified") {
		list = nil
	}
	total := len(list)
	troubled := false
	if b.Trouble != "" && !b.Writes && !(p.signed && (b.Trouble == "token-ended" || b.Trouble == "token-stale")) &&
		(b.On == "" || collectionOf(op) == b.On) {
		troubled = p.due()
	}
	begin, end := min(offset, total), min(offset+limit, total)
	shown := list[begin:end]
	if troubled {
		switch b.Trouble {
		case "empty":
			shown, total = nil, 0
		case "lost-page":
			shown = nil
		case "twice":
			shown = list[max(0, begin-limit):max(0, min(begin-limit+limit, len(list)))]
		}
	}
	objects := []any{}
	for _, o := range shown {
		objects = append(objects, p.shaped(o, c.fields))
	}
	c.Offset, c.Count, c.Total = begin, len(objects), total
	body := map[string]any{op.Wrapper: objects}
	if len(c.warnings) > 0 {
		body["statusInfoSet"] = warning(c.warnings[0])
	}
	a := p.say(http.StatusOK, body)
	if !b.NoTotals {
		a.header["X-Total-Count"] = []string{strconv.Itoa(total)}
	}
	if !b.NoLinks {
		p.link(c, a, offset, limit, total)
	}
	if troubled {
		p.done++
		return p.trouble(c, a)
	}
	return a
}

func (p *Provider) link(c *Call, a reply, offset, limit, total int) {
	address := func(offset int) string {
		u, _ := url.Parse(c.URL)
		q := u.Query()
		q.Set("limit", strconv.Itoa(limit))
		q.Set("offset", strconv.Itoa(max(0, offset)))
		u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
		if p.behaviour.Links == "relative" {
			return "?" + u.RawQuery
		}
		return u.String()
	}
	links := map[string]int{"first": 0, "last": max(0, (total-1)/max(1, limit)*limit)}
	if offset+limit < total {
		links["next"] = offset + limit
	}
	if offset > 0 {
		links["prev"] = offset - limit
	}
	var all []string
	for _, rel := range slices.Sorted(maps.Keys(links)) {
		form := `<%s>; rel="%s"`
		if p.behaviour.Links == "unquoted" {
			form = `<%s>; title=x;REL=%s`
		}
		all = append(all, fmt.Sprintf(form, address(links[rel]), rel))
	}
	if a.header["Link"] = []string{strings.Join(all, ", ")}; p.behaviour.Links == "several" {
		a.header["Link"] = []string{strings.Join(all[:(len(all)+1)/2], ", "), strings.Join(all[(len(all)+1)/2:], ", ")}
	}
}
