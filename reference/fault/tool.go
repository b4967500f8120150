package fault

import (
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/tool"
)

func BendTool(c tool.Config, ids ...string) (tool.Config, error)   { return c, nil }
func WrapTool(h http.Handler, ids ...string) (http.Handler, error) { return h, nil }
