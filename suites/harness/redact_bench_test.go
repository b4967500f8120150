package harness

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// roster makes a page of users of about size bytes.
func roster(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"users":[`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"sourcedId":"68f37690-8b77-83f6-b4a6-%012d","status":"active","dateLastModified":"2026-07-23T03:00:00.000Z",`+
			`"enabledUser":"true","givenName":"Given%d","familyName":"Family%d","email":"user%d@school.example.org","grades":["0%d"],`+
			`"roles":[{"roleType":"primary","role":"student","org":{"href":"https://sis.example.org/orgs/o%d","sourcedId":"o%d","type":"org"}}]},`, i, i%977, i%991, i, i%10, i%7, i%7)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func benchRedactor(b *testing.B) *Redactor {
	r := testRedactor(b)
	for i := range 40 {
		r.Secret(fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i)})))
	}
	r.meet(roster(1 << 20))
	return r
}

// Redacting stands in the way of each exchange that is shown, meeting people in that of all.
func BenchmarkBody(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			r, body := benchRedactor(b), roster(size)
			b.SetBytes(int64(size))
			for b.Loop() {
				r.Body(body, size)
			}
		})
	}
	b.Run("1MiB-kept-4KiB", func(b *testing.B) {
		r, body := benchRedactor(b), roster(1<<20)
		for b.Loop() {
			r.Body(body, maxEvidenceBody)
		}
	})
}

func BenchmarkText(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			r := benchRedactor(b)
			text, _ := r.Body(roster(size), size)
			b.SetBytes(int64(size))
			for b.Loop() {
				r.Text(text)
			}
		})
	}
}

func BenchmarkMeet(b *testing.B) {
	r, body := benchRedactor(b), roster(1<<20)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r.meet(body)
	}
}
