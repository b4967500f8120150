package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/fixtures"
	csv "github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// An object over REST is made of rows of several files: a user has roles, profiles and resources. Each file of a bundle
// says by itself whether it is all there is, what changed, or absent (OneRoster 1.2 CSV Binding, sections 4 and 5). So a
// bundle may have a part of an object alone; the rest is what is held of it.

// part is a member of objects of which the rows stand in a file of their own.
type part struct {
	of     store.Collection
	file   string
	owner  string // the column that names the object
	member string
	// merge puts rows of a delta into what is held of the member.
	merge func(object map[string]any, held any, rows []fixtures.Row) any
}

var parts = []part{
	{sis.Users, "roles", "userSourcedId", "roles", mergeRoles},
	{sis.Users, "userProfiles", "userSourcedId", "userProfiles", mergeProfiles},
	{sis.Users, string(resources.UserResources), "userSourcedId", "resources", mergeResources},
	{sis.Classes, string(resources.ClassResources), "classSourcedId", "resources", mergeResources},
	{sis.Courses, string(resources.CourseResources), "courseSourcedId", "resources", mergeResources},
	{gradebook.LineItems, "lineItemScoreScales", "lineItemSourcedId", "scoreScale", mergeScale},
	{gradebook.LineItems, "lineItemLearningObjectiveIds", "lineItemSourcedId", "learningObjectiveSet", mergeObjectives},
	{gradebook.Results, "resultScoreScales", "resultSourcedId", "scoreScale", mergeScale},
	{gradebook.Results, "resultLearningObjectiveIds", "resultSourcedId", "learningObjectiveSet", mergeScores},
	// Who is whose child follows from rows of the same file.
	{sis.Orgs, "orgs", "parentSourcedId", "children", mergeChildren},
	{sis.AcademicSessions, "academicSessions", "parentSourcedId", "children", mergeChildren},
}

// merging is what a bundle has of objects of one collection that it doesn't have as a whole.
type merging struct {
	parts []part
	// rows are those of deltas, by file and object.
	rows map[string]map[string][]fixtures.Row
	// alone are objects of which the bundle has a part and no row of their own.
	alone []string
}

// merging tells what of a collection is to be completed by what is held; nil: nothing is.
func (s *Source) merging(c store.Collection) (*merging, error) {
	m := &merging{rows: map[string]map[string][]fixtures.Row{}}
	mentioned := map[string]bool{}
	for _, p := range parts {
		whole := s.csv.Has(p.file) && !s.delta(p.file)
		switch {
		case p.of != c || s.old() && p.file == "roles":
			continue
		case whole && (!s.csv.Has(string(c)) || s.delta(string(c))):
			return nil, fmt.Errorf("%s.csv is bulk, and %s.csv isn't: %w", p.file, c, ErrIncomplete)
		case whole:
			continue
		}
		m.parts = append(m.parts, p)
		if !s.delta(p.file) {
			continue
		}
		m.rows[p.file] = map[string][]fixtures.Row{}
		for row := range s.csv.Rows(p.file) {
			row.Values = slices.Clone(row.Values)
			if owner := row.Value(p.owner); owner != "" {
				mentioned[owner] = true
				m.rows[p.file][owner] = append(m.rows[p.file][owner], row)
			}
		}
	}
	if len(m.parts) == 0 {
		return nil, s.csv.Err()
	}
	if len(mentioned) > 0 {
		for row := range s.csv.Rows(string(c)) {
			delete(mentioned, row.Value("sourcedId"))
		}
		m.alone = slices.Sorted(maps.Keys(mentioned))
	}
	return m, s.csv.Err()
}

// old tells whether the bundle is of 1.1.
func (s *Source) old() bool { return strings.HasPrefix(s.csv.Version, "1.1") }

