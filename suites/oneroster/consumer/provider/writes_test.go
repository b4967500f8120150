package provider

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// put puts a body below the gradebook.
func (p product) put(path, body string) answer {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPut, p.Connection().Gradebook+path, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer a.Body.Close()
	text, cut := io.ReadAll(a.Body)
	return answer{a, text, cut}
}

// TestBrokenWrites: the third object that is put is never taken, and the fourth is though the answer says 500.
func TestBrokenWrites(t *testing.T) {
	p, w := started(t, "1.2", Behaviour{Broken: "categories"})
	for i, want := range []int{http.StatusCreated, http.StatusCreated, http.StatusInternalServerError, http.StatusInternalServerError} {
		id := fmt.Sprintf("category-%d", i)
		put := func() answer {
			return p.put("/categories/"+id, fmt.Sprintf(`{"category":{"sourcedId":%q,"title":"Quizzes"}}`, id))
		}
		mark := p.Mark()
		if a := put(); a.StatusCode != want {
			t.Errorf("%s: %s %s", id, a.Status, a.text)
		}
		_, there := p.find("categories", id)
		if c := p.Calls(mark)[0]; there != (i != 2) || c.Taken != (i == 3) {
			t.Errorf("%s: %v, %+v", id, there, c)
		}
		if a := put(); (a.StatusCode == http.StatusInternalServerError) != (i == 2) {
			t.Errorf("%s again: %s", id, a.Status)
		}
	}
	p.Serve(w, Behaviour{})
	if _, there := p.find("categories", "category-3"); !there {
		t.Error("what was taken is lost")
	}
}

// TestLargeBodies: of what is too large its beginning is kept, and of what is larger than anything nothing is taken.
func TestLargeBodies(t *testing.T) {
	p, _ := started(t, "1.2", Behaviour{})
	for size, want := range map[int]struct {
		status, kept int
	}{
		100:          {http.StatusCreated, 0}, // all
		keptBody + 1: {http.StatusCreated, kept},
		mostSent + 1: {http.StatusRequestEntityTooLarge, kept},
	} {
		mark := p.Mark()
		body := `{"category":{"sourcedId":"large","title":"` + strings.Repeat("x", size) + `"}}`
		a := p.put("/categories/large", body)
		c := p.Calls(mark)[0]
		whole := want.kept == 0
		if a.StatusCode != want.status && a.StatusCode != http.StatusOK || c.Cut() == whole || !whole && len(c.Body) != want.kept ||
			(c.Sum == "") != whole || !strings.HasPrefix(body, string(c.Body)) {
			t.Errorf("%d bytes: %s, %d of %d are kept, %q", size, a.Status, len(c.Body), c.Size, c.Sum)
		}
	}
}
