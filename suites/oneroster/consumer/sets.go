package consumer

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures/broken"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/importer"
)

// setChecks drop the sets of `rollcall csv sets` and decide what a person's answers decide there.
func setChecks() []harness.Check {
	var out, last []harness.Check // what speaks of all sets comes last
	for _, r := range importer.Requirements() {
		topic := strings.TrimPrefix(r.ID, importer.Prefix)
		check := harness.Check{ID: "csv.sets." + topic, Title: r.Title, Requirements: []string{r.ID},
			Labels: []string{"csv-sets"}, Group: "csv-drops", Timeout: phaseTimeout, Needs: []harness.Need{answerable()},
			Body: func(ctx context.Context, t *harness.T) { t.Session().Shared.(*judge).trySets(ctx, t, r.ID, topic) }}
		if importer.Decides(topic, importer.Set{}) {
			last = append(last, check)
		} else {
			out = append(out, check)
		}
	}
	return append(out, last...)
}

// answerable is the need of a way to learn what becomes of a set.
func answerable() harness.Need {
	return harness.Need{Text: "a way to drop bundles for the product and to read what it holds (consumer.drop, consumer.holds), or a " +
		"person's answers (consumer.answers)", Unmet: func(_ context.Context, t *harness.T) (harness.Obstacle, bool) {
		s := driver.Of(t.Session().Target)
		switch {
		case s.Answers != "":
		case !s.Drop.Set() && !s.Sync.Set():
			return harness.Unconfigured("nothing says where bundles are dropped for the product",
				"Add consumer.drop to the target file (a folder, an upload, SFTP), or consumer.sync that takes ROLLCALL_BUNDLE; "+
					"or answer for the sets by hand (`rollcall csv importer`)."), true
		case !s.Holds.Set():
			return holding(t)
		case s.Holds.Looks():
			return harness.Unconfigured("pages don't tell what became of each record of a set",
				"Let consumer.holds be an export, a query or a provider; or answer for the sets by hand (`rollcall csv importer`)."), true
		}
		return harness.Obstacle{}, false
	}}
}

// series is the sets while they are dropped one after the other: each is a variation of a small bundle that the
// product holds, and which is dropped again where a set may have spoilt it.
type series struct {
	j       *judge
	sets    []importer.Set
	answers map[string]importer.Answer
	dropped map[string]bool // what no person has answered
	areas   []string
	marks   int // how many bundles were told apart
	memory  *memory
	rows    *broken.Bundle // what the product was told, row by row
	truth   driver.Objects // the same as objects
	gone    map[place]bool
	held    *driver.Held
	begun   []difference   // in what it differed after the first bundle
	accused map[place]bool // the same: it isn't told again
	refused string         // why not even the first bundle is held; empty: it is
	stuck   *harness.Obstacle
	lost    int // how often in a row a sound bundle wasn't taken
}

const firstBundle = "a bundle that is right in every way, the first that is dropped"

