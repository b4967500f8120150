package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rollcall-edu/rollcall/cmd/rollcall/gradestory"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/lti"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// castOf finds a course for the story with somebody who teaches and somebody who learns there,
// none of whom the judge has to do with.
func castOf(p *district.Platform) (gradestory.Cast, error) {
	_, _, _, judged := p.People()
	outside := outsider(p, judged)
	for _, c := range p.Courses() {
		cast := gradestory.Cast{Origin: p.Origin, Course: c.ID, Title: c.Title, Tool: referenceTool}
		for _, m := range p.Members(c.ID, platform.Registration{}) {
			who := gradestory.Person{ID: m.User, Name: m.Name}
			switch in := lti.InCourse(m.Roles); {
			case p.Roles(judged, m.User) != nil || m.User == outside:
			case in["Instructor"] && cast.Teacher.ID == "":
				cast.Teacher = who
			case in["Learner"] && cast.Learner.ID == "":
				cast.Learner = who
			}
		}
		if c.ID != judged && cast.Teacher.ID != "" && cast.Learner.ID != "" {
			return cast, nil
		}
	}
	return gradestory.Cast{}, fmt.Errorf("the district has no course whose people the judge has nothing to do with")
}

// outsider is somebody who is not in a course.
func outsider(p *district.Platform, course string) string {
	for _, c := range p.Courses() {
		for _, m := range p.Members(c.ID, platform.Registration{}) {
			if p.Roles(course, m.User) == nil {
				return m.User
			}
		}
	}
	return ""
}

// tell begins to play the story, beside all that is judged. What it gives waits for its end,
// and says where it is to be seen, or where it broke.
func tell(ctx context.Context, p *district.Platform, made *security.SelfMade, dir string) (wait func(out io.Writer) error) {
	var told gradestory.Told
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		told, failed = play(ctx, p, made, dir)
	}()
	path := filepath.Join(dir, storyFile)
	return func(out io.Writer) error {
		<-done
		switch err := told.Err(); {
		case failed != nil:
			fmt.Fprintf(out, "\nThe story of a grade can't be shown: %s\n", reports.Printable(failed.Error()))
			if errors.As(failed, new(*harness.ConfigError)) {
				return exit(reports.ExitConfiguration)
			}
		case err != nil && ctx.Err() != nil:
			fmt.Fprintf(out, "\nThe story of a grade was broken off; %d of %d pictures: %s\n", len(told.Shots), told.Of, path)
			return exit(reports.ExitIncomplete)
		case err != nil:
			fmt.Fprintf(out, "\nThe story of a grade broke at %s.\nWhat the browser showed then: %s\n", reports.Printable(err.Error()), path)
		default:
			fmt.Fprintf(out, "\nThe story of a grade, from the pick to the gradebook, in %d pictures: %s\n", len(told.Shots), path)
			return nil
		}
		return exit(reports.ExitJudge)
	}
}

const storyFile = "story.html"

func play(ctx context.Context, p *district.Platform, made *security.SelfMade, dir string) (told gradestory.Told, err error) {
	cast, err := castOf(p)
	if err != nil {
		return told, err
	}
	b, err := browser.New(browser.Options{TrustPEM: made.AuthorityPEM})
	if err != nil {
		return told, err
	}
	defer b.Close()
	told = gradestory.Play(ctx, b, cast)
	file, err := os.Create(filepath.Join(dir, storyFile))
	if err != nil {
		return told, &harness.ConfigError{Key: "--out", Cause: err.Error(), Remedy: "name a folder you may write to"}
	}
	if err := told.Write(file); err != nil {
		file.Close()
		return told, err
	}
	if err := file.Close(); err != nil {
		return told, fmt.Errorf("writing the story: %w", err)
	}
	return told, nil
}
