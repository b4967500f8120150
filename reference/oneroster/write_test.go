package oneroster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// A service in miniature that is written: shelves in rooms, and books on shelves.
const (
	rooms   store.Collection = "rooms"
	shelves store.Collection = "shelves"
	books   store.Collection = "books"
)

type shelf struct {
	Base
	Title string     `json:"title"`
	Room  Reference  `json:"room"`
	Above *Reference `json:"above,omitempty"`
}

type book struct {
	Base
	Title string      `json:"title"`
	Shelf Reference   `json:"shelf"`
	State string      `json:"state"`
	Pages json.Number `json:"pages,omitempty"`
	Price *float64    `json:"price,omitempty"`
	On    Date        `json:"on,omitempty"`
	At    DateTime    `json:"at,omitempty"`
	Marks []mark      `json:"marks,omitempty"`
}

type mark struct {
	Source string   `json:"source"`
	IDs    []string `json:"ids"`
}

func library() Service {
	return Service{
		Name: "Library", Path: "/library",
		Operations: []byte(`[
			{"operationId": "shelves", "path": "/shelves", "scopes": ["gradebook.readonly"]},
			{"operationId": "shelf", "path": "/shelves/{id}", "scopes": ["gradebook.readonly"]},
			{"operationId": "putShelf", "method": "PUT", "path": "/shelves/{id}", "scopes": ["gradebook.createput"]},
			{"operationId": "deleteShelf", "method": "DELETE", "path": "/shelves/{id}", "scopes": ["gradebook.delete"]},
			{"operationId": "books", "path": "/books", "scopes": ["gradebook.readonly"]},
			{"operationId": "book", "path": "/books/{id}", "scopes": ["gradebook.readonly"]},
			{"operationId": "putBook", "method": "PUT", "path": "/books/{id}", "scopes": ["gradebook.createput"]},
			{"operationId": "deleteBook", "method": "DELETE", "path": "/books/{id}", "scopes": ["gradebook.delete"]},
			{"operationId": "booksOfShelf", "path": "/shelves/{id}/books", "relation": "shelf.books", "scopes": ["gradebook.readonly"]},
			{"operationId": "postBooks", "method": "POST", "path": "/shelves/{id}/books", "binds": ["shelf"], "scopes": ["gradebook.createpost"]},
			{"operationId": "postRoomBooks", "method": "POST", "path": "/rooms/{id}/books", "binds": ["shelf.room"], "scopes": ["gradebook.createpost"]}
		]`),
		Endpoints: []Endpoint{
			{Name: "rooms", Collection: rooms},
			{Name: "shelves", Collection: shelves, Plural: "shelves", Singular: "shelf"},
			{Name: "books", Collection: books, Plural: "books", Singular: "book"},
		},
		Objects:   map[store.Collection]reflect.Type{shelves: reflect.TypeFor[shelf](), books: reflect.TypeFor[book]()},
		Relations: []string{"shelf.books"},
		Referrals: []Referral{
			{Collection: shelves, Member: "room", Owners: rooms, Kind: "room", Endpoint: "rooms", Service: "/house"},
			{Collection: shelves, Member: "above", Owners: shelves, Kind: "shelf", Endpoint: "shelves"},
			{Collection: books, Member: "shelf", Owners: shelves, Kind: "shelf", Endpoint: "shelves"},
		},
		Links: []Link{
			{Relation: "shelf.above", Collection: shelves, Path: "above", Target: shelves},
			{Relation: "shelf.books", Collection: books, Path: "shelf", Target: shelves},
		},
		Shortcuts: []Shortcut{{Collection: books, Path: "shelf.sourcedId", Owners: shelves, Relation: "shelf.books"}},
		Vocabularies: map[store.Collection]map[string]Vocabulary{books: {
			"state":        {Terms: []string{"new", "worn"}, Extension: regexp.MustCompile(`^ext:.`)},
			"marks.source": {Terms: []string{"case", "unknown"}},
		}},
		Scopes: []Scope{{Name: ScopePrefix + "gradebook.readonly"}, {Name: ScopePrefix + "gradebook.createput"},
			{Name: ScopePrefix + "gradebook.createpost"}, {Name: ScopePrefix + "gradebook.delete"}},
		Discovery: []string{"library.json"},
	}
}

