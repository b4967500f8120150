package scan

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// Names of many languages are recognised once they are encoded twice, and taken as
// they are before.
func TestTwice(t *testing.T) {
	names := []string{"José", "Zoë", "Núñez", "Müller", "François", "Łukasz", "Ćirić", "Şahin", "JOSÉ ÁNGEL", "Søren", "Ólafur", "Иван", "Ελένη", "محمد", "李雷", "דוד",
		"O’Brien", "Renée", "Åse", "Ağrı", "café…", "Straße", "São Tomé"}
	for _, name := range names {
		if now, _ := twice([]byte(name)); now != "" {
			t.Errorf("%s is taken for encoded twice: %q", name, now)
		}
		var latin strings.Builder
		for _, b := range []byte(name) {
			latin.WriteRune(rune(b))
		}
		spoilt := map[string]string{"Latin-1": latin.String()}
		for label, m := range map[string]*charmap.Charmap{"Windows-1252": charmap.Windows1252, "Mac": charmap.Macintosh, "DOS": charmap.CodePage850} {
			if strings.ContainsAny(name, "éëúñüçßãÁÉ") || label == "Windows-1252" {
				s, err := m.NewDecoder().String(name)
				if err == nil && !strings.Contains(s, "\uFFFD") {
					spoilt[label] = s
				}
			}
		}
		for label, s := range spoilt {
			if now, _ := twice([]byte(s)); now == "" || !maybeTwice([]byte(s)) {
				t.Errorf("%s by way of %s is %q, and isn't recognised", name, label, s)
			}
		}
	}
	for _, meant := range []string{"«AMANHÃ»", "«CAFÉ»", "SÃO PAULO", "IRMÃ®", "GÅ™", "Å", "„SPÄ“", "É®", "Ñº", "√2", "CHÂTEAU", "â", "Bjørnsønn", "Ãngela", "Ä, Ö, Ü",
		"©®", "Vũ Đức", "Trần Thị Ánh", "ŽIVA", "KÅRE", "Île d’Orléans", "naïve — «é…»"} {
		if now, was := twice([]byte(meant)); now != "" {
			t.Errorf("%s is meant, and taken for encoded twice: %q was %q", meant, now, was)
		}
	}
}

// What spreadsheets make of values is told from values that look a little like it.
func TestSheet(t *testing.T) {
	for v, want := range map[string]string{
		"1.23457E+11": sheetExponent, "1.2E+11": sheetExponent, "1E+05": sheetExponent, "1,23457E+11": sheetExponent, "1.2e+11": sheetExponent,
		"9-Dec": sheetMonth, "09-Dec": sheetMonth, "Dec-09": sheetMonth, "12-Okt": sheetMonth, "09. Dez": sheetMonth, "1-Jan": sheetMonth, "5-mai": sheetMonth,
		"#REF!": sheetError, "#N/A": sheetError, "#VALUE!": sheetError, "########": sheetError, "#DIV/0!": sheetError,
		`="00123"`: sheetFormula, "'00123": sheetQuote,
		"1E10": "", "E+5": "", "9-12": "", "Dec": "", "A-1": "", "Mar-A": "", "#1 Street": "", "C++": "", "1+1": "", "'t Hooft": "", "Sep 2026": "", "45-Dec": "",
		"December-09": "", "Mary-Ann": "", "=": "", "#": "", "3e-05-x": "", "4a-Mai": "",
	} {
		if got := sheet([]byte(v)); got != want {
			t.Errorf("%s: %q, want %q", v, got, want)
		}
		if want != "" && !maybeSheet([]byte(v)) {
			t.Errorf("%s is passed over", v)
		}
	}
	for v, want := range map[string]string{"8/17/2026": sheetDay, "17.08.2026": sheetDay, "17-8-26": sheetDay, "46251": sheetSerial, "20260817": sheetSolid,
		"2026-08-17T00:00:00": sheetTime, "2026-08-17 00:00": sheetTime, "17-Aug": sheetMonth, "soon": "", "": "", "2026": ""} {
		if got := dateDetail([]byte(v)); got != want {
			t.Errorf("%s: %q, want %q", v, got, want)
		}
	}
}
