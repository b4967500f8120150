package driver

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// refusedError says that the product refused a bundle, in its own words.
type refusedError struct{ words string }

func (e *refusedError) Error() string { return e.words }

// drop puts the bundle of an occasion where the product takes it. An error is a *refusedError
// where the product refused it, and a *harness.ConfigError where it could not be put there.
func (d *Driver) drop(ctx context.Context, o Occasion) error {
	ctx, cancel := context.WithTimeout(ctx, d.dropLimit())
	defer cancel()
	switch {
	case d.section.Drop.Upload != nil:
		return d.upload(ctx, o.Bundle)
	case d.section.Drop.SFTP != nil:
		return d.sftp(ctx, o.Bundle)
	}
	return d.intoFolder(o.Bundle)
}

func (d *Driver) dropLimit() time.Duration {
	if t := time.Duration(d.section.Sync.Timeout); t > 0 {
		return t
	}
	return syncTimeout
}

// parts gives the files to put down, by their names: the bundle itself, or its entries.
func (d *Driver) parts(bundle string, put func(name string, from io.Reader) error) error {
	if !d.section.Drop.Unpacked {
		f, err := os.Open(bundle)
		if err != nil {
			return fmt.Errorf("reading the bundle: %w", err)
		}
		defer f.Close()
		return put(d.section.Drop.Name, f)
	}
	z, err := zip.OpenReader(bundle)
	if err != nil {
		return fmt.Errorf("reading the bundle: %w", err)
	}
	defer z.Close()
	// The manifest comes last: whoever waits for it finds the rest.
	files := slices.Clone(z.File)
	slices.SortStableFunc(files, func(a, b *zip.File) int {
		last := func(f *zip.File) int {
			if strings.EqualFold(path.Base(f.Name), "manifest.csv") {
				return 1
			}
			return 0
		}
		return last(a) - last(b)
	})
	for _, f := range files {
		if f.FileInfo().IsDir() {
			continue
		}
		from, err := f.Open()
		if err != nil {
			return fmt.Errorf("reading %s of the bundle: %w", f.Name, err)
		}
		err = put(path.Base(f.Name), from)
		_ = from.Close() // it was read to its end, or put has failed
		if err != nil {
			return err
		}
	}
	return nil
}

// intoFolder writes beside, and renames: no half of a file is ever there.
func (d *Driver) intoFolder(bundle string) error {
	folder := d.section.Drop.Folder
	return d.parts(bundle, func(name string, from io.Reader) error {
		err := func() error {
			f, err := os.CreateTemp(folder, ".rollcall-")
			if err != nil {
				return err
			}
			defer os.Remove(f.Name()) // it isn't there any more where all went well
			_, err = io.Copy(f, from)
			if closed := f.Close(); err == nil {
				err = closed
			}
			if err == nil {
				err = os.Chmod(f.Name(), 0o644) // the product may be another user
			}
			if err == nil {
				err = os.Rename(f.Name(), filepath.Join(folder, name))
			}
			return err
		}()
		if err != nil {
			return act.Fault("consumer.drop.folder", "the bundle can't be put there: "+err.Error(),
				"make the folder, and let Rollcall write to it")
		}
		return nil
	})
}

// Begin puts the first half of a bundle beside where bundles are dropped, under a name with .part behind it: as it lies
// there while somebody is still writing it. left takes it away again, and tells whether it was as it was put. Where
// bundles are uploaded nothing of the kind is ever there, and left is nil.
func (d *Driver) Begin(ctx context.Context, o Occasion) (left func() (bool, error), err error) {
	data, err := os.ReadFile(o.Bundle)
	if err != nil {
		return nil, fmt.Errorf("reading the bundle: %w", err)
	}
	half := data[:len(data)/2]
	switch s := d.section.Drop.SFTP; {
	case d.section.Drop.Folder != "":
		at := filepath.Join(d.section.Drop.Folder, d.section.Drop.Name+".part")
		if err := os.WriteFile(at, half, 0o644); err != nil {
			return nil, act.Fault("consumer.drop.folder", "the bundle can't be put there: "+err.Error(),
				"make the folder, and let Rollcall write to it")
		}
		return func() (bool, error) {
			info, err := os.Stat(at)
			_ = os.Remove(at) // that it isn't there is what is told
			return err == nil && info.Size() == int64(len(half)), nil
		}, nil
	case s != nil:
		at := path.Join(s.Folder, d.section.Drop.Name+".part")
		err := d.overSFTP(ctx, func(c *sftp.Client) error {
			f, err := c.Create(at)
			if err != nil {
				return err
			}
			_, err = f.Write(half)
			return errors.Join(err, f.Close())
		})
		return func() (as bool, err error) {
			err = d.overSFTP(ctx, func(c *sftp.Client) error {
				info, err := c.Stat(at)
				as = err == nil && info.Size() == int64(len(half))
				_ = c.Remove(at) // that it isn't there is what is told
				return nil
			})
			return as, err
		}, err
	}
	return nil, nil
}

