package district

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	gosync "sync"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/platform/ags"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
)

// held is a source of what a store holds, but for what was dropped.
type held struct {
	store store.Store

	mu   gosync.Mutex
	drop func(body []byte) bool
}

func (h *held) Name() string { return "a store" }

func (h *held) Collections() []store.Collection {
	return slices.DeleteFunc(sis.Collections(), func(c store.Collection) bool { return c == sis.CSVRows })
}

func (h *held) Read(ctx context.Context, r sync.Reading, yield func(sync.Page) error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var page sync.Page
	err := h.store.Scan(ctx, r.Collection, 0, math.MaxInt32, func(_ store.Key, body []byte) error {
		if h.drop != nil && h.drop(body) {
			return nil
		}
		o := sync.Object{Collection: r.Collection, Body: oneroster.AppendDocument(nil, body, oneroster.Addresses{Service: "https://sis.example"})}
		var base struct {
			SourcedID string    `json:"sourcedId"`
			Status    string    `json:"status"`
			Modified  time.Time `json:"dateLastModified"`
		}
		if err := json.Unmarshal(o.Body, &base); err != nil {
			return err
		}
		o.SourcedID, o.Status, o.Modified = base.SourcedID, base.Status, base.Modified
		page.Objects = append(page.Objects, o)
		return nil
	})
	if err != nil {
		return err
	}
	page.Total = len(page.Objects)
	return yield(page)
}

func riverbend(t *testing.T) *held {
	t.Helper()
	d, err := fixtures.New(fixtures.Small, fixtures.DefaultSeed)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sis.OpenStore(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := sis.Load(t.Context(), s, d); err != nil {
		t.Fatal(err)
	}
	return &held{store: s}
}

// A platform goes by a mirror that a consumer keeps, in other processes as far as either knows:
// who is withdrawn in the SIS is out of the course after the next sync.
func TestPlatformFollowsMirror(t *testing.T) {
	from, dsn := riverbend(t), filepath.Join(t.TempDir(), "mirror.db")
	consumer, err := StartConsumer(t.Context(), ConsumerOptions{DB: dsn, Hooks: service.Hooks{Source: func(sync.Source) sync.Source { return from }},
		Connection: &service.Connection{Rostering: "https://sis.example/rostering", TokenURL: "https://sis.example/token", ClientID: "me"}})
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Close()
	syncs := func() {
		t.Helper()
		response, err := http.Post(consumer.Origin+"/sync?mode=full", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("the sync ended with %s", response.Status)
		}
	}
	syncs()
	p, err := StartPlatform(t.Context(), PlatformOptions{Roster: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	_, student, _, course := p.People()
	if student == "" {
		t.Fatal("the platform has no people of the mirror")
	}
	told := make(chan error, 1)
	p.FollowMirror(t.Context(), dsn, time.Millisecond, func(f platform.Followed, err error) {
		if err == nil && f.Left == 0 {
			t.Errorf("it followed by %+v", f)
		}
		select {
		case told <- err:
		default:
		}
	})
	from.mu.Lock()
	from.drop = func(body []byte) bool {
		return bytes.Contains(body, []byte(`"sourcedId":"`+student+`"`)) && bytes.Contains(body, []byte(`"class":{`)) &&
			bytes.Contains(body, []byte(`"role":"student"`))
	}
	from.mu.Unlock()
	syncs()
	select {
	case err := <-told:
		if err != nil {
			t.Fatal(err)
		}
	case <-t.Context().Done():
		t.Fatal("it never followed")
	}
	if p.Roles(course, student) != nil {
		t.Error("who was withdrawn is in the course")
	}
}

// Marks of the platform's gradebook come to the SIS, by a client with tokens of its own.
func TestPlatformPushesGrades(t *testing.T) {
	s, err := StartSIS(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, err := StartPlatform(t.Context(), PlatformOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	teacher, student, _, course := p.People()
	column, err := p.Grades.Couple(t.Context(), platform.Link{ID: "essay", Course: course}, ags.LineItem{Label: "Essay", ScoreMaximum: 20})
	if err == nil {
		err = p.Grades.Override(t.Context(), column.ID, student, teacher, 17, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	sender, err := client.New(client.Config{TokenURL: s.TokenURL, ClientID: s.Main.ID, ClientSecret: s.Main.Secret})
	if err != nil {
		t.Fatal(err)
	}
	to := push.SIS{Gradebook: s.GradebookURL, Rostering: s.BaseURL, Sender: push.Client{Client: sender}}
	done := make(chan push.Pushed, 1)
	p.PushGrades(t.Context(), to, time.Millisecond, func(pushed push.Pushed, err error) {
		if err != nil {
			t.Error(err)
		}
		select {
		case done <- pushed:
		default:
		}
	})
	select {
	case got := <-done:
		if got.Sent != 3 || len(got.Refused) > 0 { // the category, the line item, the result
			t.Errorf("pushed were %+v", got)
		}
	case <-t.Context().Done():
		t.Fatal("nothing was pushed")
	}
}
