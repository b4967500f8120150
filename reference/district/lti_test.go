package district

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// A platform that rotates signs with a new key and still publishes the former.
func TestKeysRotate(t *testing.T) {
	p, err := StartPlatform(t.Context(), PlatformOptions{Host: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	first, _ := p.Keys().Current()
	p.RotateKeys(t.Context(), 0) // never
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p.RotateKeys(ctx, time.Millisecond)
	for {
		if id, _ := p.Keys().Current(); id != first {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	r, err := http.Get(p.JWKSURL())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.NewDecoder(r.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) < 2 {
		t.Errorf("%d keys are published", len(set.Keys))
	}
}
