package platform

import (
	"net/url"
	"slices"
)

// respelled writes the registered redirect_uri in other ways: it is compared as a text,
// so that nobody can lead an answer past it. An answer to any of them fails.
func respelled(j *judge) map[string]plan {
	registered, origin := j.tool.redirectURI(), j.tool.origin
	out := map[string]plan{}
	for title, address := range map[string]string{
		"a slash at the end":            registered + "/",
		"dots in the path":              registered + "/../elsewhere",
		"a fragment":                    registered + "#elsewhere",
		"the path in capitals":          origin + "/CALLBACK",
		"the old one behind another":    "https://elsewhere.invalid/?to=" + registered,
		"another port":                  changed(registered, func(u *url.URL) { u.Host = u.Hostname() + ":" + otherPort(u) }),
		"a name before the host":        changed(registered, func(u *url.URL) { u.User = url.User("elsewhere") }),
		"another host, its name inside": changed(registered, func(u *url.URL) { u.Host = u.Hostname() + ".elsewhere.invalid" }),
	} {
		out["redirect_uri: "+title] = plan{redirect: address, silent: true}
	}
	return out
}

func changed(address string, change func(u *url.URL)) string {
	u, err := url.Parse(address)
	if err != nil {
		return address + "x"
	}
	change(u)
	return u.String()
}

// otherPort is one on which nobody is asked for anything: that the browser goes there
// is seen by its request.
func otherPort(u *url.URL) string {
	if u.Port() == "8444" {
		return "8445"
	}
	return "8444"
}

// strayed tells whether the browser was sent to a redirect_uri that is not registered,
// wherever that is. Where nobody answers, the request shows it.
func (s *seen) strayed(registered string) bool {
	s.launch.mu.Lock()
	asked := s.launch.asked.Get("redirect_uri")
	s.launch.mu.Unlock()
	to := place(asked)
	if asked == "" || to == place(registered) {
		return false // an answer to it is noted as one
	}
	return slices.ContainsFunc(s.log, func(x exchange) bool { return x.Document && !x.Started.Before(s.since) && place(x.URL) == to })
}

// place is an address as a browser goes to it, without its query and fragment.
func place(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u = u.ResolveReference(&url.URL{Path: u.EscapedPath()})
	return u.Scheme + "://" + u.Host + u.Path
}
