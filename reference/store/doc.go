// Package store keeps the documents that the reference roles serve, and lets them
// be written while they are served.
//
// It owns persistence and nothing else: a [Store] holds collections of opaque
// documents, each with the sourcedId it is found by, and named lists of
// documents. Which collections there are is said by whoever opens it. What a
// document says, which collections stand in which relation, and how a request is
// filtered or sorted are the business of the role; this package must not know any
// wire format.
//
// # Keys and places
//
// Every document has a key: a number that it gets when it is put in and keeps as
// long as it is there, whatever else comes and goes. Keys ascend and are never
// used twice, and their order is the order of the collection. So a document that
// is replaced stays where it was, a new one comes last, one that is deleted leaves
// a gap, and nothing that was derived by key can ever mean another document.
//
// A page is asked for by its place, and an OFFSET in SQL would walk over everything
// before it, which costs a factor of a hundred at 900,000 rows. So the keys of a
// collection are held in memory, as a compressed bitmap that finds the n-th of them
// at once: a kilobyte for a million that were loaded together, a few more where
// there are gaps. What is stored is the opposite, the keys that were given and are
// there no longer, and so the bitmap is there in no time when a store is opened.
//
// # Writing
//
// [Store.Update] is a transaction over any collections and lists: all of it or
// nothing, whatever happens to the process. Transactions come one after the other.
// Readers don't wait for them and see a transaction when it has been committed.
//
// Whoever derives something from documents (an order, a selection) notes the
// [Store.Version] that it was derived at, and asks [Store.Changed] later which keys
// to look at again. Nobody is called back.
//
// Values that a role names are kept in columns beside the documents, so that one
// property of a million of them is read at once ([OpenColumns], columns.go).
//
// One process writes a store at a time. A store that was changed by another one is
// noticed by the next transaction, which then reads anew what is held in memory.
//
// # Two databases, one contract
//
// [Open] chooses by DSN between SQLite, in memory or in a file, and PostgreSQL. The
// statements are the same for both (database.go, load.go, update.go); an engine (sqlite.go,
// postgres.go) knows how they are run and the few words that differ. One test holds
// both to the contract.
package store
