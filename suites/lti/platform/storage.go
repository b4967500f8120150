package platform

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// Where a browser blocks cookies in frames a tool keeps the state of its login with
// the platform, by messages between windows (LTI Client Side postMessages 0.1, LTI
// postMessage Storage 0.1). Rollcall's page in the frame does what a tool would: it
// stores at the login and asks for it when the answer has come.

// The stages of a launch at which a page of Rollcall's talks to the platform's window.
const (
	atLogin  = "login"
	atAnswer = "answer"
)

// reply is what one message was answered with.
type reply struct {
	Came  bool           `json:"came"`
	Data  map[string]any `json:"data"`
	Tried string         `json:"tried"` // what it was sent to
}

// mostStored is as much as every platform has to keep of one value, in bytes.
const mostStored = 4096

// probe is what the script of Rollcall's page is told.
type probe struct {
	Stage  string
	Target string // lti_storage_target
	Origin string // of the authorization endpoint: nobody else may hear or answer
	Key    string
	Size   int
	Next   string // where to go afterwards; empty: nowhere
}

// probed takes what the script found.
func (t *tool) probed(w http.ResponseWriter, r *http.Request) {
	var found map[string]reply
	l := t.current(r)
	if err := json.NewDecoder(r.Body).Decode(&found); err != nil || l == nil {
		http.Error(w, "what was found can't be read", http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stored == nil {
		l.stored = map[string]map[string]reply{}
	}
	if stage := r.URL.Query().Get("stage"); (stage == atLogin || stage == atAnswer) && l.stored[stage] == nil {
		l.stored[stage] = found
	}
	w.WriteHeader(http.StatusNoContent)
}

// probedAt gives what was found at a stage, once it is over.
func (l *launch) probedAt(stage string) (map[string]reply, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, there := l.stored[stage]
	return found, there
}

// storage talks to the window of the platform as a tool in a frame would.
func storage(ctx context.Context, t *harness.T) {
	j, s := launchOf(t)
	offered := false
	for _, l := range j.target.Platform.Links {
		if l.As != "frame" {
			continue
		}
		if s := j.good(ctx, s.user, l); s.launch == nil || s.launch.login.Get("lti_storage_target") == "" {
			continue
		}
		offered = true
		judgeStorage(ctx, t, j, s.user, l)
		break
	}
	if !offered {
		for _, id := range t.Check().Requirements {
			t.NotApplicable(id, "no link that opens in a frame offers the platform's storage (lti_storage_target), which is optional")
		}
	}
}

func judgeStorage(ctx context.Context, t *harness.T, j *judge, user lti.User, link lti.Link) {
	began := time.Now()
	s := j.begin(ctx, user, link, plan{probe: true, then: func(ctx context.Context, p *browser.Page, l *launch) error {
		until(ctx, max(j.budget, probeLimit), func() bool {
			if _, there := l.probedAt(atAnswer); there {
				return true
			}
			x, _ := (&seen{log: p.Log(), since: began}).unframed(originOf(j.target.Platform.AuthURL))
			return x != nil // and nothing follows
		})
		return nil
	}})
	ids := s.keep(t, "messages to the platform's window")
	login, there := map[string]reply{}, false
	if s.launch != nil {
		login, there = s.launch.probedAt(atLogin)
	}
	if !there {
		if s.problem != nil {
			t.NotTested(j.halt(s).Seen(ids...))
			return
		}
		t.NotTested(harness.BlockedBy(Prefix+"response.frame", "Rollcall's page could not run its script in the frame: "+s.what()).Seen(ids...))
		return
	}
	answer, answered := s.launch.probedAt(atAnswer)
	sent := func(what string) string {
		return what + " to " + login["capabilities"].Tried + ", lti_storage_target=" + s.launch.login.Get("lti_storage_target")
	}
	say := func(id string, ok bool, what, expected string, r reply) {
		t.Assert(Prefix+id, ok, harness.Finding{Sent: sent(what), Expected: expected, Seen: r.String(), Where: what, Exchanges: ids})
	}
	is := func(r reply, name string, want any) bool {
		return r.Came && r.Data[name] == want && r.Data["error"] == nil
	}

	c := login["capabilities"]
	var subjects []string
	list, _ := c.Data["supported_messages"].([]any)
	for _, m := range list {
		o, _ := m.(map[string]any)
		name, _ := o["subject"].(string)
		subjects = append(subjects, name)
	}
	named := strings.Join(subjects, " ")
	say("storage.capabilities", strings.Contains(named, "lti.get_data") && strings.Contains(named, "lti.put_data"), "lti.capabilities",
		"lti.capabilities.response whose supported_messages name lti.get_data and lti.put_data", c)
	put := login["put"]
	say("storage.put", is(put, "key", s.launch.storageKey()) && put.Data["value"] == "kept by Rollcall", "lti.put_data",
		"lti.put_data.response with the same message_id, key and value", put)
	say("storage.absent", login["absent"].Came && login["absent"].Data["value"] == nil, "lti.get_data of a key that was never stored",
		"an answer whose value is null, or an error", login["absent"])
	say("storage.subjects", !login["odd"].Came || login["odd"].Data["error"] != nil, "a subject that there isn't", "an error, or no answer",
		login["odd"])
	gone := login["removed"]
	say("storage.removed", gone.Came && gone.Data["value"] == nil, "lti.get_data of a key that was set to null",
		"an answer whose value is null, or an error", gone)
	if !answered {
		t.NotTested(j.halt(s).Seen(ids...), Prefix+"storage.get", Prefix+"storage.size")
		return
	}
	say("storage.get", is(answer["get"], "value", "kept by Rollcall"), "lti.get_data, when the answer had come",
		"what was stored at the login", answer["get"])
	big, _ := answer["big"].Data["value"].(string)
	say("storage.size", len(big) == mostStored, "lti.get_data of a value of 4096 bytes", "all of it", answer["big"])
}

// probeLimit is how long the messages of a launch may take: the script waits two
// seconds for each answer.
const probeLimit = 20 * time.Second

// String words an answer.
func (r reply) String() string {
	if !r.Came {
		return "no answer"
	}
	shown := maps.Clone(r.Data)
	if v, is := shown["value"].(string); is && len(v) > 80 {
		shown["value"] = v[:80] + "…"
	}
	text, _ := json.Marshal(shown) // it was JSON before
	return string(text)
}

// storageKey is the key under which a launch keeps what it stores.
func (l *launch) storageKey() string { return "lti_state_" + l.nonce }
