package main

import (
	"context"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/catalogue"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// BenchmarkLaunch launches the reference tool from the reference platform through
// Chromium, each time with fresh cookies, from the click on the link to the opened
// page; and tells the memory of this process and of Chromium's together.
func BenchmarkLaunch(b *testing.B) {
	if _, err := browser.Find(); err != nil {
		b.Skip(err)
	}
	made, err := security.NewSelfMade(time.Now(), "tool.localhost", "platform.localhost")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p, err := district.StartPlatform(ctx, district.PlatformOptions{TLS: made, TrustPEM: made.AuthorityPEM})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	t, err := district.StartTool(ctx, district.ToolOptions{TLS: made, TrustPEM: made.AuthorityPEM, Platforms: []tool.Platform{{Issuer: p.Issuer(), ClientID: "t", AuthURL: p.AuthURL(), JWKSURL: p.JWKSURL(), Deployments: []string{"1"}}}})
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	p.Register(platform.Registration{ClientID: "t", LoginURL: t.LoginURL(), RedirectURIs: []string{t.RedirectURL()}, TargetURI: t.TargetURL("quiz"), JWKSURL: t.JWKSURL(), Deployments: []string{"1"}})
	br, err := browser.New(browser.Options{TrustPEM: made.AuthorityPEM})
	if err != nil {
		b.Fatal(err)
	}
	defer br.Close()
	teacher, _, _, course := p.People()
	var took []time.Duration
	peak := 0.0
	for b.Loop() {
		page, err := br.Open(ctx, browser.PageOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := page.Run(ctx, []browser.Step{{Open: p.Origin + "/"}, {Select: "#user", Value: teacher}, {Click: "#signin"}, {Wait: "#courses"}, {Open: p.Origin + "/courses/" + course}}); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := page.Run(ctx, []browser.Step{{Click: "#links li:first-child a.as-same"}, {Wait: "#launched"}}); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		peak = max(peak, familyMiB())
		page.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "median-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Milliseconds()), "p95-ms")
	b.ReportMetric(peak, "peak-MiB")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkToolSuite judges the reference tool by the whole suite: how long that takes,
// and the most memory that this process, the judge's and Chromium's take together.
func BenchmarkToolSuite(b *testing.B) {
	for b.Loop() {
		peak := watched(b, func() {
			report := judgedTool(b, catalogue.Strict, "", nil)
			b.ReportMetric(report.Run.Finished.Sub(report.Run.Started).Seconds(), "suite-s")
			b.ReportMetric(float64(len(report.Checks)), "checks")
		})
		b.ReportMetric(peak, "peak-MiB")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkPlatformSuite is the same for the reference platform.
func BenchmarkPlatformSuite(b *testing.B) {
	for b.Loop() {
		peak := watched(b, func() {
			report := judgedPlatform(b, catalogue.Strict, nil)
			b.ReportMetric(report.Run.Finished.Sub(report.Run.Started).Seconds(), "suite-s")
			b.ReportMetric(float64(len(report.Checks)), "checks")
		})
		b.ReportMetric(peak, "peak-MiB")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkHangingTool judges a tool that takes connections and never answers, with a
// budget of six seconds for a launch: what the whole run costs.
func BenchmarkHangingTool(b *testing.B) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer mute.Close()
	go func() {
		for {
			c, err := mute.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for b.Loop() {
		text := servedTool(ctx, b, catalogue.Strict, "", nil)
		login := regexp.MustCompile(`login_url: .*`)
		report := judgedBy(ctx, b, login.ReplaceAllString(text, "login_url: http://"+mute.Addr().String()+"/login"), harness.Options{})
		for _, q := range report.Requirements {
			if q.Verdict == reports.Pass {
				b.Errorf("%s passes at a tool that never answers", q.ID)
			}
		}
		b.ReportMetric(report.Run.Finished.Sub(report.Run.Started).Seconds(), "run-s")
		b.ReportMetric(float64(len(report.Checks)), "checks")
	}
	b.ReportMetric(0, "ns/op")
}

// watched gives the most memory that was in use while something was done, looked at
// twice a second.
func watched(b *testing.B, do func()) float64 {
	b.Helper()
	done, peak := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		for {
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(500 * time.Millisecond):
				most = max(most, familyMiB())
			}
		}
	}()
	do()
	close(done)
	return <-peak
}

// familyMiB sums the resident memory of this process and its descendants; pages
// that they share count more than once.
func familyMiB() float64 {
	parent, resident := map[int]int{}, map[int]float64{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + e.Name() + "/status")
		if err != nil {
			continue // it has ended
		}
		for line := range strings.SplitSeq(string(text), "\n") {
			name, value, _ := strings.Cut(line, ":")
			fields := strings.Fields(value)
			switch {
			case len(fields) == 0:
			case name == "PPid":
				parent[pid], _ = strconv.Atoi(fields[0])
			case name == "VmRSS":
				resident[pid], _ = strconv.ParseFloat(fields[0], 64)
			}
		}
	}
	sum := 0.0
	for pid, kib := range resident {
		for at := pid; at > 1; at = parent[at] {
			if at == os.Getpid() {
				sum += kib
				break
			}
		}
	}
	return sum / 1024
}
