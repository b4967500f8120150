package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// shapes are what objects are like on the wire, in either version.
var shapes, shapesV1P1 = func() (now, old map[store.Collection]reflect.Type) {
	now, old = map[store.Collection]reflect.Type{}, sis.V1P1().Objects
	for _, service := range sis.Services() {
		for c, t := range service.Objects {
			if service.Dialect == nil {
				now[c] = t
			}
		}
	}
	return now, old
}()

// object reads one object, leniently. What isn't one is handed on as it is.
func (s *Source) object(ctx context.Context, c store.Collection, raw json.RawMessage) (sync.Object, error) {
	if !s.v11 {
		if o, is := exact(c, raw); is {
			return o, nil
		}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var members map[string]any
	if err := d.Decode(&members); err != nil || members == nil {
		return sync.Object{Collection: c, Status: sync.Active, Body: raw}, nil
	}
	shape := shapes[c]
	if s.v11 {
		shape = shapesV1P1[c]
	}
	tidy, _ := fit(members, shape)
	of, _ := tidy.(map[string]any)
	o := sync.Object{Collection: c, SourcedID: text(of["sourcedId"]), Status: status(of["status"])}
	of["status"] = o.Status
	o.Modified = instant(text(of["dateLastModified"]))
	delete(of, "dateLastModified")
	if !o.Modified.IsZero() {
		of["dateLastModified"] = o.Modified.Format(oneroster.TimestampLayout)
	}
	if s.v11 {
		if err := s.modern(ctx, c, of); err != nil {
			return o, err
		}
		s.remember(c, o.SourcedID, of)
	}
	body, err := json.Marshal(of)
	if err != nil {
		return o, fmt.Errorf("an object of %s: %w", c, err)
	}
	o.Body = body
	return o, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// status reads a status in any case. What 1.0 calls inactive is to be deleted since 1.1; what has
// none, or one that nobody knows, is there, and so it is active.
func status(v any) string {
	switch strings.ToLower(strings.TrimSpace(text(v))) {
	case sync.ToBeDeleted, "inactive", "to be deleted", "deleted":
		return sync.ToBeDeleted
	}
	return sync.Active
}

// instant reads a time as it is written in the field: with or without a fraction, an offset, a
// time of day. Without an offset it is UTC.
func instant(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999",
		"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

var (
	dateType      = reflect.TypeFor[oneroster.Date]()
	dateTimeType  = reflect.TypeFor[oneroster.DateTime]()
	numberType    = reflect.TypeFor[json.Number]()
	referenceType = reflect.TypeFor[oneroster.Reference]()
)

// fit brings a value into the shape that it should have. Null, members that the standard doesn't
// know and what can't be read as what it should be are left out: kept is false.
func fit(v any, shape reflect.Type) (fitted any, kept bool) {
	if shape == nil || v == nil {
		return v, v != nil
	}
	if shape.Kind() == reflect.Pointer {
		return fit(v, shape.Elem())
	}
	switch shape {
	case numberType:
		n, err := strconv.ParseFloat(strings.TrimSpace(fmt.Sprint(v)), 64)
		if err != nil || n != n || n-n != 0 {
			return nil, false
		}
		return json.Number(strconv.FormatFloat(n, 'f', -1, 64)), true
	case dateType:
		return fitDate(v)
	case dateTimeType:
		at := instant(text(v))
		if at.IsZero() {
			return nil, false
		}
		return at.Format(oneroster.TimestampLayout), true
	case referenceType:
		return fitReference(v)
	}
	switch shape.Kind() {
	case reflect.String:
		return fitText(v)
	case reflect.Slice:
		return fitList(v, shape.Elem())
	case reflect.Struct:
		members, is := v.(map[string]any)
		if !is {
			return nil, false
		}
		out := map[string]any{}
		fitMembers(members, shape, out)
		return out, true
	}
	_, object := v.(map[string]any) // metadata
	return v, object
}

func fitMembers(members map[string]any, shape reflect.Type, out map[string]any) {
	for i := range shape.NumField() {
		field := shape.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			fitMembers(members, field.Type, out)
			continue
		}
		if value, kept := fit(members[name], field.Type); kept {
			out[name] = value
		}
	}
}

func fitText(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	}
	return nil, false
}

// fitDate takes the day of a time as well, as it is written.
func fitDate(v any) (any, bool) {
	s := strings.TrimSpace(text(v))
	if len(s) > len(time.DateOnly) && !instant(s).IsZero() {
		s = s[:len(time.DateOnly)]
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return nil, false
	}
	return s, true
}

// fitReference reads a reference, which may be nothing but a sourcedId.
func fitReference(v any) (any, bool) {
	if id, is := fitText(v); is {
		v = map[string]any{"sourcedId": id}
	}
	members, is := v.(map[string]any)
	if !is {
		return nil, false
	}
	id, _ := fitText(members["sourcedId"])
	if id == nil {
		id, _ = fitText(members["sourceId"])
	}
	if id == nil || id == "" {
		return nil, false
	}
	return map[string]any{"href": text(members["href"]), "sourcedId": id, "type": text(members["type"])}, true
}

// fitList reads a list, which may be a single element, or a text with commas.
func fitList(v any, element reflect.Type) (any, bool) {
	list, is := v.([]any)
	if !is {
		list = []any{v}
		if s, is := v.(string); is && element.Kind() == reflect.String {
			list = nil
			for part := range strings.SplitSeq(s, ",") {
				if part = strings.TrimSpace(part); part != "" {
					list = append(list, part)
				}
			}
		}
	}
	out := []any{}
	for _, x := range list {
		if fitted, kept := fit(x, element); kept {
			out = append(out, fitted)
		}
	}
	return out, true
}

// modern makes an object of 1.2 of one of 1.1.
func (s *Source) modern(ctx context.Context, c store.Collection, of map[string]any) error {
	switch c {
	case sis.Users:
		return s.modernUser(ctx, of)
	case "lineItems":
		class := idOf(of["class"])
		if class == "" || of["school"] != nil {
			return nil
		}
		school, err := s.lookUp(ctx, sis.Classes, class)
		if school != "" {
			of["school"] = map[string]any{"href": "", "sourcedId": school, "type": "org"}
		}
		return err
	}
	return nil
}

// modernUser gives a user the one role of 1.1 in each org. An administrator is one of a district or
// of a school, by the type of the org.
func (s *Source) modernUser(ctx context.Context, of map[string]any) error {
	role := text(of["role"])
	orgs, _ := of["orgs"].([]any)
	delete(of, "role")
	delete(of, "orgs")
	roles := []any{}
	for _, org := range orgs {
		name := role
		if role == "administrator" {
			kind, err := s.lookUp(ctx, sis.Orgs, idOf(org))
			if err != nil {
				return err
			}
			name = sis.AdministratorOf(kind)
		}
		roles = append(roles, map[string]any{"roleType": "primary", "role": name, "org": org})
	}
	of["roles"] = roles
	return nil
}

func idOf(reference any) string {
	members, _ := reference.(map[string]any)
	return text(members["sourcedId"])
}

// remember keeps what other objects of 1.1 need to become those of 1.2: the types of orgs and the
// schools of classes.
func (s *Source) remember(c store.Collection, sourcedID string, of map[string]any) {
	value := text(of["type"])
	switch c {
	case sis.Orgs:
	case sis.Classes:
		value = idOf(of["school"])
	default:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[string(c)+"/"+sourcedID] = value
}

func (s *Source) recall(c store.Collection, sourcedID string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, known := s.known[string(c)+"/"+sourcedID]
	return value, known
}
