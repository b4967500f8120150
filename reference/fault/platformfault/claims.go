package platformfault

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rollcall-edu/rollcall/reference/fault/bend"
	"github.com/rollcall-edu/rollcall/reference/platform"
)

const ns = platform.Namespace

// claims makes a behaviour that changes the claims of a launch.
func claims(change func(c map[string]any, l *platform.Pending)) behaviour {
	return behaviour{Bend: func(c *platform.Config) { c.Claims = bend.Then(c.Claims, change) }}
}

// set makes one that sets a claim, drop one that leaves it out.
func set(name string, v any) behaviour {
	return claims(func(c map[string]any, _ *platform.Pending) { c[name] = v })
}

func drop(names ...string) behaviour {
	return claims(func(c map[string]any, _ *platform.Pending) {
		for _, n := range names {
			delete(c, n)
		}
	})
}

// within changes a member of a claim that is an object.
func within(name, member string, v any) behaviour {
	return claims(func(c map[string]any, _ *platform.Pending) {
		if texts, ok := c[ns+name].(map[string]string); ok {
			o := map[string]any{}
			for k, x := range texts {
				o[k] = x
			}
			c[ns+name] = o
		}
		if o, ok := c[ns+name].(map[string]any); ok {
			if v == nil {
				delete(o, member)
			} else {
				o[member] = v
			}
		}
	})
}

// counter makes something new each time.
var counter atomic.Int64

func each(name, member string) behaviour {
	return claims(func(c map[string]any, _ *platform.Pending) {
		v := fmt.Sprintf("launch-%d", counter.Add(1))
		if o, ok := c[name].(map[string]any); ok {
			o[member] = v
			return
		}
		c[name] = v
	})
}

const (
	membership  = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
	institution = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
)

