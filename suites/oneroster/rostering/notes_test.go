package rostering

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reports"
)

// TestDoublesAreNoted holds what nothing forbids and nobody means: it decides nothing, and
// the report tells of it.
func TestDoublesAreNoted(t *testing.T) {
	enrolled := func(f *fake, begin, end string, more object) {
		e := deep(f.data["enrollments"][2]).(object) // of bob, in class-2
		e["sourcedId"], e["beginDate"], e["endDate"] = "again", begin, end
		for name, v := range more {
			e[name] = v
		}
		f.data["enrollments"] = append(f.data["enrollments"], e)
	}
	named := func(f *fake, i int, username string) { f.data["users"][i]["username"] = username }
	for name, c := range map[string]struct {
		bend func(f *fake)
		id   string
		told string // empty: nothing is
	}{
		"twice for ever":  {func(f *fake) { enrolled(f, "2026-01-01", "2026-06-01", nil) }, "enrollments.not-doubled", "one enrollment of user"},
		"in another role": {func(f *fake) { enrolled(f, "2026-01-01", "2026-06-01", object{"role": "teacher"}) }, "enrollments.not-doubled", ""},
		"one is deleted":  {func(f *fake) { enrolled(f, "2026-01-01", "2026-06-01", object{"status": "tobedeleted"}) }, "enrollments.not-doubled", ""},
		"one after the other": {func(f *fake) {
			f.data["enrollments"][2]["beginDate"], f.data["enrollments"][2]["endDate"] = "2026-01-01", "2026-03-01"
			enrolled(f, "2026-03-01", "2026-06-01", nil)
		}, "enrollments.not-doubled", ""},
		"a day in common": {func(f *fake) {
			f.data["enrollments"][2]["beginDate"], f.data["enrollments"][2]["endDate"] = "2026-01-01", "2026-03-02"
			enrolled(f, "2026-03-01", "2026-06-01", nil)
		}, "enrollments.not-doubled", "one enrollment of user"},
		"one username": {func(f *fake) { named(f, 0, "family@example.org"); named(f, 1, "Family@example.org ") }, "users.username-unique", "a username of its own"},
		"one username, one gone": {func(f *fake) {
			named(f, 0, "x")
			named(f, 1, "x")
			f.data["users"][1]["status"] = "tobedeleted"
		}, "users.username-unique", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			c.bend(f)
			q := judged(t, f, "", "rostering."+c.id)[c.id]
			notes := strings.Join(q.Notes, "; ")
			if q.Verdict != reports.Pass || strings.Contains(notes, "optional: expected") != (c.told != "") || !strings.Contains(notes, c.told) {
				t.Errorf("%s: %s", q.Verdict, notes)
			}
		})
	}
}

// TestSemestersAlone asks for what is lacking, and not for the semesters that are there.
func TestSemestersAlone(t *testing.T) {
	semesters := func(f *fake) {
		for _, s := range f.data["academicSessions"] {
			if s["type"] == "term" {
				s["type"] = "semester"
			}
		}
	}
	for name, c := range map[string]struct {
		terms   []string // what /terms lists; the fake knows terms alone
		verdict reports.Verdict
	}{
		"none is listed": {nil, reports.NotTested},
		"all are listed": {[]string{"fall", "spring"}, reports.Pass},
		"one is listed":  {[]string{"fall"}, reports.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			semesters(f)
			f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
				if path != "/terms" {
					return false
				}
				list := []object{}
				for _, id := range c.terms {
					list = append(list, where(f.data["academicSessions"], id, "sourcedId")...)
				}
				_ = json.NewEncoder(w).Encode(object{"academicSessions": list[min(len(list), max(0, offsetOf(r))):]})
				return true
			}
			q := judged(t, f, "", "rostering.derived.terms")["derived.terms-complete"]
			if q.Verdict != c.verdict || c.verdict == reports.NotTested && (q.Remedy != "Load a session of type term." || !strings.Contains(q.Reason, "not settled")) {
				t.Errorf("%s: %s %s", q.Verdict, q.Reason, q.Remedy)
			}
		})
	}
}

func offsetOf(r *http.Request) int {
	n, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	return n
}