// trySets has what is dropped of a topic, or was answered by a person, decide its requirement.
func (j *judge) trySets(ctx context.Context, t *harness.T, id, topic string) {
	if j.series == nil {
		s, err := j.newSeries()
		if err != nil {
			t.NotTested(configured(err), id)
			return
		}
		j.series = s
	}
	s := j.series
	unseen := map[string]int{} // sets of which nothing can be said, by why
	for _, set := range s.sets {
		if !importer.Decides(topic, set) {
			continue
		}
		a, tried := s.answers[set.File]
		if !tried || a.Outcome == importer.Unknown && a.Remark == "" {
			if s.rows == nil && s.stuck == nil && s.refused == "" {
				s.begin(ctx)
			}
			if s.stuck == nil && s.refused == "" {
				a = s.try(ctx, t, set)
				s.answers[set.File], s.dropped[set.File] = a, true
			}
		}
		switch {
		case a.Outcome != importer.Unknown && tried && !s.dropped[set.File]: // a person's own words
			importer.Assert(t, id, topic, set, a, t.Show("remark", a.Remark))
		case a.Outcome != importer.Unknown:
			importer.Assert(t, id, topic, set, a, a.Remark)
		case a.Remark != "":
			unseen[a.Remark]++
		default:
			unseen[""]++
		}
	}
	if id == importer.Prefix+"valid" && len(s.begun) > 0 {
		t.Fail(id, harness.Finding{Sent: firstBundle, Expected: "the product holds what it says", Seen: s.otherwise(t, s.begun),
			Count: len(s.begun)})
	}
	if n := unseen[""]; n > 0 {
		switch valid := importer.Prefix + "valid"; {
		case s.stuck != nil:
			t.NotTested(*s.stuck, id)
		case id == valid:
			t.Fail(id, harness.Finding{Sent: firstBundle, Expected: "the product holds what it says", Seen: s.refused})
		default:
			t.NotTested(harness.BlockedBy(valid, "not even a bundle that is right in every way is taken"), id)
		}
		delete(unseen, "")
	}
	for _, why := range slices.Sorted(maps.Keys(unseen)) {
		t.NotTested(harness.NoData(fmt.Sprintf("%d sets tell nothing: %s", unseen[why], why),
			"Let the product's hook end with another exit code than 0 where it reports an error, or answer for the sets by hand "+
				"(`rollcall csv importer`, consumer.answers)."), id)
	}
}

func (j *judge) newSeries() (*series, error) {
	sets, err := importer.Sets(importer.Options{})
	if err != nil {
		return nil, err
	}
	s := &series{j: j, sets: sets, answers: map[string]importer.Answer{},
		dropped: map[string]bool{}, gone: map[place]bool{}, accused: map[place]bool{}}
	if path := j.section.Answers; path != "" {
		if s.answers, err = importer.ReadSheet(path); err != nil {
			return nil, &harness.ConfigError{Key: "consumer.answers", Cause: err.Error(),
				Remedy: "name the sheet.csv that `rollcall csv sets` wrote, with the column outcome filled in"}
		}
	}
	return s, nil
}

// begin makes the product empty where it has had another life, and drops the bundle of which the sets are variations.
func (s *series) begin(ctx context.Context) {
	j := s.j
	stop := func(o harness.Obstacle) { s.stuck = &o }
	switch {
	case !j.section.Holds.Set() || !j.section.Drop.Set() && !j.section.Sync.Set():
		stop(harness.NoData("nobody has tried them", "Import them and fill in the sheet (consumer.answers), or say where bundles are dropped "+
			"(consumer.drop) and what the product holds (consumer.holds)."))
		return
	case j.first != nil && !j.section.Reset.Set():
		stop(harness.Unconfigured("the product holds the roster of the bundles that were dropped before",
			"Add consumer.reset to the target file, by which the product is made empty, or judge or12-csv-import in a run of its own."))
		return
	}
	if out := j.driver.Reset(ctx, driver.Occasion{Mode: driver.Full}); out.Fault != nil || out.Told == driver.Failure || out.TimedOut {
		stop(hookFailed(out))
		return
	}
	empty, err := j.driver.Holdings(ctx, nil)
	if err != nil {
		empty = nil // as a first sync may have to make what is read
	}
	for _, areas := range [][]string{importer.Areas(), {importer.Rostering}} {
		s.areas = areas
		if s.first(ctx, empty) || s.stuck != nil {
			break
		}
	}
	if s.stuck != nil || s.refused != "" {
		return
	}
	keeps := map[string][]string{importer.Rostering: {"orgs", "users"}, importer.Resources: {"resources"},
		importer.Outcomes: {"lineItems", "results", "categories"}}
	s.areas = slices.DeleteFunc(slices.Clone(s.areas), func(area string) bool { return !slices.ContainsFunc(keeps[area], s.memory.keeps) })
}

