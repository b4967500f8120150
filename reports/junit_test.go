package reports

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// wellFormed reads XML to its end with a strict parser.
func wellFormed(document []byte) error {
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func TestJUnitIsWellFormed(t *testing.T) {
	r := sample()
	// ]]> would end CDATA, U+FFFE and lone bytes are forbidden in XML.
	r.Requirements[0].Title, r.Requirements[0].ID = hostileHTML+hostileTerm+"]]>\uFFFE\xff", "\x00]]>"
	r.Requirements[1].Findings[0].Seen = "]]>\r\n\uFFFF\xc3(" + hostileTerm
	r.Target.Name, r.Requirements[2].Section = hostileTerm, hostileHTML
	var b bytes.Buffer
	if err := JUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := wellFormed(b.Bytes()); err != nil {
		t.Error(err)
	}
}

func TestJUnitCounts(t *testing.T) {
	var got junitSuites
	if err := xml.Unmarshal(rendered(t, "junit"), &got); err != nil {
		t.Fatal(err)
	}
	// Four failures stand unwaived; error and unknown are errors; the waived
	// one, the four untested ones and the inapplicable one are skipped.
	if got.Tests != 15 || got.Failures != 4 || got.Errors != 2 || got.Skipped != 6 {
		t.Errorf("tests %d, failures %d, errors %d, skipped %d", got.Tests, got.Failures, got.Errors, got.Skipped)
	}
	var spent, sum float64
	for _, c := range sample().Checks {
		spent += float64(c.Milliseconds) / 1000
	}
	for _, s := range got.Suites {
		for _, c := range s.Cases {
			n, err := strconv.ParseFloat(c.Time, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += n
			if strings.Contains(c.Class, ".") {
				t.Errorf("%s would be split into packages by Jenkins", c.Class)
			}
		}
	}
	if math.Abs(sum-spent) > 0.01 {
		t.Errorf("the cases took %.3f s, the checks %.3f s", sum, spent)
	}
}
