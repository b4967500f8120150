package harness

import "fmt"

// head gives the first n bytes of a text, for what is to be redacted and cut then.
func head(s string, n int) string { return shorten(s, n) }

// limited cuts a text that is redacted already, and says so.
func limited(s string, n int) string {
	if len(s) <= n {
		return s
	}
	kept := shorten(s, n)
	return fmt.Sprintf("%s… (%d bytes more)", kept, len(s)-len(kept))
}
