package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

const (
	specREST  = "OneRoster 1.2 Rostering Service, REST binding"
	specModel = "OneRoster 1.2 information model"
	specURL   = "https://www.imsglobal.org/spec/oneroster/v1p2/"
)

// Hostile strings, as a target may answer: to break out of HTML, XML, JSON and
// a terminal, and to turn the order of a line round.
const (
	hostileHTML = `</script><script>window.pwned=1</script><img src=x onerror="window.pwned=2">'"` + "`${window.pwned=3}`<!-- ]]> -->"
	hostileTerm = "\x1b[2J\x1b]0;owned\x07 \u202Essap\u202C \u2066isolate\u2069 nul\x00 bell\x07 del\x7f c1\u009b end"
)

// sharedCause is what two requirements break by.
const sharedCause = "the connection is closed wherever an error would be answered"

var sampleStart = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// sample is one report with everything in it: the seven verdicts, a waived
// failure, several findings on one requirement, other scripts, hostile strings.
func sample() *Report {
	r := &Report{
		Format: FormatVersion,
		Judge:  Judge{Name: "rollcall", Version: "0.1.0", Commit: "4f2c1e9", Go: "go1.26.0", OS: "linux/amd64"},
		Run: Run{
			ID: "20260302T093000Z-7c1d", Started: sampleStart, Finished: sampleStart.Add(41*time.Second + 300*time.Millisecond),
			Seed: 18446744073709551615, Stance: "certification",
			StanceText: "Levels follow what is publicly known of the official suite: for example, a missing Link header is a warning.",
			Profiles:   []string{"oneroster-1.2-rostering-core", "oneroster-1.2-demographics"},
			Shards:     2, Interrupted: true, Planned: 9, Done: 8,
			Repeat: "rollcall run --target target.yaml --seed 18446744073709551615",
		},
		Target: Target{
			Name: "Riverbend Unified staging", Vendor: "Åkerlund & Söhne GmbH", Product: "Schülerbüro 教务", Version: "7.4.1", Role: "provider",
			URLs: map[string]string{
				"rostering": "https://sis.riverbend.example/ims/oneroster/rostering/v1p2",
				"token":     "https://sis.riverbend.example/oauth/token",
			},
			Disclaims: []string{"demographics"},
			Config:    "name: Riverbend Unified staging\nrole: provider\nrostering_url: https://sis.riverbend.example/ims/oneroster/rostering/v1p2\nclient_secret: ${SIS_SECRET}\n",
		},
		Outcome: DoesNot, Exit: ExitFailed,
		Observations: []Observation{{Kind: "flaky", Title: "Answers come and go", Count: 14, Detail: "502 at first, and a good answer when asked once more.",
			Places: []string{"GET /users?limit=100&offset=200", "GET /classes " + hostileTerm}, Exchanges: []string{"a3"}, Remedy: "look at the gateway in front of the product"}},
		Facts: []Fact{{"orgs", "6"}, {"users", "1,204"}, {"enrollments", "9,870"}, {"pages crawled", "143"}},
		Diagnoses: []Diagnosis{
			{Name: "rostering URL", OK: true, Detail: "answered in 12 ms over TLS 1.3"},
			{Name: "token", OK: true, Detail: "a token was issued for each of the 3 scopes"},
			{Name: "clock", OK: false, Detail: "the target's clock is 95 s ahead of this machine's", Remedy: "synchronise both machines by NTP; checks of token expiry allow 60 s"},
			{Name: "seed data", OK: false, Detail: "no record with status tobedeleted was found", Remedy: "delete one user in the product before the run"},
		},
		Waivers: []WaiverResult{
			{Requirement: "or12.sort.default", Reason: "fixed in 7.5, due in April", Owner: "qa@vendor.example", Expires: "2026-04-30", State: "applied"},
			{Requirement: "or12.paging.limit", Reason: "was broken in 7.3", Owner: "qa@vendor.example", Expires: "2026-06-30", State: "stale"},
			{Requirement: "or12.error.404", Reason: "legacy clients " + hostileHTML, Owner: "ops", Expires: "2026-01-31", State: "expired"},
		},
	}
	r.Requirements = sampleRequirements()
	r.Checks, r.Exchanges = sampleChecks(), sampleExchanges()
	r.Profiles = []ProfileResult{
		sampleProfile(r, "oneroster-1.2-rostering-core", "OneRoster 1.2 Rostering Core", "Other systems can read schools, classes, people and enrollments from this product.", DoesNot, nil),
		sampleProfile(r, "oneroster-1.2-demographics", "OneRoster 1.2 Demographics", "Other systems can read demographic data, apart from the rest and by a permission of its own.", Incomplete, func(q RequirementResult) bool {
			return q.Verdict == Pass || q.Verdict == NotTested || q.Verdict == NotApplicable
		}),
	}
	return r
}

