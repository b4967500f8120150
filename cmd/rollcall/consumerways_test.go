package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
	"github.com/rollcall-edu/rollcall/reports"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// way is one of the ways of driving the reference consumer, or of reading what it holds.
type way struct {
	profile string
	focus   []string
	options func(t *testing.T, folder string) district.ConsumerOptions
	// keys gives those of the section consumer, for a consumer at an origin; tls what is said of trust.
	keys func(t *testing.T, origin, folder string) (keys, tls string)
}

// A few lines of target files.
func syncsAt(origin string) string {
	return fmt.Sprintf("  sync: {webhook: {url: '%s/sync?mode=$mode'}, modes: [full, delta]}\n", origin)
}

func connectsAt(origin string) string {
	return fmt.Sprintf("  connect: {webhook: {url: %s/connection, method: PUT}}\n", origin)
}

func heldAt(origin string) string { return fmt.Sprintf("  holds: {query: {url: %s/held}}\n", origin) }

var ways = map[string]way{
	"signed requests": {
		profile: "or11-rostering-consumer",
		focus:   []string{"or11.consumer.signed.requests", "or11.consumer.holds.objects", "or11.consumer.changes.renamed"},
		keys: func(_ *testing.T, origin, _ string) (string, string) {
			return "  signed: true\n" + connectsAt(origin) + syncsAt(origin) + heldAt(origin), ""
		},
	},
	"drops by SFTP": {
		profile: "or12-csv-consumer",
		focus:   []string{"or12.csv-consumer.bulk", "or12.csv-consumer.growing"},
		options: dropsInto,
		keys: func(t *testing.T, origin, folder string) (string, string) {
			address, print := sftpInto(t, folder)
			t.Setenv("SFTP_PASSWORD", sftpPassword)
			return fmt.Sprintf("  drop: {sftp: {address: %q, user: district, password: '${SFTP_PASSWORD}', host_key: %q}}\n", address, print) +
				syncsAt(origin) + heldAt(origin), ""
		},
	},
	"drops by an upload": {
		profile: "or12-csv-consumer",
		focus:   []string{"or12.csv-consumer.bulk"},
		options: dropsInto,
		keys: func(t *testing.T, origin, folder string) (string, string) {
			address, ca := uploadInto(t, folder)
			return fmt.Sprintf("  drop: {upload: {url: %q, field: bundle, fields: {kind: roster}}}\n", address) + syncsAt(origin) + heldAt(origin),
				fmt.Sprintf("tls: {ca_file: %q}\n", ca)
		},
	},
	"a query by a command": {
		profile: "or12-rostering-consumer",
		focus:   []string{"or12.consumer.holds.objects", "or12.consumer.changes.renamed"},
		keys: func(t *testing.T, origin, _ string) (string, string) {
			if _, err := exec.LookPath("curl"); err != nil {
				t.Skip(err)
			}
			return connectsAt(origin) + fmt.Sprintf("  sync: {command: 'curl -sf -X POST \"%s/sync?mode=$ROLLCALL_MODE\"', modes: [full, delta]}\n", origin) +
				fmt.Sprintf("  holds: {query: {command: 'curl -sf %s/held'}}\n", origin), ""
		},
	},
}

// dropsInto has the consumer read what is dropped into a folder.
func dropsInto(_ *testing.T, folder string) district.ConsumerOptions {
	return district.ConsumerOptions{Connection: &service.Connection{Bundle: folder}}
}

// TestConsumerWays: whichever way a product is driven and read, the reference consumer is in order.
func TestConsumerWays(t *testing.T) {
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			var o district.ConsumerOptions
			if w.options != nil {
				o = w.options(t, folder)
			}
			c, err := district.StartConsumer(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			keys, trust := w.keys(t, c.Origin, folder)
			judgedWay(t, w.profile, w.focus, keys, trust)
		})
	}
}

// judgedWay holds the reference consumer to pass what is asked for.
func judgedWay(t *testing.T, profile string, focus []string, keys, trust string) {
	t.Helper()
	text := fmt.Sprintf("rollcall: 1\nname: Reference consumer\nstance: strict\nprofiles: [%s]\n%sconsumer:\n%s", profile, trust, keys)
	r := judgedBy(t.Context(), t, text, harness.Options{InProcess: true, Shards: 1, Focus: focus})
	for _, q := range r.Requirements {
		if q.Verdict != reports.Pass {
			t.Errorf("%s is %s: %s %s", q.ID, q.Verdict, q.Reason, findings(q))
		}
	}
}

