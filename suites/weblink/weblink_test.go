package weblink

import "testing"

func TestLinks(t *testing.T) {
	for name, fields := range map[string][]string{
		"quoted":      {`<https://x/u?offset=2>; rel="next", <https://x/u?offset=8>; rel="last"`},
		"unquoted":    {`<https://x/u?offset=2>;rel=next,<https://x/u?offset=8>;rel=last`},
		"two fields":  {`<https://x/u?offset=2>; rel=next`, `<https://x/u?offset=8>; rel=last`},
		"more params": {`<https://x/u?offset=2>; title="a, b; <c>"; rel="next"; x, <https://x/u?offset=8>; hreflang=en; rel="last"`},
		"capitals":    {`<https://x/u?offset=2>; REL="NEXT", <https://x/u?offset=8>; Rel=Last`},
		"two rels":    {`<https://x/u?offset=2>; rel="next up", <https://x/u?offset=8>; rel="last"`},
		"relative":    {`</u?offset=2>; rel="next", <?offset=8>; rel="last"`},
		"comma":       {`<https://x/u?offset=2>; rel="next", <https://x/u?offset=8>; rel="last",`},
	} {
		links := Targets(fields, "https://x/u?limit=2")
		if links["next"] != "https://x/u?offset=2" || links["last"] != "https://x/u?offset=8" {
			t.Errorf("%s: %v", name, links)
		}
		if _, fine := Parse(fields); !fine {
			t.Errorf("%s is called malformed", name)
		}
	}
	for _, bad := range []string{"https://x/u; rel=next", "<https://x/u; rel=next", "<https://x/u>", `{"next":"x"}`} {
		if _, fine := Parse([]string{bad}); fine {
			t.Errorf("%s is called well formed", bad)
		}
	}
}

func FuzzLinks(f *testing.F) {
	f.Add(`<https://x/u?offset=2>; title="a, b"; rel="next", <x>; rel=last`)
	f.Fuzz(func(t *testing.T, field string) { Targets([]string{field}, "https://x/") })
}