// first drops the first bundle, and learns what of it the product keeps.
func (s *series) first(ctx context.Context, empty *driver.Held) bool {
	s.rows, s.truth = &broken.Bundle{Files: map[string]*broken.Table{}}, driver.Objects{}
	base, err := importer.Base(s.areas)
	if err != nil {
		s.failed(err)
		return false
	}
	s.mark(base)
	out, err := s.drop(ctx, base, base.Pack, false)
	if err != nil {
		s.failed(err)
		return false
	}
	s.memory = learn(s.j.section.Holds, s.truth, s.held, empty, time.Now())
	s.refused = ""
	if len(s.memory.learned.Collections) == 0 {
		s.refused = cmpOr(told(out), "nothing of it is held")
		return false
	}
	diffs := append(s.memory.compare(s.truth, s.held, nil), s.memory.otherwise()...)
	for _, d := range diffs {
		s.accused[d.place] = true
	}
	s.begun = diffs
	return true
}

// told is what a product said of a bundle that it didn't take.
func told(out driver.Outcome) string {
	switch {
	case out.TimedOut:
		return fmt.Sprintf("it didn't end within %s", out.Waited.Round(time.Second))
	case out.Told == driver.Failure:
		return "the product says that it failed: " + out.Words
	}
	return ""
}

func (s *series) failed(err error) { o := configured(err); s.stuck = &o }

// marked are the columns in which bundles are told apart, by file: texts, and dates on which something begins.
var marked = map[string]string{"orgs": "name", "academicSessions": "title", "courses": "title", "classes": "title", "users": "familyName",
	"roles": "beginDate", "demographics": "cityOfBirth", "enrollments": "beginDate", "resources": "title", "categories": "title",
	"lineItems": "title", "scoreScales": "title", "results": "comment"}

// mark changes something in every file of a bundle, so that it shows whether that was taken.
func (s *series) mark(b *broken.Bundle, without ...string) {
	s.marks++
	for file, column := range marked {
		t := b.Files[file]
		if t == nil || len(t.Rows) == 0 || slices.Contains(without, file) {
			continue
		}
		value := fmt.Sprintf("Marked %d", s.marks)
		if column == "beginDate" {
			value = fmt.Sprintf("2026-08-%d", 17+s.marks%14)
		}
		t.Rows[len(t.Rows)-1][slices.Index(t.Header, column)] = value
	}
}

// drop drops a bundle, and reads what the product holds then. What it was told is taken to be what the bundle says.
func (s *series) drop(ctx context.Context, says *broken.Bundle, pack func() ([]byte, error), delta bool) (driver.Outcome, error) {
	data, err := pack()
	if err != nil {
		return driver.Outcome{}, err
	}
	path := filepath.Join(s.j.dir, "oneroster.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return driver.Outcome{}, fmt.Errorf("writing a bundle to drop: %w", err)
	}
	mode := driver.Full
	if delta {
		mode = driver.Delta
	}
	out := s.j.driver.Sync(ctx, driver.Occasion{Mode: mode, Bundle: path})
	if out.Fault != nil {
		return out, out.Fault
	}
	held, err := s.j.driver.Holdings(ctx, nil)
	if err != nil {
		return out, err
	}
	rows := taken(s.rows, says, delta)
	truth, err := s.objects(ctx, rows)
	if err != nil {
		return out, err
	}
	held.Name(truth, s.truth)
	for collection, objects := range s.truth {
		for id := range objects {
			if truth[collection][id] == nil {
				s.gone[place{collection: collection, id: id}] = true
			}
		}
	}
	s.rows, s.truth, s.held = rows, truth, held
	return out, nil
}

// taken is what is told once a bundle came: of a bulk file all, of a delta what changed.
func taken(before, says *broken.Bundle, delta bool) *broken.Bundle {
	out := before.Clone()
	for file, t := range says.Files {
		if !delta || out.Files[file] == nil || file == "manifest" {
			out.Files[file] = &broken.Table{Header: t.Header}
		}
		to := out.Files[file]
		for _, row := range t.Rows {
			values := map[string]string{}
			for i, name := range t.Header {
				values[name] = row[i]
			}
			at := slices.IndexFunc(to.Rows, func(r []string) bool { return delta && r[0] == row[0] })
			if delta && values["status"] == "tobedeleted" {
				if at >= 0 {
					to.Rows = slices.Delete(to.Rows, at, at+1)
				}
				continue
			}
			fits := make([]string, len(to.Header))
			for i, name := range to.Header {
				if fits[i] = values[name]; name == "status" || name == "dateLastModified" {
					fits[i] = ""
				}
			}
			if at >= 0 {
				to.Rows[at] = fits
			} else {
				to.Rows = append(to.Rows, fits)
			}
		}
		if !slices.Contains(out.Order, file) {
			out.Order = append(out.Order, file)
		}
	}
	for file, owner := range ownerOf { // what is of nobody any more may go as well
		t, of := out.Files[file], out.Files[partOf[file]]
		if t == nil || of == nil {
			continue
		}
		at := slices.Index(t.Header, owner)
		t.Rows = slices.DeleteFunc(t.Rows, func(row []string) bool {
			return at >= 0 && !slices.ContainsFunc(of.Rows, func(o []string) bool { return o[0] == row[at] })
		})
	}
	return out
}

