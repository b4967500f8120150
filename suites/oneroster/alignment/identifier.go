package alignment

import (
	"regexp"
	"strings"
)

// uuid is a UUID by RFC 9562, in either case.
var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

// urn stands before a UUID in CSV, and in data that were made of it.
const urn = "urn:uuid:"

// Key is an identifier as a CASE server is asked for it, and by which it is compared: the UUID
// in small letters, with nothing before it. ok is false where there is none.
func Key(id string) (key string, ok bool) {
	if len(id) > len(urn) && strings.EqualFold(id[:len(urn)], urn) {
		id = id[len(urn):]
	}
	return strings.ToLower(id), uuid.MatchString(id)
}
