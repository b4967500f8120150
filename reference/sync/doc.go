// Package sync keeps a roster in step with a SIS: a mirror in a store, which is brought to what a source
// says by one sync after another. It is a OneRoster consumer to be read, run and copied.
//
// It owns what a sync is, what it takes and refuses, and what a mirror knows of itself. How a source is
// read is that of packages below: over REST (sync/rest), from CSV bundles (sync/bundle). It must not know
// HTTP, nor any fault.
//
// # One sync
//
// [Run] reads the source page by page and stages what came: compared with what is held, so that an object
// that is as it was takes eight bytes, and one that isn't its new form. A page and how far the sync is are
// written in one transaction; a process that is killed is followed by one that goes on behind the last page
// that is there ([Reading].From). What was staged is held to [Rules], and then taken in by one transaction,
// which moves the marks too: all of it or nothing, and whoever reads meanwhile sees the old roster or the
// new one.
//
// A full sync reads everything, and deletes what isn't there any more. A delta reads what changed since the
// mark, with what was flagged tobedeleted. Deltas are followed by a full one every so often
// ([Options].FullEvery), for what a source forgot to date.
//
// # What is decided where OneRoster leaves it open
//
//   - The source is right. An object that it has otherwise than we do is taken, also where its
//     dateLastModified is older than ours: somebody put a backup back. The log has it.
//   - Of two objects that come with one sourcedId in one sync the newer one counts; of two of the same date
//     the one that came later. Each is counted once.
//   - Flagged objects stay, as flagged, for as long as the source has them. So nothing that refers to one
//     leads nowhere, and each mirror holds what its source does. Whoever is fed takes a flagged object as gone.
//   - What a full sync doesn't find any more is deleted: what refers before what is referred to. Where
//     something refers to it that did come, it is kept as flagged until nothing does, for a reference shall
//     not be broken by us.
//   - References that lead nowhere at the source are counted and told of, and the roster is taken all the same:
//     one enrollment of nobody is no reason to have a district wait.
//   - An object that comes back is new where it was deleted, and changed where it was flagged.
//   - A sourcedId is one of its collection. Where it is another kind of object from one day to the next, the
//     one is deleted there and the other is new here, as two objects are.
//   - An object that can't be used stays as we hold it, is told of, and counts as having come. Many of them are
//     a source that has gone wrong (the rule usable).
//   - A collection that isn't offered (a service that isn't there, a scope that wasn't granted) stays as we hold
//     it. What isn't told is not what isn't there.
//   - The mark is the newest dateLastModified that was seen, and never later than the beginning of the reading by
//     our clock: one object from the future would hide what changes until then. A delta begins a minute before
//     it, for what was committed late under an earlier date; what comes again is as it was and costs nothing.
//   - An object of which the source has no date (bulk CSV) has that at which the mirror took it; a date alone is
//     no change of it.
//   - A sync that failed moves no mark. What it staged is gone on with within an hour of its last page, by the same mode
//     from the same source; thrice in vain and it is forgotten.
//   - Marks and what is staged belong to a source by its name. Another source begins with a full sync.
//
// # What a person confirms
//
// Where a sync would delete or flag more of a collection than [Rules] let it (a fifth, or all), it ends with a
// [WaitingError]: the mirror is as it was, and what was read is kept. [Mirror.Confirm] takes exactly that;
// another sync takes its place, so that a source that has come to itself needs nobody.
//
// # What it costs
//
// Memory: a page, twice, and eight to sixteen bytes for each object of the roster, by whose hash duplicates and
// lost references are found. Disk: what is staged, compressed, beside what is held. Time: bodies are normalized
// by all processors, compared and written by few statements a page; nothing asks the database for one object.
//
// # Who follows
//
// [Mirror.ChangedSince] tells what changed since a [Mirror.Version], and [Mirror.District] gives the roster as
// package fixtures has it, for a platform, a tool or a bundle of CSV. [Mirror.Log] has the reports of the last
// syncs, with what changed and why; they name objects by sourcedId and nothing else of them.
package sync
