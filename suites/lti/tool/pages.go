package tool

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"sort"
)

//go:embed pages.html
var pagesText string

var pages = template.Must(template.New("pages").Parse(pagesText))

func page(w http.ResponseWriter, name string, values any) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, values); err != nil {
		http.Error(w, "The page can't be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // the browser may be gone
}

// pair is one field of a form.
type pair struct{ Name, Value string }

func pairs(v url.Values) []pair {
	var out []pair
	for name, values := range v {
		for _, x := range values {
			out = append(out, pair{name, x})
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}