// ownerOf names the column that says to which object a row belongs, by file.
var ownerOf = map[string]string{"roles": "userSourcedId", "userResources": "userSourcedId", "classResources": "classSourcedId",
	"courseResources": "courseSourcedId", "lineItemScoreScales": "lineItemSourcedId", "resultScoreScales": "resultSourcedId"}

// objects reads rows as objects.
func (s *series) objects(ctx context.Context, rows *broken.Bundle) (driver.Objects, error) {
	rows = rows.Clone()
	rows.Order = slices.DeleteFunc(slices.Clone(rows.Order), func(file string) bool {
		return file == "manifest" || len(rows.Files[file].Rows) == 0
	})
	rows.Order = append([]string{"manifest"}, rows.Order...)
	rows.Files["manifest"] = &broken.Table{Header: []string{"propertyName", "value"},
		Rows: [][]string{{"manifest.version", "1.0"}, {"oneroster.version", s.j.version}}}
	data, err := rows.Pack()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(s.j.dir, "told.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, fmt.Errorf("writing what a product was told: %w", err)
	}
	held, err := driver.ReadBundle(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("reading what a product was told: %w", err)
	}
	for _, user := range held.Objects["users"] {
		delete(user, "userProfiles") // bundles have no ids of user profiles
	}
	for _, objects := range held.Objects {
		for _, object := range objects {
			delete(object, "learningObjectiveSet") // URNs in bundles, and bare UUIDs over REST
			if object["status"] == nil {
				object["status"] = "active"
			}
		}
	}
	return held.Objects, nil
}

// read takes a bundle apart as a lenient importer might; nil where that can't be done.
func read(data []byte) *broken.Bundle {
	b, err := broken.Read(data)
	if err != nil {
		return nil
	}
	for _, t := range b.Files {
		t.Header[0] = strings.TrimPrefix(t.Header[0], "\uFEFF")
		if len(slices.Compact(slices.Sorted(slices.Values(t.Header)))) < len(t.Header) || !slices.Contains(t.Header, "sourcedId") &&
			!slices.Contains(t.Header, "propertyName") {
			return nil
		}
	}
	return b
}

// try drops one set, and tells what became of it.
func (s *series) try(ctx context.Context, t *harness.T, set importer.Set) importer.Answer {
	unknown := func(why string) importer.Answer { return importer.Answer{Outcome: importer.Unknown, Remark: why} }
	if !slices.Contains(s.areas, set.Area) {
		return unknown("the product keeps nothing of " + set.Area)
	}
	sound, data, err := s.made(set)
	if err != nil {
		s.failed(err)
		return importer.Answer{}
	}
	before := *s
	says, lenient := sound, read(data)
	if set.Expect == importer.Accept && lenient != nil {
		says = lenient
	}
	out, err := s.drop(ctx, says, func() ([]byte, error) { return data, nil }, set.Base == broken.Delta)
	if err != nil {
		s.failed(err)
		return importer.Answer{}
	}
	var a importer.Answer
	if set.Expect == importer.Accept {
		a = s.accepted(t, &before, out)
	} else {
		a, err = s.refusedOr(ctx, t, &before, set, lenient, out)
		if err != nil {
			s.failed(err)
			return importer.Answer{}
		}
	}
	if set.Topic != "valid" || a.Outcome != importer.Accepted && a.Outcome != importer.Unknown {
		if why := s.restore(ctx, t); why != "" && a.Outcome != importer.Crashed {
			a = importer.Answer{Outcome: importer.Crashed, Remark: "the next bundle, which is right in every way, isn't taken: " + why}
		}
	}
	return a
}

