package scan

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/idset"
)

// One person enrolled in one class in one role at one time, under two sourcedIds. Pairs
// of user and class are kept while the file is read, four bytes each; where a pair came
// twice the file is read again, and roles and days are compared.

// stay is one enrollment of a pair. The same identifier twice is another rule's to say.
type stay struct {
	id, role   string
	begin, end int32 // days; the end is exclusive
	line       int64
}

func (s stay) meets(o stay) bool {
	return s.id != o.id && s.role == o.role && s.begin < o.end && o.begin < s.end
}

// enrolledKey numbers a pair of a user and a class by their places.
func enrolledKey(users *file, user, class uint32) uint64 {
	return uint64(class)*uint64(users.ids.Len()) + uint64(user)
}

// joinPairs finds the pairs that came more than once.
func (f *file) joinPairs() {
	var all idset.Short
	for _, w := range f.workers {
		all.Join(&w.stays)
	}
	f.s.examined("rules.enrollment-once", int64(all.Len()))
	f.pairsAgain = all.Repeated(suspects)
}

// judgePairs reads the file again where pairs came twice.
func (f *file) judgePairs(ctx context.Context, total map[int]*tally) error {
	if len(f.pairsAgain) == 0 {
		return nil
	}
	s := f.s
	class, user, role := f.column("classSourcedId"), f.column("userSourcedId"), f.column("role")
	begin, end := f.column("beginDate"), f.column("endDate")
	users, classes := f.targets[user], f.targets[class]
	day := func(w *worker, column int, otherwise int32) int32 {
		if d, ok := parseDay(w.cell(column)); ok {
			return d
		}
		return otherwise
	}
	number := s.rules.Number("rules.enrollment-once")
	met := map[[2]string][]stay{} // by the texts, for hashes may be alike
	err := f.each(ctx, f.stream.entry, func(w *worker) bool {
		u, known := users.ids.Find(s.hash(w.cell(user)))
		c, there := classes.ids.Find(s.hash(w.cell(class)))
		if !known || !there || !f.pairsAgain[idset.Kept(enrolledKey(users, u, c))] || string(w.cell(1)) == "tobedeleted" {
			return true
		}
		key := [2]string{string(w.cell(user)), string(w.cell(class))}
		now := stay{string(w.cell(0)), string(w.cell(role)), day(w, begin, math.MinInt32), day(w, end, math.MaxInt32), f.line(w.at())}
		for _, x := range met[key] {
			if x.meets(now) {
				touch(total, number).add(w.at(), w.field[user]+1, w.cell(user), f.private(w.field[user]),
					fmt.Sprintf("already on line %d, in the same class, role and time", x.line))
				break
			}
		}
		met[key] = append(met[key], now)
		return len(met[key]) < suspects
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
