package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/scan"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// export reads a CSV bundle.
func (d *Driver) export(ctx context.Context, e *Export) (*Held, error) {
	const where = "consumer.holds.export"
	dir, err := os.MkdirTemp("", "rollcall-export-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the export: %w", err)
	}
	defer os.RemoveAll(dir) // it holds the product's data
	path := e.File
	switch {
	case e.URL != "":
		path = filepath.Join(dir, "export.zip")
		if err := d.download(ctx, where, e, path); err != nil {
			return nil, err
		}
	case e.Command != "":
		written := filepath.Join(dir, "export")
		ran, err := act.Run(ctx, where+".command", e.Command, []string{"ROLLCALL_EXPORT=" + written}, time.Duration(d.section.Holds.Timeout), nil)
		switch {
		case err != nil:
			return nil, err
		case ran.Over:
			return nil, context.DeadlineExceeded
		case ran.Code != 0:
			return nil, act.Fault(where+".command", fmt.Sprintf("it ends with %d: %s", ran.Code, act.OrNothing(ran.Words)),
				"run it by hand, and let it end with 0 once the export is written")
		}
		if path == "" {
			path = written
			if _, err := os.Stat(path); err != nil {
				return nil, act.Fault(where+".command", "it wrote nothing to the path in ROLLCALL_EXPORT",
					"let it write a zip or a folder there, or say in file where it writes")
			}
		}
	}
	held, err := ReadBundle(ctx, path)
	var unreadable *scan.Unreadable
	if ctx.Err() != nil {
		return nil, context.DeadlineExceeded
	}
	if errors.As(err, &unreadable) || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) || errors.Is(err, errMuch) ||
		errors.Is(err, errNoBundle) {
		cause := err.Error()
		if errors.Is(err, errMuch) {
			cause = fmt.Sprintf("it has more than %d rows", maxCount)
		}
		return nil, act.Fault(where, "the export can't be read: "+cause,
			"look at it with `rollcall csv check`: a folder or a zip with the files of OneRoster CSV is wanted")
	}
	return held, err
}

func (d *Driver) download(ctx context.Context, where string, e *Export, path string) error {
	body, err := d.fetch(ctx, where, e.URL, e.Header)
	if err != nil {
		return err
	}
	defer body.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keeping the export: %w", err)
	}
	n, err := io.Copy(f, io.LimitReader(body, maxHeld+1))
	if closed := f.Close(); err == nil {
		err = closed
	}
	switch {
	case ctx.Err() != nil:
		return context.DeadlineExceeded
	case err != nil:
		return act.Fault(where+".url", fmt.Sprintf("what %s answers breaks off after %d bytes: %v", browser.Bare(e.URL), n, act.Plain(err)),
			"let the product send it whole")
	case n > maxHeld:
		return act.Fault(where+".url", fmt.Sprintf("what %s answers is longer than %d MiB", browser.Bare(e.URL), maxHeld>>20),
			"let it give what came from Rollcall alone: some thousands of objects")
	}
	return nil
}

var errNoBundle = errors.New("no file of OneRoster CSV is in it")

// ReadBundle reads what a bundle says of objects: a zip or a folder.
func ReadBundle(ctx context.Context, path string) (*Held, error) {
	b, err := source.Open(path, func(name string) bool {
		return slices.ContainsFunc(table.Versions(), func(version string) bool {
			v, err := table.Load(version)
			return err == nil && v.File(name) != nil
		})
	})
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if err := scan.Readable(b); err != nil {
		return nil, err
	}
	version, _ := scan.VersionOf(b)
	v, err := table.Load(version)
	if err != nil {
		return nil, err
	}
	r := &rows{held: &Held{Objects: Objects{}}, parts: map[string][]part{}}
	found := false
	for i := range v.Files {
		f := &v.Files[i]
		e := b.Entry(f.Name)
		if e == nil {
			continue
		}
		found = true
		err := scan.Rows(ctx, v, f, e, func(row *scan.Row) bool {
			r.count++
			return r.count <= maxCount && r.row(f, row)
		})
		if err != nil {
			return nil, err
		}
		if r.count > maxCount {
			return nil, errMuch
		}
	}
	if !found {
		return nil, errNoBundle
	}
	r.join()
	return r.held, nil
}