// made marks a set and packs it, as sound and as broken.
func (s *series) made(set importer.Set) (sound *broken.Bundle, data []byte, err error) {
	for _, without := range [][]string{nil, set.Files, slices.Collect(maps.Keys(marked))} {
		sound = set.Sound()
		s.mark(sound, without...)
		if data, err = set.Make(sound.Clone()); err == nil {
			return sound, data, nil
		} // a case may look for what was changed
	}
	return nil, nil, err
}

// restore drops the first bundle again, in full. It tells why that isn't held, or nothing.
func (s *series) restore(ctx context.Context, t *harness.T) string {
	base, err := importer.Base(s.areas)
	if err != nil {
		s.failed(err)
		return ""
	}
	s.mark(base)
	out, err := s.drop(ctx, base, base.Pack, false)
	if err != nil {
		s.failed(err)
		return ""
	}
	diffs := s.fresh(s.memory.compare(s.truth, s.held, s.gone))
	if len(diffs) == 0 && told(out) == "" {
		s.lost = 0
		return ""
	}
	if s.lost++; s.lost == 3 {
		s.stuck = &harness.Obstacle{}
		*s.stuck = harness.BlockedBy(importer.Prefix+survives, "the product takes no bundle any more that is right in every way")
	}
	return cmpOr(told(out), s.j.words(t, diffs)+" not as it says")
}

const survives = "survives"

func (s *series) fresh(list []difference) []difference {
	return slices.DeleteFunc(list, func(d difference) bool { return s.accused[d.place] })
}

// accepted tells what became of a set that is right.
func (s *series) accepted(t *harness.T, before *series, out driver.Outcome) importer.Answer {
	diffs := s.fresh(s.memory.compare(s.truth, s.held, s.gone))
	switch {
	case out.TimedOut:
		return importer.Answer{Outcome: importer.Crashed, Remark: told(out)}
	case out.Told == driver.Failure:
		return importer.Answer{Outcome: importer.Refused, Remark: told(out)}
	case len(diffs) > 0:
		return importer.Answer{Outcome: importer.Refused, Remark: s.otherwise(t, diffs)}
	case len(s.fresh(s.memory.compare(s.truth, before.held, s.gone))) == 0 && len(before.truth) > 0:
		if out.Told == driver.Success && s.voice() {
			return importer.Answer{Outcome: importer.Accepted}
		}
		return importer.Answer{Outcome: importer.Unknown, Remark: "what they change isn't kept by the product, which doesn't say what became of them"}
	}
	return importer.Answer{Outcome: importer.Accepted}
}

// otherwise words what isn't held as a bundle says.
func (s *series) otherwise(t *harness.T, diffs []difference) string {
	d := diffs[0]
	return fmt.Sprintf("not held as it says: %s; the first of these is to be %q and is %q", s.j.words(t, diffs), t.Own(d.want), t.Own(d.got))
}

// voice tells whether the product says what became of a bundle.
func (s *series) voice() bool {
	way := s.j.section.Sync.Way()
	return way == "command" || way == "webhook" || s.j.section.Sync.Done.Command != ""
}

