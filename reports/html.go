package reports

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"sync"
)

//go:embed page
var pageFiles embed.FS

// page is the parsed template with what it embeds.
type page struct {
	template *template.Template
	css      template.CSS
	js       template.JS
	policy   string
}

// loadPage parses the page once. The content security policy names the style
// and the script by their hashes, so that a browser runs nothing that a target
// may have smuggled in, and opens no connection.
var loadPage = sync.OnceValues(func() (*page, error) {
	css, err := pageFiles.ReadFile("page/report.css")
	if err != nil {
		return nil, err
	}
	js, err := pageFiles.ReadFile("page/report.js")
	if err != nil {
		return nil, err
	}
	t, err := template.New("report.html").Funcs(template.FuncMap{
		"p":    Printable,
		"line": oneLine,
	}).ParseFS(pageFiles, "page/report.html", "page/parts.html")
	if err != nil {
		return nil, err
	}
	policy := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'",
		hash(css), hash(js))
	return &page{t, template.CSS(css), template.JS(js), policy}, nil
})

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// HTML writes the report as one page that needs nothing else: no network, no
// other file. Verdicts and findings are plain HTML; exchanges are data that a
// script unfolds when somebody opens them, so that thousands do no harm. The page is
// never larger than maxPage: it says what it leaves out.
func HTML(w io.Writer, r *Report) error {
	p, err := loadPage()
	if err != nil {
		return fmt.Errorf("preparing the page: %w", err)
	}
	for _, b := range budgets {
		v, err := viewOf(r, b)
		if err != nil {
			return err
		}
		v.CSS, v.JS, v.Policy = p.css, p.js, p.policy
		var page limited // a template that fails half way must not leave half a page
		err = p.template.Execute(&page, v)
		if errors.Is(err, errLarge) {
			continue
		}
		if err != nil {
			return fmt.Errorf("filling the page: %w", err)
		}
		_, err = w.Write(page.Bytes())
		return err
	}
	return errLarge
}
