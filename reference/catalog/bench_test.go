package catalog

import (
	"fmt"
	"os"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures/library"
	"github.com/rollcall-edu/rollcall/reference/catalog/shelf"
)

// BenchmarkSeed puts a library on a shelf in memory.
func BenchmarkSeed(b *testing.B) {
	content, err := library.New(library.DefaultCount, library.DefaultSeed)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s, err := shelf.Open(b.Context(), "")
		if err != nil {
			b.Fatal(err)
		}
		if err := Seed(b.Context(), s, content, Places{}); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

// BenchmarkSearch asks for a page of a hundred over HTTP. With ROLLCALL_BENCH_DSN it is of that
// database, which the library is left in.
func BenchmarkSearch(b *testing.B) {
	for _, items := range []int{library.DefaultCount, 100_000} {
		b.Run(fmt.Sprint(items), func(b *testing.B) {
			s := serve(b, os.Getenv("ROLLCALL_BENCH_DSN"), items, nil)
			for name, query := range map[string]string{
				"all":      "",
				"deep":     fmt.Sprintf("offset=%d", items-100),
				"text":     filter("name='Lesson: Fables'"),
				"contains": filter("description~'glossary'"),
				"number":   filter("rating>='4'"),
				"ages":     filter("typicalAgeRange='9-10' AND learningResourceType='Game'"),
				"not":      filter("subject!='Mathematics'"),
				"or":       filter("author='Amara Abbott' OR publisher='Quartz Assessments'"),
				"sorted":   "sort=name&orderBy=desc",
				"found":    filter("search~'fractions'"),
				"common":   filter("search~'reading' AND rating='5'"),
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						s.search(b, query)
					}
				})
			}
		})
	}
}
