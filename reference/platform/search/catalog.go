package search

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

// Scope is that of searches (LTI Resource Search 1.0, security).
const Scope = "http://www.imsglobal.org/ltirs"

// Catalog is where is searched, and by whom.
type Catalog struct {
	BaseURL  string // what stands before /resources
	TokenURL string
	ClientID string
	Secret   string
	// Transport sends requests; nil: over TLS that the system's authorities vouch for.
	Transport http.RoundTripper
}

// Item is something that was found (Resource.Type), as far as a teacher asks.
type Item struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	URL         string   `json:"url"`
	LTILink     *Link    `json:"ltiLink"`
	Kinds       []string `json:"learningResourceType"`
	Ages        string   `json:"typicalAgeRange"`
	Publisher   string   `json:"publisher"`
	Objectives  []struct {
		Name        string `json:"targetName"`
		Description string `json:"targetDescription"`
	} `json:"learningObjectives"`
}

// Link opens a tool (CCLTILink.Type).
type Link struct {
	Title           string `json:"title"`
	Description     string `json:"description"`
	LaunchURL       string `json:"launch_url"`
	SecureLaunchURL string `json:"secure_launch_url"`
	Custom          struct {
		Properties []struct{ Name, Value string } `json:"properties"`
	} `json:"custom"`
}

// Address is where the tool is launched: by TLS where that is offered.
func (l *Link) Address() string {
	if l.SecureLaunchURL != "" {
		return l.SecureLaunchURL
	}
	return l.LaunchURL
}

// Words are what is searched for; what is empty isn't.
type Words struct {
	Text     string // anywhere, best first
	Standard string // name of a learning standard
	Name     string // exactly
	Skip     int    // how many of those found come before
}

// filter writes them in the grammar of filters (Resource Search 1.0, filter); quotes within values are doubled.
func (w Words) filter() string {
	var parts []string
	for _, x := range []struct{ field, value string }{{"search~", w.Text}, {"learningObjectives.targetName=", w.Standard}, {"name=", w.Name}} {
		if x.value != "" {
			parts = append(parts, x.field+"'"+strings.ReplaceAll(x.value, "'", "''")+"'")
		}
	}
	return strings.Join(parts, " AND ")
}

const (
	// page is how many are shown at a time.
	page = 20
	// largest bounds an answer, patience what a person waits.
	largest  = 4 << 20
	patience = 15 * time.Second
)

// find searches, and tells whether there is more.
func (c Catalog) find(ctx context.Context, w Words) (items []Item, more bool, err error) {
	caller, err := client.New(client.Config{TokenURL: c.TokenURL, ClientID: c.ClientID, ClientSecret: c.Secret, Transport: c.Transport,
		Patience: patience, AllowPlain: true}) // whoever runs it named the addresses
	if err != nil {
		return nil, false, fmt.Errorf("asking the catalogue: %w", err)
	}
	q := url.Values{"limit": {fmt.Sprint(page + 1)}, "offset": {fmt.Sprint(w.Skip)}}
	if filter := w.filter(); filter != "" {
		q.Set("filter", filter)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	address := strings.TrimRight(c.BaseURL, "/") + "/resources?" + strings.ReplaceAll(q.Encode(), "+", "%20")
	err = caller.Do(ctx, client.Request{Method: http.MethodGet, URL: address, Scopes: []string{Scope}}, func(r *http.Response) error {
		body, err := io.ReadAll(io.LimitReader(r.Body, largest))
		if err != nil {
			return &client.BrokenError{Cause: err}
		}
		var set struct {
			Resources []Item `json:"resources"`
		}
		items = nil
		if err := json.Unmarshal(body, &set); err != nil {
			return fmt.Errorf("the answer is no set of resources: %w", err)
		}
		items = set.Resources
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("searching the catalogue: %w", err)
	}
	if len(items) > page {
		return items[:page], true, nil
	}
	return items, false, nil
}
