package gradestory

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"io"
)

//go:embed story.html
var pageText string

var pageTemplate = template.Must(template.New("story").Parse(pageText))

// figure is a scene as the page shows it.
type figure struct {
	Scene
	Number, Of    int
	By            string // who acts
	Source        template.URL
	Width, Height int
}

func (t Told) figure(i int, s Shot) figure {
	f := figure{Scene: s.Scene, Number: i + 1, Of: t.Of, By: "The learner"}
	if s.Who == t.Cast.Teacher {
		f.By = "The teacher"
	}
	if size, err := png.DecodeConfig(bytes.NewReader(s.Picture)); err == nil {
		f.Source = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(s.Picture)) // of our own picture
		f.Width, f.Height = size.Width, size.Height
	}
	return f
}

// Write writes the story as one page that needs nothing else.
func (t Told) Write(w io.Writer) error {
	page := struct {
		Cast    Cast
		Figures []figure
		Broken  *figure
		Why     error
	}{Cast: t.Cast, Why: t.Why}
	for i, s := range t.Shots {
		page.Figures = append(page.Figures, t.figure(i, s))
	}
	if t.Broken != nil {
		f := t.figure(len(t.Shots), *t.Broken)
		page.Broken = &f
	}
	if err := pageTemplate.Execute(w, page); err != nil {
		return fmt.Errorf("writing the story: %w", err)
	}
	return nil
}
