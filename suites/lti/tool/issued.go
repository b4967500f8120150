package tool

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/lti/side"
)

// access is what an access token says by itself. A tool may keep one for as long as it was told,
// beyond the end of a run: so the next run knows it again, as a platform would. Whoever can read
// this can make one, and it opens a course of made-up people.
type access struct {
	Scopes []string `json:"scopes"`
	Given  int64    `json:"given"` // nanoseconds since 1970
	Until  int64    `json:"until"`
	Random string   `json:"random"`
}

// tokenLife is how long a token is good, where nothing else is said.
const tokenLife = time.Hour

func newAccess(scopes []string, now time.Time, life time.Duration) access {
	return access{scopes, now.UnixNano(), now.Add(life).UnixNano(), side.Random()}
}

func (a access) at() time.Time  { return time.Unix(0, a.Given) }
func (a access) end() time.Time { return time.Unix(0, a.Until) }

// String writes it with a sum, by which no other text is taken for one.
func (a access) String() string {
	text, _ := json.Marshal(a) // texts and numbers
	body := base64.RawURLEncoding.EncodeToString(text)
	return body + "." + sum(body)
}

func sum(body string) string {
	hash := sha256.Sum256([]byte("Rollcall's platform: " + body))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// readAccess reads a token; issued is false for any other text.
func readAccess(token string) (a access, issued bool) {
	body, check, _ := strings.Cut(token, ".")
	if check != sum(body) {
		return a, false
	}
	text, err := base64.RawURLEncoding.DecodeString(body)
	return a, err == nil && json.Unmarshal(text, &a) == nil
}