// refusedOr tells what became of a set that is broken. lenient is what somebody reads in it who looks away; nil:
// nobody can.
func (s *series) refusedOr(ctx context.Context, t *harness.T, before *series, set importer.Set, lenient *broken.Bundle,
	out driver.Outcome) (importer.Answer, error) {
	var read driver.Objects
	if lenient != nil {
		var err error
		if read, err = s.objects(ctx, taken(before.rows, lenient, set.Base == broken.Delta)); err != nil {
			read = nil // not even so
		}
	}
	asSound, asBefore := s.compare(s.truth), s.compare(before.truth)
	asRead := asSound
	if read != nil {
		asRead = s.compare(read)
	}
	shows := len(s.fresh(s.memory.compare(s.truth, before.held, s.gone))) > 0
	untouched := shows && len(asBefore) == 0
	switch lost := s.damage(before, read, asSound, asBefore, asRead); {
	case out.TimedOut:
		return importer.Answer{Outcome: importer.Crashed, Remark: told(out)}, nil
	case len(lost) > 0:
		return importer.Answer{Outcome: importer.Damaged, Remark: s.otherwise(t, lost)}, nil
	case out.Told == driver.Failure && (untouched || !shows):
		return importer.Answer{Outcome: importer.Refused, Remark: out.Words}, nil
	case out.Told == driver.Failure:
		return importer.Answer{Outcome: importer.Reported, Remark: out.Words}, nil
	case untouched:
		return importer.Answer{Outcome: importer.Refused, Remark: "nothing of it is held"}, nil
	case len(asRead) > 0:
		return importer.Answer{Outcome: importer.Reported, Remark: "what is wrong isn't held: " + s.j.words(t, keysOf(asRead))}, nil
	case !s.voice():
		return importer.Answer{Remark: "they were taken, and nothing tells whether the product reported the error"}, nil
	case set.Expect == importer.Refuse && !s.sees(set):
		return importer.Answer{Remark: "the product keeps nothing of the files in which they are wrong"}, nil
	}
	return importer.Answer{Outcome: importer.Accepted, Remark: "it is held as it stands, and the product says that all went well"}, nil
}

// compare tells in what the product holds otherwise than some objects say, by place and what it is.
func (s *series) compare(truth driver.Objects) map[difference]bool {
	out := map[difference]bool{}
	for _, d := range s.fresh(s.memory.compare(truth, s.held, s.gone)) {
		out[difference{place: d.place, what: d.what, got: d.got}] = true
	}
	return out
}

func keysOf(m map[difference]bool) []difference {
	return slices.SortedFunc(maps.Keys(m), func(a, b difference) int {
		return strings.Compare(a.collection+a.id+a.member, b.collection+b.id+b.member)
	})
}

// damage lists what is neither as it was nor as the bundle says, with what is wrong in it or without.
func (s *series) damage(before *series, read driver.Objects, asSound, asBefore, asRead map[difference]bool) (out []difference) {
	for _, d := range keysOf(asSound) {
		touched := read != nil && differs(orNone(read[d.collection][d.id]), orNone(s.truth[d.collection][d.id]))
		switch {
		case !asBefore[d], d.what == lingering, read != nil && !asRead[d]:
		case touched && d.what != missing: // a value that is wrong may become another one
		default:
			d.want = "as it was, or as the bundle says"
			out = append(out, d)
		}
	}
	for collection, objects := range s.held.Objects {
		if !s.memory.keeps(collection) {
			continue
		}
		for id, object := range objects {
			bare := s.memory.bare(collection, id)
			if active(object) && before.held.Objects[collection][id] == nil && s.truth[collection][bare] == nil && read[collection][bare] == nil &&
				!s.gone[place{collection: collection, id: bare}] {
				out = append(out, difference{place: place{collection: collection, id: id}, what: lingering,
					want: "not held, for nobody has said so", got: "held"})
			}
		}
	}
	return out
}

func orNone(object map[string]any) map[string]any {
	if object == nil {
		return map[string]any{}
	}
	return object
}

// partOf names the collection to whose objects the rows of a file belong, where it isn't called as the file.
var partOf = map[string]string{"roles": "users", "userResources": "users", "classResources": "classes", "courseResources": "courses",
	"lineItemScoreScales": "lineItems", "lineItemLearningObjectiveIds": "lineItems", "resultScoreScales": "results",
	"resultLearningObjectiveIds": "results"}

// sees tells whether the product keeps anything of the files in which a set is wrong.
func (s *series) sees(set importer.Set) bool {
	return len(set.Files) == 0 || slices.ContainsFunc(set.Files, func(file string) bool {
		return file == "manifest" || s.memory.keeps(cmpOr(partOf[file], file))
	})
}
