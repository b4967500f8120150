package ags

import (
	"net/http"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

func post(path, body string, status int) tool.Call {
	return tool.Call{Method: http.MethodPost, Path: path, Body: []byte(body), Status: status}
}

// Scores are found wherever they are posted, and nothing else is taken for one.
func TestScoresAreFound(t *testing.T) {
	calls := []tool.Call{
		post("/lineitems/7/scores", `{"userId":"a","activityProgress":"Completed","gradingProgress":"FullyGraded","scoreGiven":0}`, 503),
		post("/lineitems/7", `{"userId":"a","activityProgress":"Started","gradingProgress":"NotReady"}`, 404),
		post("/lineitems/7/scores", `[]`, 400),
		post("/lineitems", `{"label":"x","scoreMaximum":1}`, 201),
		{Method: http.MethodGet, Path: "/lineitems/7/scores"},
		{Method: http.MethodPost, Path: "/scores", Token: true},
		post("/lineitems/7/scores", `{"userId":"b","activityProgress":"Completed","gradingProgress":"FullyGraded","scoreGiven":0}`, 204),
	}
	list := scoresOf(calls)
	if len(list) != 4 || list[2].members != nil || list[0].says.given != "0" {
		t.Fatalf("%+v", list)
	}
	first, again := list[0].says, list[3].says
	if first == again || !first.like(again) || first.like(list[1].says) {
		t.Error("scores of two learners don't say the same")
	}
	if accepted(list[:3], first) || !accepted(list, first) {
		t.Error("a score is taken that was answered with 503, or none that was answered with 204")
	}
	if repeated(list) != "" || repeated(append(list, list[0])) == "" {
		t.Error("what came twice isn't seen, or what didn't is")
	}
}

// A timestamp may be off by what clocks are, and by how long a score waits.
func TestAwry(t *testing.T) {
	came := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]struct {
		off      string
		readable bool
	}{
		"2026-11-30T12:00:00.000Z":      {"", true},
		"2026-11-30T14:00:00.000+02:00": {"", true},
		"2026-11-30T11:50:00.000Z":      {"", true},
		"2026-11-30T12:04:00Z":          {"", true},
		"2026-11-30T14:00:00Z":          {"2h0m0s ahead", true},
		"2026-11-30T11:00:00Z":          {"1h0m0s before", true},
		"2026-11-30T12:00:00":           {"", false},
	} {
		if off, readable := awry(text, came); off != want.off || readable != want.readable {
			t.Errorf("%s: %q, %t", text, off, readable)
		}
	}
}

// Line items are told apart by what names them, whatever else they hold.
func TestKinds(t *testing.T) {
	one := kind([]byte(`{"label":"Quiz","tag":"t","resourceId":"r","resourceLinkId":"l","scoreMaximum":10}`))
	if one != kind([]byte(`{"resourceLinkId":"l","label":"Quiz","tag":"t","resourceId":"r","scoreMaximum":20,"x":1}`)) ||
		one == kind([]byte(`{"label":"Quiz","tag":"t","resourceId":"other","resourceLinkId":"l"}`)) {
		t.Error(one)
	}
}