func sampleProfile(r *Report, id, title, summary string, outcome Outcome, in func(RequirementResult) bool) ProfileResult {
	p := ProfileResult{ID: id, Title: title, Standard: "OneRoster 1.2", Summary: summary, Outcome: outcome}
	var members []RequirementResult
	for _, q := range r.Requirements {
		if in == nil || in(q) {
			members = append(members, q)
			p.Requirements = append(p.Requirements, ProfileRequirement{q.ID, q.Level})
		}
	}
	p.Counts = Tally(members)
	return p
}

func sampleRequirement(id, section, title, statement string, level Level, verdict Verdict, more func(*RequirementResult)) RequirementResult {
	q := RequirementResult{
		ID: id, Title: title, Statement: statement, Section: section, Role: "provider", Level: level,
		Confidence: "confirmed", Citations: []Citation{{specREST, "§3.4", specURL}}, Verdict: verdict,
		Checks: []string{"rostering/" + strings.Split(id, ".")[1]},
		Repeat: "rollcall run --target target.yaml --focus " + id,
	}
	if more != nil {
		more(&q)
	}
	return q
}

func sampleRequirements() []RequirementResult {
	return []RequirementResult{
		sampleRequirement("or12.paging.total", "Paging", "The total is given with every page", "A provider states the number of records that match, in the header X-Total-Count of each page.", Should, Warning, func(q *RequirementResult) {
			q.Examined = 143
			q.Findings = []Finding{{
				Requirement: q.ID, Required: "each page carries X-Total-Count", Sent: "GET /users?limit=100&offset=0", Expected: "header X-Total-Count with a whole number", Seen: "no such header",
				Where: "X-Total-Count", Cause: "a proxy in front drops headers it does not know", Count: 143, Exchanges: []string{"a1"},
			}}
		}),
		sampleRequirement("or12.paging.overlap", "Paging", "No record stands on two pages", "Walking through a collection page by page meets every record exactly once.", Must, Fail, func(q *RequirementResult) {
			q.Examined = 1204
			q.Causes = "The records have no total order, so that the database may return them differently for each page."
			q.Blocks = []string{"or12.filter.list", "or12.filter.dates"}
			q.Notes = []string{"page sizes 1, 7 and 100 were walked"}
			q.Findings = []Finding{
				{
					Requirement: q.ID, Required: "every record exactly once", Sent: "GET /users?limit=100&offset=100", Expected: "100 records not seen before", Seen: "3 records of the page before: u-099, u-100, u-101",
					Where: "/users/0/sourcedId", Cause: "the offset is taken for a page number", Count: 12, Exchanges: []string{"a1", "a2"},
				},
				{
					Requirement: q.ID, Sent: "GET /users?limit=7&offset=1197", Expected: "the last 7 records", Seen: "", Where: "/users", Exchanges: []string{"a3", "gone"},
				},
			}
		}),
		sampleRequirement("or12.paging.limit", "Paging", "A page holds no more than asked for", "A provider returns at most as many records as the parameter limit names.", Must, Pass, func(q *RequirementResult) { q.Examined = 9 }),
		sampleRequirement("or12.sort.default", "Sorting", "Records are sorted as asked", "With sort and orderBy a provider returns the records in that order.", Must, Fail, func(q *RequirementResult) {
			q.Waived, q.Examined = true, 4
			q.Findings = []Finding{{
				Requirement: q.ID, Sent: "GET /users?sort=familyName&orderBy=desc", Expected: "Zoë before Ana", Seen: "عائشة before Zoë", Where: "/users/1/familyName", Exchanges: []string{"a4"},
			}}
		}),
		sampleRequirement("or12.model.users", "Data model", "A user keeps the schema", "Every member of a user has the type, format and vocabulary that the standard gives it.", Must, Fail, func(q *RequirementResult) {
			q.Examined, q.Confidence = 1204, "inferred"
			q.Citations = append(q.Citations, Citation{specModel, "§4.21", "javascript:window.pwned=4"})
			q.Findings = []Finding{
				{Requirement: q.ID, Sent: "GET /users", Expected: `"true" or "false" as a string`, Seen: hostileHTML, Where: "/users/0/enabledUser", Exchanges: []string{"a5"}},
				{Requirement: q.ID, Sent: "GET /users", Expected: "plain text", Seen: hostileTerm, Where: "/users/0/givenName", Exchanges: []string{"a5"}},
			}
		}),
		sampleRequirement("or12.model.deleted", "Data model", "A deleted record can still be read", "A record marked tobedeleted stays reachable, so that a consumer learns of it.", Must, NotTested, func(q *RequirementResult) {
			q.Reason, q.Remedy = "the target holds no record with status tobedeleted", "delete a user in the product, then run again"
			q.Blame = &Blame{Kind: NoData}
		}),
		sampleRequirement("or12.security.expired", "Security", "An expired token is refused", "A request with an expired token is answered with 401.", Must, Error, func(q *RequirementResult) {
			q.Reason = "check panicked: index out of range [3] with length 3"
		}),
		sampleRequirement("or12.security.scope", "Security", "A token opens only what its scope names", "A request outside the scope of its token is answered with 403.", Must, Unknown, func(q *RequirementResult) {
			q.Reason, q.Remedy = "the run was interrupted before this check", "rollcall run --resume"
		}),
		sampleRequirement("or12.error.404", "Errors", "An unknown sourcedId is answered with 404", "A request for a record that does not exist is answered with 404 and a status report.", Must, Fail, func(q *RequirementResult) {
			q.Examined = 22
			q.Findings = []Finding{{Requirement: q.ID, Required: "404 with imsx_StatusInfo", Sent: "GET /users/none", Expected: "404", Seen: "no response", Where: "status", Cause: sharedCause, Exchanges: []string{"a6"}}}
		}),
		sampleRequirement("or12.error.405", "Errors", "A method that is not offered is answered with 405", "A request by another method than GET is answered with 405.", Must, Fail, func(q *RequirementResult) {
			q.Examined = 3
			q.Findings = []Finding{{Requirement: q.ID, Sent: "POST /users", Expected: "405", Seen: "no response", Where: "status", Cause: sharedCause}}
		}),
		sampleRequirement("or12.filter.list", "Filtering", "A collection can be filtered", "With filter a provider returns the records that match.", Must, NotTested, func(q *RequirementResult) {
			q.Reason, q.Remedy = "the list broke off", "Mend or12.paging.overlap first: this one hangs on it."
			q.Blame = &Blame{Kind: BlockedBy, Requirement: "or12.paging.overlap", Exchanges: []string{"a2"}}
		}),
		sampleRequirement("or12.filter.dates", "Filtering", "Dates can be filtered by", "With filter a provider compares dates as dates.", Must, NotTested, func(q *RequirementResult) {
			q.Reason, q.Remedy = "the second page broke off", "Mend or12.paging.overlap first: this one hangs on it."
			q.Blame = &Blame{Kind: BlockedBy, Requirement: "or12.paging.overlap"}
		}),
		sampleRequirement("or12.security.other", "Security", "Another client sees only its own", "A token of another client opens no more than that client may see.", Must, NotTested, func(q *RequirementResult) {
			q.Reason, q.Remedy = "the target file names no second client", "set oneroster.auth.other_client_id"
			q.Blame = &Blame{Kind: Configuration}
		}),
		sampleRequirement("or12.sort.locale", "Sorting", "Names may be sorted by a locale", "A provider may sort names by the rules of a language.", May, Pass, func(q *RequirementResult) {
			q.Examined, q.Noted = 2, 1
			q.Notes = []string{"optional: expected Å after Z; came Å after A"}
		}),
		sampleRequirement("or12.demographics.scope", "Demographics", "Demographics need a scope of their own", "Demographic data is given only to a token with the demographics scope.", Must, NotApplicable, func(q *RequirementResult) {
			q.Reason = "the target does not claim demographics"
		}),
	}
}

