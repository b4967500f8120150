package service

import (
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/sync"
)

// Hooks are where a consumer may be changed from outside; nil leaves it as it is. Faults come
// in here.
type Hooks struct {
	// Transport is put around what sends requests to the SIS, those for tokens among them.
	Transport func(http.RoundTripper) http.RoundTripper
	// Source is put around where rosters come from.
	Source func(sync.Source) sync.Source
	// Options changes how a sync is run: its rules, its mode. It is called before each.
	Options func(*sync.Options)
}

// Dial makes the source of a connection.
func Dial(c Connection, h Hooks) (sync.Source, error) {
	source, err := dial(c, h)
	if err == nil && h.Source != nil {
		source = h.Source(source)
	}
	return source, err
}

func dial(c Connection, h Hooks) (sync.Source, error) {
	return nil, nil
}
