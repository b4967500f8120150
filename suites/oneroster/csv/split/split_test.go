package split

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func padded(text string) []byte {
	b := make([]byte, len(text), len(text)+Pad)
	copy(b, text)
	return b
}

func records(text string) (out [][]string, problems []Problem) {
	var s Splitter
	s.Reset(padded(text))
	for s.Next() {
		var row []string
		for i := range s.Fields {
			row = append(row, string(s.Value(i)))
		}
		out, problems = append(out, row), append(problems, s.Problem)
	}
	return out, problems
}

func TestRecords(t *testing.T) {
	for _, test := range []struct {
		text     string
		want     string // records by |, fields by ;
		problems []Problem
	}{
		{"a,b,c\r\nd,e,f\r\n", "a;b;c|d;e;f", []Problem{0, 0}},
		{"a,b\nc,d", "a;b|c;d", []Problem{0, 0}},
		{",,\n", ";;", []Problem{0}},
		{"\"a,1\",\"b\"\"2\"\"\"\r\n", "a,1;b\"2\"", []Problem{0}},
		{"\"\",x\n", ";x", []Problem{0}},
		{"\n\na\n", "||a", []Problem{0, 0, 0}},
		{"a\"b,c\n", "a\"b;c", []Problem{BareQuote}},
		{"\"a\"b,c\n", "a;c", []Problem{AfterQuote}},
		{"\"a\nb\",c\nd,e\n", "a\nb;c|d;e", []Problem{LineBreak, 0}},
		{"\"a\r\nb\",c\n", "a\r\nb;c", []Problem{LineBreak}},
		{"a\rb,c\n", "a\rb;c", []Problem{BareCR}},
		{"\"a,b\nc", "a,b\nc", []Problem{LineBreak | Unterminated}},
		{"a\x00b,c\td\n", "a\x00b;c\td", []Problem{Control}},
		{"0123456789012345,0123456701234567\n", "0123456789012345;0123456701234567", []Problem{0}},
		{"é,ü\n", "é;ü", []Problem{0}},
	} {
		got, problems := records(test.text)
		var rows []string
		for _, r := range got {
			rows = append(rows, strings.Join(r, ";"))
		}
		if s := strings.Join(rows, "|"); s != test.want || !slices.Equal(problems, test.problems) {
			t.Errorf("%q: got %q %v, want %q %v", test.text, s, problems, test.want, test.problems)
		}
	}
}

func TestLines(t *testing.T) {
	var s Splitter
	s.Reset(padded("a\n\"b\nc\"\nd\n"))
	var lines []int
	for s.Next() {
		lines = append(lines, s.Line())
	}
	if !slices.Equal(lines, []int{0, 1, 3}) || s.Lines() != 4 {
		t.Errorf("records begin on lines %v of %d", lines, s.Lines())
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]bool{"abc,\"d e\",\r\n": true, "é": false, "abcdefghijé,\n": false, "\"abc é\",\n": false, "\"\"é,\n": false, "": true} {
		var s Splitter
		s.Reset(padded(text + "\n"))
		if s.Next(); s.Plain != want {
			t.Errorf("%q: %v", text, s.Plain)
		}
	}
}

func TestReadAhead(t *testing.T) {
	text := strings.Repeat("a,\"b\"\"\",c\r\nd\n", 20)
	var one, many Splitter
	one.Reset(padded(text))
	many.Reset(padded(text))
	n := 0
	for rows := many.ReadAhead(); len(rows) > 0; rows = many.ReadAhead() {
		for many.Take() {
			if !one.Next() || !slices.Equal(one.Fields, many.Fields) || one.Line() != many.Line() || !bytes.Equal(one.Bytes(), many.Bytes()) {
				t.Fatalf("record %d: %v, want %v", n, many.Record, one.Record)
			}
			if !slices.Equal(rows[many.Taken()].Fields, one.Fields) {
				t.Fatalf("record %d was read ahead as %v", n, rows[many.Taken()])
			}
			n++
		}
	}
	if n != 40 || one.Next() {
		t.Errorf("%d records", n)
	}
}

func TestCut(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a,b": 0, "a\nb": 2, "a\n\"b\nc": 2, "a\"\nb\n": 5, "\"a\n": 0, "a\r\n": 3} {
		if got := Cut(padded(text)); got != want {
			t.Errorf("%q: cut at %d, want %d", text, got, want)
		}
	}
}

// FuzzSplitter holds the splitter to encoding/csv wherever that accepts the text
// and its laxities don't apply: it drops blank lines and carriage returns before
// line ends inside quotes.
func FuzzSplitter(f *testing.F) {
	for _, seed := range []string{"a,b\r\nc,d\r\n", "\"a\"\"b\",c\n", "\"a\nb\"\n", "a\"b\n", "\"a\"b\n", ",\n,", "\r", "\"", "é,\"ü,\"\r\n", "12345678,\"123456789\"\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, problems := records(text)
		if n := len(padded(text)); Cut(padded(text)) > n {
			t.Fatal("cut behind the end")
		}
		var size int
		for _, r := range got {
			size += len(r)
		}
		if len(text) > 0 && size == 0 {
			t.Fatal("nothing was read")
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		var want [][]string
		for {
			row, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				if !slices.ContainsFunc(problems, func(p Problem) bool { return p != 0 }) {
					t.Fatalf("encoding/csv refuses what has no problem here: %v", err)
				}
				return
			}
			want = append(want, row)
		}
		if strings.Contains(text, "\r") && strings.Count(text, "\r") != strings.Count(text, "\r\n") || slices.ContainsFunc(problems, func(p Problem) bool { return p&^Control != 0 }) {
			return // encoding/csv is laxer there
		}
		var mine [][]string
		for _, row := range got {
			if len(row) != 1 || row[0] != "" {
				mine = append(mine, row)
			}
		}
		// A quoted empty field alone on its line is a record to encoding/csv.
		want = slices.DeleteFunc(want, func(row []string) bool { return len(row) == 1 && row[0] == "" })
		if fmt.Sprintf("%q", mine) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q: got %q, encoding/csv says %q", text, mine, want)
		}
	})
}

func enrollmentsText(rows int) []byte {
	var b bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&b, "%08x-1111-4222-8333-444444444444,,,%08x-aaaa-4bbb-8ccc-dddddddddddd,%08x-5555-4666-8777-888888888888,%08x-9999-4aaa-8bbb-cccccccccccc,student,false,2026-08-17,2027-06-11\r\n", i, i/25, i/2000, i/7)
	}
	return append(make([]byte, 0, b.Len()+Pad), b.Bytes()...)
}

func BenchmarkSplit(b *testing.B) {
	data := enrollmentsText(20_000)
	b.SetBytes(int64(len(data)))
	var s Splitter
	for b.Loop() {
		s.Reset(data)
		for s.Next() {
		}
	}
}

func BenchmarkEncodingCSV(b *testing.B) {
	data := enrollmentsText(20_000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(data))
		r.ReuseRecord = true
		for {
			if _, err := r.Read(); err != nil {
				break
			}
		}
	}
}