// overSFTP does something on the SFTP server.
func (d *Driver) overSFTP(ctx context.Context, do func(*sftp.Client) error) error {
	const where = "consumer.drop.sftp"
	c, err := dial(ctx, d.section.Drop.SFTP)
	if err != nil {
		return err
	}
	defer c.Close()
	client, err := sftp.NewClient(c)
	if err == nil {
		defer client.Close()
		err = do(client)
	}
	if err != nil {
		return act.Fault(where, fmt.Sprintf("the bundle can't be put to %s: %v", d.section.Drop.SFTP.Folder, err),
			"make the folder there, and let the user write to it")
	}
	return nil
}

func (d *Driver) upload(ctx context.Context, bundle string) error {
	const where = "consumer.drop.upload"
	u := d.section.Drop.Upload
	f, err := os.Open(bundle)
	if err != nil {
		return fmt.Errorf("reading the bundle: %w", err)
	}
	defer f.Close()
	var body io.Reader = f
	kind, length := "application/zip", int64(-1)
	if info, err := f.Stat(); err == nil {
		length = info.Size()
	}
	if u.Field != "" {
		var head, form bytes.Buffer
		w := multipart.NewWriter(&form)
		for _, name := range keysOfText(u.Fields) {
			_ = w.WriteField(name, u.Fields[name]) // to memory
		}
		_, _ = w.CreateFormFile(u.Field, d.section.Drop.Name) // to memory
		head.Write(form.Bytes())
		form.Reset()
		_ = w.Close() // to memory
		body, kind = io.MultiReader(&head, f, &form), w.FormDataContentType()
		length += int64(head.Len() + form.Len())
	}
	r, err := http.NewRequestWithContext(ctx, u.Method, u.URL, body)
	if err != nil {
		return act.Fault(where+".url", err.Error(), "write it in full, like https://lms.example.org/api/roster/upload")
	}
	r.ContentLength = length
	for name, value := range u.Header {
		r.Header.Set(name, value)
	}
	if r.Header.Get("Content-Type") == "" || u.Field != "" {
		r.Header.Set("Content-Type", kind)
	}
	a := act.Ask(d.http, r, d.dropLimit(), act.MostWords)
	if a.Over {
		return act.Fault(where, fmt.Sprintf("%s didn't take the bundle within %s", browser.Bare(u.URL), d.dropLimit()),
			"raise consumer.sync.timeout")
	}
	if err := a.Fault(where, u.URL, u.Expect); err != nil {
		return err
	}
	if !a.Good(u.Expect) {
		return &refusedError{strings.TrimSpace(fmt.Sprintf("%d %s. %s", a.Status, http.StatusText(a.Status), a.Words))}
	}
	return nil
}

func keysOfText(m map[string]string) []string { return slices.Sorted(keysIn(m)) }

// sftp writes under another name, and renames.
func (d *Driver) sftp(ctx context.Context, bundle string) error {
	const where = "consumer.drop.sftp"
	s := d.section.Drop.SFTP
	c, err := dial(ctx, s)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() }) // ends what hangs
	defer stop()
	defer c.Close()
	client, err := sftp.NewClient(c)
	if err != nil {
		return act.Fault(where, fmt.Sprintf("%s has no SFTP: %v", s.Address, err), "switch the subsystem sftp on for this user")
	}
	defer client.Close()
	return d.parts(bundle, func(name string, from io.Reader) error {
		if err := write(client, path.Join(s.Folder, name), from); err != nil {
			if ctx.Err() != nil {
				err = fmt.Errorf("it didn't end within %s", d.dropLimit())
			}
			return act.Fault(where, fmt.Sprintf("the bundle can't be put to %s: %v", path.Join(s.Folder, name), err),
				"make the folder there, and let the user write to it")
		}
		return nil
	})
}