// lending is a library that is served, and a client of it.
type lending struct {
	*testing.T
	server *httptest.Server
	store  store.Store
	token  string
}

var writing = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

func openLibrary(t *testing.T, dsn string) *lending {
	t.Helper()
	s, err := OpenStore(t.Context(), dsn, []Service{library()}, rooms, shelves, books)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Load(t.Context(), store.Dataset{
		Documents: func(c store.Collection) iter.Seq2[store.Document, error] {
			return func(yield func(store.Document, error) bool) {
				if c == rooms {
					_ = yield(store.Document{SourcedID: "r1", Body: []byte(`{"sourcedId":"r1"}`)}, nil) &&
						yield(store.Document{SourcedID: "r2", Body: []byte(`{"sourcedId":"r2"}`)}, nil)
				}
			}
		},
		Lists: func(func(store.List) bool) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := serveLibrary(t, s)
	t.Cleanup(func() { l.close() })
	return l
}

// close ends the provider and its store, once.
func (l *lending) close() {
	l.Helper()
	if l.store == nil {
		return
	}
	l.server.Close()
	if err := l.store.Close(); err != nil {
		l.Error(err)
	}
	l.store = nil
}

func serveLibrary(t *testing.T, s store.Store) *lending {
	t.Helper()
	p, err := New(t.Context(), Config{Store: s, Services: []Service{library()}, Clock: func() time.Time { return writing },
		Clients: []security.Client{{ID: "a", Secret: "secret-of-a-library", Scopes: KnownScopes()}}})
	if err != nil {
		t.Fatal(err)
	}
	l := &lending{T: t, server: httptest.NewServer(p.Handler()), store: s}
	t.Cleanup(l.server.Close)
	l.token = l.grant("gradebook.readonly", "gradebook.createput", "gradebook.createpost", "gradebook.delete")
	return l
}

func (l *lending) grant(scopes ...string) string {
	l.Helper()
	for i := range scopes {
		scopes[i] = ScopePrefix + scopes[i]
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {strings.Join(scopes, " ")}}
	r, _ := http.NewRequest(http.MethodPost, l.server.URL+"/oauth2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("a", "secret-of-a-library")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		l.Fatal(err)
	}
	defer a.Body.Close()
	var granted struct {
		AccessToken string `json:"access_token"`
	}
	body, err := io.ReadAll(a.Body)
	if err != nil || json.Unmarshal(body, &granted) != nil || granted.AccessToken == "" {
		l.Fatalf("no token: %v %s", err, body)
	}
	return granted.AccessToken
}

func (l *lending) do(method, path, body string) (status int, answer string) {
	l.Helper()
	status, answer, err := l.try(method, path, body)
	if err != nil {
		l.Fatal(err)
	}
	return status, answer
}

func (l *lending) try(method, path, body string) (status int, answer string, err error) {
	r, err := http.NewRequest(method, l.server.URL+"/library"+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+l.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	return a.StatusCode, string(b), err
}

// want does a request and holds the answer to a status and a part of its body.
func (l *lending) want(method, path, body string, status int, part string) {
	l.Helper()
	got, answer := l.do(method, path, body)
	if got != status || !strings.Contains(answer, part) {
		l.Errorf("%s %s %.200s: %d %.300s, want %d and %q", method, path, body, got, answer, status, part)
	}
}

func aShelf(id, room string) string {
	return fmt.Sprintf(`{"shelf":{"sourcedId":%q,"title":"S","room":{"href":"https://x","sourcedId":%q,"type":"room"}}}`, id, room)
}

func bareBook(id, shelf, more string) string {
	return fmt.Sprintf(`{"sourcedId":%q,"status":"active","dateLastModified":"2020-01-01T00:00:00.000Z","title":"B","state":"new",`+
		`"shelf":{"href":"https://x","sourcedId":%q,"type":"shelf"}%s}`, id, shelf, more)
}

func aBook(id, shelf, more string) string { return `{"book":` + bareBook(id, shelf, more) + `}` }

// Objects are put, replaced, moved and deleted, on both databases.
func TestPutAndDelete(t *testing.T) {
	for name, dsn := range map[string]func(t *testing.T) string{
		"SQLite":     func(*testing.T) string { return "" },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			l := openLibrary(t, dsn(t))
			put(l)
			l.want("DELETE", "/books/b", "", 204, "")
			l.want("DELETE", "/shelves/s2", "", 204, "")
			remove(l)
		})
	}
}

func put(l *lending) {
	l.want("PUT", "/shelves/s%2F1", aShelf("s/1", "r1"), 201, "")
	l.want("PUT", "/books/b", aBook("b", "s/1", `,"pages":12345678901234567890,"price":1.5,"on":"2026-02-28",`+
		`"at":"2026-02-28T10:00:00+02:00","marks":[{"source":"case","ids":["x"]}],"metadata":{"own":{"deep":[1.50,null]}}`), 201, "")
	l.want("GET", "/books/b", "", 200, `{"book":{"sourcedId":"b","status":"active","dateLastModified":"2026-09-01T08:00:00.000Z",`+
		`"metadata":{"own":{"deep":[1.50,null]}},"title":"B","shelf":{"href":"`+l.server.URL+`/library/shelves/s%2F1","sourcedId":"s/1",`+
		`"type":"shelf"},"state":"new","pages":12345678901234567890,"price":1.5,"on":"2026-02-28","at":"2026-02-28T10:00:00+02:00",`+
		`"marks":[{"source":"case","ids":["x"]}]}}`)
	l.want("GET", "/shelves/s%2F1", "", 200, `"room":{"href":"`+l.server.URL+`/house/rooms/r1","sourcedId":"r1","type":"room"}`)
	l.want("GET", "/books?filter=title%3D%27B%27", "", 200, `"sourcedId":"b"`)
	l.want("GET", "/shelves/s%2F1/books", "", 200, `"sourcedId":"b"`)
	l.want("GET", "/books?filter=shelf.sourcedId%3D%27s%2F1%27", "", 200, `"sourcedId":"b"`)

	// It is replaced whole, is younger than before, and moves to its other shelf.
	l.want("PUT", "/shelves/s2", aShelf("s2", "r1"), 201, "")
	l.want("PUT", "/books/b", aBook("b", "s2", ""), 201, "")
	l.want("GET", "/books/b", "", 200, `"dateLastModified":"2026-09-01T08:00:00.001Z","title":"B","shelf":{"href":"`+l.server.URL+
		`/library/shelves/s2","sourcedId":"s2","type":"shelf"},"state":"new"}}`)
	l.want("GET", "/shelves/s%2F1/books", "", 200, `"books":[]`)
	l.want("GET", "/shelves/s2/books", "", 200, `"sourcedId":"b"`)
	l.want("GET", "/books?filter=dateLastModified%3E%272026-09-01T08:00:00.000Z%27", "", 200, `"sourcedId":"b"`)
}

func TestWritesThatAreRefused(t *testing.T) {
	l := openLibrary(t, "")
	l.want("PUT", "/shelves/s", aShelf("s", "r1"), 201, "")
	for _, x := range []struct {
		body, says string
		status     int
	}{
		{aBook("c", "s", ""), "sourcedId is not that of the path", 422},
		{aBook("b", "nowhere", ""), "shelf refers to no shelf that is here", 422},
		{aBook("b", "s", `,"colour":"red"`), "colour is no member", 422},
		{aBook("b", "s", `,"Title":"red"`), "Title is no member", 422},
		{aBook("b", "s", `,"marks":[{"source":"case","ids":["x"],"more":1}]`), "marks.more is no member", 422},
		{aBook("b", "s", `,"marks":[{"source":"case","ids":[]}]`), "marks.ids has at least one element", 422},
		{aBook("b", "s", `,"marks":[{"source":"cases","ids":["x"]}]`), "marks.source is one of case, unknown", 422},
		{aBook("b", "s", `,"marks":[{"ids":["x"]}]`), "marks.source is missing", 422},
		{aBook("b", "s", `,"marks":{}`), "marks is an array", 422},
		{aBook("b", "s", `,"marks":[1]`), "marks is an object", 422},
		{aBook("b", "s", `,"pages":"12"`), "pages is a number", 422},
		{aBook("b", "s", `,"price":"12"`), "price is a number", 422},
		{aBook("b", "s", `,"price":1e999`), "price is a number", 422},
		{aBook("b", "s", `,"on":"2026-02-30"`), "on is a date", 422},
		{aBook("b", "s", `,"on":7`), "on is a string", 422},
		{aBook("b", "s", `,"at":"2026-02-28"`), "at is a date and time", 422},
		{aBook("b", "s", `,"metadata":[]`), "metadata is an object", 422},
		{aBook("b", "s", `,"metadata":{"href":"\u0001x"}`), "control characters", 422},
		{aBook("b", "s", `,"metadata":{"a":[{"\u0000":1}]}`), "control characters", 422},
		{strings.Replace(aBook("b", "s", ""), `"new"`, `"old"`, 1), "state is one of new, worn", 422},
		{strings.Replace(aBook("b", "s", ""), `"active"`, `"deleted"`, 1), "status is one of active, tobedeleted", 422},
		{strings.Replace(aBook("b", "s", ""), `"title":"B",`, ``, 1), "title is missing", 422},
		{strings.Replace(aBook("b", "s", ""), `"title":"B"`, `"title":null`, 1), "title is a string", 422},
		{strings.Replace(aBook("b", "s", ""), `"type":"shelf"`, `"type":"room"`, 1), "shelf.type is shelf", 422},
		{strings.Replace(aBook("b", "s", ""), `"sourcedId":"s",`, ``, 1), "shelf.sourcedId is missing", 422},
		{`{"book":[]}`, "a JSON object", 422},
		{`{"books":{}}`, "the one member book", 422},
		{aBook("b", "s", "") + "{}", "more than one JSON object", 400},
		{`{"book":`, "no JSON object", 400},
		{`[]`, "no JSON object", 400},
		{"", "application/json", 415},
		{"{\"book\":\"\xff\"}", "not in UTF-8", 400},
		{`{"book":"` + strings.Repeat("x", largestObject) + `"}`, "more than 1048576 bytes", 413},
	} {
		l.want("PUT", "/books/b", x.body, x.status, x.says)
		l.want("PUT", "/books/b", x.body, x.status, `"imsx_codeMajor":"failure","imsx_severity":"error"`)
	}
	l.want("PUT", "/books/"+strings.Repeat("x", 1001), aBook(strings.Repeat("x", 1001), "s", ""), 422, "between one and")
	l.want("GET", "/books", "", 200, `"books":[]`)
	l.want("PUT", "/books/b", strings.Replace(aBook("b", "s", ""), `"new"`, `"ext:mine"`, 1), 201, "")
	l.want("PATCH", "/books/b", "", 405, `there is GET, HEAD, PUT, DELETE, OPTIONS`)
	l.want("DELETE", "/books", "", 405, `there is GET, HEAD, OPTIONS`)
	l.want("GET", "/rooms/r1/books", "", 405, `there is POST, OPTIONS`)
}

func remove(l *lending) {
	l.want("PUT", "/shelves/s", aShelf("s", "r1"), 201, "")
	l.want("PUT", "/books/b", aBook("b", "s", ""), 201, "")
	l.want("DELETE", "/shelves/s", "", 422, `"deletefailure"`)
	l.want("GET", "/shelves/s", "", 200, "")
	l.want("DELETE", "/books/b", "", 204, "")
	l.want("GET", "/books/b", "", 404, `"unknownobject"`)
	l.want("GET", "/shelves/s/books", "", 200, `"books":[]`)
	l.want("DELETE", "/books/b", "", 404, `"unknownobject"`)
	l.want("DELETE", "/shelves/s", "", 204, "")
	l.want("PUT", "/books/b", aBook("b", "s", ""), 422, "shelf refers to no shelf")
	// A sourcedId that was deleted may be used again.
	l.want("PUT", "/shelves/s", aShelf("s", "r1"), 201, "")
	l.want("PUT", "/books/b", aBook("b", "s", ""), 201, "")
	l.want("GET", "/shelves/s/books", "", 200, `"sourcedId":"b"`)
}

func TestPost(t *testing.T) {
	l := openLibrary(t, "")
	l.want("PUT", "/shelves/s", aShelf("s", "r1"), 201, "")
	set := func(books ...string) string { return `{"books":[` + strings.Join(books, ",") + `]}` }
	status, answer := l.do("POST", "/shelves/s/books", set(bareBook("x", "s", ""), bareBook("y", "s", "")))
	var pairs struct {
		Pairs []pair `json:"sourcedIdPairs"`
	}
	if err := json.Unmarshal([]byte(answer), &pairs); status != 201 || err != nil || len(pairs.Pairs) != 2 {
		t.Fatalf("%d %s", status, answer)
	}
	for i, supplied := range []string{"x", "y"} {
		if p := pairs.Pairs[i]; p.Supplied != supplied || p.Allocated == supplied {
			t.Errorf("%+v, want a pair of %s", p, supplied)
		}
		l.want("GET", "/books/"+pairs.Pairs[i].Allocated, "", 200, `"sourcedId":"`+pairs.Pairs[i].Allocated+`"`)
		l.want("GET", "/books/"+supplied, "", 404, "")
	}
	l.want("POST", "/rooms/r1/books", set(bareBook("z", "s", "")), 201, `"suppliedSourcedId":"z"`)
	l.want("POST", "/shelves/s/books", set(), 201, `{"sourcedIdPairs":[]}`)
	for body, says := range map[string]string{
		set(bareBook("v", "s", ""), bareBook("v", "s", "")):       "that of two objects",
		set(bareBook("v", "s", ""), bareBook("w", "nowhere", "")): "shelf is not what the path names",
		set(bareBook("v", "s", ""), `{"sourcedId":"w"}`):          "is missing",
		`{"books":{}}`: "books is an array",
	} {
		l.want("POST", "/shelves/s/books", body, 422, says)
	}
	l.want("POST", "/rooms/r2/books", set(bareBook("v", "s", "")), 422, "shelf.room is not what the path names")
	l.want("POST", "/rooms/r2/books", set(bareBook("v", "nowhere", "")), 422, "shelf refers to no shelf")
	l.want("POST", "/shelves/nowhere/books", set(bareBook("v", "nowhere", "")), 404, "Unknown Object")
	if _, answer := l.do("GET", "/books", ""); strings.Count(answer, `"title"`) != 3 {
		t.Errorf("of sets that were refused something is stored: %s", answer)
	}
}

// Each scope opens what it is for, and nothing else.
func TestScopesOfWrites(t *testing.T) {
	l := openLibrary(t, "")
	l.want("PUT", "/shelves/s", aShelf("s", "r1"), 201, "")
	operations := map[string]func() (int, string){
		"gradebook.readonly":   func() (int, string) { return l.do("GET", "/shelves/s", "") },
		"gradebook.createput":  func() (int, string) { return l.do("PUT", "/shelves/t", aShelf("t", "r1")) },
		"gradebook.createpost": func() (int, string) { return l.do("POST", "/shelves/s/books", `{"books":[]}`) },
		"gradebook.delete":     func() (int, string) { return l.do("DELETE", "/shelves/t", "") },
	}
	for scope := range operations {
		l.token = l.grant(scope)
		for opened, do := range operations {
			if opened == scope {
				continue
			}
			if status, answer := do(); status != 403 || !strings.Contains(answer, `"forbidden"`) {
				t.Errorf("%s with %s: %d %s", opened, scope, status, answer)
			}
		}
	}
	l.token = "made-up"
	for opened, do := range operations {
		if status, _ := do(); status != 401 {
			t.Errorf("%s with a made-up token: %d", opened, status)
		}
	}
}

// A body that ends early stores nothing.
func TestInterruptedPut(t *testing.T) {
	l := openLibrary(t, "")
	reader, writer := io.Pipe()
	r, _ := http.NewRequestWithContext(t.Context(), "PUT", l.server.URL+"/library/shelves/s", reader)
	r.Header.Set("Authorization", "Bearer "+l.token)
	r.Header.Set("Content-Type", "application/json")
	whole := aShelf("s", "r1")
	go func() {
		_, _ = writer.Write([]byte(whole[:len(whole)/2]))
		_ = writer.CloseWithError(io.ErrUnexpectedEOF) // upon which the client hangs up
	}()
	if a, err := http.DefaultClient.Do(r); err == nil {
		a.Body.Close()
		t.Errorf("an answer to half a request: %d", a.StatusCode)
	}
	l.want("GET", "/shelves/s", "", 404, "")
	l.want("GET", "/shelves", "", 200, `"shelves":[]`)
}

// Fifty clients that write at once lose nothing that was acknowledged, and what they agree
// on is there once. What is stored outlives the provider.
func TestConcurrentWriters(t *testing.T) {
	const clients, each = 50, 3
	file := filepath.Join(t.TempDir(), "library.db")
	for name, dsn := range map[string]func(t *testing.T) string{
		"SQLite":     func(*testing.T) string { return file },
		"PostgreSQL": func(t *testing.T) string { return pgtest.Start(t) },
	} {
		t.Run(name, func(t *testing.T) {
			at := dsn(t)
			l := openLibrary(t, at)
			l.want("PUT", "/shelves/s", aShelf("s", "r1"), 201, "")
			var mu sync.Mutex
			acknowledged := []string{"common"}
			var wait sync.WaitGroup
			for client := range clients {
				wait.Go(func() {
					for i := range each {
						id := fmt.Sprintf("b-%d-%d", client, i)
						status, answer, err := l.try("PUT", "/books/"+id, aBook(id, "s", ""))
						if err != nil || status != 201 {
							t.Errorf("%s: %d %s %v", id, status, answer, err)
							continue
						}
						if status, answer, err := l.try("PUT", "/books/common", aBook("common", "s", fmt.Sprintf(`,"pages":%d`, client))); err != nil || status != 201 {
							t.Errorf("common: %d %s %v", status, answer, err)
						}
						if i%3 == 2 { // some go again
							if status, _, err := l.try("DELETE", "/books/"+id, ""); err != nil || status != 204 {
								t.Errorf("deleting %s: %d %v", id, status, err)
							}
							continue
						}
						mu.Lock()
						acknowledged = append(acknowledged, id)
						mu.Unlock()
					}
				})
			}
			wait.Wait()
			hold := func(l *lending) {
				slices.Sort(acknowledged)
				for _, path := range []string{"/books?limit=10000", "/shelves/s/books?limit=10000"} {
					_, answer := l.do("GET", path, "")
					var page struct{ Books []struct{ SourcedID string } }
					if err := json.NewDecoder(bytes.NewReader([]byte(answer))).Decode(&page); err != nil {
						t.Fatal(err)
					}
					var there []string
					for _, b := range page.Books {
						there = append(there, b.SourcedID)
					}
					slices.Sort(there)
					if !slices.Equal(there, acknowledged) {
						t.Errorf("%s has %d books, acknowledged are %d", path, len(there), len(acknowledged))
					}
				}
			}
			hold(l)
			l.close()
			again, err := OpenStore(t.Context(), at, []Service{library()}, rooms, shelves, books)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			hold(serveLibrary(t, again))
		})
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// The provider says in its discovery document what it takes.
func TestDiscoveryOfWrites(t *testing.T) {
	l := openLibrary(t, "")
	_, answer := l.do("GET", "/discovery/library.json", "")
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string
			RequestBody any
			Responses   map[string]any
		}
	}
	if err := json.Unmarshal([]byte(answer), &document); err != nil {
		t.Fatal(err)
	}
	at := document.Paths["/books/{id}"]
	if at["put"].RequestBody == nil || at["put"].Responses["201"] == nil || at["delete"].Responses["204"] == nil || at["get"].OperationID != "book" {
		t.Errorf("%+v", at)
	}
	if post := document.Paths["/shelves/{id}/books"]["post"]; post.RequestBody == nil || post.Responses["201"] == nil {
		t.Errorf("%+v", post)
	}
}
