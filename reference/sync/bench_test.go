package sync_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// The goals that this benchmark is read against, on two cores: a full sync of 100,000 students (1.5
// million objects) at 20,000 objects a second and more, within 200 MiB; an idle delta within a second.
const (
	benchStudents = 100_000
	// studentsEnv makes the district another, for a quicker look.
	studentsEnv = "ROLLCALL_SYNC_STUDENTS"
	benchLimit  = 10_000
)

// stored is a source that reads the store of a SIS, without a network between.
type stored struct {
	store store.Store
	since func(c store.Collection, since time.Time) []store.Key // which objects changed; nil: all have to be looked at
}

func (s *stored) Name() string                    { return "stored" }
func (s *stored) Collections() []store.Collection { return sis.Collections() }

func (s *stored) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	total, err := s.store.Count(ctx, r.Collection)
	if err != nil {
		return err
	}
	at, _ := strconv.Atoi(r.From)
	for {
		p := sync.Page{Total: total}
		var keys []store.Key
		if r.Since.IsZero() {
			keys, err = s.store.Keys(ctx, r.Collection, at, benchLimit)
		} else {
			all := s.since(r.Collection, r.Since)
			p.Total = len(all)
			keys = all[min(at, len(all)):min(at+benchLimit, len(all))]
		}
		if err != nil {
			return err
		}
		err = s.store.Read(ctx, r.Collection, keys, func(_ store.Key, body []byte) error {
			o := sync.Object{Collection: r.Collection, Body: oneroster.AppendDocument(nil, body, oneroster.Addresses{Service: "https://sis.example/v1p2"})}
			o.SourcedID, o.Status = member(o.Body, "sourcedId"), member(o.Body, "status")
			o.Modified, err = time.Parse(time.RFC3339, member(o.Body, "dateLastModified"))
			p.Objects = append(p.Objects, o)
			return err
		})
		if err != nil {
			return err
		}
		if at += len(p.Objects); at < p.Total {
			p.Next = strconv.Itoa(at)
		}
		if err := yield(p); err != nil || p.Next == "" {
			return err
		}
	}
}

// member reads one of the first members of an object.
func member(body []byte, name string) string {
	_, rest, _ := bytes.Cut(body, []byte(`"`+name+`":"`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

// loaded is the store of a SIS with the scaled district.
func loaded(b *testing.B) store.Store {
	students := benchStudents
	if text := os.Getenv(studentsEnv); text != "" {
		var err error
		if students, err = strconv.Atoi(text); err != nil {
			b.Fatalf("%s: %v", studentsEnv, err)
		}
	}
	d, err := fixtures.New(fixtures.Scale(students), fixtures.DefaultSeed)
	if err != nil {
		b.Fatal(err)
	}
	s, err := sis.OpenStore(b.Context(), filepath.Join(b.TempDir(), "sis.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := sis.Load(b.Context(), s, d); err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkInProcess(b *testing.B) {
	data := loaded(b)
	touched := map[store.Collection][]store.Key{}
	source := &stored{store: data, since: func(c store.Collection, _ time.Time) []store.Key { return touched[c] }}
	benchmarkSync(b, source, func(when time.Time) { touched = change(b, data, when) })
}

// change gives one object in a hundred another dateLastModified, and says which.
func change(b *testing.B, s store.Store, when time.Time) map[store.Collection][]store.Key {
	touched := map[store.Collection][]store.Key{}
	stamp := []byte(when.UTC().Format(oneroster.TimestampLayout))
	for _, c := range sis.Collections() {
		var documents []store.Document
		err := s.Scan(b.Context(), c, 0, 1<<31-1, func(key store.Key, body []byte) error {
			if key%100 == 50 {
				touched[c] = append(touched[c], key)
				old := []byte(member(body, "dateLastModified"))
				documents = append(documents, store.Document{SourcedID: member(body, "sourcedId"), Body: bytes.Replace(body, old, stamp, 1)})
			}
			return nil
		})
		if err == nil {
			err = s.Update(b.Context(), func(tx store.Tx) error { return tx.PutAll(c, documents) })
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return touched
}

// benchmarkSync has a mirror follow a source: everything, everything again where nothing changed, one
// object in a hundred, and nothing.
func benchmarkSync(b *testing.B, source sync.Source, change func(when time.Time)) {
	m, err := sync.Open(b.Context(), filepath.Join(b.TempDir(), "mirror.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	now := time.Now()
	measured := func(name string, mode sync.Mode) {
		resetPeak()
		started, worked := time.Now(), cpuTime(b)
		report, err := sync.Run(b.Context(), m, source, sync.Options{Mode: mode, Now: func() time.Time { return now }})
		if err != nil {
			b.Fatal(err)
		}
		took, cpu, peak := time.Since(started), cpuTime(b)-worked, peakMiB()
		objects := 0
		for _, c := range report.Collections {
			objects += c.Read
		}
		b.Run(name, func(b *testing.B) { // it happened above, once
			b.ReportMetric(took.Seconds(), "s")
			b.ReportMetric(cpu.Seconds(), "cpu-s") // says more where others work too
			b.ReportMetric(float64(objects), "objects")
			b.ReportMetric(float64(objects)/took.Seconds(), "objects/s")
			b.ReportMetric(float64(report.Changed()), "changed")
			b.ReportMetric(peak, "peak-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
	measured("full", sync.Full)
	measured("full again", sync.Full)
	change(now)
	now = now.Add(2 * time.Hour)
	measured("delta of 1 percent", sync.Delta)
	measured("idle delta", sync.Delta)
}

// cpuTime is what this process has worked.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resetPeak makes peakMiB begin anew. Both work on Linux only.
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peakMiB is the largest resident memory since resetPeak; 0 where unknown.
func peakMiB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	text, _, _ := strings.Cut(rest, "kB")
	kib, _ := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return kib / 1024
}