// rows gathers the rows of a bundle. What stands in files of its own there and within objects
// in JSON, such as roles, is joined at the end.
type rows struct {
	held  *Held
	parts map[string][]part
	count int
}

// part is one item of a list of an object.
type part struct {
	collection, id, member string
	item                   any
}

func (r *rows) row(f *table.File, row *scan.Row) bool {
	members := map[string]any{}
	for i, c := range f.Columns {
		text := strings.TrimSpace(string(row.Value(i)))
		if text == "" {
			continue
		}
		name, v := member(c, text)
		members[name] = v
	}
	id, _ := members["sourcedId"].(string)
	if id == "" {
		return true
	}
	if collection := collectionOf(f.Name); collection != "" {
		if !r.held.Objects.put(collection, id, members) {
			r.held.Twice = append(r.held.Twice, collection+"/"+id)
		}
		return true
	}
	if s, _ := members["status"].(string); strings.EqualFold(s, "tobedeleted") {
		return true
	}
	of := func(name string) string {
		m, _ := members[name].(map[string]any)
		id, _ := reference(m)
		return id
	}
	to := func(collection, owner, member string, item any) {
		r.parts[f.Name] = append(r.parts[f.Name], part{collection, of(owner), member, item})
	}
	switch f.Name {
	case "roles":
		role := map[string]any{"roleType": members["roleType"], "role": members["role"], "org": members["org"],
			"beginDate": members["beginDate"], "endDate": members["endDate"]}
		to("users", "user", "roles", role)
	case "classResources":
		to("classes", "class", "resources", members["resource"])
	case "courseResources":
		to("courses", "course", "resources", members["resource"])
	case "userResources":
		to("users", "user", "resources", members["resource"])
	case "userProfiles":
		to("users", "user", "userProfiles", map[string]any{"profileId": id, "profileType": members["profileType"],
			"vendorId":      members["vendorId"],
			"applicationId": members["applicationId"], "description": members["description"]})
	case "lineItemLearningObjectiveIds":
		to("lineItems", "lineItem", "learningObjectiveSet", map[string]any{"source": members["source"],
			"learningObjectiveIds": []any{members["learningObjectiveId"]}})
	case "resultLearningObjectiveIds":
		to("results", "result", "learningObjectiveSet", map[string]any{"source": members["source"], "learningObjectiveResults": []any{members}})
	case "lineItemScoreScales":
		to("lineItems", "lineItem", "scoreScale", members["scoreScale"])
	case "resultScoreScales":
		to("results", "result", "scoreScale", members["scoreScale"])
	}
	return true
}

// join puts parts into their objects.
func (r *rows) join() {
	for _, parts := range r.parts {
		for _, p := range parts {
			o := r.held.Objects[p.collection][p.id]
			switch {
			case o == nil || p.item == nil:
			case p.member == "scoreScale":
				o[p.member] = p.item
			default:
				list, _ := o[p.member].([]any)
				o[p.member] = append(list, p.item)
			}
		}
	}
}

// member gives a column's member of JSON, and its value.
func member(c table.Column, text string) (string, any) {
	refer := func(id string) any { return map[string]any{"sourcedId": strings.TrimSpace(id)} }
	each := func(make func(string) any) (out []any) {
		for _, item := range strings.Split(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				out = append(out, make(item))
			}
		}
		return out
	}
	plain := func(item string) any { return item }
	switch c.Kind {
	case table.Ref:
		return strings.TrimSuffix(c.Name, "SourcedId"), refer(text)
	case table.Refs:
		return strings.TrimSuffix(c.Name, "SourcedIds") + "s", each(refer)
	case table.Texts, table.Enums:
		return c.Name, each(plain)
	case table.UserIDs:
		return c.Name, pairs(text, "type", "identifier")
	case table.Scale:
		return c.Name, pairs(text, "itemValueLHS", "itemValueRHS")
	}
	return c.Name, text
}

// pairs reads {a:b}, {c:d}.
func pairs(text, left, right string) (out []any) {
	for _, item := range strings.Split(text, "}") {
		item = strings.TrimLeft(strings.TrimSpace(item), ",{ ")
		if a, b, ok := strings.Cut(item, ":"); ok {
			out = append(out, map[string]any{left: strings.TrimSpace(a), right: strings.TrimSpace(b)})
		}
	}
	return out
}
