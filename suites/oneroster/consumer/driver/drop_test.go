package driver

import (
	"archive/zip"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// bundleOf makes a zip with these files.
func bundleOf(t *testing.T, names ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "b.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, "content of "+name); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func entries(t *testing.T, dir string) (out []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

func TestDropFolder(t *testing.T) {
	dir := t.TempDir()
	o := Occasion{Mode: Full, Bundle: bundleOf(t, "manifest.csv", "users.csv")}
	if out := driven(t, "consumer: {drop: {folder: '"+dir+"', name: roster.zip}}", nil).Sync(t.Context(), o); out.Told != Success {
		t.Fatalf("%+v", out)
	}
	if got := entries(t, dir); !slices.Equal(got, []string{"roster.zip"}) {
		t.Errorf("%v", got)
	}
	apart := t.TempDir()
	if out := driven(t, "consumer: {drop: {folder: '"+apart+"', unpacked: true}}", nil).Sync(t.Context(), o); out.Told != Success {
		t.Fatalf("%+v", out)
	}
	if got := entries(t, apart); !slices.Equal(got, []string{"manifest.csv", "users.csv"}) {
		t.Errorf("%v", got)
	}
	// The trigger comes behind the drop.
	if out := driven(t, "consumer: {drop: {folder: '"+dir+"'}, sync: {command: 'cmp $ROLLCALL_BUNDLE "+dir+"/oneroster.zip'}}", nil).Sync(t.Context(), o); out.Told != Success {
		t.Errorf("%+v", out)
	}
	// What is taken in as it comes is waited for.
	if out := driven(t, "consumer: {drop: {folder: '"+dir+"'}, sync: {timeout: 20s, done: {command: 'test -e "+dir+"/taken || { touch "+dir+"/taken; exit 1; }'}}}", nil).Sync(t.Context(), o); out.Told != Success || out.TimedOut {
		t.Errorf("%+v", out)
	}
	if out := driven(t, "consumer: {drop: {folder: /nowhere/at/all}}", nil).Sync(t.Context(), o); out.Fault == nil || !strings.Contains(out.Fault.Error(), "consumer.drop.folder") {
		t.Errorf("%+v", out)
	}
}

func TestDropUpload(t *testing.T) {
	var got []byte
	var kind, field, header string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Get("Authorization")
		switch r.URL.Path {
		case "/put":
			got, _ = io.ReadAll(r.Body)
		case "/form":
			f, h, err := r.FormFile("bundle")
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			got, _ = io.ReadAll(f)
			kind, field = r.FormValue("kind"), h.Filename
		case "/refuses":
			http.Error(w, "users.csv has no manifest", http.StatusUnprocessableEntity)
		case "/moved":
			http.Redirect(w, r, "/put", http.StatusMovedPermanently)
		}
	}))
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Occasion{Mode: Full, Bundle: bundleOf(t, "manifest.csv")}
	want, err := os.ReadFile(o.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		upload string
		told   Telling
		fault  string
	}{
		"put":        {"/put'", Success, ""},
		"a form":     {"/form', field: bundle, fields: {kind: oneroster}", Success, ""},
		"it refuses": {"/refuses'", Failure, ""},
		"a redirect": {"/moved'", Silent, "answers 301"},
	} {
		t.Run(name, func(t *testing.T) {
			got = nil
			d := driven(t, "tls: {ca_file: '"+ca+"'}\nconsumer: {drop: {upload: {header: {Authorization: 'Bearer ${KEY}'}, url: '"+server.URL+test.upload+"}}}", nil)
			out := d.Sync(t.Context(), o)
			if out.Told != test.told || test.fault == "" && out.Fault != nil || test.fault != "" && (out.Fault == nil || !strings.Contains(out.Fault.Error(), test.fault)) {
				t.Fatalf("%+v", out)
			}
			if test.told == Success && (string(got) != string(want) || header != "Bearer value-of-KEY") {
				t.Errorf("%d bytes, %q", len(got), header)
			}
			if test.told == Failure && !strings.Contains(out.Words, "422 Unprocessable Entity. users.csv has no manifest") {
				t.Errorf("%q", out.Words)
			}
			if name == "a form" && (kind != "oneroster" || field != "oneroster.zip") {
				t.Errorf("%q %q", kind, field)
			}
		})
	}
	if out := driven(t, "consumer: {drop: {upload: {url: '"+server.URL+"/put'}}}", nil).Sync(t.Context(), o); out.Fault == nil || !strings.Contains(out.Fault.Error(), "certificate") {
		t.Errorf("%+v", out)
	}
}

