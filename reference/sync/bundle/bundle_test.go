package bundle_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	csv "github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/bundle"
)

var imported = time.Date(2026, 9, 14, 3, 0, 0, 0, time.UTC)

func district(t *testing.T) fixtures.District {
	t.Helper()
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func written(t *testing.T, o csv.Options) *bundle.Source {
	t.Helper()
	dir := t.TempDir()
	if _, err := csv.WriteDir(dir, district(t), o); err != nil {
		t.Fatal(err)
	}
	s, err := bundle.New(dir, imported)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func read(t *testing.T, s *bundle.Source, r sync.Reading) ([]sync.Object, error) {
	t.Helper()
	var out []sync.Object
	err := s.Read(t.Context(), r, func(p sync.Page) error {
		out = append(out, p.Objects...)
		return nil
	})
	return out, err
}

func TestBulkHasWhatTheDistrictHas(t *testing.T) {
	active := map[store.Collection]map[string]bool{}
	for _, c := range sis.Collections() {
		active[c] = map[string]bool{}
		for d, err := range sis.Documents(t.Context(), district(t), c) {
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(d.Body), `"status":"active"`) {
				active[c][d.SourcedID] = true
			}
		}
	}
	for _, version := range []string{"1.1", "1.2"} {
		s := written(t, csv.Options{Version: version, Gradebook: true, Resources: true})
		if s.Delta() {
			t.Error("a bulk bundle is no delta")
		}
		for _, c := range s.Collections() {
			got, err := read(t, s, sync.Reading{Collection: c})
			if err != nil {
				t.Fatal(err)
			}
			if len(got) == 0 || len(got) > len(active[c]) {
				t.Errorf("%s %s: %d objects, and the district has %d", version, c, len(got), len(active[c]))
			}
			for _, o := range got {
				_, err := sis.Normalize(c, o.Body, o.SourcedID, o.Status, o.Modified, func(store.Collection, string) {})
				if err != nil || o.Status != sync.Active || !o.Modified.IsZero() || o.Collection != c || !active[c][o.SourcedID] {
					t.Fatalf("%s %s: %s of %s, %s: %v", version, c, o.Status, o.Modified, o.SourcedID, err)
				}
				if c == sis.Users && strings.Contains(string(o.Body), `"administrator"`) {
					t.Errorf("%s has a role of 1.1: %s", o.SourcedID, o.Body)
				}
			}
		}
		if users, _ := read(t, s, sync.Reading{Collection: sis.Users}); len(users) != len(active[sis.Users]) {
			t.Errorf("%s: %d users of %d", version, len(users), len(active[sis.Users]))
		}
	}
}

func TestDeltaHasWhatChanged(t *testing.T) {
	changed := map[store.Collection]int{}
	deleted := 0
	for _, x := range fixtures.Changes(district(t)) {
		changed[store.Collection(x.Collection)]++
		if x.Deleted {
			deleted++
		}
	}
	for _, version := range []string{"1.1", "1.2"} {
		s := written(t, csv.Options{Version: version, Delta: true})
		gone := 0
		for c, n := range changed {
			got, err := read(t, s, sync.Reading{Collection: c, Since: fixtures.Settled()})
			got = slices.DeleteFunc(got, func(o sync.Object) bool { return o.Unfit != "" }) // a part of what isn't held
			if err != nil || len(got) != n {
				t.Errorf("%s %s: %d objects of %d that changed: %v", version, c, len(got), n, err)
			}
			for _, o := range got {
				if o.Status == sync.ToBeDeleted {
					gone++
				}
				if o.Modified.Equal(imported) {
					t.Errorf("%s has not the dateLastModified of its row", o.SourcedID)
				}
			}
		}
		if !s.Delta() || gone != deleted {
			t.Errorf("%s: %d are to be deleted, not %d", version, gone, deleted)
		}
		if _, err := read(t, s, sync.Reading{Collection: sis.Users}); !errors.Is(err, bundle.ErrDelta) {
			t.Errorf("a delta was read as a whole roster: %v", err)
		}
	}
}

func TestGoesOnBehindAPage(t *testing.T) {
	s := written(t, csv.Options{})
	s.PageSize = 100
	all, err := read(t, s, sync.Reading{Collection: sis.Enrollments})
	if err != nil || len(all) < 201 {
		t.Fatalf("%d enrollments: %v", len(all), err)
	}
	enough := errors.New("enough")
	var first sync.Page
	err = s.Read(t.Context(), sync.Reading{Collection: sis.Enrollments}, func(p sync.Page) error { first = p; return enough })
	if !errors.Is(err, enough) || first.Next == "" {
		t.Fatalf("read on after an error of yield: %v", err)
	}
	rest, err := read(t, s, sync.Reading{Collection: sis.Enrollments, From: first.Next})
	if err != nil || len(first.Objects)+len(rest) != len(all) || rest[0].SourcedID != all[len(first.Objects)].SourcedID {
		t.Errorf("%d and %d are not %d: %v", len(first.Objects), len(rest), len(all), err)
	}
	if _, err := read(t, s, sync.Reading{Collection: sis.Enrollments, From: "-3"}); err == nil {
		t.Error("a place that is none was taken")
	}
}

func TestAbsentFilesSayNothing(t *testing.T) {
	s := written(t, csv.Options{})
	if _, err := read(t, s, sync.Reading{Collection: "scoreScales"}); !errors.Is(err, sync.ErrNotOffered) {
		t.Errorf("a file that is absent: %v", err)
	}
}

func TestRefusesWhatIsNotWhole(t *testing.T) {
	whole := t.TempDir()
	path := filepath.Join(whole, "bundle.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := csv.Write(f, district(t), csv.Options{}); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if s, err := bundle.New(path, imported); err != nil {
		t.Fatal(err)
	} else {
		s.Close()
	}
	data, _ := os.ReadFile(path)
	for _, n := range []int{0, 100, len(data) / 2, len(data) - 1} {
		cut := filepath.Join(whole, "cut.zip")
		if err := os.WriteFile(cut, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := bundle.New(cut, imported); err == nil {
			s.Close()
			t.Errorf("a bundle was taken of which %d bytes of %d came", n, len(data))
		}
	}
}

// What a delta has of an object is put into what is held of it, row by row; the rest stays.
func TestPartsAreMerged(t *testing.T) {
	const manifest = "propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.2\r\n"
	modes := map[string]string{}
	for _, c := range []string{"academicSessions", "categories", "classes", "classResources", "courses", "courseResources", "demographics",
		"enrollments", "lineItemLearningObjectiveIds", "lineItems", "lineItemScoreScales", "orgs", "resources", "resultLearningObjectiveIds",
		"results", "resultScoreScales", "roles", "scoreScales", "userProfiles", "userResources", "users"} {
		modes[c] = "absent"
	}
	const head = "sourcedId,status,dateLastModified,"
	const at = "2026-09-10T06:00:00.000Z,"
	roles := head + "userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\r\n"
	held := map[string]string{
		"users/u1": `{"sourcedId":"u1","status":"active","dateLastModified":"2026-09-01T06:00:00.000Z","enabledUser":"true","givenName":"Ann",` +
			`"familyName":"Lee","roles":[{"roleType":"primary","role":"teacher","org":{"sourcedId":"s1","type":"org"}}],` +
			`"resources":[{"sourcedId":"r1","type":"resource"}]}`,
		"orgs/d1": `{"sourcedId":"d1","status":"active","dateLastModified":"2026-09-01T06:00:00.000Z","name":"D","type":"district",` +
			`"children":[{"sourcedId":"s1","type":"org"}]}`,
		"classes/k1": `{"sourcedId":"k1","status":"active","dateLastModified":"2026-09-01T06:00:00.000Z","title":"K","resources":` +
			`[{"sourcedId":"r1","type":"resource"}]}`,
	}
	for name, test := range map[string]struct {
		files      map[string]string
		collection store.Collection
		id         string
		has        []string
		hasNot     []string
	}{
		"a role more": {map[string]string{"roles": roles + "o9,active," + at + "u1,secondary,parent,,,s1,\r\n"}, sis.Users, "u1",
			[]string{`"teacher"`, `"parent"`, `"Ann"`, `"r1"`, `u1-r1,o9`}, nil},
		"a role otherwise": {map[string]string{"roles": roles + "u1-r1,active," + at + "u1,primary,principal,,,s1,\r\n"}, sis.Users, "u1",
			[]string{`"principal"`, `"Ann"`}, []string{`"teacher"`}},
		"a role less": {map[string]string{"roles": roles + "u1-r1,tobedeleted," + at + "u1,primary,teacher,,,s1,\r\n" +
			"o9,active," + at + "u1,secondary,parent,,,s1,\r\n"}, sis.Users, "u1", []string{`"parent"`, `"Ann"`}, []string{`"teacher"`}},
		"a user without the rest": {map[string]string{"users": head + "enabledUser,username,userIds,givenName,familyName,middleName,identifier," +
			"email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,preferredMiddleName,preferredFamilyName," +
			"primaryOrgSourcedId,pronouns\r\nu1,active," + at + "true,ann,,Anna,Lee,,,,,,,,,,,,,,\r\n"}, sis.Users, "u1",
			[]string{`"Anna"`, `"teacher"`, `"r1"`}, []string{`"Ann"`}},
		"a resource less": {map[string]string{"userResources": head + "userSourcedId,orgSourcedId,classSourcedId,resourceSourcedId\r\n" +
			"x,tobedeleted," + at + "u1,,,r1\r\n"}, sis.Users, "u1", []string{`"teacher"`}, []string{`"r1"`}},
		"a resource of a class": {map[string]string{"classResources": head + "title,classSourcedId,resourceSourcedId\r\n" +
			"x,active," + at + ",k1,r2\r\n"}, sis.Classes, "k1", []string{`"r1"`, `"r2"`, `"K"`}, nil},
		"a profile": {map[string]string{"userProfiles": head + "userSourcedId,profileType,vendorId,applicationId,description,credentialType," +
			"username,password\r\nf1,active," + at + "u1,app,v,,,password,ann,\r\n"}, sis.Users, "u1", []string{`userProfile:f1`, `"Ann"`}, nil},
		"a child": {map[string]string{"orgs": head + "name,type,identifier,parentSourcedId\r\ns2,active," + at + "S,school,,d1\r\n"}, sis.Orgs,
			"d1", []string{`"s1"`, `"s2"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			text := manifest
			for file, mode := range modes {
				if test.files[file] != "" {
					mode = "delta"
				}
				text += "file." + file + "," + mode + "\r\n"
			}
			test.files["manifest"] = text
			for file, text := range test.files {
				if err := os.WriteFile(filepath.Join(dir, file+".csv"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s, err := bundle.New(dir, imported)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			got, err := read(t, s, sync.Reading{Collection: test.collection, Mode: sync.Delta, Held: func(_ context.Context, c store.Collection,
				ids []string, visit func(int, []byte) error) error {
				for n, id := range ids {
					if body := held[string(c)+"/"+id]; body != "" {
						if err := visit(n, []byte(body)); err != nil {
							return err
						}
					}
				}
				return nil
			}})
			at := slices.IndexFunc(got, func(o sync.Object) bool { return o.SourcedID == test.id })
			if err != nil || at < 0 || got[at].Unfit != "" || got[at].Status != sync.Active {
				t.Fatalf("%+v %v", got, err)
			}
			for _, text := range test.has {
				if !strings.Contains(string(got[at].Body), text) {
					t.Errorf("%s is not in %s", text, got[at].Body)
				}
			}
			for _, text := range test.hasNot {
				if strings.Contains(string(got[at].Body), text) {
					t.Errorf("%s is in %s", text, got[at].Body)
				}
			}
		})
	}
}
