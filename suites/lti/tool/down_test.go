package tool

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// TestOneReasonForAToolThatWentDown: each launch has an address of its own, and what hinders
// all of them has one wording.
func TestOneReasonForAToolThatWentDown(t *testing.T) {
	refused := func(n int) error {
		return fmt.Errorf("going on: %w", &browser.NavigationError{Address: fmt.Sprintf("https://judge.example/courses/%d", n), At: "https://tool.example/login?iss=x", Why: nobodyListens})
	}
	j := &judge{}
	if a, b := j.since(refused(1)).Error(), j.since(refused(2)).Error(); a != b || !strings.Contains(a, "https://tool.example/login") {
		t.Errorf("%q and %q", a, b)
	}
	title := "A token twice"
	j.fell.Store(&title)
	if a, b := j.since(refused(1)).Error(), j.since(refused(2)).Error(); a != b || !strings.Contains(a, title) || strings.Contains(a, "courses") {
		t.Errorf("%q and %q", a, b)
	}
	if other := errors.New("no such element"); j.since(other) != other || j.since(nil) != nil {
		t.Error("what hinders in another way is worded anew")
	}
}
