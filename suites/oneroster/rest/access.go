package rest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const (
	accessAt = "access."
	scopeAt  = "scope."
)

// accessChecks judge who is let in, and scopeChecks to what.
func accessChecks() []Check {
	c := func(name, title string, needs []Need, body func(context.Context, *T), requirements ...string) Check {
		for i := range requirements {
			requirements[i] = accessAt + requirements[i]
		}
		return Check{ID: "access." + name, Title: title, Requirements: requirements, Labels: []string{"security", "access"},
			Needs: needs, Body: body}
	}
	return []Check{
		c("refused", "Without a good token nothing opens", nil, accessRefused, "missing", "malformed", "unknown", "other-scheme",
			"query-token", "www-authenticate", "challenge", "no-data"),
		c("every-operation", "Every operation asks for a token", inBody("an object for each parameter"), accessEvery, "every-operation"),
		c("scheme-case", "The scheme name Bearer is known in any case", []Need{tokened()}, accessCase, "scheme-case"),
		c("expired", "An expired token is refused", []Need{tokenEndpoint(), {Text: "tokens that live ten seconds or less"}}, accessExpired,
			"expired"),
	}
}

// holdsData tells whether an answer shows objects of the service.
func holdsData(t *T, r *harness.Response) bool {
	for _, c := range t.Service.Collections {
		if objects, fault := takeList(r, c.List.Wrapper); fault == "" && len(objects) > 0 {
			return true
		}
	}
	_, single := singleID(t.Service, r.Body)
	return single
}

func bare(ctx context.Context, t *T, path string, authorization ...string) *harness.Response {
	r := harness.Request{URL: t.Session().Base + path, Auth: harness.AuthNone, Header: http.Header{}}
	if len(authorization) > 0 {
		r.Header["Authorization"] = authorization
	}
	return t.Do(ctx, r)
}

// judgeChallenge judges how a refusal words its challenges, where it has any.
func judgeChallenge(t *T, id string, r *harness.Response) {
	if fields := r.Header.Values("WWW-Authenticate"); len(fields) > 0 {
		t.Assert(id, challengesLegible(fields),
			harness.Finding{Expected: `a challenge such as Bearer realm="…", error="…"`, Seen: quoteEmpty(strings.Join(fields, ", ")),
				Where: "header WWW-Authenticate", Responses: []*harness.Response{r}})
	}
}

// unchallenged ends a requirement of challenges where there were none.
func unchallenged(t *T, id string) {
	if !t.Looked(id) {
		t.NotApplicable(id, "no refusal had a challenge")
	}
}

func accessRefused(ctx context.Context, t *T) {
	at := func(name string) string { return accessAt + name }
	auth := t.Session().Credentials()
	sample := t.sample()
	path := sample.List.Path + "?limit=1"
	// What a good token opens tells what a refusal is worth. Where another process has
	// ended it meanwhile, this brings a new one.
	open := t.Get(ctx, path, "")
	good, err := t.AccessToken(ctx)
	if t.Session().Signs() {
		good, err = missing, nil // a token that nobody granted, and so no good one
	}
	if err != nil {
		t.NotTested(t.BlockedBy(tokenOwner(err.Error()), "no token can be had: "+err.Error()))
		return
	}
	if open.Status != 200 || open.Problem != "" {
		t.NotTested(t.BlockedAt(open, open.Summary()))
		return
	}
	if !json.Valid(open.Body) { // a page for whoever comes says nothing of who is let in
		t.NotTested(t.BlockedAt(open, "the body is no JSON"))
		return
	}
	full := holdsData(t, open)
	changed := flip(good)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(auth.ClientID+":"+auth.ClientSecret))
	for _, x := range []struct {
		id, name string
		ask      func() *harness.Response
		also400  bool
	}{
		{at("missing"), "no Authorization header", func() *harness.Response { return bare(ctx, t, path) }, false},
		{at("malformed"), "Bearer without a token", func() *harness.Response { return bare(ctx, t, path, "Bearer") }, true},
		{at("malformed"), "Bearer with two tokens", func() *harness.Response { return bare(ctx, t, path, "Bearer abc def") }, true},
		{at("malformed"), "no scheme", func() *harness.Response { return bare(ctx, t, path, "abcdef") }, true},
		{at("unknown"), "a made-up token", func() *harness.Response { return bare(ctx, t, path, "Bearer rollcall-made-up-0a1b2c3d4e5f") }, false},
		{at("unknown"), "a token with one character changed", func() *harness.Response { return bare(ctx, t, path, "Bearer "+changed) }, false},
		{at("other-scheme"), "the client secret by HTTP Basic", func() *harness.Response { return bare(ctx, t, path, basic) }, true},
		{at("query-token"), "a token in the query string", func() *harness.Response {
			return t.Do(ctx, harness.Request{URL: t.Session().Base + path + "&access_token=" + escape(good), Auth: harness.AuthNone})
		}, true},
	} {
		r := x.ask()
		if Between(r) {
			t.NotTested(t.BlockedAt(r, r.Summary()), x.id)
			continue
		}
		if x.id == at("missing") {
			open = r
		}
		shown := []*harness.Response{r}
		ok := r.Status == 401 || x.also400 && r.Status == 400
		t.Assert(x.id, ok, harness.Finding{Expected: "401", Seen: refusalSeen(r), Where: x.name, Responses: shown})
		if r.Status == 401 {
			t.Assert(at("www-authenticate"), namesScheme(t, r),
				harness.Finding{Expected: "WWW-Authenticate: Bearer …", Seen: quoteEmpty(r.Header.Get("WWW-Authenticate")),
					Where: "header WWW-Authenticate", Responses: shown})
			judgeChallenge(t, at("challenge"), r)
		}
		if x.id != at("query-token") && full {
			t.Assert(at("no-data"), !holdsData(t, r),
				harness.Finding{Expected: "no " + t.Service.Words.Data + " objects", Seen: "some", Where: x.name, Responses: shown})
		}
	}
	unchallenged(t, at("challenge"))
	if !full {
		t.Lacks("/"+sample.Name+" holds nothing that could be shown without a token", "Load "+t.Service.Kinds[sample.Kind].Article()+".",
			at("no-data"))
	}
	t.Settle(t.BlockedBy(at("missing"), "nothing is refused with 401", open), at("www-authenticate"))
}

