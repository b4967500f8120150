package gradestory

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Shot is a scene that was played, with a picture (PNG) of what was seen at its end.
type Shot struct {
	Scene
	Picture []byte
}

// Told is the story as far as it was played.
type Told struct {
	Cast  Cast
	Shots []Shot
	Of    int // scenes that it has
	// Broken is the scene at which it ended before its end, with what the browser showed
	// then, and Why; nil: it was played to its end.
	Broken *Shot
	Why    error
}

// Err says at which scene the story broke, and why; nil where it didn't.
func (t Told) Err() error {
	if t.Broken == nil {
		return nil
	}
	return fmt.Errorf("scene %d of %d, “%s”: %w", len(t.Shots)+1, t.Of, t.Broken.Title, t.Why)
}

// patience is how long what a step needs may take to be there: the story is played while other
// things keep the machine busy.
const patience = 30 * time.Second

// Pictures are as wide as a page needs to show a table, and as high as the page is, but for very
// short ones.
const (
	width  = 900
	height = 320
)

// sayLimit is how long a page may take to say what it has to, once all steps are taken.
const sayLimit = 10 * time.Second

// Play plays the story in pages of a browser, one for each person.
func Play(ctx context.Context, b *browser.Browser, c Cast) Told {
	scenes := c.scenes()
	t := Told{Cast: c, Of: len(scenes)}
	pages := map[string]*browser.Page{}
	defer func() {
		for _, p := range pages {
			p.Close()
		}
	}()
	for _, s := range scenes {
		page, err := open(ctx, b, pages, s.Who)
		if err == nil {
			err = s.play(ctx, page)
		}
		shot := Shot{Scene: s}
		if page != nil {
			picture, failed := page.Picture(ctx)
			if shot.Picture = picture; err == nil {
				err = failed
			}
		}
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx) // and not what became of a page because of it
			}
			t.Broken, t.Why = &shot, err
			return t
		}
		t.Shots = append(t.Shots, shot)
	}
	return t
}

// open gives the page of somebody, who keeps it through the story.
func open(ctx context.Context, b *browser.Browser, pages map[string]*browser.Page, who Person) (*browser.Page, error) {
	if pages[who.ID] != nil {
		return pages[who.ID], nil
	}
	page, err := b.Open(ctx, browser.PageOptions{})
	if err != nil {
		return nil, err
	}
	if err := page.Resize(width, height); err != nil {
		page.Close()
		return nil, err
	}
	pages[who.ID] = page
	return page, nil
}

// play has somebody do what the scene tells, and holds the page to what it has to say.
func (s Scene) play(ctx context.Context, page *browser.Page) error {
	if err := page.RunWithin(ctx, patience, s.steps); err != nil {
		return err
	}
	for end := time.Now().Add(sayLimit); ; {
		missing, seen, err := s.missing(ctx, page)
		if err == nil && missing == "" {
			return nil
		}
		if time.Now().After(end) {
			if err == nil {
				err = fmt.Errorf("the page doesn't say “%s”; it says “%s”", missing, seen)
			}
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// mostSeen bounds what an error quotes of a page.
const mostSeen = 300

// missing gives the first text that the page doesn't show, and what it shows.
func (s Scene) missing(ctx context.Context, page *browser.Page) (text, seen string, err error) {
	frames, err := page.Look(ctx)
	if err != nil {
		return "", "", err
	}
	if len(frames) == 0 {
		return "", "", errors.New("there is no page")
	}
	for _, f := range frames {
		seen += " " + strings.Join(strings.Fields(f.Text), " ")
	}
	for _, text := range s.says {
		if !strings.Contains(seen, text) {
			letters := []rune(strings.TrimSpace(seen))
			return text, string(letters[:min(len(letters), mostSeen)]), nil
		}
	}
	return "", "", nil
}
