package gradebook

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/platform/ags"
)

func TestAttempts(t *testing.T) {
	text := func(s string) *string { return &s }
	scored := func(at, activity, grading, started string, given float64, comment string) ags.Event {
		s := &ags.Score{Timestamp: "2027-01-01T08:00:" + at + "Z", Activity: activity, Grading: grading}
		if started != "" {
			s.Submission.StartedAt = "2027-01-01T07:00:" + started + "Z"
		}
		if given >= 0 {
			most := 10.0
			s.Given, s.Maximum = &given, &most
		}
		if comment != "" {
			s.Comment = text(comment)
		}
		return ags.Event{Kind: ags.Scored, Score: s}
	}
	for name, x := range map[string]struct {
		history []ags.Event
		want    []string
	}{
		"nothing":               {nil, nil},
		"by hand alone":         {[]ags.Event{{Kind: ags.Overridden, Mark: &ags.Mark{}}, {Kind: ags.LetGo}}, nil},
		"under way":             {[]ags.Event{scored("01", ags.Initialized, "NotReady", "", -1, ""), scored("02", ags.InProgress, "NotReady", "", -1, "")}, []string{"1 08:00:01/ in progress "}},
		"a score and no more":   {[]ags.Event{scored("01", ags.Completed, ags.FullyGraded, "", 0, "Nothing yet")}, []string{"1 /08:00:01 completed 0/10 Nothing yet"}},
		"graded anew":           {[]ags.Event{scored("01", ags.Completed, ags.FullyGraded, "01", 4, ""), scored("02", ags.Completed, ags.FullyGraded, "01", 5, "")}, []string{"1 07:00:01/08:00:01 completed 5/10"}},
		"another start":         {[]ags.Event{scored("01", ags.Completed, ags.FullyGraded, "01", 4, ""), scored("02", ags.Completed, ags.FullyGraded, "02", 5, "")}, []string{"1 07:00:01/08:00:01 completed 4/10", "2 07:00:02/08:00:02 completed 5/10"}},
		"begun again":           {[]ags.Event{scored("01", ags.Submitted, ags.Pending, "", -1, ""), scored("02", ags.InProgress, "NotReady", "", -1, "")}, []string{"1 /08:00:01 submitted, being graded ", "2 08:00:02/ in progress "}},
		"taken back":            {[]ags.Event{scored("01", ags.Completed, ags.FullyGraded, "", 4, ""), scored("02", ags.Completed, ags.FullyGraded, "", -1, "")}, []string{"1 /08:00:01 completed "}},
		"by hand in the middle": {[]ags.Event{scored("01", ags.InProgress, "NotReady", "", -1, ""), {Kind: ags.Overridden, Mark: &ags.Mark{}}, scored("02", ags.Completed, ags.FullyGraded, "", 4, "")}, []string{"1 08:00:01/08:00:02 completed 4/10"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			clock := func(m moment) string { // without the day
				return strings.TrimSuffix(strings.TrimPrefix(m.Text, "1 Jan 2027, "), " UTC")
			}
			for _, a := range attempts(x.history) {
				line := fmt.Sprintf("%d %s/%s %s ", a.Number, clock(a.Begun), clock(a.HandedIn), a.State)
				if a.Points != "" {
					line += a.Points + "/" + a.Of + " "
				}
				if line = line + a.Comment; a.Points != "" {
					line = strings.TrimSpace(line)
				}
				got = append(got, line)
			}
			if strings.Join(got, "\n") != strings.Join(x.want, "\n") {
				t.Errorf("got  %q\nwant %q", got, x.want)
			}
		})
	}
}
