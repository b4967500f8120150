package reports

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// A report may come from anybody. Whatever can be decoded must render, as
// well-formed XML, valid JSON and HTML that no string breaks out of.
func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := JSON(&b, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"format":"1.0"}`))
	f.Add([]byte(`{"format":"1.0","requirements":[{"id":"]]>","verdict":"?","findings":[{}]}],"checks":[{"requirements":[]}]}`))
	f.Add([]byte(`{"format":"1.0","exchanges":[{"id":"</script>","response":{"body":"\u0000\ud800</script>"}}]}`))
	f.Add([]byte(`{"format":"1.0","profiles":[{"requirements":[{"id":"none"}],"counts":{"pass":-1}}],"waivers":[{}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		r, err := Decode(bytes.NewReader(document))
		if err != nil {
			return
		}
		for _, format := range Formats() {
			var out bytes.Buffer
			if err := Render(format.Name, &out, r); err != nil {
				t.Errorf("%s: %v", format.Name, err)
				continue
			}
			switch format.Name {
			case "json", "har":
				if !json.Valid(out.Bytes()) {
					t.Errorf("%s: no valid JSON", format.Name)
				}
			case "junit":
				if err := wellFormed(out.Bytes()); err != nil {
					t.Errorf("junit: %v\n%s", err, out.Bytes())
				}
			case "html":
				if n := strings.Count(strings.ToLower(out.String()), "</script"); n != len(r.Exchanges)+1 {
					t.Errorf("html: %d scripts are closed, want %d", n, len(r.Exchanges)+1)
				}
			}
		}
	})
}
