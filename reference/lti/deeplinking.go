package lti

import "time"

// DeepLinking begins the names of the claims of deep linking (LTI Deep Linking 2.0 §4).
const DeepLinking = "https://purl.imsglobal.org/spec/lti-dl/claim/"

// DeepLinkingResponse is the message by which a tool answers a deep linking request.
const DeepLinkingResponse = "LtiDeepLinkingResponse"

// The types of content (LTI Deep Linking 2.0 §3).
const (
	TypeLink  = "link"
	TypeLTI   = "ltiResourceLink"
	TypeFile  = "file"
	TypeHTML  = "html"
	TypeImage = "image"
)

// Settings say what a platform takes from a content picker, and where that is sent (LTI Deep
// Linking 2.0 §4.4.1). Members that are not listed are ignored, null is the same as absent.
type Settings struct {
	ReturnURL  string   `json:"deep_link_return_url"`
	Types      []string `json:"accept_types"`
	Targets    []string `json:"accept_presentation_document_targets"`
	MediaTypes string   `json:"accept_media_types,omitempty"` // with commas between them, and wildcards
	Multiple   *bool    `json:"accept_multiple,omitempty"`
	LineItem   *bool    `json:"accept_lineitem,omitempty"`
	AutoCreate *bool    `json:"auto_create,omitempty"`
	Title      string   `json:"title,omitempty"`
	Text       string   `json:"text,omitempty"`
	Data       *string  `json:"data,omitempty"` // goes back as it came
}

// ContentItem is one piece of content that was picked (LTI Deep Linking 2.0 §3). Which of the
// members there are hangs on the type; others are ignored, null is the same as absent.
type ContentItem struct {
	Type  string `json:"type"`
	URL   string `json:"url,omitempty"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"`
	HTML  string `json:"html,omitempty"`

	MediaType string `json:"mediaType,omitempty"`
	ExpiresAt string `json:"expiresAt,omitempty"`
	Width     int    `json:"width,omitempty"`
	Height    int    `json:"height,omitempty"`

	Icon      *Image `json:"icon,omitempty"`
	Thumbnail *Image `json:"thumbnail,omitempty"`
	Embed     *Embed `json:"embed,omitempty"`
	Window    *Sized `json:"window,omitempty"`
	Iframe    *Sized `json:"iframe,omitempty"`

	Custom     map[string]string `json:"custom,omitempty"`
	LineItem   *LineItem         `json:"lineItem,omitempty"`
	Available  *Period           `json:"available,omitempty"`
	Submission *Period           `json:"submission,omitempty"`
}

// Image is an icon or a thumbnail.
type Image struct {
	URL    string `json:"url"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

// Embed is HTML that stands for a link where it is shown in a page.
type Embed struct {
	HTML string `json:"html"`
}

// Sized is a window or a frame in which content is to be shown.
type Sized struct {
	Source   string `json:"src,omitempty"` // of a frame
	Name     string `json:"targetName,omitempty"`
	Width    int    `json:"width,omitempty"`
	Height   int    `json:"height,omitempty"`
	Features string `json:"windowFeatures,omitempty"`
}

// LineItem is the column of a gradebook that comes with a resource link (LTI Assignment and
// Grade Services 2.0 §3.2.4; Deep Linking 2.0 §3.2).
type LineItem struct {
	ScoreMaximum   float64 `json:"scoreMaximum"`
	Label          string  `json:"label,omitempty"`
	ResourceID     string  `json:"resourceId,omitempty"`
	Tag            string  `json:"tag,omitempty"`
	GradesReleased *bool   `json:"gradesReleased,omitempty"`
}

// Period is from when and until when something is open; either may be left out.
type Period struct {
	Start string `json:"startDateTime,omitempty"`
	End   string `json:"endDateTime,omitempty"`
}

// Open tells whether it is open at a time; what can't be read as a time bounds nothing.
func (p *Period) Open(now time.Time) bool {
	start, err := time.Parse(time.RFC3339, p.From())
	early := err == nil && now.Before(start)
	end, err := time.Parse(time.RFC3339, p.Until())
	late := err == nil && !now.Before(end)
	return !early && !late
}

// From is when it opens, "" where that isn't said.
func (p *Period) From() string {
	if p == nil {
		return ""
	}
	return p.Start
}

// Until is when it closes, "" where that isn't said.
func (p *Period) Until() string {
	if p == nil {
		return ""
	}
	return p.End
}
