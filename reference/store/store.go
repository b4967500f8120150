package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"
)

// Collection names one kind of document. It begins with a small letter, and has
// letters, digits and underscores.
type Collection string

// ErrNotFound says that a collection holds no document of that sourcedId. It
// does not say that the collection is empty or the database unreachable.
var ErrNotFound = errors.New("no such document")

// Key is what a document is known by within its collection, for as long as it is
// there. It is an alias, so that lists of a million are handed on as they are.
type Key = int32

// Document is one object as it will be served. Body may hold any bytes.
type Document struct {
	SourcedID string
	Body      []byte
}

// List is the members of one relation that belong to one owner, by key. The owner
// is a key too, or [Whole] where the relation has a single list. Members are
// strictly ascending.
type List struct {
	Relation string
	Owner    Key
	Members  []Key
}

// Whole is the owner of a list that spans its collection, such as all students.
const Whole Key = -1

// Dataset is everything that a load puts into a store.
type Dataset struct {
	// Label describes the data to whoever opens the store later; it is kept
	// and returned by [Store.Label], and never interpreted.
	Label string

	// Documents yields the documents of one collection in their order: the first
	// gets the key 0, the next one 1, and so on. It is called once for each
	// collection, in the order in which they were named at the opening, and read to
	// the end before the next call. A non-nil error aborts the load.
	Documents func(Collection) iter.Seq2[Document, error]

	// Lists is read after all documents, so that it may be computed while they
	// pass. No (relation, owner) pair may come twice.
	Lists iter.Seq[List]
}

// Version is a point in the life of an open store: it grows with each transaction,
// and means nothing to anybody who opens the store again.
type Version int64

// Store is the persistence of a reference role. Its methods may be called from
// several goroutines.
//
// The interface decouples the roles from the databases; it is not meant for
// other implementations than that of this package.
type Store interface {
	// Load replaces all collections of this store and all lists with the dataset in
	// one transaction: after an error the store holds what it held before. Two
	// documents of one collection with the same sourcedId are an error. Whoever reads
	// waits until it is over. Keys begin anew, so that a page that was begun before may
	// have documents of both.
	Load(ctx context.Context, data Dataset) error

	// Label returns the label of the loaded dataset, or "" before any load.
	Label(ctx context.Context) (string, error)

	// Update runs a transaction. What work did is there for good when Update
	// returns nil, and not at all when it returns an error, which is that of work
	// where it had one. An error of Tx other than ErrNotFound can't be recovered
	// from. Within work the store is read by its Tx alone.
	Update(ctx context.Context, work func(Tx) error) error

	// Count returns how many documents the collection holds.
	Count(ctx context.Context, c Collection) (int, error)

	// Find gives the key of a document by its sourcedId, compared byte for byte. The
	// error is ErrNotFound when there is none.
	Find(ctx context.Context, c Collection, sourcedID string) (Key, error)

	// Keys returns the keys of a page: up to limit of them, from the one at offset
	// on, in the order of the collection.
	Keys(ctx context.Context, c Collection, offset, limit int) ([]Key, error)

	// Read calls visit for the documents of the keys, in the order given, and leaves
	// those out that are there no longer. The body is only valid during the call; an
	// error of visit ends the reading and is returned as it is.
	Read(ctx context.Context, c Collection, keys []Key, visit Visit) error

	// Scan calls visit for the documents with keys from first up to, not including,
	// end, in ascending order.
	Scan(ctx context.Context, c Collection, first, end Key, visit Visit) error

	// Column calls visit with the value that each document has in a column (see
	// OpenColumns), in the order of the collection; it is empty where a document has
	// none. The store needs to have been opened with columns.
	Column(ctx context.Context, c Collection, column string, visit Visit) error

	// Lookup calls visit for those of the sourcedIds of which there is a document, in any
	// order, with the place of the sourcedId in the list. The body is as in Read.
	Lookup(ctx context.Context, c Collection, sourcedIDs []string, visit func(n int, body []byte) error) error

	// Has tells of each sourcedId whether there is a document of it.
	Has(ctx context.Context, c Collection, sourcedIDs []string) ([]bool, error)

	// SourcedIDs calls visit with the sourcedId of every document, ascending by their bytes.
	// It is only valid during the call.
	SourcedIDs(ctx context.Context, c Collection, visit func(sourcedID []byte) error) error

	// There leaves those of the keys out whose documents are there no longer.
	There(ctx context.Context, c Collection, keys []Key) ([]Key, error)

	// Members returns the list of an owner in a relation, which is empty where there
	// is none. It may name documents that are there no longer.
	Members(ctx context.Context, relation string, owner Key) ([]Key, error)

	// Version tells where the store is now. Whatever is read later is at least as new.
	Version() Version

	// Changed lists the keys of documents that were put or deleted since a version,
	// ascending and each once. known is false where that is forgotten, or too much:
	// then everything may have changed.
	Changed(c Collection, since Version) (keys []Key, known bool)

	// Relinked lists the members that came to a list or left it since a version, as
	// Changed does.
	Relinked(relation string, owner Key, since Version) (members []Key, known bool)

	// Close releases the database. An in-memory store is gone afterwards.
	Close() error
}

