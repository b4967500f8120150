package harness

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
)

// everyByte writes each byte of a text in a form of its own.
func everyByte(s, format string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

func everyRune(s, format string) string {
	var b strings.Builder
	for _, c := range s {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// writtenForms are the ways in which products were seen to write what they had been sent. Each
// gives the text, and the parts of it that would tell the secret.
var writtenForms = []struct {
	name  string
	write func(s string) (text string, telling []string)
}{
	{"raw", one(func(s string) string { return s })},
	{"upper case", one(strings.ToUpper)},
	{"lower case", one(strings.ToLower)},
	{"query", one(url.QueryEscape)},
	{"path", one(url.PathEscape)},
	{"percent, all, upper", one(func(s string) string { return everyByte(s, "%%%02X") })},
	{"percent, all, lower", one(func(s string) string { return everyByte(s, "%%%02x") })},
	{"percent twice", one(func(s string) string { return url.QueryEscape(everyByte(s, "%%%02X")) })},
	{"base64", one(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })},
	{"base64, one before", shifted(base64.StdEncoding, "u")},
	{"base64, two before", shifted(base64.StdEncoding, "u:")},
	{"base64, three before", shifted(base64.StdEncoding, "me:")},
	{"base64url, unpadded", shifted(base64.RawURLEncoding, "ab")},
	{"base64 of lower case", one(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(strings.ToLower(s))) })},
	{"base64 in lines", func(s string) (string, []string) {
		whole := base64.StdEncoding.EncodeToString([]byte(s))
		return whole[:7] + "\r\n " + whole[7:], []string{whole[:7], whole[7:]}
	}},
	{"base64 in a query", one(func(s string) string { return url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(s))) })},
	{"hex", one(func(s string) string { return hex.EncodeToString([]byte(s)) })},
	{"HEX", one(func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) })},
	{"hex with colons", one(func(s string) string { return everyByte(s, "%02x:") })},
	{"JSON, all escaped", one(func(s string) string { return everyRune(s, `\u%04x`) })},
	{"JSON, all escaped, upper", one(func(s string) string { return everyRune(s, `\u%04X`) })},
	{"JSON, one escaped", func(s string) (string, []string) {
		return s[:3] + fmt.Sprintf(`\u%04x`, s[3]) + s[4:], []string{s[4:]}
	}},
	{"JSON in JSON", one(func(s string) string { return everyRune(s, `\\u%04x`) })},
	{"JSON in a form", one(func(s string) string { return url.QueryEscape(everyRune(s, `\u%04x`)) })},
	{"bytes as Go quotes them", one(func(s string) string { return everyByte(s, `\x%02x`) })},
	{"HTML", one(html.EscapeString)},
	{"HTML, decimal", one(func(s string) string { return everyRune(s, "&#%d;") })},
	{"HTML, hexadecimal", one(func(s string) string { return everyRune(s, "&#x%x;") })},
	{"HTML, padded", one(func(s string) string { return everyRune(s, "&#%06d;") })},
	{"HTML in HTML", one(func(s string) string { return html.EscapeString(everyRune(s, "&#%d;")) })},
	{"two lines", func(s string) (string, []string) {
		m := len(s) / 2
		return s[:m] + "\r\n\t" + s[m:], []string{s[:m], s[m:]}
	}},
	{"two strings", func(s string) (string, []string) {
		m := len(s) / 2
		return s[:m] + `","` + s[m:], []string{s[:m], s[m:]}
	}},
	{"two fields", func(s string) (string, []string) {
		m := len(s) / 2
		return "first=" + s[:m] + " and then the other=" + s[m:], []string{s[:m], s[m:]}
	}},
	{"in signs", func(s string) (string, []string) {
		return strings.Join(strings.Split(s, ""), "-"), []string{strings.Join(strings.Split(s[:8], ""), "-")}
	}},
}

func one(write func(string) string) func(string) (string, []string) {
	return func(s string) (string, []string) { t := write(s); return t, []string{t} }
}

func shifted(coding *base64.Encoding, before string) func(string) (string, []string) {
	return func(s string) (string, []string) {
		t := coding.EncodeToString([]byte(before + s + "; rest"))
		return t, []string{t[4:12]}
	}
}

// canary secrets, as they are granted: hex, base64url with signs, passphrases, JWT.
var canarySecrets = []string{
	"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
	"kQ7_xW-2mZp9-Lr4_TtY8vB3nHc6",
	"p4ss phrase/with+signs&more=99",
	"Zürich-geheim-0815-Schlüssel",
	"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnktMSIsImlhdCI6MX0.s1gn4tur3-_Z",
}

// A secret is found in each form in which products write what they were sent.
func TestSecretsInEveryForm(t *testing.T) {
	for _, secret := range canarySecrets {
		r, err := NewRedactor([]byte("salt"))
		if err != nil {
			t.Fatal(err)
		}
		r.Secret(secret)
		for _, f := range writtenForms {
			text, telling := f.write(secret)
			for _, around := range []string{"%s", "before %s after", `{"a":"%s","b":1}`, "x=%s&y=z", "%%%s", `\%s`, "é%sé", "invalid_token: %s;", "<p>%s</p>"} {
				in := fmt.Sprintf(around, text)
				for how, out := range map[string]string{"Text": r.Text(in), "URL": r.URL(in), "Value": r.Value("remark", in), "Body": body(r, in)} {
					for _, tell := range telling {
						if len(tell) > 5 && strings.Contains(out, tell) {
							t.Errorf("%s of %q: %s leaves %q in %q", how, secret, f.name, tell, out)
						}
					}
					if strings.HasPrefix(around, "before") && (!strings.HasPrefix(out, "before ") || !strings.HasSuffix(out, " after")) {
						t.Errorf("%s of %q: %s eats what stands around: %q", how, secret, f.name, out)
					}
				}
			}
		}
	}
}

