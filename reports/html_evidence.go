package reports

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
)

// maxPageBody is how much of a body the page carries, in bytes. The judge keeps
// less; this holds for reports from elsewhere, so that the page still opens.
const maxPageBody = 64 << 10

// viewExchange is one exchange as data for the script of the page.
type viewExchange struct {
	Index int
	Data  template.JS
}

// escapeHidden writes hidden characters of a JSON text as \u escapes. They can
// only stand inside its strings.
func escapeHidden(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		switch {
		case !hidden(c):
			b.WriteRune(c)
		case c > 0xFFFF:
			c -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xD800+(c>>10), 0xDC00+(c&0x3FF))
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

// viewAttachment is a picture or a text that a check kept.
type viewAttachment struct {
	Title, Text string
	Image       template.URL
}

// attached makes an attachment ready for the page. A picture that isn't one is left
// out: its data come from a file that anybody may have written.
func attached(a Attachment) []viewAttachment {
	v := viewAttachment{Title: a.Title, Text: a.Text}
	if a.Data != "" {
		if _, err := base64.StdEncoding.DecodeString(a.Data); err != nil || a.Media != "image/jpeg" && a.Media != "image/png" {
			return nil
		}
		v.Image = template.URL("data:" + a.Media + ";base64," + a.Data)
	}
	return []viewAttachment{v}
}
