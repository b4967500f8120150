// Package container starts a target that comes as an image, with
// testcontainers-go, so that a pipeline can judge a build it has just made. It
// knows images and ports; it must not know what runs inside.
package container

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// startup is how long a container may take to become ready when the target file
// doesn't say: a JVM with a database behind it needs about a minute.
const startup = 2 * time.Minute

// Start runs the container that a target file describes and waits until it is
// ready. It returns the base URL of the published port, without a path, and a
// function that ends and removes the container. It is a harness.Starter.
func Start(ctx context.Context, c harness.Container) (base string, stop func(), err error) {
	if (c.Image == "") == (c.Dockerfile == "") {
		return "", nil, errors.New("give either container.image or container.dockerfile")
	}
	if c.Port < 1 || c.Port > 65535 {
		return "", nil, errors.New("container.port is missing: give the port that the service listens on inside")
	}
	defer func() {
		// The library panics when no engine answers; that is the user's
		// set-up, not our failure.
		if p := recover(); p != nil {
			base, stop, err = "", nil, fmt.Errorf("no Docker engine answers: %v", p)
		}
	}()
	port := fmt.Sprintf("%d/tcp", c.Port)
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(port),
		testcontainers.WithEnv(c.Env),
		testcontainers.WithLogger(quiet{}),
		testcontainers.WithWaitStrategyAndDeadline(deadline(c.Wait), strategies(c.Wait, port)...),
	}
	if len(c.Command) > 0 {
		options = append(options, testcontainers.WithCmd(c.Command...))
	}
	if c.Dockerfile != "" {
		options = append(options, testcontainers.WithDockerfile(testcontainers.FromDockerfile{
			Context: filepath.Dir(c.Dockerfile), Dockerfile: filepath.Base(c.Dockerfile)}))
	}
	for inside, outside := range c.Files {
		options = append(options, testcontainers.WithFiles(testcontainers.ContainerFile{
			HostFilePath:      outside,
			ContainerFilePath: inside,
			FileMode:          0o644,
		}))
	}
	running, err := testcontainers.Run(ctx, c.Image, options...)
	stop = func() {
		// The run's own context may have ended; the container must still go.
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		_ = testcontainers.TerminateContainer(running, testcontainers.StopContext(ending))
	}
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("starting the container: %w", err)
	}
	base, err = running.PortEndpoint(ctx, port, "http")
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("finding the container's published port: %w", err)
	}
	return base, stop, nil
}

func deadline(w harness.Wait) time.Duration {
	if d := time.Duration(w.Timeout); d > 0 {
		return d
	}
	return startup
}

// strategies turns the wait condition of the target file into the library's.
// Without one the port must accept connections from outside: an image may hold
// no shell to look from inside.
func strategies(w harness.Wait, port string) []wait.Strategy {
	var out []wait.Strategy
	if w.Log != "" {
		out = append(out, wait.ForLog(w.Log))
	}
	if w.HTTP != "" {
		out = append(out, wait.ForHTTP(w.HTTP).WithPort(port).WithStatusCodeMatcher(func(status int) bool {
			return status < http.StatusInternalServerError
		}))
	}
	if len(out) == 0 {
		out = append(out, wait.ForListeningPort(port).SkipInternalCheck())
	}
	return out
}

// quiet drops the library's chatter; what matters comes back as an error.
type quiet struct{}

var _ log.Logger = quiet{}

func (quiet) Printf(string, ...any) {}