func write(client *sftp.Client, to string, from io.Reader) error {
	beside := path.Join(path.Dir(to), ".rollcall-"+path.Base(to)+".part")
	f, err := client.Create(beside)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = client.Remove(beside) // what went wrong is told already
		return err
	}
	if err := client.PosixRename(beside, to); err == nil {
		return nil
	}
	_ = client.Remove(to) // a server without posix-rename doesn't replace; that nothing was there is no matter
	return client.Rename(beside, to)
}

// kindsOfKeys are the algorithms by which a server may prove itself: whichever it prefers, and
// each kind alone, for the target file may have the fingerprint of a key that it doesn't prefer.
var kindsOfKeys = [][]string{nil, {ssh.KeyAlgoED25519}, {ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521},
	{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}}

// dial logs in.
func dial(ctx context.Context, s *SFTP) (*ssh.Client, error) {
	const where = "consumer.drop.sftp"
	config := &ssh.ClientConfig{User: s.User, Timeout: 30 * time.Second}
	known, err := hostKey(s.HostKey)
	if err != nil {
		return nil, act.Fault(where+".host_key", err.Error(), hostKeyRemedy)
	}
	if config.Auth, err = s.auth(); err != nil {
		return nil, err
	}
	var met []string
	config.HostKeyCallback = func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if got := ssh.FingerprintSHA256(key); got != known {
			met = append(met, got)
			return errors.New("the server has another key")
		}
		return nil
	}
	for _, config.HostKeyAlgorithms = range kindsOfKeys {
		before := len(met)
		client, err := login(ctx, s, config)
		switch {
		case err == nil:
			return client, nil
		case len(met) > before || before > 0 && strings.Contains(err.Error(), "no common algorithm"):
			// another kind may fit
		case strings.Contains(err.Error(), "unable to authenticate"):
			return nil, act.Fault(where, fmt.Sprintf("%s doesn't let %s in", s.Address, s.User), "check user, and password or key_file")
		default:
			return nil, act.Fault(where+".address", fmt.Sprintf("nobody at %s speaks SSH: %v", s.Address, err),
				"start the server, and check its address and port")
		}
	}
	slices.Sort(met)
	return nil, act.Fault(where+".host_key", fmt.Sprintf("%s has the key %s, and the target file says %s", s.Address,
		strings.Join(slices.Compact(met), " or "), known),
		"see that it is the right server; if so, write its key into the target file")
}

// login makes one attempt to log in.
func login(ctx context.Context, s *SFTP, config *ssh.ClientConfig) (*ssh.Client, error) {
	conn, err := (&net.Dialer{Timeout: config.Timeout}).DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(config.Timeout)) // for the handshake, which has no limit of its own
	c, channels, requests, err := ssh.NewClientConn(conn, s.Address, config)
	if err != nil {
		_ = conn.Close() // nothing was said
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return ssh.NewClient(c, channels, requests), nil
}

// auth is how Rollcall proves who it is.
func (s *SFTP) auth() ([]ssh.AuthMethod, error) {
	if s.KeyFile == "" {
		return []ssh.AuthMethod{ssh.Password(s.Password), ssh.KeyboardInteractive(func(_, _ string, questions []string,
			_ []bool) ([]string, error) {
			return slices.Repeat([]string{s.Password}, len(questions)), nil
		})}, nil
	}
	const where = "consumer.drop.sftp.key_file"
	pem, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return nil, act.Fault(where, err.Error(), "give the path of a private key")
	}
	signer, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		return nil, act.Fault(where, "the key can't be read: "+err.Error(), "give a private key (PEM) without a passphrase")
	}
	return []ssh.AuthMethod{ssh.PublicKeys(signer)}, nil
}

const hostKeyRemedy = "write a fingerprint like SHA256:…, or a line of known_hosts"

// hostKey gives the fingerprint of a key that is written as such, as a line of known_hosts or as
// a public key.
func hostKey(written string) (string, error) {
	written = strings.TrimSpace(written)
	if strings.HasPrefix(written, "SHA256:") {
		if len(strings.TrimRight(written, "=")) != len("SHA256:")+43 {
			return "", errors.New("a fingerprint has 43 characters behind SHA256:, and this one has others")
		}
		return strings.TrimRight(written, "="), nil
	}
	if _, _, key, _, _, err := ssh.ParseKnownHosts([]byte(written)); err == nil {
		return ssh.FingerprintSHA256(key), nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(written))
	if err != nil {
		return "", errors.New("it is neither a fingerprint nor a public key")
	}
	return ssh.FingerprintSHA256(key), nil
}
