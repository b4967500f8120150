package consumer

import "testing"

// BenchmarkTruth is what each sync of a life costs the judge before the product does anything: the roster is rendered twice,
// once for what is served and once for what is compared.
func BenchmarkTruth(b *testing.B) {
	w, err := newWorld(7)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		truthOf(w, "1.2")
	}
}
