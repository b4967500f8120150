package scan

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/table"
)

// good is a small bulk bundle of 1.2 with a row in every file; | stands for a
// comma inside quotes.
var good = map[string]string{
	"academicSessions": `y1,,,Year,schoolYear,2026-08-01,2027-07-01,,2027
t1,,,Term,term,2026-08-17,2027-01-16,y1,2027
g1,,,Quarter,gradingPeriod,2026-08-17,2026-10-17,t1,2027`,
	"orgs": `d1,,,District,district,D,
s1,,,School,school,S,d1`,
	"courses":                      `c1,,,y1,Algebra,ALG,"09|10",s1,"Mathematics|Algebra","M1|M2"`,
	"resources":                    `r1,,,book,Book,"student|teacher",primary,v1,a1`,
	"classes":                      `k1,,,Algebra 1,09,c1,A-1,scheduled,Room 1,s1,t1,"Mathematics|Algebra","M1|M2","1|2"`,
	"users":                        "u1,,,true,ann,\"{LDAP:1}|{SIS:2}\",Ann,Lee,,1,ann@example.org,,,p1,\"09|10\",,,,,,s1,\nu2,,,true,tom,,Tom,Poe,,2,,,,,,,,,,,s1,\np1,,,true,pat,,Pat,Lee,,3,,,,,,,,,,,,",
	"userProfiles":                 `f1,,,u1,app,v,a,d,password,ann,`,
	"roles":                        "o1,,,u1,primary,student,,,s1,f1\no2,,,u2,primary,teacher,2026-08-01,2027-07-01,s1,\no3,,,p1,primary,parent,,,s1,",
	"demographics":                 `u1,,,2010-02-28,female,false,true,false,false,false,false,false,US,TX,Dallas,01652`,
	"enrollments":                  "e1,,,k1,s1,u1,student,false,2026-08-17,2027-01-16\ne2,,,k1,s1,u2,teacher,true,2026-08-17,2027-01-16",
	"classResources":               `x1,,,Book,k1,r1`,
	"courseResources":              `x1,,,Book,c1,r1`,
	"userResources":                `x1,,,u1,s1,k1,r1`,
	"categories":                   `a1,,,Homework,30`,
	"lineItems":                    `l1,,,Test,First,2026-09-01,2026-09-02,k1,a1,g1,0.0,100.0,s1`,
	"scoreScales":                  `z1,,,Letters,letter,s1,c1,k1,"{A:90-100}|{B:0-89}"`,
	"lineItemScoreScales":          `x1,,,Scale,l1,z1`,
	"lineItemLearningObjectiveIds": `x1,,,l1,case,urn:uuid:123e4567-e89b-42d3-a456-426614174000`,
	"results":                      `n1,,,l1,u1,fully graded,95.5,2026-09-03,Well done,A,k1,false,false,false,false`,
	"resultScoreScales":            `x1,,,Scale,n1,z1`,
	"resultLearningObjectiveIds":   `x1,,,n1,unknown,anything,3,`,
}

// bundle is the text of each file of a bundle, by name.
type bundle map[string]string

// goodBundle writes good with headers and a manifest.
func goodBundle(t testing.TB) bundle {
	t.Helper()
	v, err := table.Load("1.2")
	if err != nil {
		t.Fatal(err)
	}
	b := bundle{"manifest": "propertyName,value\r\nmanifest.version,1.0\r\noneroster.version,1.2\r\n"}
	for _, f := range v.Files {
		var names []string
		for _, c := range f.Columns {
			if !c.Retired {
				names = append(names, c.Name)
			}
		}
		rows := strings.ReplaceAll(strings.ReplaceAll(good[f.Name], "|", ","), "\n", "\r\n")
		b[f.Name] = strings.Join(names, ",") + "\r\n" + rows + "\r\n"
		b["manifest"] += "file." + f.Name + ",bulk\r\n"
	}
	b["manifest"] += "source.systemName,Test\r\n"
	return b
}

