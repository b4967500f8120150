package browser

import "github.com/chromedp/cdproto/input"

// Key is one that people find their way through pages by.
type Key struct {
	name, text string
	code       int64 // of the virtual key
}

// The keys that matter.
var (
	Tab   = Key{"Tab", "", 9}
	Enter = Key{"Enter", "\r", 13}
)

// Press presses a key, as somebody without a mouse would.
func (p *Page) Press(k Key) error {
	e := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: k.name, Code: k.name, Text: k.text,
		WindowsVirtualKeyCode: k.code}
	if err := do(p, input.DispatchKeyEvent, e); err != nil {
		return err
	}
	e.Type, e.Text = input.DispatchKeyEventTypeKeyUp, ""
	return do(p, input.DispatchKeyEvent, e)
}

// Type types a text where the focus is.
func (p *Page) Type(text string) error {
	return do(p, input.InsertText, input.InsertTextParams{Text: text})
}
