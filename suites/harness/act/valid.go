package act

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// ValidAddress holds an address that requests go to as it is, so that a query is right.
func ValidAddress(t *harness.Target, key, value, example string) error {
	if value == "" {
		return t.Problem(key, "there is no URL", "add it, like "+example)
	}
	if t.Container != nil && strings.HasPrefix(value, "/") {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return t.Problem(key, fmt.Sprintf("%q is not an absolute http or https URL", Shortened(value)), "write it in full, like "+example)
	}
	if u.User != nil {
		return t.Problem(key, "the URL has a user and a password in it", "give them as a header: Authorization: \"Basic …\"")
	}
	return nil
}

// ValidRequest holds a request to a product to what can be sent: its method, its headers, the statuses that are expected.
func ValidRequest(t *harness.Target, path, method string, header map[string]string, expect []int) error {
	if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, method) {
		return t.Problem(path+".method", fmt.Sprintf("there is no method %q", Shortened(method)), "write GET, POST, PUT, PATCH or DELETE")
	}
	for name, value := range header {
		if !token(name) {
			return t.Problem(path+".header", fmt.Sprintf("%q is no name of a header", Shortened(name)),
				"write letters, digits and hyphens, like X-Api-Key")
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return t.Problem(path+".header", "the value of "+name+" has a line break in it", "write it in one line")
		}
	}
	for _, status := range expect {
		if status < 200 || status > 599 {
			return t.Problem(path+".expect", fmt.Sprintf("%d is no status that ends a request", status), "write statuses such as [200, 202, 303]")
		}
	}
	return nil
}

// token tells whether a text may be the name of a header (RFC 9110 §5.6.2).
func token(s string) bool {
	for _, c := range s {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c)) {
			return false
		}
	}
	return s != ""
}

// ValidSteps holds each step to say one thing. key is where they stand in the target file.
func ValidSteps(t *harness.Target, key string, steps []browser.Step) error {
	for i, step := range steps {
		n := 0
		for _, given := range []bool{step.Open != "", step.Fill != "", step.Select != "", step.Click != "", step.Wait != "",
			step.Frame != "", step.Window} {
			if given {
				n++
			}
		}
		if n != 1 {
			return t.Problem(key, fmt.Sprintf("step %d (%s) says %d things to do", i+1, step, n),
				"let each step say one: open, fill, select, click, wait, frame or window")
		}
		if step.Value != "" && step.Fill == "" && step.Select == "" {
			return t.Problem(key, fmt.Sprintf("step %d (%s) has a value, which it has no use for", i+1, step),
				"give a value with fill or select")
		}
	}
	return nil
}

// ValidWebhook puts its method in, and holds a webhook to what can be sent; known are the words that stand for something
// in it, example is an address of the kind.
func ValidWebhook(t *harness.Target, key string, w *Webhook, known []string, example string) error {
	if w.Method == "" {
		w.Method = http.MethodPost
	}
	if err := ValidAddress(t, key+".url", w.URL, example); err != nil {
		return err
	}
	if err := ValidRequest(t, key, w.Method, w.Header, w.Expect); err != nil {
		return err
	}
	if w.Body != "" && (w.Method == http.MethodGet || w.Method == http.MethodHead) {
		return t.Problem(key+".body", "a request by "+w.Method+" has no body", "set method to POST or PUT, or leave the body out")
	}
	texts := []string{w.URL, w.Body}
	for _, v := range w.Header {
		texts = append(texts, v)
	}
	for _, text := range texts {
		if name := UnknownWord(text, known); name != "" {
			return t.Problem(key, fmt.Sprintf("$%s stands for nothing", name),
				"choose from $"+strings.Join(known, ", $")+"; a $ alone is written $$, and what comes from the environment ${NAME}")
		}
	}
	return nil
}