// claimFaults are platforms whose messages are wrong.
func claimFaults() map[string]behaviour {
	return map[string]behaviour{
		"platform-iss-slash":   claims(func(c map[string]any, _ *platform.Pending) { c["iss"] = c["iss"].(string) + "/" }),
		"platform-aud-other":   set("aud", "another-tool"),
		"platform-azp-wrong":   set("azp", "another-tool"),
		"platform-exp-missing": drop("exp"),
		"platform-exp-past":    claims(func(c map[string]any, _ *platform.Pending) { c["exp"] = time.Now().Add(-time.Hour).Unix() }),
		"platform-iat-missing": drop("iat"),
		"platform-iat-future":  claims(func(c map[string]any, _ *platform.Pending) { c["iat"] = time.Now().Add(time.Hour).Unix() }),
		"platform-milliseconds": claims(func(c map[string]any, _ *platform.Pending) {
			c["iat"], c["exp"] = time.Now().UnixMilli(), time.Now().UnixMilli()+300_000
		}),
		"platform-life-long":        claims(func(c map[string]any, _ *platform.Pending) { c["exp"] = time.Now().Add(240 * time.Hour).Unix() }),
		"platform-nonce-own":        set("nonce", "a-nonce-of-its-own"),
		"platform-nonce-lower":      claims(func(c map[string]any, _ *platform.Pending) { c["nonce"] = strings.ToLower(c["nonce"].(string)) }),
		"platform-nonce-missing":    drop("nonce"),
		"platform-sub-number":       claims(func(c map[string]any, l *platform.Pending) { c["sub"] = len(l.User)*1000 + int(l.User[len(l.User)-1]) }),
		"platform-sub-empty":        set("sub", ""),
		"platform-sub-long":         claims(func(c map[string]any, l *platform.Pending) { c["sub"] = fmt.Sprintf("%s-%0300d", l.User, 0) }),
		"platform-sub-each":         each("sub", ""),
		"platform-sub-same":         set("sub", "everybody"),
		"platform-type-missing":     drop(ns + "message_type"),
		"platform-type-old":         set(ns+"message_type", "basic-lti-launch-request"),
		"platform-version-short":    set(ns+"version", "1.3"),
		"platform-deployment-wrong": set(ns+"deployment_id", "never-issued"),
		"platform-deployment-none":  drop(ns + "deployment_id"),
		"platform-target-none":      drop(ns + "target_link_uri"),
		"platform-target-path":      set(ns+"target_link_uri", "/target"),
		"platform-target-other": claims(func(c map[string]any, _ *platform.Pending) {
			c[ns+"target_link_uri"] = c[ns+"target_link_uri"].(string) + "?other=1"
		}),
		"platform-link-none":  drop(ns + "resource_link"),
		"platform-link-no-id": within("resource_link", "id", nil),
		"platform-link-each":  each(ns+"resource_link", "id"),
		"platform-link-user": claims(func(c map[string]any, l *platform.Pending) {
			c[ns+"resource_link"] = map[string]any{"id": l.Link.ID + "-" + l.User[:6]}
		}),
		"platform-link-same":      within("resource_link", "id", "the-course"),
		"platform-roles-none":     drop(ns + "roles"),
		"platform-roles-text":     set(ns+"roles", membership+"Instructor"),
		"platform-roles-old":      set(ns+"roles", []string{"Student"}),
		"platform-roles-learners": set(ns+"roles", []string{membership + "Learner"}),
		"platform-roles-teachers": set(ns+"roles", []string{membership + "Instructor"}),
		"platform-roles-outside":  set(ns+"roles", []string{institution + "Faculty", institution + "Student"}),
		"platform-context-no-id":  within("context", "id", nil),
		"platform-context-each":   each(ns+"context", "id"),
		"platform-context-type":   within("context", "type", []string{"http://purl.imsglobal.org/vocab/lis/v2/course#CourseGroup"}),
		"platform-context-text":   within("context", "type", "CourseSection"),
		"platform-guid-none":      within("tool_platform", "guid", nil),
		"platform-mentor-all":     set(ns+"role_scope_mentor", []string{"somebody"}),
		"platform-mentor-text": claims(func(c map[string]any, _ *platform.Pending) {
			if c[ns+"role_scope_mentor"] != nil {
				c[ns+"role_scope_mentor"] = "one,two"
			}
		}),
		"platform-present-embed":  within("launch_presentation", "document_target", "embed"),
		"platform-present-size":   within("launch_presentation", "width", "800"),
		"platform-present-fixed":  within("launch_presentation", "document_target", "window"),
		"platform-return-path":    within("launch_presentation", "return_url", "/courses"),
		"platform-lis-number":     within("lis", "person_sourcedid", 4711),
		"platform-custom-list":    set(ns+"custom", []string{}),
		"platform-title-entities": within("context", "title", "Reading &amp; writing"),
		"platform-claim-misspelt": claims(func(c map[string]any, _ *platform.Pending) {
			c[ns+"launch_presentations"] = c[ns+"launch_presentation"]
			delete(c, ns+"launch_presentation")
		}),
		"platform-member-misspelt": within("context", "titel", "Algebra 1"),
		"platform-title-twice":     within("context", "title", "FranÃ§ais"),
		"platform-whitespace":      within("context", "title", " Algebra 1 "),
		"platform-title-number":    within("context", "title", 7),
		"platform-migration":       set(ns+"lti1p1", map[string]any{"user_id": 4711}),
		"platform-custom-number":   within("custom", "part", 1),
		"platform-custom-none":     drop(ns + "custom"),
		"platform-custom-other":    within("custom", "user_id", "4711"),
		"platform-custom-raw":      within("custom", "user_id", "$User.id"),
		"platform-roles-null":      set(ns+"roles", nil),
		"platform-context-null":    set(ns+"context", nil),
		"platform-sub-null":        set("sub", nil),
		"platform-member-twice": claims(func(c map[string]any, _ *platform.Pending) {
			if text, err := json.Marshal(c[ns+"resource_link"]); err == nil { // claims are JSON
				c[ns+"resource_link"] = json.RawMessage(strings.Replace(string(text), "{", `{"id":"another",`, 1))
			}
		}),
		"platform-nulls":       set("middle_name", nil),
		"platform-names-empty": set("email", ""),
	}
}
