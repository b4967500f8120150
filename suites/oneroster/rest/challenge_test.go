package rest

import "testing"

func TestChallengesAreRead(t *testing.T) {
	for field, legible := range map[string]bool{
		`Bearer`:                     true,
		`bearer `:                    true,
		`Bearer realm="a, b"`:        true,
		`Bearer realm="a \"b\""`:     true,
		`Bearer error=invalid_token`: true,
		`Bearer realm="x", error="insufficient_scope", scope="a b"`: true,
		`Bearer realm = "x" , error = "y"`:                          true,
		`Basic realm="x", Bearer realm="y"`:                         true,
		`Basic, Bearer`:                                             true,
		`Negotiate YII=, Bearer`:                                    true,
		`Negotiate YIIabc+/==`:                                      true,
		`, Bearer`:                                                  true,
		``:                                                          false,
		` , `:                                                       false,
		`Bearer realm="x`:                                           false,
		`Bearer realm=x y`:                                          false,
		`Bearer error="x" scope="y"`:                                false,
		`Bearer error="x"", scope="y"`:                              false,
		`Bearer error="x", error="y"`:                               false,
		`Bearer error=", scope=y`:                                   false,
		`Bearer error=insufficient_scope, scope=a b`:                false,
		`Bearer: error="x"`:                                         false,
		`"Bearer"`:                                                  false,
		`{"error":"invalid_token"}`:                                 false,
		"Bearer realm=\"a\x01\"":                                    false,
	} {
		if challengesLegible([]string{field}) != legible {
			t.Errorf("%s: legible is %t", field, !legible)
		}
	}
	if challengesLegible(nil) {
		t.Error("no field is legible")
	}
	if !challengesLegible([]string{"Basic", "Bearer"}) || challengesLegible([]string{"Bearer", `Basic realm="`}) {
		t.Error("each field counts")
	}
}

// FuzzChallenges: whatever a product sends, reading it ends.
func FuzzChallenges(f *testing.F) {
	for _, seed := range []string{`Bearer realm="x", error="y"`, `Basic, Bearer`, `Negotiate a==`, `Bearer x="\`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, field string) { challengesLegible([]string{field}) })
}