// complete completes objects by what is held of them.
func (m *merging) complete(ctx context.Context, r sync.Reading, objects []sync.Object) error {
	ids := make([]string, len(objects))
	for i := range objects {
		ids[i] = objects[i].SourcedID
	}
	held := make([]map[string]any, len(objects))
	if r.Held != nil {
		err := r.Held(ctx, r.Collection, ids, func(n int, body []byte) error {
			var err error
			held[n], err = decoded(oneroster.AppendDocument(nil, body, oneroster.Addresses{}))
			return err
		})
		if err != nil {
			return fmt.Errorf("looking up what is held: %w", err)
		}
	}
	for i := range objects {
		o := &objects[i]
		members := held[i]
		if o.Body != nil {
			var err error
			if members, err = decoded(o.Body); err != nil {
				return err
			}
		} else if members == nil {
			o.Unfit = "the bundle has a part of it, and nobody has the rest"
			continue
		} else {
			members = maps.Clone(members)
			o.Status, _ = members["status"].(string)
		}
		for _, p := range m.parts {
			member := held[i][p.member]
			if rows := m.rows[p.file][o.SourcedID]; len(rows) > 0 {
				member = p.merge(members, member, rows)
			} else if p.file == "roles" && held[i] != nil {
				keepRoleIDs(members, held[i])
			}
			if delete(members, p.member); member != nil {
				members[p.member] = member
			}
		}
		body, err := json.Marshal(members)
		if err != nil {
			return fmt.Errorf("completing %s: %w", o.SourcedID, err)
		}
		o.Body = body
	}
	return nil
}

func decoded(body []byte) (out map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	return out, nil
}

func gone(row fixtures.Row) bool { return row.Value("status") == sync.ToBeDeleted }

func reference(kind, id string) map[string]any { return map[string]any{"sourcedId": id, "type": kind} }

func idOf(v any) string {
	m, _ := v.(map[string]any)
	id, _ := m["sourcedId"].(string)
	return id
}

func list(v any) []any { l, _ := v.([]any); return slices.Clone(l) }

// filled leaves out what is blank.
func filled(pairs ...string) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	return out
}

// orNone is a list, or nothing where it is empty.
func orNone(l []any) any {
	if len(l) == 0 {
		return nil
	}
	return l
}

// keepRoleIDs keeps which rows of roles.csv the roles of a user came from.
func keepRoleIDs(object, held map[string]any) {
	from, _ := held["metadata"].(map[string]any)
	if ids := from[csv.RoleIDs]; ids != nil {
		setMetadata(object, csv.RoleIDs, ids)
	}
}

func setMetadata(object map[string]any, name string, value any) {
	metadata, _ := object["metadata"].(map[string]any)
	metadata = maps.Clone(metadata)
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata[name] = value
	object["metadata"] = metadata
}

func mergeRoles(object map[string]any, held any, rows []fixtures.Row) any {
	roles := list(held)
	user, _ := object["sourcedId"].(string)
	metadata, _ := object["metadata"].(map[string]any)
	kept, _ := metadata[csv.RoleIDs].(string)
	ids := csv.RoleIDsOf(user, kept, len(roles))
	for _, row := range rows {
		id := row.Value("sourcedId")
		at := slices.Index(ids, id)
		if gone(row) {
			if at < 0 { // as it came from elsewhere: by what it says
				at = slices.IndexFunc(roles, func(v any) bool {
					role, _ := v.(map[string]any)
					return role["role"] == row.Value("role") && idOf(role["org"]) == row.Value("orgSourcedId")
				})
			}
			if at >= 0 {
				roles, ids = slices.Delete(roles, at, at+1), slices.Delete(ids, at, at+1)
			}
			continue
		}
		role := filled("roleType", row.Value("roleType"), "role", row.Value("role"), "beginDate", row.Value("beginDate"),
			"endDate", row.Value("endDate"))
		role["org"] = reference("org", row.Value("orgSourcedId"))
		if profile := row.Value("userProfileSourcedId"); profile != "" {
			role["userProfile"] = csv.ProfileURN + profile
		}
		if at >= 0 {
			roles[at] = role
		} else {
			roles, ids = append(roles, role), append(ids, id)
		}
	}
	setMetadata(object, csv.RoleIDs, strings.Join(ids, ","))
	return roles
}

