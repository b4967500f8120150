package harness

import (
	"context"
	"strings"
)

// Starter starts a target's container and gives the base URL of its published
// port, and a function that ends it. suites/harness/container is one.
type Starter func(ctx context.Context, c Container) (base string, stop func(), err error)

// start brings the target up when it comes as a container, and completes the
// URLs of the target file, which then are paths.
func (t *Target) start(ctx context.Context, starter Starter) (func(), error) {
	if t.Container == nil {
		return func() {}, nil
	}
	if starter == nil {
		return nil, &ConfigError{
			File:   t.path,
			Key:    "container",
			Cause:  "this program can't start containers",
			Remedy: "use the rollcall command, or set a Starter",
		}
	}
	base, stop, err := starter(ctx, *t.Container)
	if err != nil {
		return nil, &ConfigError{File: t.path, Line: t.line("container"), Key: "container", Cause: err.Error(),
			Remedy: "see that a Docker engine runs (`docker info`), that the image exists, and that container.port and container.wait fit it"}
	}
	for _, address := range t.addresses() {
		if strings.HasPrefix(*address, "/") {
			*address = base + *address
		}
	}
	return stop, nil
}
