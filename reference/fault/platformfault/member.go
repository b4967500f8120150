package platformfault

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
)

// put makes a behaviour that sets a member of a claim to what a launch gives.
func put(name, inner string, v func(l *platform.Pending) any) behaviour {
	return claims(func(c map[string]any, l *platform.Pending) { member(c, name, inner, v(l)) })
}

// member sets a member of a claim, which becomes an object if it is none.
func member(c map[string]any, name, inner string, v any) {
	o := map[string]any{}
	switch old := c[ns+name].(type) {
	case map[string]any:
		o = old
	case map[string]string:
		for k, x := range old {
			o[k] = x
		}
	}
	o[inner] = v
	c[ns+name] = o
}

// memberFaults are platforms whose messages are wrong for some people, from some
// links, or in what a claim says.
func memberFaults() map[string]behaviour {
	rename := func(change func(role string) string) behaviour {
		return claims(func(c map[string]any, _ *platform.Pending) {
			list, _ := c[ns+"roles"].([]string)
			var out []string
			for _, r := range list {
				out = append(out, change(r))
			}
			c[ns+"roles"] = out
		})
	}
	const sub = "http://purl.imsglobal.org/vocab/lis/v2/membership/"
	return map[string]behaviour{
		"platform-context-user": put("context", "id", func(l *platform.Pending) any { return l.Link.Course + "-" + l.User }),
		"platform-guid-each":    put("tool_platform", "guid", func(*platform.Pending) any { return fmt.Sprint("instance-", counter.Add(1)) }),
		"platform-person-same":  put("lis", "person_sourcedid", func(*platform.Pending) any { return "person-1" }),
		"platform-roles-both": claims(func(c map[string]any, _ *platform.Pending) {
			list, _ := c[ns+"roles"].([]string)
			c[ns+"roles"] = append([]string{membership + "Instructor", membership + "Learner"}, list...)
		}),
		"platform-roles-https": claims(func(c map[string]any, _ *platform.Pending) {
			list, _ := c[ns+"roles"].([]string)
			out := []string{institution + "Student"}
			for _, r := range list {
				if strings.HasSuffix(r, "#Mentor") {
					out = append(out, r)
				}
				out = append(out, strings.Replace(r, "http:", "https:", 1))
			}
			c[ns+"roles"] = out
		}),
		"platform-roles-made-up": rename(func(r string) string { return strings.Replace(r, membership, sub, 1) + "#Bogus" }),
		"platform-roles-alone": rename(func(r string) string {
			switch r {
			case membership + "Instructor":
				return sub + "Instructor#Lecturer"
			case membership + "Learner":
				return sub + "Learner#GuestLearner"
			}
			return r
		}),
		"platform-target-wrong": {Bend: func(c *platform.Config) {
			const target = "https://elsewhere.example/target"
			c.Login = func(v url.Values, _ *platform.Pending) { v.Set("target_link_uri", target) }
			c.Claims = func(m map[string]any, _ *platform.Pending) { m[ns+"target_link_uri"] = target }
		}},
		"platform-life-second": claims(func(c map[string]any, _ *platform.Pending) { c["exp"] = time.Now().Unix() + 1 }),
		"platform-locale-name": claims(func(c map[string]any, _ *platform.Pending) {
			c["locale"] = "British English"
			member(c, "launch_presentation", "locale", "en_GB.UTF-8")
		}),
		"platform-mail-odd": claims(func(c map[string]any, _ *platform.Pending) { c["email"], c["picture"] = "by post", "portrait.png" }),
		"platform-sub-none": claims(func(c map[string]any, l *platform.Pending) {
			if list, _ := c[ns+"roles"].([]string); slices.Contains(list, membership+"Learner") {
				delete(c, "sub")
			}
		}),
		"platform-size-negative": put("launch_presentation", "width", func(*platform.Pending) any { return -5 }),
		"platform-login-crossed": {Bend: func(c *platform.Config) {
			c.Login = func(v url.Values, _ *platform.Pending) {
				other := map[string]string{"judge-1": "judge-2", "judge-2": "judge-1"}
				v.Set("lti_deployment_id", other[v.Get("lti_deployment_id")])
			}
		}},
		"platform-login-framed": {Bend: func(c *platform.Config) {
			c.Login = func(v url.Values, l *platform.Pending) {
				if l.As == "frame" {
					v.Del("target_link_uri")
					v.Set("iss", v.Get("iss")+"/")
					v.Set("client_id", "another")
				}
			}
		}},
		"platform-token-framed": {Bend: func(c *platform.Config) {
			c.Checks = append([]platform.Check{{ID: "frame", Broken: func(a *platform.Asked) (security.ErrorCode, string) {
				if a.Pending != nil && a.Pending.As == "frame" {
					return security.LoginRequired, "There is no cookie in the frame."
				}
				return "", ""
			}}}, platform.Checks()...)
		}},
		"platform-token-first-user": {Bend: func(c *platform.Config) {
			first := ""
			c.Checks = append([]platform.Check{{ID: "first", Broken: func(a *platform.Asked) (security.ErrorCode, string) {
				if first == "" {
					first = a.User
				}
				if a.User != "" && a.User != first {
					return security.ServerError, "Something went wrong."
				}
				return "", ""
			}}}, platform.Checks()...)
		}},
	}
}
