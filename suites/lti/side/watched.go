package side

import (
	"net/http"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Watched is an exchange of the browser as evidence takes it.
func Watched(x browser.Exchange) harness.Watched {
	return harness.Watched{
		Started:  x.Started,
		Ended:    x.Ended,
		Method:   x.Method,
		URL:      x.URL,
		Request:  x.Request,
		Body:     x.Body,
		Form:     strings.Contains(x.Request.Get("Content-Type"), "form") || x.Method == http.MethodPost,
		Status:   x.Status,
		Response: x.Response,
		Problem:  strings.TrimSpace(x.Problem + " " + strings.Join(x.Blocked, "; ")),
	}
}