func (b bundle) zip(t testing.TB) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(mapKeys(b)) {
		w, err := z.Create(name + ".csv")
		if err == nil {
			_, err = w.Write([]byte(b[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "bundle.zip")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mapKeys(b bundle) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range b {
			if !yield(k) {
				return
			}
		}
	}
}

func scanned(t testing.TB, path string, o Options) *Result {
	t.Helper()
	src, err := source.Open(path, Known)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	r, err := Scan(context.Background(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func describe(r *Result) []string {
	var out []string
	for _, f := range r.Findings {
		e := Example{}
		if len(f.Examples) > 0 {
			e = f.Examples[0]
		}
		out = append(out, strings.TrimSpace(strings.Join([]string{f.Rule.ID, f.File, f.Column, e.Value, e.Detail}, " ")))
	}
	return out
}

func TestGoodBundle(t *testing.T) {
	b := goodBundle(t)
	for _, workers := range []int{1, 4} {
		r := scanned(t, b.zip(t), Options{Workers: workers})
		if r.Version != "1.2" || r.Rows != 29 || len(r.Findings) > 0 {
			t.Errorf("version %s, %d rows: %q", r.Version, r.Rows, describe(r))
		}
	}
}

// edit replaces one text in one file of the good bundle.
func TestBroken(t *testing.T) {
	for _, test := range []struct{ file, old, new, rule string }{
		{"users", "Ann,", ",", "users.givenName.required"},
		{"users", "true,ann", "True,ann", "users.enabledUser.vocabulary"},
		{"users", "{SIS:2}", "SIS:2", "users.userIds.format"},
		{"users", "p1,\"09", "p9,\"09", "users.agentSourcedIds.references"},
		{"users", ",p1,\"09", ",u1,\"09", "rules.agent-self"},
		{"users", "u2,,,true", "u1,,,true", "users.sourcedId.unique"},
		{"users", "u2,,,", "u2,active,2026-08-01T00:00:00.000Z,", "users.status.mode"},
		{"roles", "o3,,,p1,primary,parent", "o3,,,p1,primary,Parent", "roles.role.vocabulary"},
		{"roles", "o3,,,p1", "o3,,,u1", "rules.one-primary-role"},
		{"roles", "2026-08-01,2027-07-01", "2027-08-01,2027-07-01", "rules.role-dates"},
		{"roles", "parent,,,s1,", "parent,,,s1,f1", "rules.role-profile"},
		{"orgs", "D,", "D,s1", "rules.org-tree"},
		{"classes", ",s1,t1", ",d1,t1", "rules.class-school"},
		{"classes", ",t1,", ",y1,", "rules.class-term"},
		{"classes", "\"M1,M2\"", "M1", "rules.subjects"},
		{"courses", ",y1,", ",t1,", "rules.course-year"},
		{"demographics", "2010-02-28", "2010-02-30", "demographics.birthDate.format"},
		{"demographics", "u1,", "u9,", "demographics.sourcedId.references"},
		{"enrollments", "2026-08-17,2027-01-16\r\ne2", "2026-08-01,2027-01-16\r\ne2", "rules.enrollment-span"},
		{"enrollments", "student,false", "student,true", "rules.primary-student"},
		{"enrollments", "u1,student", "u1,proctor", "rules.result-enrolled"},
		{"results", "95.5", "101", "rules.result-range"},
		{"results", "l1,u1", "l1,u2", "rules.result-student"},
		{"lineItems", "0.0,100.0", "200,100.0", "rules.line-item-range"},
		{"lineItemLearningObjectiveIds", "urn:uuid:", "", "rules.objective-urn"},
		{"academicSessions", "2026-10-17,t1", "2027-10-17,t1", "rules.session-parent"},
		{"academicSessions", "term,2026", "Term,2026", "academicSessions.type.vocabulary"},
		{"results", "Well done", "\"Well\ndone\"", "text.line-break"},
		{"results", "Well done", "Well \"done", "text.quoting"},
		{"results", "Well done", "Well done\xff", "text.utf8"},
		{"results", "Well done", "Well done,", "text.width"},
		{"results", "comment", "Comment", "header.case"},
		{"results", "comment,", "", "header.complete"},
		{"results", "missing", "missing,extra", "header.unknown"},
		{"manifest", "oneroster.version,1.2", "oneroster.version,1.20", "manifest.oneroster-version"},
		{"manifest", "manifest.version,1.0", "manifest.version,1", "manifest.version"},
		{"manifest", "file.users,bulk", "file.users,Bulk", "manifest.modes"},
		{"manifest", "file.users,bulk", "file.users,absent", "manifest.declared"},
		{"manifest", "file.users,bulk\r\n", "", "manifest.properties"},
	} {
		b := goodBundle(t)
		if !strings.Contains(b[test.file], test.old) {
			t.Fatalf("%s holds no %q", test.file, test.old)
		}
		b[test.file] = strings.Replace(b[test.file], test.old, test.new, 1)
		r := scanned(t, b.zip(t), Options{})
		if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Rule.ID == test.rule }) {
			t.Errorf("%s: %q for %q: no %s but %q", test.file, test.new, test.old, test.rule, describe(r))
		}
	}
}
