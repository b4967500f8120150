package lti

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Namespace begins the names of the LTI claims (LTI 1.3 §5.3).
const Namespace = "https://purl.imsglobal.org/spec/lti/claim/"

// Version is the only version of the messages (LTI 1.3 §5.3.2).
const Version = "1.3.0"

// The types of messages (LTI 1.3 §5.3.1).
const (
	ResourceLinkRequest = "LtiResourceLinkRequest"
	DeepLinkingRequest  = "LtiDeepLinkingRequest"
)

// Claims is an id_token as a tool reads it. Members that are not listed are
// ignored, null is the same as absent (LTI 1.3 §5.3; OpenID Connect Core §2).
type Claims struct {
	Issuer          string   `json:"iss"`
	Audience        Audience `json:"aud"`
	AuthorizedParty *string  `json:"azp"`
	Expires         *Date    `json:"exp"`
	IssuedAt        *Date    `json:"iat"`
	NotBefore       *Date    `json:"nbf"` // not of OpenID Connect; whoever sends it means it (RFC 7519 §4.1.5)
	Nonce           string   `json:"nonce"`
	Subject         *string  `json:"sub"` // nil: nobody is named

	Name       string `json:"name"`
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
	Email      string `json:"email"`
	Locale     string `json:"locale"`

	MessageType  string         `json:"https://purl.imsglobal.org/spec/lti/claim/message_type"`
	Version      string         `json:"https://purl.imsglobal.org/spec/lti/claim/version"`
	Deployment   string         `json:"https://purl.imsglobal.org/spec/lti/claim/deployment_id"`
	Target       *string        `json:"https://purl.imsglobal.org/spec/lti/claim/target_link_uri"`
	ResourceLink *Link          `json:"https://purl.imsglobal.org/spec/lti/claim/resource_link"`
	Roles        *[]string      `json:"https://purl.imsglobal.org/spec/lti/claim/roles"`
	Context      *Context       `json:"https://purl.imsglobal.org/spec/lti/claim/context"`
	Platform     *Instance      `json:"https://purl.imsglobal.org/spec/lti/claim/tool_platform"`
	Presentation *Presentation  `json:"https://purl.imsglobal.org/spec/lti/claim/launch_presentation"`
	Custom       map[string]any `json:"https://purl.imsglobal.org/spec/lti/claim/custom"`
	LIS          map[string]any `json:"https://purl.imsglobal.org/spec/lti/claim/lis"`
	Mentored     []string       `json:"https://purl.imsglobal.org/spec/lti/claim/role_scope_mentor"`
	Settings     *Settings      `json:"https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"`
}

// Link is the placement that was launched (LTI 1.3 §5.3.5).
type Link struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// Context is the course (LTI 1.3 §5.4.1).
type Context struct {
	ID    string   `json:"id"`
	Type  []string `json:"type"`
	Label string   `json:"label"`
	Title string   `json:"title"`
}

// Instance is the platform as its people know it (LTI 1.3 §5.4.2).
type Instance struct {
	GUID string `json:"guid"`
	Name string `json:"name"`
}

// Presentation is how the tool is shown (LTI 1.3 §5.4.4).
type Presentation struct {
	Target    string `json:"document_target"`
	ReturnURL string `json:"return_url"`
	Locale    string `json:"locale"`
}

// Audience is aud: one text or a list of them (RFC 7519 §4.1.3).
type Audience []string

// UnmarshalJSON reads both forms.
func (a *Audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = Audience{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(text, &many); err != nil {
		return errors.New("aud is neither a text nor a list of texts")
	}
	*a = many
	return nil
}

// Date is a NumericDate: seconds since 1970, with a fraction where one likes
// (RFC 7519 §2).
type Date float64

// UnmarshalJSON reads a number.
func (d *Date) UnmarshalJSON(text []byte) error {
	var f float64
	if err := json.Unmarshal(text, &f); err != nil || math.IsInf(f, 0) {
		return fmt.Errorf("%s is no point in time", text)
	}
	*d = Date(f)
	return nil
}

// Time converts it.
func (d Date) Time() time.Time {
	const most = 1 << 40 // beyond, it is milliseconds or nonsense, and in the far future anyway
	whole := math.Max(-most, math.Min(float64(d), most))
	seconds, fraction := math.Modf(whole)
	return time.Unix(int64(seconds), int64(fraction*1e9))
}