// sftpServer serves a folder over SFTP, with two keys, to one user by password or by key. It gives
// its address and fingerprints.
func sftpServer(t *testing.T, dir string, authorized ssh.PublicKey) (string, []string) {
	t.Helper()
	config := &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if c.User() == "rollcall" && string(password) == "value-of-SFTP_PASSWORD" {
				return nil, nil
			}
			return nil, errors.New("no")
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if authorized != nil && string(key.Marshal()) == string(authorized.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("no")
		},
	}
	_, first, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var prints []string
	for _, key := range []any{first, second} {
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			t.Fatal(err)
		}
		config.AddHostKey(signer)
		prints = append(prints, ssh.FingerprintSHA256(signer.PublicKey()))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	serve := func(conn net.Conn) {
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
			server, err := sftp.NewServer(channel, sftp.WithServerWorkingDirectory(dir))
			if err != nil {
				return
			}
			_ = server.Serve()
			_ = channel.Close()
		}
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return l.Addr().String(), prints
}

func TestDropSFTP(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authorized, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "inbox"), 0o700); err != nil {
		t.Fatal(err)
	}
	address, prints := sftpServer(t, dir, authorized)
	o := Occasion{Mode: Full, Bundle: bundleOf(t, "users.csv", "manifest.csv")}
	key, password := "key_file: '"+keyFile+"'", "password: '${SFTP_PASSWORD}'"
	for name, test := range map[string]struct{ sftp, fault string }{
		"by password":           {"address: '" + address + "', user: rollcall, folder: inbox, " + password + ", host_key: '" + prints[0] + "'", ""},
		"by a key":              {"address: '" + address + "', user: rollcall, folder: inbox, " + key + ", host_key: '" + prints[0] + "'", ""},
		"by the other host key": {"address: '" + address + "', user: rollcall, folder: inbox, " + key + ", host_key: '" + prints[1] + "'", ""},
		"another server":        {"address: '" + address + "', user: rollcall, " + key + ", host_key: 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'", "has the key SHA256:"},
		"another user":          {"address: '" + address + "', user: nobody, " + password + ", host_key: '" + prints[0] + "'", "doesn't let nobody in"},
		"no such folder":        {"address: '" + address + "', user: rollcall, folder: outbox, " + key + ", host_key: '" + prints[0] + "'", "can't be put to outbox/oneroster.zip"},
		"nobody there":          {"address: '127.0.0.1:1', user: rollcall, " + key + ", host_key: '" + prints[0] + "'", "nobody at 127.0.0.1:1 speaks SSH"},
		"no key file":           {"address: '" + address + "', user: rollcall, key_file: /nowhere, host_key: '" + prints[0] + "'", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, e := range entries(t, filepath.Join(dir, "inbox")) {
				if err := os.Remove(filepath.Join(dir, "inbox", e)); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second replaces what is there
				out := driven(t, "consumer: {drop: {sftp: {"+test.sftp+"}}}", nil).Sync(t.Context(), o)
				if test.fault != "" {
					if out.Fault == nil || !strings.Contains(out.Fault.Error(), test.fault) || !strings.Contains(out.Fault.Error(), "remedy: ") {
						t.Errorf("%+v", out)
					}
					return
				}
				if out.Told != Success {
					t.Fatalf("%+v", out)
				}
				if got := entries(t, filepath.Join(dir, "inbox")); !slices.Equal(got, []string{"oneroster.zip"}) {
					t.Errorf("%v", got)
				}
			}
		})
	}
	t.Run("unpacked", func(t *testing.T) {
		d := driven(t, "consumer: {drop: {unpacked: true, sftp: {address: '"+address+"', user: rollcall, "+key+", host_key: '"+prints[0]+"'}}}", nil)
		if out := d.Sync(t.Context(), o); out.Told != Success {
			t.Fatalf("%+v", out)
		}
		if got := entries(t, dir); !slices.Equal(got, []string{"inbox", "manifest.csv", "users.csv"}) {
			t.Errorf("%v", got)
		}
	})
}
