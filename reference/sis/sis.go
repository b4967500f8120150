package sis

import (
	"context"

	"github.com/rollcall-edu/rollcall/reference/gradebook"
	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/resources"
)

// Config describes a provider. Its Services are those of a SIS, whatever is there.
type Config = oneroster.Config

// SIS is a running provider without a listener: handlers to be served, or to be
// wrapped and then served. Its methods may be called from several goroutines.
type SIS struct{ *oneroster.Provider }

// Services lists what a SIS offers.
func Services() []oneroster.Service {
	return []oneroster.Service{Rostering(), resources.Service(), gradebook.Service(), V1P1()}
}

// New makes a provider of the data in the store, already loaded (see Load).
func New(ctx context.Context, config Config) (*SIS, error) {
	config.Services = Services()
	provider, err := oneroster.New(ctx, config)
	if err != nil {
		return nil, err
	}
	return &SIS{provider}, nil
}

// ServicePath is the path of the Rostering service, prefix included, without a
// slash at the end.
func (s *SIS) ServicePath() string { return s.Knobs().PathPrefix + BasePath }

// Endpoints are the URLs that a client is configured with.
type Endpoints struct {
	BaseURL      string // of the Rostering service, without a slash at the end
	ResourcesURL string // of the Resources service
	V1P1URL      string // of all services of OneRoster 1.1
	GradebookURL string // of the Gradebook service, and of its assessments
	TokenURL     string
}

// Endpoints returns the URLs of the provider when it is served at an origin.
func (s *SIS) Endpoints(origin string) Endpoints {
	base := s.Base(origin)
	return Endpoints{
		BaseURL: base + BasePath, ResourcesURL: base + resources.BasePath, GradebookURL: base + gradebook.BasePath,
		V1P1URL: base + V1P1Path, TokenURL: s.TokenURL(origin),
	}
}
