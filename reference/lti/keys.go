package lti

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// keysDocument is the one document in which a role keeps its keys.
const keysDocument = "signing"

// SigningKeys gives the keys that a role keeps in a collection of its own, and makes a first
// one where there is none. A restart goes on with them: whoever has read the published keys
// needn't read them again. The private keys are in the store and nowhere else, in clear, so
// that whoever can read it can sign; a role that rotates them writes it again.
//
// Processes that serve the same store side by side sign with the keys that were there when
// each began, and don't hear of a rotation of the others.
func SigningKeys(ctx context.Context, s store.Store, c store.Collection) (*security.Keys, error) {
	ctx = context.WithoutCancel(ctx) // the keys are kept as long as they rotate
	var kept []security.KeptKey
	err := s.Update(ctx, func(tx store.Tx) error {
		_, body, err := tx.Get(c, keysDocument)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return json.Unmarshal(body, &kept)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the signing keys: %w", err)
	}
	return security.RestoreKeys(kept, func(keys []security.KeptKey) error {
		body, err := json.Marshal(keys)
		if err != nil {
			return fmt.Errorf("writing the signing keys: %w", err)
		}
		return s.Update(ctx, func(tx store.Tx) error {
			_, err := tx.Put(c, store.Document{SourcedID: keysDocument, Body: body})
			return err
		})
	})
}
