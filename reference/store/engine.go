package store

import (
	"context"
	"iter"
)

// engine is a kind of database: how statements are run, and what is said
// differently in them. Parameters are $1, $2 and so on in both.
type engine interface {
	queryer
	// begin starts a transaction that writes. Only one is under way at a time. Where it
	// replaces everything nobody needs to be able to read meanwhile.
	begin(ctx context.Context, everything bool) (transaction, error)
	words() words
	// analyze tells the planner what is in the tables.
	analyze(ctx context.Context, tables []string) error
	close() error
}

// queryer runs statements that read. Each gives rows of a number and a value, which
// is all that this package ever asks for.
type queryer interface {
	query(ctx context.Context, statement string, arguments []any, visit func(number int64, value []byte) error) error
}

// transaction is one that was begun. After commit, rollback does nothing.
type transaction interface {
	queryer
	execute(ctx context.Context, statement string, arguments ...any) error
	// insert is for many rows. A row may be changed after it was yielded.
	insert(ctx context.Context, table string, columns []string, rows iter.Seq2[[]any, error]) error
	// replace gives documents that are there other bodies.
	replace(ctx context.Context, table string, keys []Key, bodies [][]byte) error
	commit(ctx context.Context) error
	rollback()
}

// words are the parts of statements that differ.
type words struct {
	name string // of the database
	text string // the type of a text that is compared byte for byte
	blob string // the type of bytes
	// lock is put behind the query of a row that will be changed.
	lock string
	// clear empties a table.
	clear string
	// tables counts the tables named $1.
	tables string
	// chosen reads the documents of the table %s with the keys in $1, in any order.
	chosen string
	keys   func([]Key) any // as $1 of chosen
	// named reads the value %[2]s of the documents of the table %[1]s with the sourcedIds in $1, with
	// their places in the list, in any order.
	named string
	texts func([]string) any // as $1 of named
	// remove deletes the documents of the table %s with the keys in $1.
	remove string
	// made is run for each table of documents that was created, if there is anything.
	made string
	// unique makes the index named %[2]s of the table %[1]s, as an earlier version left
	// it, one that can be dropped; empty where it is one.
	unique []string
}
