package rest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// lookUp gives what is remembered of an object. It is asked for where it was read by an earlier
// process, or didn't change; one that isn't there is remembered, too.
func (s *Source) lookUp(ctx context.Context, c store.Collection, sourcedID string) (string, error) {
	if value, known := s.recall(c, sourcedID); known || sourcedID == "" {
		return value, nil
	}
	o, _ := s.find(c)
	address := o.base + "/" + string(c) + "/" + url.PathEscape(sourcedID)
	err := s.client.Do(ctx, client.Request{URL: address, Scopes: o.scopes}, func(response *http.Response) error {
		body, err := io.ReadAll(io.LimitReader(response.Body, largest))
		if err != nil {
			return &client.BrokenError{Cause: err}
		}
		var wrapper map[string]json.RawMessage
		if err := json.Unmarshal(body, &wrapper); err != nil {
			return &AnswerError{address, "the answer is no JSON object"}
		}
		for key, value := range wrapper {
			if names(key, c) {
				_, err := s.object(ctx, c, value)
				return err
			}
		}
		return nil
	})
	var refused *client.StatusError
	if err != nil && !(errors.As(err, &refused) && refused.Status == http.StatusNotFound) {
		return "", err
	}
	value, known := s.recall(c, sourcedID)
	if !known {
		s.remember(c, sourcedID, nil)
	}
	return value, nil
}
