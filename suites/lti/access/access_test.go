package access

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/lti/mint"
	"github.com/rollcall-edu/rollcall/suites/lti/tool"
)

func asked(t *testing.T, claims map[string]any, change func(v url.Values, h http.Header)) ask {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	v := url.Values{"grant_type": {grantType}, "client_assertion_type": {assertionType}, "scope": {"a b"},
		"client_assertion": {part(map[string]any{"alg": "RS256", "kid": "k"}) + "." + part(claims) + ".x"}}
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	if change != nil {
		change(v, h)
	}
	return takeApart(tool.Call{At: time.Unix(1000, 0), Token: true, Header: h, Body: []byte(v.Encode())})
}

func TestForms(t *testing.T) {
	good := map[string]any{"iss": "c"}
	for name, test := range map[string]struct {
		change func(v url.Values, h http.Header)
		good   bool
	}{
		"as it is":        {nil, true},
		"more members":    {func(v url.Values, _ http.Header) { v.Set("client_id", "c") }, true},
		"JSON":            {func(_ url.Values, h http.Header) { h.Set("Content-Type", "application/json") }, false},
		"no type":         {func(_ url.Values, h http.Header) { h.Del("Content-Type") }, false},
		"scope twice":     {func(v url.Values, _ http.Header) { v.Add("scope", "c") }, false},
		"no scope":        {func(v url.Values, _ http.Header) { v.Set("scope", " ") }, false},
		"another grant":   {func(v url.Values, _ http.Header) { v.Set("grant_type", "password") }, false},
		"another type":    {func(v url.Values, _ http.Header) { v.Set("client_assertion_type", "x") }, false},
		"no assertion":    {func(v url.Values, _ http.Header) { v.Del("client_assertion") }, false},
		"no JWT":          {func(v url.Values, _ http.Header) { v.Set("client_assertion", "a.b") }, false},
		"nothing of JSON": {func(v url.Values, _ http.Header) { v.Set("client_assertion", "!.!.!") }, false},
	} {
		if why := asked(t, good, test.change).formProblem(); (why == "") != test.good {
			t.Errorf("%s: %q", name, why)
		}
	}
}

func TestTimes(t *testing.T) {
	for name, test := range map[string]struct {
		iat, exp    any
		wrong, long bool
	}{
		"a minute":      {1000, 1060, false, false},
		"with fraction": {999.5, 1060.5, false, false},
		"a little late": {950, 960, false, false},
		"an hour":       {1000, 4600, false, false},
		"two hours":     {1000, 8200, false, true},
		"over":          {100, 160, true, false},
		"to come":       {5000, 5060, true, false},
		"backwards":     {1060, 1000, true, false},
		"milliseconds":  {1000000, 1060000, true, false},
		"texts":         {"1000", "1060", true, false},
		"none":          {nil, nil, true, false},
		"beyond all":    {1000, 1e300, false, true},
	} {
		wrong, long := asked(t, map[string]any{"iat": test.iat, "exp": test.exp}, nil).timesProblem()
		if (wrong != "") != test.wrong || (long != "") != test.long {
			t.Errorf("%s: %q, %q", name, wrong, long)
		}
	}
}

func TestWhoAndWhom(t *testing.T) {
	l := &lti.Section{ClientID: "c", OtherClientID: "d"}
	for _, test := range []struct {
		claims      map[string]any
		client, aud bool
	}{
		{map[string]any{"iss": "c", "sub": "c", "aud": "https://p/token"}, true, true},
		{map[string]any{"iss": "d", "sub": "d", "aud": []any{"https://p/token"}}, true, true},
		{map[string]any{"iss": "c", "aud": []any{"https://p", "https://p/token"}}, false, true},
		{map[string]any{"iss": "https://p", "sub": "c", "aud": "https://p"}, false, false},
		{map[string]any{"iss": 1, "sub": nil, "aud": []any{1}}, false, false},
		{map[string]any{}, false, false},
	} {
		a := asked(t, test.claims, nil)
		if client, aud := a.issuerProblem(l), a.audienceProblem("https://p/token"); (client == "") != test.client || (aud == "") != test.aud {
			t.Errorf("%v: %q, %q", test.claims, client, aud)
		}
	}
}

func TestVerifies(t *testing.T) {
	k, err := mint.NewKey("k")
	if err != nil {
		t.Fatal(err)
	}
	jwk := k.JWK()
	n, e := jwk["n"].(string), jwk["e"].(string)
	token, err := mint.Sign(map[string]any{"alg": "RS256", "kid": "k"}, map[string]any{"iss": "c"}, k, mint.RS256)
	if err != nil {
		t.Fatal(err)
	}
	if !verifies(token, n, e) || verifies(token+"x", n, e) || verifies("x"+token, n, e) || verifies("", n, e) || verifies(token, "!", e) ||
		verifies(token, n, strings.Repeat("A", 20)) {
		t.Error("a signature is taken for another")
	}
}
