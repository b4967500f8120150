package push

import (
	"context"
	"errors"
	"net/http"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

// Client is a Sender by the client of OneRoster services, which sees to tokens, waits for who
// is busy, and leads neither credentials nor grades elsewhere.
type Client struct{ *client.Client }

// Send sends one request.
func (c Client) Send(ctx context.Context, method, address, scope string, body []byte) (status int, says string, err error) {
	err = c.Do(ctx, client.Request{Method: method, URL: address, Scopes: []string{scope}, Body: body}, func(response *http.Response) error {
		status = response.StatusCode
		return nil
	})
	var refused *client.StatusError
	if errors.As(err, &refused) {
		return refused.Status, refused.Description, nil
	}
	return status, "", err
}
