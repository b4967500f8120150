package platform

import (
	"maps"
	"strconv"
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
	who := p.school().people[l.User]
	c, _ := p.school().course(l.Link.Course)
	roles, _ := claims[lti.Namespace+"roles"].([]string)
	shown, _ := claims[lti.Namespace+"launch_presentation"].(map[string]any)
	offering := p.school().offerings[c.course]
	out := map[string]string{
		"User.id": claims["sub"].(string), "Context.id": p.pseudonym("course", c.id), "Context.title": c.title, "Context.label": c.code,
		"Context.type":      "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection",
		"Context.sourcedId": c.id, "Context.id.history": "", "ResourceLink.id.history": "", // nothing here is a copy
		"CourseOffering.sourcedId": c.course, "CourseOffering.title": offering.title, "CourseOffering.label": offering.code, "CourseSection.sourcedId": c.id, "CourseSection.title": c.title, "CourseSection.label": c.code,
		"Membership.role": strings.Join(roles, ","), "Membership.status": "Active", "ToolPlatform.productFamilyCode": "rollcall-reference", "ToolPlatform.version": "1",
		"ToolPlatformInstance.guid": p.pseudonym("platform"), "ToolPlatformInstance.name": platformName,
		"ToolPlatformInstance.description": aboutText, "ToolPlatformInstance.url": p.c.Origin, "ToolPlatformInstance.contactEmail": contactEmail,
		"Message.documentTarget": shown["document_target"].(string), "Message.returnUrl": shown["return_url"].(string), "Message.locale": "en-US",
	}
	if l.Link.ID != "" {
		maps.Copy(out, map[string]string{"ResourceLink.id": l.Link.ID, "ResourceLink.title": l.Link.Title,
			"ResourceLink.description": l.Link.Description})
	}
	if i := l.Link.Item; i != nil { // what is open all the time has no value, and stays as it is
		for name, v := range map[string]string{"available.startDateTime": i.Available.From(), "available.endDateTime": i.Available.Until(),
			"submission.startDateTime": i.Submission.From(), "submission.endDateTime": i.Submission.Until()} {
			if v != "" {
				out["ResourceLink."+name] = v
			}
		}
	}
	if height, there := shown["height"].(int); there {
		out["Message.height"] = strconv.Itoa(height)
	}
	if scope, _ := claims[lti.Namespace+"role_scope_mentor"].([]string); len(scope) > 0 {
		out["User.scope.mentor"] = strings.Join(scope, ",")
	}
	if !l.Tool.Anonymous {
		maps.Copy(out, map[string]string{"User.username": who.username, "Person.sourcedId": who.id, "Person.name.full": who.name,
			"Person.name.given":  who.given,
			"Person.name.family": who.family, "Person.email.primary": who.email})
		if who.middle != "" {
			out["Person.name.middle"] = who.middle
		}
	}
	return out
}
