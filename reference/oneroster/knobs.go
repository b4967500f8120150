package oneroster

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rollcall-edu/rollcall/reference/security"
)

// Knobs are the things that the standard leaves to the provider and that a
// client may come to rely on by mistake. A seed turns them, so that nobody
// learns one provider by heart.
type Knobs struct {
	// MaxLimit is the largest page, whatever limit says. It provokes clients
	// that take a page shorter than they asked for to be the last one.
	MaxLimit int

	// PathPrefix stands before the base path of the service, such as /tenant1.
	// It provokes clients that build URLs from the host alone. "/" means none,
	// whatever the seed says.
	PathPrefix string

	// TokenPath is where tokens are issued. It provokes clients that guess the
	// token URL in place of being told.
	TokenPath string

	// TokenForm is how access tokens are spelled. It provokes clients that parse
	// tokens, or keep them in a column too short, or do not expect + / and =.
	TokenForm security.TokenForm
}

// String shows the knobs for a log line.
func (k Knobs) String() string {
	return fmt.Sprintf("max limit %d, path prefix %q, token path %q, token form %s", k.MaxLimit, k.PathPrefix, k.TokenPath, k.TokenForm)
}

// GoogleLimit is the page size that Google Classroom asks for; a provider with a
// lower maximum still has to be read to the end.
const GoogleLimit = 10_000

// KnobsFor returns the knobs of a seed. Seed 0 gives the plain provider: no
// prefix, hexadecimal tokens, and pages as large as Google Classroom wants.
func KnobsFor(seed uint64) Knobs {
	if seed == 0 {
		return Knobs{MaxLimit: GoogleLimit, TokenPath: "/oauth2/token", TokenForm: security.HexToken}
	}
	random := rand.New(rand.NewPCG(seed, 0x5157)) // any second word, but always the same
	return Knobs{
		MaxLimit:   pick(random, 500, 1000, 2500, 3000, 5000, GoogleLimit),
		PathPrefix: pick(random, "", "/tenant1", "/sis/riverbend", "/api/v2/d-0417"),
		TokenPath:  pick(random, "/oauth2/token", "/token", "/connect/token", "/auth/oauth/v2/access_token"),
		TokenForm:  pick(random, security.TokenForms()...),
	}
}

func pick[T any](random *rand.Rand, choices ...T) T { return choices[random.IntN(len(choices))] }

// merge fills what is not set from other.
func (k Knobs) merge(other Knobs) Knobs {
	if k.MaxLimit <= 0 {
		k.MaxLimit = other.MaxLimit
	}
	if k.PathPrefix == "" {
		k.PathPrefix = other.PathPrefix
	}
	if k.TokenPath == "" {
		k.TokenPath = other.TokenPath
	}
	if k.TokenForm == "" {
		k.TokenForm = other.TokenForm
	}
	k.PathPrefix = strings.TrimRight(k.PathPrefix, "/")
	return k
}