func mergeProfiles(_ map[string]any, held any, rows []fixtures.Row) any {
	return orNone(merged(list(held), rows, func(v any, row fixtures.Row) bool {
		profile, _ := v.(map[string]any)
		return profile["profileId"] == csv.ProfileURN+row.Value("sourcedId")
	}, func(row fixtures.Row) any {
		profile := filled("profileType", row.Value("profileType"), "vendorId", row.Value("vendorId"), "applicationId", row.Value("applicationId"),
			"description", row.Value("description"))
		profile["profileId"] = csv.ProfileURN + row.Value("sourcedId")
		profile["credentials"] = []any{filled("type", row.Value("credentialType"), "username", row.Value("username"), "password",
			row.Value("password"))}
		return profile
	}))
}

// merged puts rows in the place of the items that are the same, or behind them.
func merged(items []any, rows []fixtures.Row, same func(v any, row fixtures.Row) bool, item func(fixtures.Row) any) []any {
	for _, row := range rows {
		at := slices.IndexFunc(items, func(v any) bool { return same(v, row) })
		switch {
		case gone(row) && at >= 0:
			items = slices.Delete(items, at, at+1)
		case gone(row):
		case at >= 0:
			items[at] = item(row)
		default:
			items = append(items, item(row))
		}
	}
	return items
}

func mergeResources(_ map[string]any, held any, rows []fixtures.Row) any {
	return orNone(merged(list(held), rows, func(v any, row fixtures.Row) bool { return idOf(v) == row.Value("resourceSourcedId") },
		func(row fixtures.Row) any { return reference("resource", row.Value("resourceSourcedId")) }))
}

func mergeScale(_ map[string]any, held any, rows []fixtures.Row) any {
	for _, row := range rows {
		switch scale := row.Value("scoreScaleSourcedId"); {
		case !gone(row):
			held = reference("scoreScale", scale)
		case idOf(held) == scale:
			held = nil
		}
	}
	return held
}

func mergeObjectives(_ map[string]any, held any, rows []fixtures.Row) any {
	return mergeSets(held, "learningObjectiveIds", rows, func(v any, row fixtures.Row) bool { return v == row.Value("learningObjectiveId") },
		func(row fixtures.Row) any { return row.Value("learningObjectiveId") })
}

func mergeScores(_ map[string]any, held any, rows []fixtures.Row) any {
	return mergeSets(held, "learningObjectiveResults", rows, func(v any, row fixtures.Row) bool {
		score, _ := v.(map[string]any)
		return score["learningObjectiveId"] == row.Value("learningObjectiveId")
	}, func(row fixtures.Row) any {
		score := filled("learningObjectiveId", row.Value("learningObjectiveId"), "textScore", row.Value("textScore"))
		if n := row.Value("score"); n != "" {
			score["score"] = json.Number(n)
		}
		return score
	})
}

// mergeSets does so for learning objectives, which stand in one set for each source of them.
func mergeSets(held any, member string, rows []fixtures.Row, same func(any, fixtures.Row) bool, item func(fixtures.Row) any) any {
	sets := list(held)
	for _, row := range rows {
		source := row.Value("source")
		at := slices.IndexFunc(sets, func(v any) bool { set, _ := v.(map[string]any); return set["source"] == source })
		if at < 0 {
			at, sets = len(sets), append(sets, map[string]any{"source": source})
		}
		set, _ := sets[at].(map[string]any)
		items := merged(list(set[member]), []fixtures.Row{row}, same, item)
		if len(items) == 0 {
			sets = slices.Delete(sets, at, at+1)
			continue
		}
		set = maps.Clone(set)
		set[member] = items
		sets[at] = set
	}
	return orNone(sets)
}

// mergeChildren adds who names the object as the parent: who named it before and names another one now still stands
// there until a bulk bundle comes, for nothing tells of whom it was the child.
func mergeChildren(object map[string]any, held any, rows []fixtures.Row) any {
	kind := "org"
	if object["startDate"] != nil {
		kind = "academicSession"
	}
	return orNone(merged(list(held), rows, func(v any, row fixtures.Row) bool { return idOf(v) == row.Value("sourcedId") },
		func(row fixtures.Row) any { return reference(kind, row.Value("sourcedId")) }))
}
