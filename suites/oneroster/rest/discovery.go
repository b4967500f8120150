package rest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/schemas"
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
	doc, err := schemas.ReadOpenAPI(found.Body)
	if err != nil {
		doc = &schemas.OpenAPI{}
	}
	openAPI, _ := doc.Root["openapi"].(string)
	paths, listing := doc.Root["paths"].(node)
	info, _ := doc.Root["info"].(node)
	title, _ := info["title"].(string)
	version, _ := info["version"].(string)
	if strings.HasPrefix(openAPI, "3.") && listing && (title == "" || version == "") {
		t.Fail(at("openapi"), harness.Finding{Expected: "an info with title and version",
			Seen: fmt.Sprintf("title %q, version %q", title, version), Where: "/info", Responses: shown})
	} else if !t.Assert(at("openapi"), strings.HasPrefix(openAPI, "3.") && listing,
		harness.Finding{Expected: "an OpenAPI 3 document in JSON",
			Seen: fmt.Sprintf("openapi %q, %d paths, %v", openAPI, len(paths), err), Responses: shown}) {
		t.NotTested(t.BlockedBy(at("openapi"), "the discovery document is no OpenAPI 3 document", found), t.Requirements()[3:]...)
		return
	}
	discoveryValid(t, doc, found)
	var servers []string
	for _, s := range nodes(doc.Root["servers"]) {
		u, _ := s["url"].(string)
		variables, _ := s["variables"].(node)
		for name, v := range variables {
			variable, _ := v.(node)
			value, _ := variable["default"].(string)
			u = strings.ReplaceAll(u, "{"+name+"}", value)
		}
		servers = append(servers, strings.TrimRight(u, "/"))
	}
	t.Assert(at("server"), slices.ContainsFunc(servers, func(u string) bool { return sameURL(u, t.Session().Base) }),
		harness.Finding{Expected: t.Session().Base, Seen: Examples(servers), Where: "/servers", Responses: shown})
	var urls []string
	components, _ := doc.Root["components"].(node)
	for _, scheme := range nodes(components["securitySchemes"]) {
		for _, flow := range nodes(scheme["flows"]) {
			address, _ := flow["tokenUrl"].(string)
			urls = append(urls, address)
		}
	}
	token := t.Session().Credentials().TokenURL
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
		for path, item := range paths {
			methods, _ := item.(node)
			listed = listed || samePath(path, op.Path) && methods["get"] != nil
		}
		if !listed {
			lacking = append(lacking, op.Path)
		}
	}
	discoveryContent(t, doc, found)
	t.Assert(at("operations"), len(lacking) == 0,
		harness.Finding{Expected: "every operation that the profiles of this run cover",
			Seen: fmt.Sprintf("%d are not listed (%s)", len(lacking), Examples(lacking)), Where: "/paths", Responses: shown})
}

// nodes gives the objects of a list, or of an object in the order of their names.
func nodes(v any) (out []node) {
	var all []any
	switch v := v.(type) {
	case []any:
		all = v
	case node:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, v[name])
		}
	}
	for _, x := range all {
		if n, is := x.(node); is {
			out = append(out, n)
		}
	}
	return out
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
