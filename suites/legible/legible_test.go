package legible

import (
	"testing"
	"unicode/utf8"
)

func TestHarms(t *testing.T) {
	for text, want := range map[string]Harm{
		"": Whole, "Ada": Whole, "José": Whole, "Иван": Whole, "李": Whole, "Müller & Söhne": Whole, "Ångström": Whole, "É": Whole,
		"«FORMACIÓ»": Whole, "CAFÉ\u00A0!": Whole, "MAÇÃ\u00A0VERDE": Whole, "“À”": Whole, "Arts & Crafts": Whole, "R&D; and more": Whole, "AT&T": Whole,
		"20°": Whole, "n.º 5": Whole, "España": Whole, "Æon – Ærø": Whole, "It’s": Whole, "x &unknown; y": Whole, "&#;": Whole, "ÃO": Whole, "SÃO PAULO": Whole,
		"JosÃ©": Twice, "JOSÃ‰": Twice, "Ã‰lodie": Twice, "Ð˜Ð²Ð°Ð½": Twice, "Itâ€™s": Twice, "MÃ¼ller": Twice, "voilÃ\u00A0": Twice, "æ\u009d\u008e": Twice,
		"José and JosÃ©": Twice, "naÃ¯ve": Twice, "Å\u0081ukasz": Twice, "Ma\u00C3\u00B1ana": Twice,
		"Jos\uFFFD": Replaced, "Arts &amp; Crafts": Entities, "O&#39;Brien": Entities, "Jos&eacute;": Entities, "&quot;x&quot;": Entities, "A&#x27;B": Entities,
	} {
		if got := Of(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTablesFit(t *testing.T) {
	if utf8.RuneCountInString(specials) != len(specialBytes) {
		t.Errorf("%d characters, %d bytes", utf8.RuneCountInString(specials), len(specialBytes))
	}
}

// FuzzOf has a text encoded twice in every way: it is found, and nothing panics.
func FuzzOf(f *testing.F) {
	for _, seed := range []string{"José", "Иван", "李", "&amp;", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) { Of(s) })
}
