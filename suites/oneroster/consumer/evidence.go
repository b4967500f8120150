package consumer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
)

// mostCalls bounds the calls that are shown with a finding.
const mostCalls = 6

// findings words differences: those of one kind in one collection are one.
func (j *judge) findings(t *harness.T, s *occasion, list []difference) (out []harness.Finding) {
	groups := map[string][]difference{}
	var order []string
	for _, d := range list {
		key := d.collection + " " + d.what + " " + d.member
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], d)
	}
	for _, key := range order {
		group := groups[key]
		d := group[0]
		var ids []string
		for _, one := range group[:min(len(group), 4)] {
			ids = append(ids, t.Own(one.id))
		}
		where := d.collection + " " + strings.Join(ids, ", ")
		if len(group) > len(ids) {
			where += fmt.Sprintf(" and %d more", len(group)-len(ids))
		}
		f := harness.Finding{Where: where, Count: len(group)}
		switch d.what {
		case value:
			f.Expected = fmt.Sprintf("%s %q, as the provider has it", d.member, t.Own(d.want))
			f.Seen = fmt.Sprintf("the product holds %s %q", d.member, t.Own(d.got))
			if f.Seen += j.earlier(t, s, d); d.got == "" {
				f.Seen = fmt.Sprintf("the product holds no %s", d.member) + j.earlier(t, s, d)
			}
		default:
			f.Expected = d.want + ": the provider has it as " + j.standing(s, d)
			if s.truth[d.collection][d.id] == nil && !j.gone[d.object()] {
				f.Expected = d.want // which says that already
			}
			f.Seen = d.got + j.earlier(t, s, d)
		}
		out = append(out, j.with(t, s, group, f))
	}
	return out
}

// standing words what the provider has of an object.
func (j *judge) standing(s *occasion, d difference) string {
	switch object := s.truth[d.collection][d.id]; {
	case object == nil:
		return "gone"
	case scalar(object["status"]) == "tobedeleted":
		return "tobedeleted"
	case !active(object):
		return "switched off"
	}
	return "active"
}

// earlier words what the product held before.
func (j *judge) earlier(t *harness.T, s *occasion, d difference) string {
	was := j.memory.object(s.heldBefore, d.collection, d.id)
	switch {
	case was == nil:
		return "; before the sync it didn't hold it"
	case !active(was):
		return "; before the sync it held it flagged or switched off"
	case d.what == value:
		return fmt.Sprintf("; before the sync %q", t.Own(written(was[d.member])))
	}
	return "; before the sync it held it"
}

// words names some objects of differences.
func (j *judge) words(t *harness.T, list []difference) string {
	var out []string
	for _, d := range list[:min(3, len(list))] {
		text := d.collection + " " + t.Own(d.id)
		if d.member != "" {
			text += " (" + d.member + ")"
		}
		out = append(out, text)
	}
	if len(list) > len(out) {
		out = append(out, fmt.Sprintf("%d more", len(list)-len(out)))
	}
	return strings.Join(out, ", ")
}

// with puts the calls to a finding that tell most of it, and what was done.
func (j *judge) with(t *harness.T, s *occasion, about []difference, f harness.Finding) harness.Finding {
	if s == nil {
		return f
	}
	if f.Sent == "" {
		f.Sent = fmt.Sprintf("%s (%s)", s.phase, s.mode)
	}
	f.Exchanges = append(f.Exchanges, watch(t, telling(s.calls, about)...)...)
	return f
}

// telling picks the calls that tell most of differences: what went wrong first, then those of the collections.
func telling(calls []provider.Call, about []difference) (out []provider.Call) {
	add := func(fits func(provider.Call) bool) {
		for _, c := range calls {
			if len(out) < mostCalls && fits(c) && !slices.ContainsFunc(out, func(o provider.Call) bool { return o.Number == c.Number }) {
				out = append(out, c)
			}
		}
	}
	add(func(c provider.Call) bool { return c.Trouble != "" })
	add(func(c provider.Call) bool {
		return slices.ContainsFunc(about, func(d difference) bool { return strings.Contains(c.Path, "/"+d.collection) })
	})
	add(func(c provider.Call) bool { return c.Status >= 400 })
	if len(out) == 0 {
		out = calls[:min(len(calls), mostCalls)]
	}
	return out
}

// bodyOf is what a call sent, as far as it is kept.
func bodyOf(c provider.Call) string {
	if !c.Cut() {
		return string(c.Body)
	}
	return fmt.Sprintf("%s… (%d bytes, SHA-256 %s)", c.Body, c.Size, c.Sum)
}

// watch takes calls into the evidence of a check, and gives their ids.
func watch(t *harness.T, calls ...provider.Call) (out []string) {
	for _, c := range calls[:min(len(calls), mostCalls)] {
		out = append(out, t.Watch(harness.Watched{Started: c.Started, Ended: c.Ended, Method: c.Method, URL: c.URL, Request: c.Header,
			Body: bodyOf(c), Form: strings.HasPrefix(c.Header.Get("Content-Type"), "application/x-www-form-urlencoded"),
			Status: c.Status, Response: c.Response, Answer: c.Answer}))
	}
	return out
}

var _ = http.MethodGet
var _ time.Time
