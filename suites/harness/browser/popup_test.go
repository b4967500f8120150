package browser

import (
	"strings"
	"testing"
	"time"
)

// TestWindowsOfFramesAreFollowed: where a page in a frame opens a window by itself, the page
// goes on there; where none was opened it stays.
func TestWindowsOfFramesAreFollowed(t *testing.T) {
	b, s := started(t), site(t)
	for path, want := range map[string]string{"/in-frame": "Here it goes on.", "/opens-not": ""} {
		p := opened(t, b)
		if err := p.Go(s.URL + path); err != nil {
			t.Fatal(err)
		}
		if err := p.Settle(t.Context(), 300*time.Millisecond, 20*time.Second, nil); err != nil {
			t.Fatal(err)
		}
		popped, err := p.Popped(t.Context())
		if err != nil || popped != (want != "") {
			t.Fatalf("%s: %t, %v", path, popped, err)
		}
		frames, err := p.Look(t.Context())
		if err != nil || !strings.Contains(frames[0].Text, want) || frames[0].Name == "tool" {
			t.Errorf("%s shows %+v, %v", path, frames, err)
		}
		if again, err := p.Popped(t.Context()); again || err != nil {
			t.Errorf("%s: once more: %t, %v", path, again, err)
		}
	}
}
