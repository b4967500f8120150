package reports

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The picture of a district is gone through with the keyboard, is told by more than colours, fits a phone, and hurts nobody.
func TestDistrictInBrowser(t *testing.T) {
	b := newBrowser(t)
	path := filepath.Join(t.TempDir(), "district.html")
	if err := WriteFile(path, func(w io.Writer) error { return DistrictHTML(w, districtSample()) }); err != nil {
		t.Fatal(err)
	}
	b.do(t, chromedp.Navigate("file://"+filepath.ToSlash(path)))

	t.Run("keyboard", func(t *testing.T) {
		b.do(t, chromedp.Focus(chromedp.CSS(`a.hop[href="#hop-1-sis-lms"]`)))
		if eval[string](t, b, `getComputedStyle(document.activeElement.querySelector('rect')).strokeWidth`) == "2px" {
			t.Error("the focus can't be seen")
		}
		b.do(t, chromedp.KeyEvent(kb.Enter), poll(`document.getElementById('hop-1-sis-lms').open`))
		b.want(t, `document.activeElement.parentElement.id`, "hop-1-sis-lms")
	})
	t.Run("more than colour", func(t *testing.T) {
		for hop, sign := range map[string]string{"hop-1-sis-lms": "1 ✓", "hop-7-lms-quiz": "7 ✗", "hop-4-_catalog_-lms": "4 ○"} {
			b.want(t, `document.querySelector('a.hop[href="#`+hop+`"] text').textContent`, sign)
		}
		b.want(t, `[...document.querySelectorAll('a.hop')].every(e => /^Flow \d, .+ from .+ to .+: (holds|broken|not tested)/.test(e.ariaLabel))`, "true")
		b.want(t, `getComputedStyle(document.querySelector('.hop.h-not-tested path')).strokeDasharray !== 'none'`, "true")
		b.want(t, `getComputedStyle(document.querySelector('.hop.h-fail path')).strokeWidth`, "5px")
	})
	b.apart(t)
	t.Run("what is broken lies open", func(t *testing.T) {
		b.want(t, `document.getElementById('hop-7-lms-quiz').open`, "true")
		b.want(t, `document.querySelectorAll('img, iframe, object, embed').length`, "0")
		b.want(t, `window.pwned`, "undefined")
	})
	t.Run("a phone", func(t *testing.T) {
		b.do(t, chromedp.EmulateViewport(390, 844))
		b.want(t, `document.documentElement.scrollWidth <= document.documentElement.clientWidth`, "true")
		b.want(t, `document.querySelector('.picture').scrollWidth > 390`, "true")
		b.want(t, `document.querySelector('.picture').tabIndex`, "0")
	})
	t.Run("paper", func(t *testing.T) {
		b.do(t, chromedp.EmulateViewport(700, 900), call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}))
		b.want(t, `document.querySelector('.picture svg').getBoundingClientRect().width <= document.documentElement.clientWidth`, "true")
		b.want(t, `[...document.querySelectorAll('[id]')].length === new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size`, "true")
	})
	b.quiet(t)
}

// apart holds the signs of arrows to lie upon no other, and on no system.
func (b *browser) apart(t *testing.T) {
	t.Helper()
	b.want(t, `(() => { const at = [...document.querySelectorAll('.hop rect, .node rect')].map(e => e.getBoundingClientRect());
		return at.filter((a, i) => at.some((c, k) => k > i && a.left < c.right && c.left < a.right && a.top < c.bottom && c.top < a.bottom)).length })()`, "0")
}

// Two platforms, two catalogues and two tools, each with each, are still told apart.
func TestCrowdedDistrictInBrowser(t *testing.T) {
	b := newBrowser(t)
	var more []HopResult
	for _, p := range []string{"lms", "lms2"} {
		for _, tool := range []string{"quiz", "reader"} {
			more = append(more, hop(3, p, tool, Pass), hop(5, tool, p, Pass), hop(6, tool, p, Pass), hop(7, p, tool, Pass))
		}
		more = append(more, hop(1, "sis", p, Pass), hop(2, "sis", p, Pass), hop(9, p, "sis", Pass), hop(4, "library", p, Pass))
	}
	more = append(more, hop(1, "sis", "quiz", Pass))
	path := filepath.Join(t.TempDir(), "district.html")
	if err := WriteFile(path, func(w io.Writer) error { return DistrictHTML(w, districtSample(more...)) }); err != nil {
		t.Fatal(err)
	}
	b.do(t, chromedp.EmulateViewport(1200, 900), chromedp.Navigate("file://"+filepath.ToSlash(path)))
	b.apart(t)
	b.quiet(t)
}
