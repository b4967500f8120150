package shelf

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"
)

// engine is what differs between the databases.
type engine struct {
	driver    string
	text      string // the type of a text that is compared byte by byte
	blob      string
	number    string
	clustered string   // put behind a table that is read along its key
	made      []string // statements that make what the other tables don't have
	analyze   string
	// insert begins a statement that adds rows, in a transaction that is given up after an error: then
	// SQLite needs no journal of the statement's own.
	insert     string
	repeatable sql.IsolationLevel // in which two statements see the same

	wordColumns []string
	wordRow     func(key int, words [Weights][]string) []any
	// found is a query of the keys, with the weight, of the documents that have all words of its one
	// parameter %s, which asked makes; matched is one of the keys alone.
	found, matched string
	asked          func(words []string) string
	// within is whether the second text is in the first.
	within string
	cast   func(column string) string
	// parameter stands for the n-th one. They are written in their order, as SQLite's driver
	// looks long for those with a number.
	parameter func(n int) string
}

// memoryName tells the databases in memory of one process apart.
var memoryName atomic.Int64

func engineOf(dsn string) (e engine, name string, err error) {
	switch {
	case dsn == "" || dsn == "memory":
		return sqlite(), fmt.Sprintf("file:/rollcall-catalog-%d?vfs=memdb&", memoryName.Add(1)) + pragmas, nil
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return postgres(), dsn, nil
	case strings.Contains(dsn, "://"):
		scheme, _, _ := strings.Cut(dsn, "://")
		return engine{}, "", fmt.Errorf("no driver for %q; use a file path, \"memory\" or a postgres:// URL", scheme)
	}
	path := strings.TrimPrefix(dsn, "sqlite:")
	if path == "" {
		return engine{}, "", errors.New("the path of the SQLite file is empty")
	}
	if path, err = filepath.Abs(path); err != nil {
		return engine{}, "", err
	}
	// Others may keep people's data in the same file: one that is made here is the owner's alone. What
	// is wrong with the path SQLite says.
	if made, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil {
		if err := made.Close(); err != nil {
			return engine{}, "", err
		}
	}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	return sqlite(), file.String() + "?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&" + pragmas, nil
}

// pragmas: a search reads many rows of few pages.
const pragmas = "_pragma=page_size(16384)&_pragma=busy_timeout(10000)&_pragma=cache_size(-16384)"

// sqliteWeights are what a word counts for by its weight, the key left out.
const sqliteWeights = "8.0, 4.0, 2.0, 1.0"

func sqlite() engine {
	return engine{
		driver: "sqlite", text: "TEXT", blob: "BLOB", number: "REAL", clustered: " WITHOUT ROWID", analyze: "ANALYZE",
		insert: "INSERT OR FAIL",
		// The words are given as they are to be found, and not kept beside the index.
		made: []string{`CREATE VIRTUAL TABLE ` + wordsTable +
			` USING fts5(a, b, c, d, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 0")`,
			// To count documents, or to pass some over, takes no reading of them.
			`CREATE INDEX ` + documentsTable + `_key ON ` + documentsTable + ` (key)`},
		wordColumns: []string{"rowid", "a", "b", "c", "d"},
		wordRow: func(key int, words [Weights][]string) []any {
			row := []any{key}
			for _, list := range words {
				row = append(row, strings.Join(list, " "))
			}
			return row
		},
		found: `SELECT rowid AS key, -bm25(` + wordsTable + `, ` + sqliteWeights + `) AS weight FROM ` + wordsTable +
			` WHERE ` + wordsTable + ` MATCH %s`,
		matched: `SELECT rowid AS key FROM ` + wordsTable + ` WHERE ` + wordsTable + ` MATCH %s`,
		asked:   func(words []string) string { return `"` + strings.Join(words, `" "`) + `"` },
		// Two texts of which one is in the other, with no character that means anything else.
		within:    `instr(%s, %s) > 0`,
		cast:      func(string) string { return "" },
		parameter: func(int) string { return "?" },
	}
}

// maxPosition is the highest that PostgreSQL keeps of where a word stands.
const maxPosition = 16383

func postgres() engine {
	return engine{
		driver: "pgx", text: `TEXT COLLATE "C"`, blob: "BYTEA", number: "DOUBLE PRECISION",
		analyze: "ANALYZE " + documentsTable + ", " + valuesTable + ", " + wordsTable, repeatable: sql.LevelRepeatableRead,
		insert: "INSERT",
		made: []string{
			`CREATE TABLE ` + wordsTable + ` (key INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)`,
			`CREATE INDEX ` + wordsTable + `_words ON ` + wordsTable + ` USING gin (words)`,
		},
		wordColumns: []string{"key", "words"},
		// A vector is written out: PostgreSQL's own parser would cut words in another way than
		// SQLite's, by the locale of the database.
		wordRow: func(key int, words [Weights][]string) []any {
			var b strings.Builder
			position := 0
			for weight, list := range words {
				for _, word := range list {
					position = min(position+1, maxPosition)
					fmt.Fprintf(&b, "'%s':%d%c ", word, position, 'A'+weight)
				}
			}
			return []any{key, b.String()}
		},
		found:   `SELECT key, ts_rank(words, %[1]s::tsquery) AS weight FROM ` + wordsTable + ` WHERE words @@ %[1]s::tsquery`,
		matched: `SELECT key FROM ` + wordsTable + ` WHERE words @@ %s::tsquery`,
		asked:   func(words []string) string { return `'` + strings.Join(words, `' & '`) + `'` },
		within:  `strpos(%s, %s) > 0`,
		cast: func(column string) string {
			if column == "words" {
				return "::tsvector"
			}
			return ""
		},
		parameter: func(n int) string { return "$" + strconv.Itoa(n) },
	}
}
