package sync_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/rest"
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

// load fills the store of a SIS with the scaled district, and closes it.
func load(b *testing.B, path string) {
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
	s, err := sis.OpenStore(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := sis.Load(b.Context(), s, d); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkInProcess has what a sync takes by itself: what it reads lies in a store beside it.
func BenchmarkInProcess(b *testing.B) {
	path := filepath.Join(b.TempDir(), "sis.db")
	load(b, path)
	data, err := sis.OpenStore(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer data.Close()
	touched := map[store.Collection][]store.Key{}
	source := &stored{store: data, since: func(c store.Collection, _ time.Time) []store.Key { return touched[c] }}
	dsn := filepath.Join(b.TempDir(), "mirror.db")
	benchmarkSync(b, func(mode sync.Mode, now time.Time) (figures, error) {
		return measure(b.Context(), dsn, source, mode, now)
	}, func(when time.Time) { touched = change(b, data, when) })
}

// BenchmarkDistrict has a SIS in this process, and the consumer in another, over a socket.
func BenchmarkDistrict(b *testing.B) {
	path := filepath.Join(b.TempDir(), "sis.db")
	load(b, path)
	listen := "127.0.0.1:0"
	var served *district.SIS
	start := func() {
		var err error
		served, err = district.StartSIS(b.Context(), district.Options{DB: path, Keep: true, Listen: listen, ClientID: "bench", ClientSecret: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		listen = strings.TrimPrefix(served.Origin, "http://") // the same again: another would be another source
	}
	start()
	defer func() { served.Close() }()
	dsn := filepath.Join(b.TempDir(), "mirror.db")
	benchmarkSync(b, func(mode sync.Mode, now time.Time) (figures, error) {
		return measureChild(b.Context(), work{DSN: dsn, Mode: mode, Now: now, At: served.Endpoints})
	}, func(when time.Time) {
		if err := served.Close(); err != nil {
			b.Fatal(err)
		}
		data, err := sis.OpenStore(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		change(b, data, when)
		if err := data.Close(); err != nil {
			b.Fatal(err)
		}
		start()
	})
}

// workEnv has what a child is to measure, as JSON.
const workEnv = "ROLLCALL_SYNC_BENCH"

// work is one sync to be measured.
type work struct {
	DSN  string
	Mode sync.Mode
	Now  time.Time
	At   sis.Endpoints
}

// figures are what was measured.
type figures struct {
	Seconds, CPU, Peak        float64
	Objects, Changed, Largest int
}

// measureChild has a child do it, whose memory is the consumer's alone.
func measureChild(ctx context.Context, w work) (f figures, err error) {
	text, err := json.Marshal(w)
	if err != nil {
		return f, err
	}
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), workEnv+"="+string(text))
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(out, &f)
}

// measureHere is what the child does.
func measureHere(ctx context.Context, text string, out io.Writer) error {
	w := work{}
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return err
	}
	source, err := rest.New(rest.Config{
		Rostering: w.At.BaseURL, Gradebook: w.At.GradebookURL, Resources: w.At.ResourcesURL,
		TokenURL: w.At.TokenURL, ClientID: "bench", ClientSecret: "bench", PageSize: benchLimit,
	})
	if err != nil {
		return err
	}
	f, err := measure(ctx, w.DSN, source, w.Mode, w.Now)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(f)
}

func measure(ctx context.Context, dsn string, source sync.Source, mode sync.Mode, now time.Time) (f figures, err error) {
	resetPeak()
	started, worked := time.Now(), cpuTime()
	m, err := sync.Open(ctx, dsn)
	if err != nil {
		return f, err
	}
	defer m.Close()
	report, err := sync.Run(ctx, m, source, sync.Options{Mode: mode, Now: func() time.Time { return now }})
	if err != nil {
		return f, err
	}
	f.Seconds, f.CPU, f.Peak, f.Changed = time.Since(started).Seconds(), (cpuTime() - worked).Seconds(), peakMiB(), report.Changed()
	for _, c := range report.Collections {
		f.Objects += c.Read
		f.Largest = max(f.Largest, c.Read)
	}
	if report.Mode != mode {
		return f, fmt.Errorf("it was %s: %s", report.Mode, report.Why)
	}
	return f, nil
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
func benchmarkSync(b *testing.B, measure func(mode sync.Mode, now time.Time) (figures, error), change func(when time.Time)) {
	now := time.Now()
	measured := func(name string, mode sync.Mode) {
		f, err := measure(mode, now)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) { // it happened above, once
			b.ReportMetric(f.Seconds, "s")
			b.ReportMetric(f.CPU, "cpu-s") // says more where others work too
			b.ReportMetric(float64(f.Objects), "objects")
			b.ReportMetric(float64(f.Largest), "largest")
			b.ReportMetric(float64(f.Objects)/f.Seconds, "objects/s")
			b.ReportMetric(float64(f.Changed), "changed")
			b.ReportMetric(f.Peak, "peak-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
	measured("full", sync.Full)
	measured("full again", sync.Full)
	change(now.Add(-time.Second))
	now = now.Add(2 * time.Hour)
	measured("delta of 1 percent", sync.Delta)
	// What changed last is read again, for it is within the overlap.
	measured("idle delta", sync.Delta)
}

// cpuTime is what this process has worked.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it can't fail for oneself
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
