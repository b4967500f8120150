package driver

import (
	"encoding/json"
	"time"
)

// Connection is where the product reads from, and as whom. Its JSON is what a webhook of
// connect sends unless it has a body of its own.
type Connection struct {
	Version      string `json:"version"` // of OneRoster: 1.1 or 1.2
	Rostering    string `json:"rostering,omitempty"`
	Gradebook    string `json:"gradebook,omitempty"`
	Resources    string `json:"resources,omitempty"`
	V1P1         string `json:"v1p1,omitempty"`
	TokenURL     string `json:"token_url,omitempty"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	CAFile       string `json:"ca_file,omitempty"`
	Signed       bool   `json:"signed,omitempty"` // requests are signed by OAuth 1.0a, and there are no tokens
}

// Occasion is one time at which the product is made to act.
type Occasion struct {
	Mode       string // Full or Delta
	Connection Connection
	Bundle     string // path of a zip with the CSV bundle that is on offer; empty: none
	// What says what the product is to do, for people: "sync in full", "push its grades";
	// empty: it follows from the mode.
	What string
}

// Telling is what a product says of itself.
type Telling int

// A product that is made to act by a command or a webhook says whether it succeeded;
// otherwise it says nothing.
const (
	Silent Telling = iota
	Success
	Failure
)

// Outcome is what came of making the product act.
type Outcome struct {
	Told     Telling
	Words    string        // with which it told, shortened, without secrets
	TimedOut bool          // it didn't end in the time that it has
	Idle     bool          // it called nothing, where calls tell that it acts
	Waited   time.Duration // from the beginning to the end
	// Fault says why the product could not be made to act at all, which says nothing of it:
	// a *harness.ConfigError with the remedy.
	Fault error
}

// Ended tells whether the product acted, and came to an end by itself.
func (o Outcome) Ended() bool { return o.Fault == nil && !o.TimedOut }

// words are the names that stand for something in webhooks, as $name.
var words = []string{"rostering", "gradebook", "resources", "v1p1", "token_url", "client_id", "client_secret", "ca_file", "version",
	"mode", "bundle", "connection"}

// environment are the variables that commands get, by the words.
var environment = map[string]string{"rostering": "ROLLCALL_ROSTERING", "gradebook": "ROLLCALL_GRADEBOOK", "resources": "ROLLCALL_RESOURCES",
	"v1p1": "ROLLCALL_V1P1", "token_url": "ROLLCALL_TOKEN_URL", "client_id": "ROLLCALL_CLIENT_ID", "client_secret": "ROLLCALL_CLIENT_SECRET",
	"ca_file": "ROLLCALL_CA_FILE", "version": "ROLLCALL_VERSION", "mode": "ROLLCALL_MODE", "bundle": "ROLLCALL_BUNDLE"}

// values are what the words stand for.
func (o Occasion) values() map[string]string {
	c := o.Connection
	text, _ := json.Marshal(c) // of texts
	return map[string]string{"rostering": c.Rostering, "gradebook": c.Gradebook, "resources": c.Resources, "v1p1": c.V1P1,
		"token_url": c.TokenURL,
		"client_id": c.ClientID, "client_secret": c.ClientSecret, "ca_file": c.CAFile, "version": c.Version, "mode": o.Mode, "bundle": o.Bundle,
		"connection": string(text)}
}

// env gives the variables of a command. Those that stand for nothing are there, and empty.
func (o Occasion) env() []string {
	values := o.values()
	var out []string
	for _, w := range words {
		if name := environment[w]; name != "" {
			out = append(out, name+"="+values[w])
		}
	}
	return out
}
