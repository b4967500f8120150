package scan

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/fixtures/bundle"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/source"
)

// The sizes of the documented figures, in students. ROLLCALL_BENCH_STUDENTS sets
// others, such as 2750000 for 20 million enrollments.
func sizes(b *testing.B) []int {
	if text := os.Getenv("ROLLCALL_BENCH_STUDENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		return []int{n}
	}
	return []int{10_000, 100_000, 1_000_000}
}

// BenchmarkScan reads bundles with every rule on, each in a process of its own so
// that the peak of its memory can be told, and compares with merely inflating the
// same zip on one core.
func BenchmarkScan(b *testing.B) {
	if path := os.Getenv("ROLLCALL_BENCH_BUNDLE"); path != "" {
		child(b, path)
		return
	}
	for _, n := range sizes(b) {
		b.Run(fmt.Sprintf("students=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			zipPath, loose := filepath.Join(dir, "bundle.zip"), filepath.Join(dir, "loose")
			d, err := fixtures.New(fixtures.Scale(n), fixtures.DefaultSeed)
			if err != nil {
				b.Fatal(err)
			}
			f, err := os.Create(zipPath)
			if err != nil {
				b.Fatal(err)
			}
			counts, err := bundle.Write(f, d, bundle.Options{})
			if err == nil {
				err = f.Close()
			}
			if err == nil {
				_, err = bundle.WriteDir(loose, d, bundle.Options{})
			}
			if err != nil {
				b.Fatal(err)
			}
			var rows int64
			for _, c := range counts {
				rows += c.Rows
			}
			light := filepath.Join(dir, "light.zip")
			repack(b, zipPath, light)
			for _, path := range []string{zipPath, light, loose} {
				b.Run(filepath.Base(path), func(b *testing.B) { measured(b, path, rows) })
			}
		})
	}
}

// repack writes a zip anew, compressed as lightly as can be: there is more to read of it,
// and less to do for it.
func repack(b *testing.B, from, to string) {
	z, err := zip.OpenReader(from)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	f, err := os.Create(to)
	if err != nil {
		b.Fatal(err)
	}
	out := zip.NewWriter(f)
	out.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			b.Fatal(err)
		}
		w, err := out.Create(e.Name)
		if err == nil {
			_, err = io.Copy(w, r)
		}
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
	if err = out.Close(); err == nil {
		err = f.Close()
	}
	if err != nil {
		b.Fatal(err)
	}
}

// measured gives beside the figures of a scan how many times as long it takes as merely
// inflating, where the bundle is a zip.
func measured(b *testing.B, path string, rows int64) {
	zipped := strings.HasSuffix(path, ".zip")
	var scan, inflate time.Duration
	var peak float64
	n, size := 0, int64(0)
	for b.Loop() {
		seconds, mib := inChild(b, path)
		scan += seconds
		peak = max(peak, mib)
		if zipped {
			b.StopTimer()
			started := time.Now()
			size = inflated(b, path)
			inflate += time.Since(started)
			b.StartTimer()
		}
		n++
	}
	if !zipped {
		size = folderSize(b, path)
	}
	b.ReportMetric(scan.Seconds()/float64(n), "s/scan")
	b.ReportMetric(float64(rows)*float64(n)/scan.Seconds()/1e6, "Mrows/s")
	b.ReportMetric(float64(size)*float64(n)/scan.Seconds()/1e6, "MB/s")
	b.ReportMetric(peak, "peak-MiB")
	if inflate > 0 {
		b.ReportMetric(scan.Seconds()/inflate.Seconds(), "x-inflate")
	}
	b.ReportMetric(0, "ns/op")
}

// bent is a district whose enrollments are changed on their way.
type bent struct {
	fixtures.District
	enrollments func(iter.Seq[fixtures.Enrollment]) iter.Seq[fixtures.Enrollment]
}

func (d bent) Enrollments() iter.Seq[fixtures.Enrollment] {
	return d.enrollments(d.District.Enrollments())
}

