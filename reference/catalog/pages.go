package catalog

import (
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"
)

// The pages and pictures that resources lead to are open to everybody, as content on the
// web is.
const (
	itemsPath      = "/items/"
	thumbnailsPath = "/thumbnails/"
)

var numberForm = regexp.MustCompile(`^res-[0-9]{6}$`)

var itemPage = template.Must(template.New("item").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{.}}</title>
<h1>Resource {{.}}</h1>
<p>This is where the content of the resource {{.}} would be. It is content of a reference for tests, and there is none.</p>
`))

// item is the page of a resource.
func item(w http.ResponseWriter, r *http.Request) {
	number := strings.TrimPrefix(r.URL.Path, itemsPath)
	if !numberForm.MatchString(number) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = itemPage.Execute(w, number) // an error means that the client left
}

// thumbnail is a square whose colour hangs on the number.
func thumbnail(w http.ResponseWriter, r *http.Request) {
	number := strings.TrimPrefix(r.URL.Path, thumbnailsPath)
	if !numberForm.MatchString(number) {
		http.NotFound(w, r)
		return
	}
	hue := 0
	for _, digit := range number {
		hue = (hue*31 + int(digit)) % 360
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">`+
		`<rect width="64" height="64" fill="hsl(%d 60%% 50%%)"/></svg>`, hue)
}
