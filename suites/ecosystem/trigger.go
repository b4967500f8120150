package ecosystem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// pull has a trigger done. words are what stands for something in it.
func (d *district) pull(ctx context.Context, where string, t Trigger, words map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(t.Timeout))
	defer cancel()
	var err error
	switch t.Way() {
	case "command":
		err = command(ctx, t.Command, words)
	case "webhook":
		err = d.hook(ctx, *t.Webhook, words)
	case "steps":
		var page *browser.Page
		if page, err = d.browser.Open(ctx, browser.PageOptions{}); err == nil {
			err = page.Run(ctx, filled(t.Steps, words))
			page.Close()
		}
	case "person":
		if !d.session.Interactive() {
			return errors.New("a person has to be asked: run with --interactive")
		}
		// What they do is seen where it arrives.
		d.session.Ask(worded(t.Person, words, plain))
	default:
		return errUnset{"say how it is done: district." + where}
	}
	if err != nil {
		return fmt.Errorf("district.%s: %w", where, err)
	}
	return nil
}

func plain(s string) string { return s }

// command runs one in the shell.
func command(ctx context.Context, line string, words map[string]string) error {
	c := exec.CommandContext(ctx, "sh", "-c", line)
	c.Env = os.Environ()
	for name, v := range words {
		c.Env = append(c.Env, "ROLLCALL_"+strings.ToUpper(name)+"="+v)
	}
	c.WaitDelay = time.Second
	if out, err := c.CombinedOutput(); err != nil {
		said := strings.TrimSpace(string(out))
		if len(said) > 300 {
			said = said[len(said)-300:]
		}
		return fmt.Errorf("the command ends with %w: %s", err, said)
	}
	return nil
}

// hook sends a webhook.
func (d *district) hook(ctx context.Context, w Webhook, words map[string]string) error {
	method := w.Method
	if method == "" {
		method = http.MethodPost
	}
	inJSON := func(s string) string {
		text, _ := json.Marshal(s) // a text is one in JSON
		return strings.Trim(string(text), `"`)
	}
	header := http.Header{}
	for name, v := range w.Header {
		header.Set(name, worded(v, words, plain))
	}
	r := d.session.Elsewhere(ctx, harness.Request{Method: method, URL: worded(w.URL, words, url.QueryEscape), Header: header,
		Body: []byte(worded(w.Body, words, inJSON))})
	if r.Problem != "" || r.Status >= 400 {
		return fmt.Errorf("the webhook is answered %s", r.Summary())
	}
	return nil
}
