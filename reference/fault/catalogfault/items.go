package catalogfault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf16"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
)

// payload are items that are not of the shape of the standard.
func payload() map[string]bend.Wrapper {
	return map[string]bend.Wrapper{
		"catalog-no-publisher":   each(func(o object) { delete(o, "publisher") }),
		"catalog-null":           each(func(o object) { o["description"] = nil }),
		"catalog-rating-number":  member("rating", func(v any) any { return json.Number(fmt.Sprint(v)) }),
		"catalog-rating-average": member("rating", to("4.5")),
		"catalog-type-own":       member("learningResourceType", to([]any{"Video"})),
		"catalog-type-bare":      member("learningResourceType", to("Media/Video")),
		"catalog-type-none":      member("learningResourceType", to([]any{})),
		"catalog-date-form":      member("publishDate", to("15.08.2024")),
		"catalog-address-path":   member("thumbnailUrl", to("/thumbnails/1")),
		"catalog-link-no-vendor": linked(func(l object) { delete(l, "vendor") }),
		"catalog-link-url":       linked(func(l object) { l["url"] = "https://tool.example/launch" }),
		"catalog-link-text":      member("ltiLink", to("https://tool.example/launch")),
		"catalog-unaligned":      first("learningObjectives", func(o object) { delete(o, "alignmentType") }),
		"catalog-covers":         first("learningObjectives", func(o object) { o["alignmentType"] = "covers" }),
		"catalog-measure-bare":   first("textComplexity", func(o object) { delete(o, "value") }),
		"catalog-measure-own":    first("textComplexity", func(o object) { o["name"] = "ATOS" }),
		"catalog-audience-own":   member("educationalAudience", to([]any{"learner"})),
		"catalog-mode-own":       member("accessMode", to([]any{"audio"})),
		"catalog-hazard-own":     each(func(o object) { o["accessibilityHazards"] = []any{"noFlashing"} }),
		"catalog-name-empty":     each(func(o object) { o["publisher"] = "" }),
		"catalog-name-broken":    member("name", func(v any) any { return fmt.Sprint(v) + "\nin two lines" }),
		"catalog-relevance-text": each(func(o object) { o["relevance"] = "0.5" }),
		"catalog-member-twice":   rewritten(`"publisher":`, `"publisher":"Nobody","publisher":`),
		"catalog-latin":          rewritten(`"publisher":"`, "\"publisher\":\"\xe9"),
		"catalog-entities":       rewritten(`"publisher":"`, `"publisher":"R&amp;D `),
		"catalog-letters-twice":  rewritten(`"publisher":"`, "\"publisher\":\"Caf\u00c3\u00a9 "),
	}
}

// rewritten changes the text of pages of items.
func rewritten(from, to string) bend.Wrapper {
	return changed(func(a *reply) {
		if a.is(resourcesPath) {
			a.text(strings.ReplaceAll(a.Body.String(), from, to))
		}
	})
}

// contents are items that are of the right shape, and say what can't be so.
func contents() map[string]bend.Wrapper {
	twice := func(v any) any {
		if list, is := v.([]any); is && len(list) > 0 {
			return append(list, list[0])
		}
		return v
	}
	return map[string]bend.Wrapper{
		"catalog-unreachable": each(func(o object) { delete(o, "url"); delete(o, "ltiLink") }),
		"catalog-twins": page(func(a *reply, items []any) []any {
			q := a.request.URL.Query()
			plain := !q.Has("filter") && !q.Has("sort") && !q.Has("fields")
			if plain && len(items) > 2 && number(q, "limit", 100) == 100 && number(q, "offset", 0) == 0 {
				items[2] = items[1]
			}
			return items
		}),
		"catalog-grades":         member("typicalAgeRange", to("K-2")),
		"catalog-minutes":        member("timeRequired", to("45")),
		"catalog-language-name":  member("language", to([]any{"English"})),
		"catalog-subject-twice":  member("subject", twice),
		"catalog-link-nowhere":   linked(func(l object) { delete(l, "launch_url"); delete(l, "secure_launch_url") }),
		"catalog-link-app":       linked(func(l object) { l["launch_url"] = "app:open/7" }),
		"catalog-link-insecure":  linked(func(l object) { l["secure_launch_url"] = "http://tool.example/launch" }),
		"catalog-link-withdrawn": led(func(u *url.URL) { u.Path = "/withdrawn/7" }),
		"catalog-link-one-withdrawn": each(func(o object) {
			link, _ := o["ltiLink"].(object)
			secure, _ := link["secure_launch_url"].(string)
			if u, err := url.Parse(secure); err == nil && u.Host != "" {
				u.Path = "/withdrawn/8"
				link["launch_url"] = u.String()
			}
		}),
		"catalog-link-login": led(func(u *url.URL) { u.Path = "/login" }),
		"catalog-custom-twice": linked(func(l object) {
			p := object{"name": "level", "value": "1"}
			l["custom"] = object{"properties": []any{p, p}}
		}),
		"catalog-objective-nameless": first("learningObjectives", func(o object) {
			for _, name := range []string{"caseItemUri", "caseItemGUID", "targetName", "targetURL", "targetDescription"} {
				delete(o, name)
			}
		}),
		"catalog-guid-code": first("learningObjectives", func(o object) { o["caseItemGUID"] = "A.1" }),
		"catalog-guid-other": first("learningObjectives", func(o object) {
			o["caseItemGUID"], o["caseItemUri"] = "5f0f4d5e-3f8e-4c57-8f43-6a0b8f0e8b11", "https://case.example/CFItems/0b0c5d3e-8a53-4b3c-9a4c-5b3d2c1e0f9a"
		}),
		"catalog-measure-case":  first("textComplexity", func(o object) { o["name"], o["value"] = "caseItemUri", "grade 4" }),
		"catalog-measure-twice": member("textComplexity", twice),
	}
}

