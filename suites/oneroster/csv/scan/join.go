package scan

import (
	"slices"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/idset"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/rule"
)

// recall is what must be read a second time, because only the end of the file
// showed it: the hashes of keys that came twice, and lines whose values are to
// be shown.
type recall struct {
	number int                 // of the rule
	hashes map[uint64]struct{} // of keys that came more than once, trimmed
	count  int64
	key    keyOf
	column int // whose value is shown
}

// keyOf gives the key of a row that must be unique, and its text; ok is false
// for a row that has none.
type keyOf func(w *worker) (hash uint64, text string, ok bool)

// suspects bounds how many repeated keys are looked up.
const suspects = 1000

// few is how many identifiers are entered at once.
const few = 16

// join gives every identifier its place, follows references into the file
// itself, and lists what must be read again.
func (f *file) join(total map[int]*tally) ([]recall, error) {
	var out []recall
	if f.indexed {
		n := 0
		for _, w := range f.workers {
			n += w.entries.len()
		}
		f.ids.Reserve(n)
		wanted, users := wantedFacts[f.table.Name], f.table.Name == "users"
		if wanted {
			f.facts = make([]fact, 0, n)
		}
		homes := users && f.s.version.Name != "1.1"
		if homes {
			f.orgs = make([]uint32, 0, n)
		}
		f.marks = make([]uint32, 0, n)
		repeated := map[uint64]struct{}{}
		var count int64
		enter := func(e *entry) {
			place, fresh := f.ids.Insert(e.hash)
			if homes {
				f.own(place, e.fact.ref, fresh)
			}
			if !fresh {
				count++
				if len(repeated) < suspects {
					repeated[idset.Trim(e.hash)] = struct{}{}
				}
				return
			}
			if wanted {
				f.facts = append(f.facts, e.fact)
			}
			var mark uint32
			if e.fact.flags&deleted != 0 {
				mark, f.dropped = markDeleted, true
			}
			if users {
				mark |= uint32(e.fact.a) & allRoles // of 1.1, whose users have one role
			}
			f.marks = append(f.marks, mark)
		}
		var hashes [few]uint64
		var places [few]uint32
		for _, w := range f.workers {
			w.entries.drain(few, func(entries []entry) {
				for i := range entries {
					hashes[i] = entries[i].hash
				}
				// Where they belong is brought near, of all at once.
				f.ids.FindAll(hashes[:len(entries)], places[:len(entries)])
				for i := range entries {
					enter(&entries[i])
				}
			})
		}
		out = f.suspect(out, f.rules[0][rule.Unique], count, repeated, keyOfID, 0)
	} else {
		var all idset.Sink
		for _, w := range f.workers {
			all.Join(&w.sink)
		}
		again, some := all.Repeated(suspects)
		out = f.suspect(out, f.rules[0][rule.Unique], int64(again), setOf(some), keyOfID, 0)
	}
	f.follow(total)
	out = f.joinKeys(out)
	f.afterJoin(total)
	return out, nil
}

func keyOfID(w *worker) (uint64, string, bool) {
	v := w.cell(0)
	return w.f.s.hash(v), string(v), len(v) > 0
}

func setOf(hashes []uint64) map[uint64]struct{} {
	out := make(map[uint64]struct{}, len(hashes))
	for _, h := range hashes {
		out[h] = struct{}{}
	}
	return out
}

func (f *file) suspect(out []recall, number int, count int64, hashes map[uint64]struct{}, key keyOf, column int) []recall {
	if count == 0 {
		return out
	}
	return append(out, recall{number: number, hashes: hashes, count: count, key: key, column: column})
}

// follow resolves the references of the file into itself.
func (f *file) follow(total map[int]*tally) {
	for column := range f.table.Columns {
		if f.targets[column] != f {
			continue
		}
		number := f.rules[column][rule.References]
		for _, w := range f.workers {
			for _, l := range w.later[column] {
				p, ok := f.ids.Find(l.to)
				switch {
				case !ok && f.unresolved(column):
					f.late[number] = true
					touch(total, number).add(l.at, column+1, nil, false, "")
				case ok && f.marks[p]&markDeleted != 0:
					if from, known := f.ids.Find(l.from); known && f.marks[from]&markDeleted == 0 {
						f.late[w.rule.deleted] = true
						touch(total, w.rule.deleted).add(l.at, column+1, nil, false, "the same delta deletes it")
					}
				}
			}
		}
	}
}

func touch(total map[int]*tally, number int) *tally {
	if total[number] == nil {
		total[number] = &tally{}
	}
	return total[number]
}

// settle orders the examples of a tally that was filled out of order.
func (t *tally) settle() {
	o := tally{}
	o.merge(t)
	*t = o
}

// wantedFacts are the files of whose records rules want to know more than marks.
var wantedFacts = map[string]bool{"academicSessions": true, "orgs": true, "classes": true, "userProfiles": true, "lineItems": true}

// parents gives for each place that of its parent, one up, by a column that
// refers into the file itself.
func (f *file) parents(column int) []uint32 {
	out := make([]uint32, f.ids.Len())
	for _, w := range f.workers {
		for _, l := range w.later[column] {
			from, ok1 := f.ids.Find(l.from)
			to, ok2 := f.ids.Find(l.to)
			if ok1 && ok2 {
				out[from] = to + 1
			}
		}
	}
	return out
}

// circles marks the places that are their own ancestors.
func circles(parents []uint32) []bool {
	out := make([]bool, len(parents))
	state := make([]uint8, len(parents)) // 1: on the way, 2: done
	for i := range parents {
		var way []uint32
		at := uint32(i)
		for state[at] == 0 {
			state[at] = 1
			way = append(way, at)
			if parents[at] == 0 {
				break
			}
			at = parents[at] - 1
		}
		if state[at] == 1 && parents[at] != 0 {
			if j := slices.Index(way, at); j >= 0 {
				for _, p := range way[j:] {
					out[p] = true
				}
			}
		}
		for _, p := range way {
			state[p] = 2
		}
	}
	return out
}

// judgeTree reports records that are their own ancestors.
func (f *file) judgeTree(total map[int]*tally, id string, parents []uint32, column int) {
	bad := circles(parents)
	f.s.examined(id, int64(len(parents)))
	if !slices.Contains(bad, true) {
		return
	}
	number := f.s.rules.Number(id)
	for _, w := range f.workers {
		for _, l := range w.later[column] {
			if p, ok := f.ids.Find(l.from); ok && bad[p] {
				f.late[number] = true
				touch(total, number).add(l.at, column+1, nil, false, "it is its own ancestor")
			}
		}
	}
}

// joinKeys puts the keys of all workers together: those that must be unique are
// counted, the others kept for later files.
func (f *file) joinKeys(out []recall) []recall {
	for kind := range keyKinds {
		var all idset.Sink
		for _, w := range f.workers {
			if w.keys[kind] != nil {
				all.Join(w.keys[kind])
			}
		}
		if all.Len() == 0 {
			continue
		}
		switch kind {
		case keyPrimaryRole, keyTeacher:
			again, some := all.Repeated(suspects)
			id, key, column := "rules.one-primary-role", primaryRoleKey, "orgSourcedId"
			if kind == keyTeacher {
				id, key, column = "rules.primary-teacher", teacherKey, "userSourcedId"
			}
			out = f.suspect(out, f.s.rules.Number(id), int64(again), setOf(some), key, f.column(column))
		default:
			all.Sort()
			f.s.keys[kind] = &all
		}
	}
	return out
}
