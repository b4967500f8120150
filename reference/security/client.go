package security

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
)

// Client is a registered consumer: who it is, how it proves it, and the scopes
// that it may be granted at most.
type Client struct {
	ID     string
	Secret string
	Scopes []string
}

// String names the client without its secret, so that a client may be printed.
func (c Client) String() string { return "client " + c.ID }

// GoString hides the secret from %#v as well.
func (c Client) GoString() string { return fmt.Sprintf("security.Client{ID: %q}", c.ID) }

// Clients is a fixed register of clients. Several goroutines may use it.
type Clients struct {
	byID map[string]Client
}

// NewClients registers the clients. An empty id or secret or an id that comes
// twice is an error.
func NewClients(clients ...Client) (*Clients, error) {
	byID := make(map[string]Client, len(clients))
	for _, c := range clients {
		if c.ID == "" || c.Secret == "" {
			return nil, fmt.Errorf("registering client %q: a client needs an id and a secret", c.ID)
		}
		if _, twice := byID[c.ID]; twice {
			return nil, fmt.Errorf("registering client %q: the id is taken", c.ID)
		}
		byID[c.ID] = c
	}
	return &Clients{byID: byID}, nil
}

// Authenticate returns the client of that id when the secret is its own. The
// time it takes tells neither whether the id exists nor how much of the secret
// was right.
func (c *Clients) Authenticate(id, secret string) (Client, bool) {
	client, known := c.byID[id]
	same := sameSecret(client.Secret, secret)
	return client, known && same
}

func sameSecret(a, b string) bool {
	// The hashes have one length, which ConstantTimeCompare needs.
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
