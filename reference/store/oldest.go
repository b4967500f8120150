package store

import (
	"fmt"
	"unicode/utf8"
)

func (u *update) Oldest(c Collection, prefix string) (sourcedID string, count int, err error) {
	if err := u.ready(c); err != nil {
		return "", 0, err
	}
	if !storable(prefix) {
		return "", 0, ErrNotFound
	}
	var first Key
	if prefix == "" {
		first, count, err = u.oldest(c)
	} else {
		first, count, err = u.oldestOf(c, prefix)
	}
	if err == nil && count > 0 {
		err = u.t.query(u.ctx, fmt.Sprintf(`SELECT key, "sourcedId" FROM %s WHERE key = $1`, table(c)), []any{first},
			func(_ int64, value []byte) error { sourcedID = string(value); return nil })
	}
	switch {
	case err != nil:
		return "", 0, u.fail(fmt.Sprintf("looking for the oldest of %s", c), err)
	case count == 0:
		return "", 0, ErrNotFound
	}
	return sourcedID, count, nil
}

// oldest is that of all documents. Their number is known from what is held, and from
// what the transaction did.
func (u *update) oldest(c Collection) (first Key, count int, err error) {
	x, err := u.touch(c)
	if err != nil {
		return 0, 0, err
	}
	u.d.mu.RLock()
	h := u.d.held[c]
	count = h.at.count() + int(x.next-h.at.next) - len(x.gone)
	u.d.mu.RUnlock()
	if count == 0 {
		return 0, 0, nil // there is no least key then
	}
	err = u.t.query(u.ctx, fmt.Sprintf(`SELECT min(key), '' FROM %s`, table(c)), nil,
		func(n int64, _ []byte) error { first = Key(n); return nil })
	return first, count, err
}

// oldestOf is that of the documents whose sourcedId begins with a prefix, for which the
// index by sourcedId is read.
func (u *update) oldestOf(c Collection, prefix string) (first Key, count int, err error) {
	end, among := beyond(prefix), ""
	arguments := []any{prefix}
	if end != "" {
		among, arguments = ` AND "sourcedId" < $2`, append(arguments, end)
	}
	for _, asked := range []struct {
		column string
		take   func(int64)
	}{{`count(*)`, func(n int64) { count = int(n) }}, {`coalesce(min(key), 0)`, func(n int64) { first = Key(n) }}} {
		statement := fmt.Sprintf(`SELECT %s, '' FROM %s WHERE "sourcedId" >= $1%s`, asked.column, table(c), among)
		if err := u.t.query(u.ctx, statement, arguments, func(n int64, _ []byte) error { asked.take(n); return nil }); err != nil {
			return 0, 0, err
		}
	}
	return first, count, nil
}

// beyond is the least text that is greater than all that begin with a prefix, compared
// byte for byte; empty where there is none.
func beyond(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == 0xD7FF: // what follows is for surrogates
			return prefix + "\uE000"
		case last < utf8.MaxRune:
			return prefix + string(last+1)
		}
	}
	return ""
}