func sampleChecks() []CheckResult {
	check := func(n int, id, title, state string, ms int64, exchanges []string, requirements ...string) CheckResult {
		c := CheckResult{ID: "rostering/" + id, Title: title, Labels: []string{"rostering", id}, Requirements: requirements, State: state,
			Started: sampleStart.Add(time.Duration(n) * time.Second), Milliseconds: ms, Exchanges: exchanges}
		for _, q := range sampleRequirements() {
			for _, id := range requirements {
				if q.ID == id {
					c.Results = append(c.Results, CheckRequirement{Requirement: id, Verdict: q.Verdict, Examined: q.Examined, Reason: q.Reason, Remedy: q.Remedy, Notes: q.Notes})
					c.Findings = append(c.Findings, q.Findings...)
				}
			}
		}
		return c
	}
	checks := []CheckResult{
		check(1, "paging", "walks every collection page by page", "done", 18250, []string{"a1", "a2", "a3"}, "or12.paging.total", "or12.paging.overlap", "or12.paging.limit"),
		check(2, "sort", "sorts users by every sortable field", "done", 940, []string{"a4"}, "or12.sort.default"),
		check(3, "model", "holds every record against the schema", "done", 3120, []string{"a5"}, "or12.model.users", "or12.model.deleted"),
		check(4, "security", "tries tokens that must not work", "panicked", 12, nil, "or12.security.expired", "or12.security.scope"),
		check(5, "error", "asks for what does not exist", "done", 61, []string{"a6"}, "or12.error.404", "or12.error.405"),
		check(6, "demographics", "reads demographics", "missing", 0, nil, "or12.demographics.scope"),
	}
	checks[3].Message = "index out of range [3] with length 3"
	return checks
}

