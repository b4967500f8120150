package platform

import (
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// Variables have the values of the claims that say the same.
func TestVariables(t *testing.T) {
	w := newWorld(t)
	_, _, parent, courseID := w.platform.People()
	c, _ := w.platform.school().course(courseID)
	middle := ""
	for _, id := range w.platform.school().order {
		if w.platform.school().people[id].middle != "" && len(w.platform.school().coursesOf(id)) > 0 {
			middle = id
			break
		}
	}
	if middle == "" {
		t.Fatal("nobody has a middle name")
	}
	values := func(user, course, as string, anonymous bool) (map[string]any, map[string]string) {
		tool, _ := w.platform.tool(client)
		tool.Anonymous = anonymous
		l := &Pending{User: user, Link: Link{ID: "l", Course: course}, Tool: tool, As: as}
		claims := w.platform.claims(l, "n")
		return claims, w.platform.variables(l, claims)
	}

	claims, v := values(parent, courseID, "frame", false)
	platform := claims[lti.Namespace+"tool_platform"].(map[string]any)
	scope := claims[lti.Namespace+"role_scope_mentor"].([]string)
	for name, want := range map[string]any{
		"User.scope.mentor": strings.Join(scope, ","), "Context.sourcedId": courseID, "Membership.status": "Active", "Message.height": "576",
		"ToolPlatformInstance.description": platform["description"], "ToolPlatformInstance.url": platform["url"], "ToolPlatformInstance.contactEmail": platform["contact_email"],
		"CourseOffering.sourcedId": c.course, "CourseOffering.title": w.platform.school().offerings[c.course].title, "Context.id.history": "", "ResourceLink.id.history": "",
	} {
		if got, there := v[name]; !there || got != want {
			t.Errorf("$%s is %q, want %q", name, got, want)
		}
	}
	if len(scope) == 0 || v["CourseOffering.title"] == "" {
		t.Errorf("nothing to compare: %v, %q", scope, v["CourseOffering.title"])
	}

	in := w.platform.school().coursesOf(middle)[0].id
	claims, v = values(middle, in, "same", false)
	if claims["middle_name"] != w.platform.school().people[middle].middle || v["Person.name.middle"] != claims["middle_name"] {
		t.Errorf("middle name %v, $Person.name.middle %q", claims["middle_name"], v["Person.name.middle"])
	}
	if _, there := v["Message.height"]; there {
		t.Error("a window of its own has a height that nobody knows")
	}
	claims, v = values(middle, in, "same", true)
	if claims["middle_name"] != nil || v["Person.name.middle"] != "" {
		t.Error("an anonymous launch tells the middle name")
	}
}
