package service

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rollcall-edu/rollcall/reference/sync"
)

// metrics are what a monitoring system is told (Prometheus text format): whether rosters are
// in step, and what it takes to keep them so. Nothing in them is about a person.
type metrics struct {
	registry *prometheus.Registry
	runs     *prometheus.CounterVec   // syncs by mode and how they ended
	took     *prometheus.HistogramVec // seconds, by mode
	last     *prometheus.GaugeVec     // when one succeeded last, by mode
	changes  *prometheus.CounterVec   // objects by collection and what became of them
	objects  *prometheus.GaugeVec     // that the mirror holds, by collection
	busy     prometheus.Gauge
	waiting  prometheus.Gauge // 1: a person has to confirm a sync
	requests *prometheus.CounterVec
	feeds    *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_sync_runs_total",
			Help: "Syncs by mode and how they ended."}, []string{"mode", "end"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "rollcall_sync_duration_seconds",
			Help: "How long syncs took.", Buckets: prometheus.ExponentialBuckets(0.1, 4, 8)}, []string{"mode"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "rollcall_sync_last_success_timestamp_seconds",
			Help: "When a sync ended well last."}, []string{"mode"}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_sync_changes_total",
			Help: "Objects of the mirror that were added, changed, flagged or deleted."}, []string{"collection", "change"}),
		objects: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "rollcall_sync_objects",
			Help: "Objects that the mirror holds."}, []string{"collection"}),
		busy: prometheus.NewGauge(prometheus.GaugeOpts{Name: "rollcall_sync_running", Help: "1 while a sync runs."}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Name: "rollcall_sync_waiting",
			Help: "1 while a sync waits for a person to confirm what it would delete."}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_sync_requests_total",
			Help: "Requests to the SIS by the status of the answer; none is a connection that failed."}, []string{"status"}),
		feeds: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_sync_feeds_total",
			Help: "How often the roster was given on, to whom, and how that ended."}, []string{"feed", "end"}),
	}
	m.registry.MustRegister(m.runs, m.took, m.last, m.changes, m.objects, m.busy, m.waiting, m.requests, m.feeds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// ran counts a sync. One that couldn't begin has no report.
func (m *metrics) ran(r *sync.Report, err error, took time.Duration, now time.Time) {
	mode := string(sync.Auto)
	if r != nil {
		mode = string(r.Mode)
	}
	end := endOf(err)
	m.runs.WithLabelValues(mode, end).Inc()
	m.took.WithLabelValues(mode).Observe(took.Seconds())
	if err != nil {
		return
	}
	m.last.WithLabelValues(mode).Set(float64(now.UnixMilli()) / 1000)
	for _, c := range r.Collections {
		for change, n := range map[sync.What]int{sync.Added: c.Added, sync.Changed: c.Changed, sync.Flagged: c.Flagged, sync.Deleted: c.Deleted,
			sync.Kept: c.Kept, sync.Unfit: c.Unfit} {
			m.changes.WithLabelValues(string(c.Collection), string(change)).Add(float64(n))
		}
	}
}

// counter counts what a transport sends.
type counter struct {
	next     http.RoundTripper
	requests *prometheus.CounterVec
}

func (c counter) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(r)
	status := "none"
	if err == nil {
		status = strconv.Itoa(response.StatusCode)
	}
	c.requests.WithLabelValues(status).Inc()
	return response, err
}
