package provider

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// required are the members that some kind of object must have.
var required = []string{"sourcedId", "status", "dateLastModified", "name", "type", "identifier", "title", "startDate", "endDate",
	"schoolYear",
	"classType", "course", "school", "terms", "enabledUser", "givenName", "familyName", "roles", "role", "orgs", "username", "user", "class",
	"vendorResourceId", "assignDate", "dueDate", "category", "lineItem", "student", "scoreStatus", "scoreDate", "scoreScaleValue", "score",
	"gradingPeriod", "resultValueMin", "resultValueMax", "org"}

func (p *Provider) shaped(o map[string]any, fields []string) map[string]any {
	o, _ = p.linked(o).(map[string]any)
	b := p.behaviour
	if b.Dates != "" {
		at, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(o["dateLastModified"]))
		switch b.Dates {
		case "offset":
			o["dateLastModified"] = at.In(time.FixedZone("", 2*3600)).Format("2006-01-02T15:04:05.000-07:00")
		case "zero":
			o["dateLastModified"] = at.UTC().Format("2006-01-02T15:04:05.000") + "+00:00"
		case "whole":
			o["dateLastModified"] = at.Add(999 * time.Millisecond).Truncate(time.Second).Format(time.RFC3339)
		}
	}
	if b.Unknown {
		o["vendorExtension"] = map[string]any{"a": []any{1, nil, true}}
	}
	if b.Minimal {
		for k := range o {
			if !slices.Contains(required, k) {
				delete(o, k)
			}
		}
	}
	if len(fields) > 0 {
		for k := range o {
			if !slices.ContainsFunc(fields, func(f string) bool { return f == k || strings.HasPrefix(f, k+".") }) {
				delete(o, k)
			}
		}
	}
	return o
}