// Tx is a transaction under way. It is for the goroutine that Update called.
type Tx interface {
	// Get reads a document as the transaction has it. The error is ErrNotFound when
	// there is none. The body is the caller's.
	Get(c Collection, sourcedID string) (Key, []byte, error)

	// Put stores a document: in the place of the one with its sourcedId, or as the
	// last of the collection.
	Put(c Collection, d Document) (Key, error)

	// PutAll does what Put does for many documents of different sourcedIds, by few
	// statements. Where the collection was empty before the transaction, a sourcedId that
	// comes in two calls is an error, which may only show when another method is called or
	// the transaction ends.
	PutAll(c Collection, documents []Document) error

	// Delete removes a document. The error is ErrNotFound when there is none.
	Delete(c Collection, sourcedID string) (Key, error)

	// DeleteAll removes those of the documents that are there, and says how many.
	DeleteAll(c Collection, sourcedIDs []string) (int, error)

	// SetLabel replaces the label that a load gave.
	SetLabel(label string) error

	// Oldest tells which document has the lowest key among those whose sourcedId begins
	// with a prefix, and how many they are. The error is ErrNotFound when there is none.
	// Of all documents, those with an empty prefix, it is known at once; of others the
	// cost grows with their number.
	Oldest(c Collection, prefix string) (sourcedID string, count int, err error)

	// Members returns a list as the transaction has it.
	Members(relation string, owner Key) ([]Key, error)

	// Link makes a document a member of a list, Unlink takes it off. Nothing happens
	// where it is, or isn't.
	Link(relation string, owner, member Key) error
	Unlink(relation string, owner, member Key) error
}

// Visit receives one document. The body must not be kept or changed.
type Visit func(key Key, body []byte) error

// Open opens the store that a DSN names with these collections, creating its tables
// where they are missing. Other collections that it has are left alone.
//
//   - "" or "memory": SQLite in memory, private to this store
//   - "postgres://…" or "postgresql://…": PostgreSQL
//   - "sqlite:PATH" or any other text: an SQLite file, created when missing
//
// A name behind a # at the end of the last two means a part of the database (see Part).
func Open(ctx context.Context, dsn string, collections ...Collection) (Store, error) {
	return OpenColumns(ctx, dsn, nil, collections...)
}

// OpenColumns opens a store as Open does, one that keeps values of its documents in
// columns unless these are nil. A part of a database has none.
func OpenColumns(ctx context.Context, dsn string, columns *Columns, collections ...Collection) (Store, error) {
	if m := partName.FindStringSubmatch(dsn); m != nil && columns == nil {
		p := part{name: m[2]}
		own := []Collection{p.in(labels)}
		for _, c := range collections {
			own = append(own, p.in(c))
		}
		whole, err := OpenColumns(ctx, m[1], nil, own...)
		if err != nil {
			return nil, err
		}
		p.whole = whole.(*database)
		return p, nil
	}
	for _, c := range collections {
		if err := checkName(c); err != nil {
			return nil, fmt.Errorf("opening the store: %w", err)
		}
	}
	e, err := openEngine(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	s, err := newDatabase(ctx, e, columns, collections)
	if err != nil {
		_ = e.close() // the first error says more
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return s, nil
}

func openEngine(ctx context.Context, dsn string) (engine, error) {
	switch {
	case dsn == "" || dsn == "memory":
		return openMemory()
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return openPostgres(ctx, dsn)
	case strings.Contains(dsn, "://"):
		scheme, _, _ := strings.Cut(dsn, "://")
		return nil, fmt.Errorf("no driver for %q; use a file path, \"memory\" or a postgres:// URL", scheme)
	default:
		return openFile(strings.TrimPrefix(dsn, "sqlite:"))
	}
}

var collectionName = regexp.MustCompile(`^[a-z][A-Za-z0-9_]{0,40}$`)

// checkName guards the places where a collection becomes the name of a table: of
// one that is none of the store's own or of the database's.
func checkName(c Collection) error {
	if !collectionName.MatchString(string(c)) || strings.HasPrefix(string(c), ownTables) || strings.HasPrefix(string(c), "sqlite_") {
		return fmt.Errorf("%q can't be the name of a collection", c)
	}
	return nil
}
