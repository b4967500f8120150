package act

import (
	"cmp"
	"errors"
	"net/url"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Fault words what keeps the product from being made to act, or from being read: where that stands
// in the target file, its cause, and what to do. It is a *harness.ConfigError.
func Fault(key, cause, remedy string) error {
	return &harness.ConfigError{Key: key, Cause: cause, Remedy: remedy}
}

// Shortened keeps what is quoted to what a message can bear.
func Shortened(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}

// OrNothing gives what somebody said, or says that it was nothing.
func OrNothing(said string) string { return cmp.Or(said, "it says nothing") }

// bare is an address without what may be secret in it.
func bare(address string) string { return browser.Bare(address) }

// Plain is an error of a request without its address, which is said beside it.
func Plain(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}