// subjects are trees that are none.
func subjects() map[string]bend.Wrapper {
	node := func(i int, change func(o object, all []any)) bend.Wrapper {
		return tree(func(nodes []any) []any {
			if o, is := nodes[min(i, len(nodes)-1)].(object); is {
				change(o, nodes)
			}
			return nodes
		})
	}
	eachNode := func(change func(o object)) bend.Wrapper {
		return tree(func(nodes []any) []any {
			for _, one := range nodes {
				change(one.(object))
			}
			return nodes
		})
	}
	root := func(value any) bend.Wrapper {
		return eachNode(func(o object) {
			if o["parent"] == nil {
				o["parent"] = value
			}
		})
	}
	return map[string]bend.Wrapper{
		"catalog-subject-text": eachNode(func(o object) { o["identifier"] = fmt.Sprint(o["identifier"]) }),
		"catalog-subject-same": node(2, func(o object, all []any) { o["identifier"] = all[1].(object)["identifier"] }),
		"catalog-subject-lost": node(3, func(o object, _ []any) { o["parent"] = json.Number("99999") }),
		"catalog-parent-text": eachNode(func(o object) {
			if o["parent"] != nil {
				o["parent"] = fmt.Sprint(o["parent"])
			}
		}),
		"catalog-subject-circle":   node(1, func(o object, _ []any) { o["parent"] = o["identifier"] }),
		"catalog-subject-roots":    node(1, func(o object, _ []any) { o["parent"] = nil }),
		"catalog-subject-nameless": eachNode(func(o object) { delete(o, "name") }),
		"catalog-subject-renamed":  eachNode(func(o object) { o["name"] = fmt.Sprint(o["name"]) + " (old)" }),
		"catalog-root-zero":        root("0"),
	}
}

// odd are catalogues that do nothing that the standard doesn't allow.
func odd() map[string]bend.Wrapper {
	return map[string]bend.Wrapper{
		"catalog-more-members": each(func(o object) {
			o["identifier"], o["vendorData"] = "x-"+fmt.Sprint(o["name"]), object{"price": json.Number("0"), "tags": []any{}}
		}),
		"catalog-limit-capped": asked(func(q url.Values) {
			if n := number(q, "limit", 100); n > 100 {
				q.Set("limit", "100")
			}
		}),
		"catalog-pages-of-fifty": asked(func(q url.Values) {
			if n, err := strconv.Atoi(orElse(q.Get("limit"), "100")); err == nil && n > 50 && n <= 100 {
				q.Set("limit", "50")
			}
		}),
		"catalog-pretty": changed(func(a *reply) {
			if a.is(resourcesPath) {
				text, _ := json.MarshalIndent(a.body(), "", "  ")
				a.text(string(text) + "\n")
			}
		}),
		"catalog-escaped": changed(func(a *reply) {
			if a.is(resourcesPath) {
				a.text(escaped(a.Body.String()))
			}
		}),
		"catalog-relevance": func(next http.Handler) http.Handler {
			var n atomic.Int64
			return page(func(a *reply, items []any) []any {
				for i, one := range items {
					if q := a.request.URL.Query(); !q.Has("fields") {
						one.(object)["relevance"] = json.Number(fmt.Sprintf("0.%d", 900000-i*100-int(n.Add(1)%90)))
					}
				}
				return items
			})(next)
		},
		"catalog-empty-lists": each(func(o object) {
			for _, name := range []string{"author", "accessibilityHazards", "textComplexity"} {
				if _, has := o[name]; !has {
					o[name] = []any{}
				}
			}
		}),
		"catalog-lists-turn": func(next http.Handler) http.Handler {
			var n atomic.Int64
			return member("subject", func(v any) any {
				if list, is := v.([]any); is && n.Add(1)%2 == 0 {
					slices.Reverse(list)
				}
				return v
			})(next)
		},
		"catalog-link-plain": linked(func(l object) { delete(l, "secure_launch_url"); l["launch_url"] = "http://tool.example/launch" }),
		"catalog-link-full": linked(func(l object) {
			l["icon"], l["secure_icon"] = "https://tool.example/i.png", "https://tool.example/i.png"
			l["extensions"] = object{"platform": "lms.example", "properties": []any{object{"name": "a", "value": "b"}}}
			l["metadata"] = object{"curriculumStandardsMetadataSet": object{}}
		}),
		"catalog-month-long": each(func(o object) {
			if o["timeRequired"] == "PT20M" {
				o["timeRequired"] = "P1M"
			}
		}),
		"catalog-links-apart": changed(func(a *reply) {
			lines := strings.Split(a.Header().Get("Link"), ", <")
			if a.is(resourcesPath) && len(lines) > 1 {
				a.Header().Del("Link")
				for i, line := range lines {
					if i > 0 {
						line = "<" + line
					}
					a.Header().Add("Link", line)
				}
			}
		}),
	}
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// escaped writes what is beyond ASCII by its code units, as JSON has it.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, "\\u%04x", unit)
		}
	}
	return b.String()
}

// led has LTI links lead elsewhere.
func led(change func(u *url.URL)) bend.Wrapper {
	return each(func(o object) {
		link, _ := o["ltiLink"].(object)
		for _, name := range []string{"launch_url", "secure_launch_url"} {
			address, is := link[name].(string)
			if u, err := url.Parse(address); is && err == nil {
				change(u)
				link[name] = u.String()
			}
		}
	})
}
