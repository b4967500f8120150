package casefault

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rollcall-edu/rollcall/fixtures/framework"
	"github.com/rollcall-edu/rollcall/reference/competency"
)

// TestEveryOneShows: with each fault and variant on, an item or what hangs on it is answered
// otherwise than without.
func TestEveryOneShows(t *testing.T) {
	tables, err := Kind.Tables()
	if err != nil {
		t.Fatal(err)
	}
	book, err := framework.Read()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(t *testing.T, path string, ids ...string) (answer string) {
		bent, err := Kind.Of(ids...)
		if err != nil {
			t.Fatal(err)
		}
		s, err := competency.New(bent.Bend(competency.Config{BaseURL: "https://case.example.org"}))
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if recover() != nil {
				answer = "nothing"
			}
		}()
		w := &sink{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequest(http.MethodGet, competency.V1p1.BasePath()+path, nil)
		ctx, cancel := w.limit(r)
		defer cancel()
		bent.Wrap(s).ServeHTTP(w, r.WithContext(ctx))
		return http.StatusText(w.Code) + w.Header().Get("Location") + w.Body.String()
	}
	paths := []string{"/CFItems/" + book.Identifier("A.1"), "/CFItemAssociations/" + book.Identifier("A.1"), "/CFDocuments/" + book.Identifier("doc")}
	var ids []string
	for _, f := range tables.Faults {
		ids = append(ids, f.ID)
	}
	for _, v := range tables.Variants {
		ids = append(ids, v.ID)
	}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) {
			for _, path := range paths {
				if ask(t, path) != ask(t, path, id) {
					return
				}
			}
			t.Error("nothing shows of it")
		})
	}
}