// BenchmarkBroken reads bundles that cost more than right ones: a sourcedId of
// the beginning that comes again at the very end, so that the file is read a
// second time to confirm it, and an error in every row.
func BenchmarkBroken(b *testing.B) {
	b.Setenv("ROLLCALL_BENCH_BROKEN", "1")
	n := 100_000
	if os.Getenv("ROLLCALL_BENCH_STUDENTS") != "" {
		n = sizes(b)[0]
	}
	d, err := fixtures.New(fixtures.Scale(n), fixtures.DefaultSeed)
	if err != nil {
		b.Fatal(err)
	}
	for name, change := range map[string]func(iter.Seq[fixtures.Enrollment]) iter.Seq[fixtures.Enrollment]{
		"repeated-at-the-end": func(all iter.Seq[fixtures.Enrollment]) iter.Seq[fixtures.Enrollment] {
			return func(yield func(fixtures.Enrollment) bool) {
				var again *fixtures.Enrollment
				for e := range all {
					if e.Status == fixtures.Active && again == nil {
						again = &e
					}
					if !yield(e) {
						return
					}
				}
				if again != nil {
					yield(*again)
				}
			}
		},
		"error-in-every-row": func(all iter.Seq[fixtures.Enrollment]) iter.Seq[fixtures.Enrollment] {
			return func(yield func(fixtures.Enrollment) bool) {
				for e := range all {
					e.Role = "pupil"
					if !yield(e) {
						return
					}
				}
			}
		},
	} {
		b.Run(fmt.Sprintf("%s/students=%d", name, n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "bundle.zip")
			f, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			var rows int64
			counts, err := bundle.Write(f, bent{d, change}, bundle.Options{})
			if err == nil {
				err = f.Close()
			}
			if err != nil {
				b.Fatal(err)
			}
			for _, c := range counts {
				rows += c.Rows
			}
			measured(b, path, rows)
		})
	}
}

// inflated merely unpacks a zip, on one core.
func inflated(b *testing.B, path string) (n int64) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	z, err := zip.OpenReader(path)
	if err != nil {
		b.Fatal(err)
	}
	defer z.Close()
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(r) })
	buffer := make([]byte, 256<<10)
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			var m int
			m, err = r.Read(buffer)
			n += int64(m)
		}
		r.Close()
	}
	return n
}

// folderSize adds up the files of a folder.
func folderSize(b *testing.B, path string) (n int64) {
	entries, err := os.ReadDir(path)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			b.Fatal(err)
		}
		n += info.Size()
	}
	return n
}

// inChild scans in a process of its own, and gives the time and the peak of the
// resident memory.
func inChild(b *testing.B, path string) (time.Duration, float64) {
	cmd := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkScan$", "-test.benchtime", "1x")
	cmd.Env = append(os.Environ(), "ROLLCALL_BENCH_BUNDLE="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	var seconds, kib float64
	for _, line := range strings.Split(string(out), "\n") {
		if rest, found := strings.CutPrefix(line, "scanned "); found {
			fmt.Sscan(rest, &seconds, &kib)
		}
	}
	if seconds == 0 {
		b.Fatalf("the child process said: %s", out)
	}
	return time.Duration(seconds * float64(time.Second)), kib / 1024
}

// child is the process that scans; it collects garbage as the command does.
func child(b *testing.B, path string) {
	debug.SetGCPercent(8)
	started := time.Now()
	src, err := source.Open(path, Known)
	if err != nil {
		b.Fatal(err)
	}
	defer src.Close()
	r, err := Scan(context.Background(), src, Options{})
	if err != nil {
		b.Fatal(err)
	}
	if len(r.Findings) > 0 && os.Getenv("ROLLCALL_BENCH_BROKEN") == "" {
		b.Fatalf("%q", describe(r))
	}
	seconds := time.Since(started).Seconds()
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Printf("\nscanned %f %s\n", seconds, strings.Fields(after + " 0")[0])
}