// namesScheme tells whether a refusal says by what scheme one is let in.
func namesScheme(t *T, r *harness.Response) bool {
	challenge := strings.ToLower(strings.Join(r.Header.Values("WWW-Authenticate"), ","))
	return strings.Contains(challenge, "bearer") || t.Service.Signed && strings.Contains(challenge, "oauth")
}

func refusalSeen(r *harness.Response) string {
	if where := r.Header.Get("Location"); where != "" {
		return fmt.Sprintf("%s, to %s", r.Summary(), where)
	}
	return r.Summary()
}

// flip changes one character in the middle of a token.
func flip(token string) string {
	if token == "" {
		return "x"
	}
	i := len(token) / 2
	c := byte('a')
	if token[i] == 'a' {
		c = 'b'
	}
	return token[:i] + string(c) + token[i+1:]
}

func accessEvery(ctx context.Context, t *T) {
	const id = accessAt + "every-operation"
	problems := 0
	for _, op := range t.Service.Operations {
		if !t.Session().Covers(op.ID) || problems > 1 {
			continue
		}
		ids, ok := parentIDs(t, op)
		if !ok {
			ids = []string{missing, missing}
		}
		r := bare(ctx, t, op.PathFor(ids...))
		if r.Problem != "" {
			problems++
		}
		if Between(r) {
			t.Hinders(r)
			continue
		}
		if !holdsData(t, r) && (!ok || !filled(t, op)) {
			continue // there is nothing that it could show
		}
		// How the refusal is worded is judged elsewhere; here, that nothing is
		// read.
		t.Assert(id, r.Status != 200 || !holdsData(t, r),
			harness.Finding{Expected: "a refusal", Seen: r.Summary() + " with " + t.Service.Words.Data + " objects", Where: op.Path,
				Responses: []*harness.Response{r}})
	}
	t.Lacks("there is nothing that could be read without a token", "Load some objects.")
}

// filled tells whether the collection at the root of an operation's path came whole,
// and with objects.
func filled(t *T, op service.Operation) bool {
	raw := crawl(t).Raw(op.Root())
	if raw == nil {
		raw = crawl(t).Beside(op.Root())
	}
	return raw != nil && raw.Complete && raw.Len() > 0
}

func accessCase(ctx context.Context, t *T) {
	const id = accessAt + "scheme-case"
	good, err := t.AccessToken(ctx)
	if err != nil {
		t.NotTested(t.BlockedBy(tokenOwner(err.Error()), "no token can be had: "+err.Error()))
		return
	}
	for _, scheme := range []string{"bearer", "BEARER"} {
		r := bare(ctx, t, t.sample().List.Path+"?limit=1", scheme+" "+good)
		if r.Status != 200 && !t.ItsOwn(ctx, r, id) || r.Status == 200 && !t.ReadyPage(t.apart(r, t.sample().List.Wrapper), id) {
			continue
		}
		if r.Status == 200 && !holdsData(t, r) { // nothing may be what anybody gets
			sample := t.sample()
			t.Lacks("/"+sample.Name+" holds nothing that a token could open", "Load "+t.Service.Kinds[sample.Kind].Article()+".", id)
			continue
		}
		t.Assert(id, r.Status != 401, harness.Finding{Expected: "the answer as to Bearer", Seen: r.Summary(), Where: scheme,
			Responses: []*harness.Response{r}})
	}
}

// patience is the longest token life that this check waits out.
const patience = 10 * time.Second

func accessExpired(ctx context.Context, t *T) {
	const id = accessAt + "expired"
	token, r := t.RequestToken(ctx, harness.TokenRequest{Scopes: t.Session().Scopes})
	life := time.Duration(0)
	if token != nil {
		life = time.Duration(token.ExpiresIn * float64(time.Second))
	}
	if token == nil || life <= 0 || life > patience {
		if token == nil {
			t.NotTested(t.BlockedAt(r, "no token is granted: "+r.Summary()))
			return
		}
		t.NotApplicable(id, fmt.Sprintf("tokens live %s, too long to wait; a client whose tokens live %s or less has this looked at", life,
			patience))
		return
	}
	if good := withToken(ctx, t, t.sample().List.Path+"?limit=1", token.AccessToken); !t.Ready(good, 200, id) {
		return
	}
	// A second more than promised: clocks tick in seconds.
	select {
	case <-ctx.Done():
		return
	case <-time.After(life + 1100*time.Millisecond):
	}
	late := withToken(ctx, t, t.sample().List.Path+"?limit=1", token.AccessToken)
	t.Assert(id, late.Status == 401, harness.Finding{Expected: "401", Seen: late.Summary(),
		Where: fmt.Sprintf("a token of %s, after %s", life, life+1100*time.Millisecond), Responses: []*harness.Response{late}})
}
