package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

const discoveryAt = "discovery."

// discoveryChecks judge the service discovery document.
func discoveryChecks() []Check {
	var ids []string
	for _, name := range []string{"document", "public", "openapi", "valid", "server", "token-url", "operations", "operation-ids", "scopes",
		"parameters", "responses", "headers", "members", "types", "references"} {
		ids = append(ids, discoveryAt+name)
	}
	return []Check{{ID: "discovery", Title: "The provider publishes its own OpenAPI document, and it is right", Requirements: ids,
		Labels: []string{"discovery"}, Needs: []Need{tokenEndpoint().For(discoveryAt + "token-url")}, Body: discovery}}
}

func discovery(ctx context.Context, t *T) {
	at := func(name string) string { return discoveryAt + name }
	var found *harness.Response
	var tried []*harness.Response
	public := false
	for _, name := range t.Service.Discovery {
		address := t.Session().Base + "/discovery/" + name
		r := t.Do(ctx, harness.Request{URL: address, Auth: harness.AuthNone, Follow: true})
		public = public || r.Status == 200
		if r.Status == 401 || r.Status == 403 {
			r = t.Do(ctx, harness.Request{URL: address, Follow: true})
		}
		tried = append(tried, r)
		if r.Status == 200 && r.Problem == "" && (found == nil) {
			found = r
		}
	}
	if !t.Assert(at("document"), found != nil,
		harness.Finding{Expected: "200 under one of the two official names", Seen: tried[0].Summary(),
			Where: "discovery/" + strings.Join(t.Service.Discovery, " or discovery/"), Responses: tried}) {
		t.NotTested(t.BlockedBy(at("document"), "there is no discovery document", tried...), t.Requirements()[1:]...)
		return
	}
	shown := []*harness.Response{found}
	t.Assert(at("public"), public, harness.Finding{Expected: "200 without a token", Seen: "401 or 403 without, 200 with one",
		Responses: tried})
	var doc struct {
		OpenAPI string                     `json:"openapi"`
		Info    map[string]json.RawMessage `json:"info"`
		Servers []struct {
			URL       string `json:"url"`
			Variables map[string]struct {
				Default string `json:"default"`
			} `json:"variables"`
		} `json:"servers"`
		Paths      map[string]map[string]json.RawMessage `json:"paths"`
		Components struct {
			Schemes map[string]struct {
				Flows map[string]struct {
					TokenURL string `json:"tokenUrl"`
				} `json:"flows"`
			} `json:"securitySchemes"`
		} `json:"components"`
	}
	err := decode(found.Body, &doc)
	title, version := textOf(doc.Info["title"]), textOf(doc.Info["version"])
	if err == nil && strings.HasPrefix(doc.OpenAPI, "3.") && doc.Paths != nil && (title == "" || version == "") {
		t.Fail(at("openapi"), harness.Finding{Expected: "an info with title and version",
			Seen: fmt.Sprintf("title %q, version %q", title, version), Where: "/info", Responses: shown})
	} else if !t.Assert(at("openapi"), err == nil && strings.HasPrefix(doc.OpenAPI, "3.") && doc.Paths != nil,
		harness.Finding{Expected: "an OpenAPI 3 document in JSON",
			Seen: fmt.Sprintf("openapi %q, %d paths, %v", doc.OpenAPI, len(doc.Paths), err), Responses: shown}) {
		t.NotTested(t.BlockedBy(at("openapi"), "the discovery document is no OpenAPI 3 document", found), t.Requirements()[3:]...)
		return
	}
	discoveryValid(t, found)
	var servers []string
	for _, s := range doc.Servers {
		u := s.URL
		for name, v := range s.Variables {
			u = strings.ReplaceAll(u, "{"+name+"}", v.Default)
		}
		servers = append(servers, strings.TrimRight(u, "/"))
	}
	t.Assert(at("server"), slices.ContainsFunc(servers, func(u string) bool { return sameURL(u, t.Session().Base) }),
		harness.Finding{Expected: t.Session().Base, Seen: Examples(servers), Where: "/servers", Responses: shown})
	var urls []string
	for _, s := range doc.Components.Schemes {
		for _, f := range s.Flows {
			urls = append(urls, f.TokenURL)
		}
	}
	token := t.Session().Target.OneRoster.Auth.TokenURL
	if t.Met(at("token-url")) {
		t.Assert(at("token-url"), slices.ContainsFunc(urls, func(u string) bool { return sameURL(u, token) }),
			harness.Finding{Expected: token, Seen: Examples(urls), Where: "/components/securitySchemes/*/flows/*/tokenUrl", Responses: shown})
	}
	var lacking []string
	for _, op := range t.Service.Operations {
		if !t.Session().Covers(op.ID) {
			continue
		}
		listed := false
		for path, methods := range doc.Paths {
			listed = listed || samePath(path, op.Path) && methods["get"] != nil
		}
		if !listed {
			lacking = append(lacking, op.Path)
		}
	}
	discoveryContent(t, found)
	t.Assert(at("operations"), len(lacking) == 0,
		harness.Finding{Expected: "every operation that the profiles of this run cover",
			Seen: fmt.Sprintf("%d are not listed (%s)", len(lacking), Examples(lacking)), Where: "/paths", Responses: shown})
}

// textOf reads a text; empty where it is none.
func textOf(v json.RawMessage) (text string) {
	_ = json.Unmarshal(v, &text)
	return text
}

// sameURL compares without regard to case of scheme and host, and to a slash at
// the end.
func sameURL(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}

// samePath compares path templates without regard to the names of parameters.
func samePath(a, b string) bool {
	return service.Parameter.ReplaceAllString(strings.TrimRight(a, "/"), "{}") == service.Parameter.ReplaceAllString(b, "{}")
}
