package provider

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

func (p *Provider) read(c *Call, s *service.Service, op service.Operation) reply {
	kind := s.Kinds[op.Kind]
	if a, wrong := p.parameters(c); wrong {
		return a
	}
	fields, unknown := fieldsOf(c.Query["fields"], kind)
	if unknown != "" && (p.version != "1.1" || c.Query.Get("fields") == "") {
		c.Problems = append(c.Problems, Problem{"parameter", "properties of the objects for fields", unknown, "fields"})
		return p.refuse(http.StatusBadRequest, p.minor("invalid_selection_field"), "There is no such property: "+unknown)
	}
	c.fields = fields
	if unknown != "" {
		c.warnings = append(c.warnings, "invalid_selection_field")
	}
	collection := s.CollectionOf(op.Kind).Name
	segments, pattern := strings.Split(strings.Trim(c.Path, "/"), "/"), op.Segments()
	ids := map[string]string{}
	for i, seg := range pattern {
		if strings.HasPrefix(seg, "{") {
			id, _ := url.PathUnescape(segments[i])
			ids[pattern[i-1]] = id
		}
	}
	if op.Single {
		name := pattern[len(pattern)-2]
		for _, o := range p.derived(p.objects[collection], name, collection) {
			if o["sourcedId"] == ids[name] {
				return p.say(http.StatusOK, map[string]any{op.Wrapper: p.shaped(o, fields)})
			}
		}
		return p.refuse(http.StatusNotFound, p.minor("unknownobject"), "Unknown Object: there is no such object.")
	}
	list := p.objects[collection]
	if len(ids) == 0 || collection != "users" { // who is taught in a class is told by enrollments alone
		list = p.derived(list, pattern[len(pattern)-1], collection)
	}
	if len(ids) > 0 {
		parents, there := p.parents(ids)
		if !there {
			return p.refuse(http.StatusNotFound, p.minor("unknownobject"), "Unknown Object: what this lies below isn't there.")
		}
		list = p.below(list, op, parents)
	}
	if filter := c.Query.Get("filter"); filter != "" {
		chosen, why := parse(filter, kind)
		if why != "" {
			c.Problems = append(c.Problems, Problem{"filter", "a filter of the grammar", why, "filter"})
			return p.refuse(http.StatusBadRequest, p.minor("invalid_filter_field"), why)
		}
		for _, one := range slices.Concat(chosen...) {
			if one.kind != service.DateTime || one.name == "dateLastModified" {
				continue // see parameters
			}
			if _, err := time.Parse(time.RFC3339Nano, one.value); err != nil {
				c.Problems = append(c.Problems, Problem{"date", "a date-time with its offset", one.value, "filter"})
			}
		}
		list = chosen.left(list)
	}
	if by := c.Query.Get("sort"); by != "" {
		switch of, known := typeOf(kind, by); {
		case known:
			list = sorted(list, by, of, c.Query.Get("orderBy") == "desc")
		case p.version == "1.1":
			c.warnings = append(c.warnings, "invalid_sort_field")
		default:
			c.Problems = append(c.Problems, Problem{"parameter", "a property of the objects for sort", by, "sort"})
			return p.refuse(http.StatusBadRequest, p.minor("invalid_sort_field"), "There is no such property: "+by)
		}
	}
	if p.behaviour.Reversed {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return p.page(c, op, list)
}

// single are parameters that come once at most.
var single = []string{"limit", "offset", "sort", "orderBy", "filter"}

func (p *Provider) parameters(c *Call) (reply, bool) {
	wrong := func(kind, expected, seen, where string) (reply, bool) {
		c.Problems = append(c.Problems, Problem{kind, expected, seen, where})
		return p.refuse(http.StatusBadRequest, "invaliddata", expected), true
	}
	if c.Header.Get("Accept") != "" && !strings.Contains(c.Header.Get("Accept"), "json") && !strings.Contains(c.Header.Get("Accept"), "*/*") {
		c.Problems = append(c.Problems, Problem{"media", "application/json", c.Header.Get("Accept"), "header Accept"})
	}
	if strings.ContainsAny(c.RawQuery, " \"<>’") {
		c.Problems = append(c.Problems, Problem{"encoding", "percent-encoded values", "a sign as it is", "query"})
	}
	if f := c.Query.Get("filter"); strings.Contains(f, "dateLastModified") {
		if v := f[strings.Index(f, "dateLastModified"):]; strings.Contains(v, "'") {
			v = strings.Split(v, "'")[1]
			if _, err := time.Parse(time.RFC3339Nano, v); err != nil {
				c.Problems = append(c.Problems, Problem{"date", "a date-time with its offset", v, "filter"})
			}
		}
	}
	for name, values := range c.Query {
		if len(values) > 1 && slices.Contains(single, name) {
			return wrong("parameter", "the parameter "+name+" once", fmt.Sprintf("%d times", len(values)), name)
		}
		switch name {
		case "limit", "offset":
			n, err := strconv.Atoi(values[0])
			if err != nil || n < 0 || name == "limit" && n == 0 {
				return wrong("parameter", "a whole number for "+name, values[0], name)
			}
		case "orderBy":
			if values[0] != "asc" && values[0] != "desc" {
				return wrong("parameter", "asc or desc for orderBy", values[0], name)
			}
		case "sort", "filter", "fields":
		case "access_token":
			c.Problems = append(c.Problems, Problem{"token-in-url", "no token in the address", "access_token", name})
		default:
			c.Problems = append(c.Problems, Problem{"parameter", "a parameter of the standard", name, name})
		}
	}
	return reply{}, false
}

// derived keeps what belongs into a part of a collection.
func (p *Provider) derived(list []map[string]any, name, collection string) []map[string]any {
	has := func(o map[string]any, role string) bool {
		if p.version == "1.1" {
			return o["role"] == role
		}
		roles, _ := o["roles"].([]any)
		return slices.ContainsFunc(roles, func(r any) bool { return r.(map[string]any)["role"] == role })
	}
	var fits func(map[string]any) bool
	switch {
	case collection == "orgs" && name == "schools":
		fits = func(o map[string]any) bool { return o["type"] == "school" }
	case collection == "academicSessions" && name == "terms":
		fits = func(o map[string]any) bool { return o["type"] == "term" || o["type"] == "semester" }
	case collection == "academicSessions" && name == "gradingPeriods":
		fits = func(o map[string]any) bool { return o["type"] == "gradingPeriod" }
	case collection == "users" && name == "students":
		fits = func(o map[string]any) bool { return has(o, "student") }
	case collection == "users" && name == "teachers":
		fits = func(o map[string]any) bool { return has(o, "teacher") }
	default:
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(o map[string]any) bool { return !fits(o) })
}
