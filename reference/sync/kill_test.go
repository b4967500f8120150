package sync_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store/killtest"
	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// A process that syncs is killed, at moments that a seed chooses: while it stages, while it commits, and
// between. After each the mirror is the roster that was acknowledged last or the one after it, and the
// next process goes on; in the end it is the last roster.

const (
	// killsEnv says how many moments are tried with SQLite; all where it isn't set and the tests
	// aren't short.
	killsEnv   = "ROLLCALL_SYNC_KILLS"
	killsAll   = 50
	killsShort = 5
	killsEach  = 10 // that PostgreSQL gets one of

	// In the child: where the mirror is, by which seed the roster changes, and from which one on.
	killDSN   = "ROLLCALL_SYNC_KILL_DSN"
	killSeed  = "ROLLCALL_SYNC_KILL_SEED"
	killFirst = "ROLLCALL_SYNC_KILL_FIRST"
	killLast  = "ROLLCALL_SYNC_KILL_LAST"
)

// TestMain makes a child of this program one that syncs until it is killed, or one that is measured.
func TestMain(m *testing.M) {
	if text := os.Getenv(workEnv); text != "" {
		if err := measureHere(context.Background(), text, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if dsn := os.Getenv(killDSN); dsn != "" {
		if err := syncOnAndOn(context.Background(), dsn, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func number(name string) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	return n
}

// syncOnAndOn takes in one roster after another, and says how far it is.
func syncOnAndOn(ctx context.Context, dsn string, out io.Writer) error {
	m, err := sync.Open(ctx, dsn)
	if err != nil {
		return err
	}
	for n := number(killFirst); n <= number(killLast); n++ {
		o := sync.Options{Mode: modeOf(n), Now: func() time.Time { return later(60 * n) }}
		o.Progress = func(p sync.Progress) {
			if p.Collection == "" {
				fmt.Fprintln(out, "commits")
			} else {
				fmt.Fprintln(out, "staged")
			}
		}
		report, err := sync.Run(ctx, m, changed(nil, uint64(number(killSeed)), n), o)
		if err != nil {
			return fmt.Errorf("roster %d: %w", n, err)
		}
		fmt.Fprintln(out, "done", n, report.Resumed)
	}
	return nil
}

// modeOf is how the n-th roster is read: what leaves without a flag does so before a full one.
func modeOf(n int) sync.Mode {
	if n%3 == 0 {
		return sync.Full
	}
	return sync.Delta
}

// changed is the n-th roster of a seed.
func changed(t testing.TB, seed uint64, n int) *roster {
	r := school(t, 200)
	r.limit = 30
	for i := 1; i <= n; i++ {
		random, when := rand.New(rand.NewPCG(seed, uint64(i))), later(60*i-1)
		for k := range 1 + random.IntN(60) {
			id := fmt.Sprintf("n%03d-%d", i, k)
			r.put(user(t, id, "New", when))
			r.put(enrollment(t, "e"+id, id, when))
		}
		for range random.IntN(20) {
			u := r.of[sis.Users][random.IntN(len(r.of[sis.Users]))]
			r.put(user(t, u.SourcedID, fmt.Sprint("Renamed", i), when))
		}
		for range random.IntN(5) {
			r.flag(sis.Enrollments, r.of[sis.Enrollments][random.IntN(len(r.of[sis.Enrollments]))].SourcedID, when)
		}
		if modeOf(i) == sync.Full {
			for range random.IntN(8) {
				id := r.of[sis.Users][random.IntN(len(r.of[sis.Users]))].SourcedID
				r.drop(sis.Users, id)
				r.drop(sis.Enrollments, "e"+id)
			}
		}
	}
	return r
}

func kills(t *testing.T) int { return killtest.Times(t, killsEnv, killsAll, killsShort) }

func TestKilledSQLite(t *testing.T) {
	testKilled(t, filepath.Join(t.TempDir(), "killed.db"), kills(t), 1)
}

func TestKilledPostgres(t *testing.T) {
	testKilled(t, pgtest.Start(t), max(1, kills(t)/killsEach), 2)
}

func testKilled(t *testing.T, dsn string, kills int, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	done, resumed := -1, 0
	var staging, committing, between int
	for kill := range kills {
		// So many lines are waited for, every third time one that a commit begins with; and then a
		// moment that may fall anywhere into what comes next.
		wait, forCommit := random.IntN(30), kill%3 == 0
		moment := time.Duration(random.IntN(8000)) * time.Microsecond
		last := killedAt(t, dsn, seed, done+1, done+1_000, func(line string) bool {
			wait--
			return wait < 0 && (!forCommit || line == "commits")
		}, moment, &done, &resumed)
		switch {
		case last == "commits":
			committing++
		case last == "staged":
			staging++
		default:
			between++
		}
		m, err := sync.Open(t.Context(), dsn)
		if err != nil {
			t.Fatalf("after the kill %d: %v", kill, err)
		}
		if done < 0 && len(holds(t, m, sis.Users)) == 0 {
			m.Close()
			continue // as before the first one
		}
		before := "nothing is to be there"
		if done >= 0 {
			before = difference(t, m, changed(t, seed, done))
		}
		if before != "" {
			if after := difference(t, m, changed(t, seed, done+1)); after != "" {
				t.Fatalf("after the kill %d the mirror is neither the roster %d (%s) nor the next (%s)", kill, done, before, after)
			}
		}
		m.Close()
	}
	end := done + 4
	killedAt(t, dsn, seed, done+1, end, func(string) bool { return false }, 0, &done, &resumed)
	m := open(t, dsn)
	same(t, m, changed(t, seed, end))
	if done != end {
		t.Errorf("the last child came to %d and not to %d", done, end)
	}
	t.Logf("%d kills: %d after a page, %d after a commit began, %d after one was over; %d syncs went on with what was staged",
		kills, staging, committing, between, resumed)
	if kills >= killsAll && (staging == 0 || committing == 0 || between == 0 || resumed == 0) {
		t.Error("the moments are all of some kinds")
	}
}

// killedAt runs a child from a roster on, and kills it some time after the line that stop is true of. It
// returns the last line that the child wrote.
func killedAt(t *testing.T, dsn string, seed uint64, first, end int, stop func(string) bool, moment time.Duration, done, resumed *int) string {
	t.Helper()
	last := ""
	environment := []string{killDSN + "=" + dsn, killSeed + "=" + strconv.FormatUint(seed, 10), killFirst + "=" + strconv.Itoa(first),
		killLast + "=" + strconv.Itoa(end)}
	killtest.Child(t, environment, moment, func(line string) bool {
		last = line
		if rest, is := strings.CutPrefix(line, "done "); is {
			times := 0
			if _, err := fmt.Sscan(rest, done, &times); err != nil {
				t.Fatalf("the child wrote %q", line)
			}
			*resumed += min(times, 1)
		}
		return stop(line)
	})
	return last
}