func sampleExchanges() []Exchange {
	const base = "https://sis.riverbend.example/ims/oneroster/rostering/v1p2"
	exchange := func(n int, check, path string, status int, text, body string) Exchange {
		sum := sha256.Sum256([]byte(body))
		return Exchange{
			ID: fmt.Sprintf("a%d", n), Check: "rostering/" + check, Started: sampleStart.Add(time.Duration(n) * 1500 * time.Millisecond), Milliseconds: 11.25 * float64(n),
			Method: "GET", URL: base + path, Status: status, StatusText: text, Protocol: "HTTP/2.0", TLS: "TLS 1.3",
			Request: Message{Headers: []Header{{"Accept", "application/json"}, {"Authorization", "Bearer [redacted]"}}},
			Response: Message{
				Headers: []Header{{"Content-Type", "application/json; charset=utf-8"}, {"Set-Cookie", "sid=[redacted]; Path=/; HttpOnly"}, {"Vary", "Accept"}, {"Vary", "Origin"}},
				Body:    body, Size: int64(len(body)), SHA256: hex.EncodeToString(sum[:]),
			},
			Curl: `curl -i -H 'Accept: application/json' -H "Authorization: Bearer $ROLLCALL_TOKEN" '` + base + path + `'`,
		}
	}
	out := []Exchange{
		exchange(1, "paging", "/users?limit=100&offset=0", 200, "OK", `{"users":[{"sourcedId":"u-001","givenName":"Zoë","familyName":"O'Brien","id":12345678901234567890,"empty":[],"none":{}}]}`),
		exchange(2, "paging", "/users?limit=100&offset=100", 200, "OK", `{"users":[{"sourcedId":"u-099"},{"sourcedId":"u-10`),
		exchange(3, "paging", "/users?limit=7&offset=1197&filter=givenName%3D%27Zo%C3%AB%27", 200, "OK", `{"users":[]}`),
		exchange(4, "sort", "/users?sort=familyName&orderBy=desc", 200, "OK", `{"users":[{"familyName":"عائشة"},{"familyName":"Zoë"},{"familyName":"王"}]}`),
		exchange(5, "model", "/users", 200, "OK", `{"users":[{"enabledUser":"`+hostileHTML+`","givenName":"`+hostileTerm+`"}]}`),
		exchange(6, "error", "/users/none", 0, "", ""),
	}
	out[1].Response.Cut, out[1].Response.Size, out[1].Response.SHA256 = true, 48211, ""
	out[5].Problem, out[5].Response, out[5].Protocol, out[5].TLS = "the connection was closed before a response came", Message{}, "", ""
	token := Exchange{
		ID: "a7", Check: "rostering/security", Started: sampleStart.Add(500 * time.Millisecond), Milliseconds: 31.5, Method: "POST", URL: "https://sis.riverbend.example/oauth/token",
		Status: 401, StatusText: "Unauthorized", Protocol: "HTTP/1.1",
		Request:  Message{Headers: []Header{{"Content-Type", "application/x-www-form-urlencoded"}}, Body: "grant_type=client_credentials&client_secret=[redacted]", Size: 54},
		Response: Message{Headers: []Header{{"Content-Type", "text/html"}, {"Location", "/login"}}, Body: "<h1>Sign in</h1>" + hostileHTML, Size: 200},
		Curl:     `curl -i -X POST -u "$ROLLCALL_CLIENT_ID:$ROLLCALL_CLIENT_SECRET" --data 'grant_type=client_credentials' 'https://sis.riverbend.example/oauth/token'`,
	}
	return append(out, token)
}
