package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/reference/web"
)

// EnvDSN names the environment variable with the postgres:// URL of a server to
// use in place of starting one. Its user needs the right to create schemas: each
// test works in one of its own, which is dropped in the end.
const EnvDSN = "ROLLCALL_TEST_POSTGRES"

// startTimeout is generous: initdb writes 40 MB, and test machines are shared.
const startTimeout = 60 * time.Second

// Start returns the DSN of a PostgreSQL with an empty database, which lives as
// long as the test. Without EnvDSN it starts a server of its own; where no
// PostgreSQL is installed it skips the test.
func Start(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv(EnvDSN); dsn != "" {
		return privateSchema(t, dsn)
	}
	programs, err := findPrograms()
	if err != nil {
		t.Skipf("%v; install PostgreSQL (Debian: apt-get install postgresql) or set %s to the postgres:// URL of a scratch database", err, EnvDSN)
	}
	dsn, stop, err := start(programs)
	if err != nil {
		t.Fatalf("starting PostgreSQL: %v", err)
	}
	t.Cleanup(stop)
	return dsn
}

// privateSchema makes an empty schema in a database that others may use at the
// same time, and returns a DSN that sees nothing else.
func privateSchema(t testing.TB, dsn string) string {
	t.Helper()
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatalf("%s is not a URL", EnvDSN) // the error would quote the password
	}
	execute := func(ctx context.Context, statement string) error {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
		return err
	}
	schema := "rollcall_test_" + strings.ToLower(rand.Text())
	if err := execute(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatalf("making a schema in the database of %s: %v", EnvDSN, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		if err := execute(ctx, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
			t.Errorf("dropping the schema %s: %v", schema, err)
		}
	})
	query := address.Query()
	query.Set("search_path", schema)
	address.RawQuery = query.Encode()
	return address.String()
}

type programs struct{ initdb, postgres string }

var errNotInstalled = errors.New("no PostgreSQL is installed")

// findPrograms looks where Debian and others put the server's programs, which is
// usually not in PATH, and there takes the highest version.
func findPrograms() (programs, error) {
	var folders []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin"} {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		folders = append(folders, found...)
	}
	slices.Reverse(folders)
	if path, err := exec.LookPath("initdb"); err == nil {
		// A link in PATH may point to the folder that holds both.
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(path))
		}
	}
	for _, folder := range folders {
		p := programs{filepath.Join(folder, "initdb"), filepath.Join(folder, "postgres")}
		if executable(p.initdb) && executable(p.postgres) {
			return p, nil
		}
	}
	return programs{}, errNotInstalled
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// start makes a cluster in a temporary folder and runs a server on it, which
// listens on a free port of 127.0.0.1 alone.
func start(p programs) (dsn string, stop func(), err error) {
	// Not t.TempDir: that folder is closed to other users, and the server may
	// have to run as one.
	folder, err := os.MkdirTemp("", "rollcall-pg-")
	if err != nil {
		return "", nil, err
	}
	remove := func() { _ = os.RemoveAll(folder) }
	credential, err := serverUser(folder)
	if err != nil {
		remove()
		return "", nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()

	data := filepath.Join(folder, "data")
	initdb := exec.CommandContext(ctx, p.initdb, "-D", data, "-U", "rollcall", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	runAs(initdb, folder, credential)
	if output, err := initdb.CombinedOutput(); err != nil {
		remove()
		return "", nil, fmt.Errorf("initdb: %w\n%s", err, output)
	}

	address, err := web.FreeAddress()
	if err != nil {
		remove()
		return "", nil, err
	}
	_, port, _ := net.SplitHostPort(address) // of ours
	var log bytes.Buffer
	server := exec.Command(p.postgres, "-D", data, "-h", "127.0.0.1", "-p", port,
		"-k", "", // no socket file
		// The data need not survive the test, let alone a crash.
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "max_wal_size=2GB")
	runAs(server, folder, credential)
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		remove()
		return "", nil, fmt.Errorf("postgres: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // how it ended shows in the log
		close(ended)
	}()
	stop = func() {
		// SIGQUIT is the immediate shutdown: the data goes away in any case.
		_ = server.Process.Signal(syscall.SIGQUIT)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = server.Process.Kill()
			<-ended
		}
		remove()
	}
	dsn = (&url.URL{Scheme: "postgres", User: url.User("rollcall"), Host: address, Path: "/postgres", RawQuery: "sslmode=disable"}).String()
	if err := waitUntilReady(ctx, dsn, ended); err != nil {
		stop()
		return "", nil, fmt.Errorf("%w\n%s", err, log.String())
	}
	return dsn, stop, nil
}

// serverUser decides as whom the server runs. PostgreSQL refuses root, so a test
// run by root hands the folder to the user postgres, or to nobody.
func serverUser(folder string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("reading the user id of %s: %w", account.Username, err)
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("reading the group id of %s: %w", account.Username, err)
	}
	if err := os.Chown(folder, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func runAs(command *exec.Cmd, folder string, credential *syscall.Credential) {
	command.Dir = folder
	// Settings of the caller's own PostgreSQL must not leak in.
	command.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "PG") })
	if credential != nil {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	}
}

// waitUntilReady connects until the server lets it in: the port opens a little
// before that.
func waitUntilReady(ctx context.Context, dsn string, ended <-chan struct{}) error {
	for {
		select {
		case <-ended:
			return errors.New("the server ended while starting")
		case <-ctx.Done():
			return fmt.Errorf("the server did not start within %s", startTimeout)
		case <-time.After(20 * time.Millisecond):
		}
		if conn, err := pgx.Connect(ctx, dsn); err == nil {
			return conn.Close(ctx)
		}
	}
}
