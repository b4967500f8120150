package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Collection names one kind of document.
type Collection string

// The collections: those of the OneRoster 1.2 Rostering service, by the names of their
// endpoints. Students, schools, terms and the like are lists within these.
const (
	Orgs             Collection = "orgs"
	AcademicSessions Collection = "academicSessions"
	Courses          Collection = "courses"
	Classes          Collection = "classes"
	Users            Collection = "users"
	Enrollments      Collection = "enrollments"
	Demographics     Collection = "demographics"

	// CSVRows holds rows of CSV files that no service here has objects for,
	// under the name of the file and their sourcedId (results/123): carried from
	// import to export, and served nowhere.
	CSVRows Collection = "csvRows"
)

// Collections lists every collection a store has, in the order of loading.
func Collections() []Collection {
	return []Collection{Orgs, AcademicSessions, Courses, Classes, Users, Enrollments, Demographics, CSVRows}
}

// ErrNotFound says that a collection holds no document of that sourcedId. It
// does not say that the collection is empty or the database unreachable.
var ErrNotFound = errors.New("no such document")

// Document is one object as it will be served. Body may hold any bytes.
type Document struct {
	SourcedID string
	Body      []byte
}

// List is the members of one relation that belong to one owner, by rank. The
// owner is a rank too, or [Whole] where the relation has a single list. Members
// are strictly ascending.
type List struct {
	Relation string
	Owner    int32
	Members  []int32
}

// Whole is the owner of a list that spans its collection, such as all students.
const Whole int32 = -1

// Dataset is everything that a load puts into a store.
type Dataset struct {
	// Label describes the data to whoever opens the store later; it is kept
	// and returned by [Store.Label], and never interpreted.
	Label string

	// Documents yields the documents of one collection in rank order. It is
	// called once for each of Collections, in their order, and read to the end
	// before the next call. A non-nil error aborts the load.
	Documents func(Collection) iter.Seq2[Document, error]

	// Lists is read after all documents, so that it may be computed while they
	// pass. No (relation, owner) pair may come twice.
	Lists iter.Seq[List]
}

// Store is the persistence of a reference role. Its methods may be called from
// several goroutines, except that nothing may be read while Load runs.
//
// The interface decouples the roles from the databases; it is not meant for
// other implementations than those of this package.
type Store interface {
	// Load replaces all content with the dataset in one transaction: after an
	// error the store holds what it held before. Two documents of one
	// collection with the same sourcedId are an error.
	Load(ctx context.Context, data Dataset) error

	// Label returns the label of the loaded dataset, or "" before any load.
	Label(ctx context.Context) (string, error)

	// Count returns how many documents the collection holds.
	Count(ctx context.Context, c Collection) (int, error)

	// Rank finds a document by its sourcedId, compared byte for byte. The error
	// is ErrNotFound when there is none.
	Rank(ctx context.Context, c Collection, sourcedID string) (int32, error)

	// Read calls visit for each of the ranks, in the order given. A rank that
	// the collection does not have is an error. The body is only valid during
	// the call; an error of visit ends the reading and is returned as it is.
	Read(ctx context.Context, c Collection, ranks []int32, visit Visit) error

	// Scan calls visit for the ranks from first up to, not including, end, in
	// ascending order, and stops early where the collection ends.
	Scan(ctx context.Context, c Collection, first, end int32, visit Visit) error

	// Members returns the list of an owner in a relation, which is empty when
	// none was loaded.
	Members(ctx context.Context, relation string, owner int32) ([]int32, error)

	// Close releases the database. An in-memory store is gone afterwards.
	Close() error
}

// Visit receives one document. The body must not be kept or changed.
type Visit func(rank int32, body []byte) error

// Open opens the store that a DSN names, creating its tables where they are
// missing:
//
//   - "" or "memory": SQLite in memory, private to this store
//   - "postgres://…" or "postgresql://…": PostgreSQL
//   - "sqlite:PATH" or any other text: an SQLite file, created when missing
func Open(ctx context.Context, dsn string) (Store, error) {
	switch {
	case dsn == "" || dsn == "memory":
		return OpenMemory(ctx)
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return OpenPostgres(ctx, dsn)
	case strings.Contains(dsn, "://"):
		scheme, _, _ := strings.Cut(dsn, "://")
		return nil, fmt.Errorf("opening the store: no driver for %q; use a file path, \"memory\" or a postgres:// URL", scheme)
	default:
		return OpenFile(ctx, strings.TrimPrefix(dsn, "sqlite:"))
	}
}

// knownCollection guards the places where a collection becomes a table name.
func knownCollection(c Collection) error {
	for _, known := range Collections() {
		if c == known {
			return nil
		}
	}
	return fmt.Errorf("the store has no collection %q", c)
}