func body(r *Redactor, s string) string {
	text, _ := r.Body([]byte(s), 1<<16)
	return text
}

// Wherever the evidence is cut, no part of a secret longer than five bytes is left.
func TestSecretsAtTheCut(t *testing.T) {
	const secret = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
	r := testRedactor(t)
	r.Secret(secret)
	filler := strings.Repeat("lorem ipsum ", 400)
	for before := range 60 {
		for _, limit := range []int{64, 200} {
			for _, in := range []string{filler[:limit-before] + secret + filler, `{"a":"` + filler[:limit-before] + secret + `"}`} {
				text, cut := r.Body([]byte(in), limit)
				if len(text) > limit || !cut && strings.HasSuffix(in, "lorem ipsum ") {
					t.Fatalf("%d bytes, cut %v, of a limit of %d: %q", len(text), cut, limit, text)
				}
				leak(t, text, secret)
			}
		}
		leak(t, r.Text((filler + secret)[len(filler)-before:len(filler)+before%len(secret)]), secret)
		leak(t, r.Text(secret[before%len(secret):]+filler), secret)
	}
}

// leak looks for any six bytes of a secret.
func leak(t *testing.T, text, secret string) {
	t.Helper()
	for i := 0; i+6 <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+6]) {
			t.Errorf("%q of %q is left in %q", secret[i:i+6], secret, text)
			return
		}
	}
}

// Words that reports are made of are no secrets, though a passphrase begins with them.
func TestWordsAreNoFragments(t *testing.T) {
	r, err := NewRedactor([]byte("salt"), "rollcall-client-secret-for-staging", "oneroster rostering conformance")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"Rollcall (OneRoster and LTI conformance harness)", "client_secret is missing", "the client_secret", "/ims/oneroster/rostering/v1p2", "a client secret for Rollcall"} {
		if got := r.Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	if got := r.Text("It is Rollcall-Client-Secret for staging!"); got != "It is [redacted]!" {
		t.Errorf("a passphrase became %q", got)
	}
}

// A product that grants a new token to each request can't fill the memory, and can't
// make the secrets of the target file forgotten.
func TestSecretsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes minutes under the race detector: make products runs it")
	}
	t.Parallel()
	r, err := NewRedactor([]byte("salt"), "pinned-5ecret-77")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		r.Secret(everyByte(fmt.Sprintf("token%d", i), "%d") + strings.Repeat(fmt.Sprintf("%05x", i*7919), 300))
	}
	if n := len(r.secrets.points); n > maxPointers+10_000 {
		t.Errorf("%d pointers", n)
	}
	if got := r.Text("see pinned-5ecret-77"); got != "see [redacted]" {
		t.Errorf("it became %q", got)
	}
}

// One string of five megabytes, under whatever name, costs what is shown of it.
func TestLongStringsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes minutes under the race detector: make products runs it")
	}
	r := testRedactor(t)
	long := strings.Repeat(`a"<&\\`, 1<<20)
	for _, in := range []string{`{"givenName":"` + strings.ReplaceAll(long, `"`, "'") + `"}`, `{"x":"` + strings.ReplaceAll(long, `"`, "'") + `"}`, long, `{"` + strings.ReplaceAll(long, `"`, "'") + `":1}`,
		strings.Repeat("[", 1<<22), strings.Repeat(`{"a":`, 1<<20), `{"password":"` + strings.ReplaceAll(long, `"`, "'")} {
		b := []byte(in)
		before := heap()
		text, _ := r.Body(b, maxEvidenceBody)
		r.meet(b)
		if grown := heap() - before; grown > 64<<20 {
			t.Errorf("%d MiB for %.20q", grown>>20, in)
		}
		if len(text) > maxEvidenceBody {
			t.Errorf("%d bytes of %.20q are shown", len(text), in)
		}
	}
}

// FuzzSecrets plants a secret in any form anywhere.
func FuzzSecrets(f *testing.F) {
	f.Add("before ", " after", uint(0))
	f.Add(`{"a":"`, `"}`, uint(11))
	f.Add(`%`, `%41`, uint(7))
	const secret = "kQ7_xW-2mZp9-Lr4_TtY8vB3nHc6"
	f.Fuzz(func(t *testing.T, before, after string, form uint) {
		r := testRedactor(t)
		r.Secret(secret)
		text, telling := writtenForms[form%uint(len(writtenForms))].write(secret)
		for _, out := range []string{r.Text(before + text + after), body(r, before+text+after), r.URL(before + text + after)} {
			for _, tell := range telling {
				if len(tell) > 7 && strings.Contains(out, tell) && !strings.Contains(before+" "+after, tell) {
					t.Errorf("%q is left in %q", tell, out)
				}
			}
		}
	})
}

// Redacting is linear: texts made to be dear aren't.
func TestDearTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes minutes under the race detector: make products runs it")
	}
	r := testRedactor(t)
	r.Secret("aaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b")
	done := make(chan bool)
	go func() {
		defer close(done)
		for _, s := range []string{"a", "9f86d0", "%25", `\\`, "&amp;", "a=", "<a ", "%2525", "x@", "filter=a='"} {
			r.URL(strings.Repeat(s, 1<<19/len(s)))
			body(r, strings.Repeat(s, 1<<19/len(s)))
		}
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Minute): // generous: it takes a second
		t.Fatal("it doesn't end")
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.TotalAlloc)
}
