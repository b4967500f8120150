package platform

import (
	"maps"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/lti"
)

// custom puts the parameters of the registration and of the link together, those
// of the link win, and substitutes variables (LTI 1.3 §5.4.6, appendix B).
func (p *Platform) custom(l *Pending, claims map[string]any) map[string]string {
	out := maps.Clone(l.Tool.Custom)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, l.Link.Custom)
	values := p.variables(l, claims)
	for name, v := range out {
		if variable, is := strings.CutPrefix(v, "$"); is {
			if x, known := values[variable]; known {
				out[name] = x // what isn't known stays as it is
			}
		}
	}
	return out
}

// variables are the values of all variables that are known here.
func (p *Platform) variables(l *Pending, claims map[string]any) map[string]string {
	who := p.school.people[l.User]
	c, _ := p.school.course(l.Link.Course)
	roles, _ := claims[lti.Namespace+"roles"].([]string)
	out := map[string]string{
		"User.id": claims["sub"].(string), "Context.id": p.pseudonym("course", c.id), "Context.title": c.title, "Context.label": c.code,
		"Context.type":             "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection",
		"CourseOffering.sourcedId": c.course, "CourseSection.sourcedId": c.id, "CourseSection.title": c.title, "CourseSection.label": c.code,
		"ResourceLink.id": l.Link.ID, "ResourceLink.title": l.Link.Title, "ResourceLink.description": l.Link.Description,
		"Membership.role": strings.Join(roles, ","), "ToolPlatform.productFamilyCode": "rollcall-reference", "ToolPlatform.version": "1",
		"ToolPlatformInstance.guid": p.pseudonym("platform"), "ToolPlatformInstance.name": "Riverbend Unified",
		"Message.documentTarget": claims[lti.Namespace+"launch_presentation"].(map[string]any)["document_target"].(string),
		"Message.returnUrl":      claims[lti.Namespace+"launch_presentation"].(map[string]any)["return_url"].(string), "Message.locale": "en-US",
	}
	if !l.Tool.Anonymous {
		maps.Copy(out, map[string]string{"User.username": who.username, "Person.sourcedId": who.id, "Person.name.full": who.name, "Person.name.given": who.given,
			"Person.name.family": who.family, "Person.email.primary": who.email})
	}
	return out
}