// TestConsumerWayProvider: a product's own provider tells what it holds, here one that has what the mirror has.
func TestConsumerWayProvider(t *testing.T) {
	me := security.Client{ID: "rollcall", Secret: "a secret of nobody's", Scopes: sis.Scopes()}
	var serves atomic.Pointer[http.Handler]
	var endpoints sis.Endpoints
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*serves.Load()).ServeHTTP(w, r) }))
	defer server.Close()
	provide := func(ctx context.Context, roster fixtures.District) (string, error) {
		s, err := sis.OpenStore(t.Context(), "")
		if err != nil {
			return "", err
		}
		t.Cleanup(func() { s.Close() })
		if err := sis.Load(ctx, s, roster); err != nil {
			return "", err
		}
		p, err := sis.New(t.Context(), sis.Config{Store: s, BaseURL: server.URL, Clients: []security.Client{me}})
		if err != nil {
			return "", err
		}
		h := p.Handler()
		endpoints = p.Endpoints(server.URL)
		serves.Store(&h)
		return "served", nil
	}
	nobody, err := fixtures.New(fixtures.Small, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provide(t.Context(), nobody); err != nil { // what it had before the first sync is none of Rollcall's
		t.Fatal(err)
	}
	c, err := district.StartConsumer(t.Context(), district.ConsumerOptions{Feeds: []service.Feed{{Name: "a provider", Do: provide}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	t.Setenv("PRODUCT_SECRET", me.Secret)
	judgedWay(t, "or12-rostering-consumer", []string{"or12.consumer.holds.objects", "or12.consumer.changes.renamed"},
		connectsAt(c.Origin)+syncsAt(c.Origin)+fmt.Sprintf("  holds: {provider: {rostering: %q, auth: {token_url: %q, client_id: %q, client_secret: '${PRODUCT_SECRET}'}}}\n",
			endpoints.BaseURL, endpoints.TokenURL, me.ID), "")
}

// TestConsumerWayPages: pages tell who is there, here those of the platform that goes by the mirror.
func TestConsumerWayPages(t *testing.T) {
	if _, err := browser.Find(); err != nil {
		t.Skip(err)
	}
	p, err := district.StartPlatform(t.Context(), district.PlatformOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	follow := func(ctx context.Context, roster fixtures.District) (string, error) {
		_, err := p.Follow(ctx, roster)
		return "told", err
	}
	c, err := district.StartConsumer(t.Context(), district.ConsumerOptions{Feeds: []service.Feed{{Name: "the platform", Do: follow}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	judgedWay(t, "or12-rostering-consumer", []string{"or12.consumer.holds.objects", "or12.consumer.changes.renamed"},
		connectsAt(c.Origin)+fmt.Sprintf("  sync: {steps: [{open: '%s/'}, {click: 'text=Sync everything'}], done: {quiet: 1s}}\n", c.Origin)+
			fmt.Sprintf("  holds: {pages: {steps: [{open: '%s/'}, {wait: '#user'}], shows: ['$givenName $familyName']}}\n", p.Origin), "")
}

const sftpPassword = "a password of nobody's"

// sftpInto serves a folder over SFTP, and gives its address and the fingerprint of its key.
func sftpInto(t *testing.T, folder string) (address, print string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if c.User() != "district" || string(password) != sftpPassword {
			return nil, os.ErrPermission
		}
		return nil, nil
	}}
	config.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go sftpSession(conn, config, folder)
		}
	}()
	return l.Addr().String(), ssh.FingerprintSHA256(signer.PublicKey())
}

func sftpSession(conn net.Conn, config *ssh.ServerConfig, folder string) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		server, err := sftp.NewServer(channel, sftp.WithServerWorkingDirectory(folder))
		if err != nil {
			return
		}
		_ = server.Serve()
		_ = channel.Close()
	}
}

// uploadInto takes uploads of a form over https into a folder, and gives its address and the file of its certificate.
func uploadInto(t *testing.T, folder string) (address, ca string) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, _, err := r.FormFile("bundle")
		if err != nil || r.FormValue("kind") != "roster" {
			http.Error(w, "no bundle", http.StatusBadRequest)
			return
		}
		defer file.Close()
		to, err := os.CreateTemp(folder, "upload-")
		if err == nil {
			_, err = io.Copy(to, file)
		}
		if err == nil {
			err = to.Close()
		}
		if err == nil {
			err = os.Rename(to.Name(), filepath.Join(folder, "oneroster.zip"))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL + "/roster", ca
}
