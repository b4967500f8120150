package driver

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
)

// target reads a target file with a section of these lines.
func target(t *testing.T, section string) (*harness.Target, error) {
	t.Helper()
	text := "rollcall: 1\nname: LMS\nprofiles: [or12-rostering-core-provider]\n" + section
	return harness.ParseTarget("target.yaml", []byte(text), func(name string) (string, bool) { return "value-of-" + name, true }, NewSection)
}

func TestSectionDefaults(t *testing.T) {
	read, err := target(t, `
consumer:
  sync: {webhook: {url: 'https://lms.example.org/sync?$$top=1&mode=$mode', body: '{"secret": "$client_secret"}', header: {X-Key: '${KEY}'}}, modes: [full, delta]}
  push: {person: true, tell: Send grades}
  drop: {sftp: {address: sftp.example.org, user: rollcall, password: '${PASSWORD}', host_key: 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='}}
  holds: {pages: {steps: [{open: 'https://lms.example.org/users?search=$username'}]}}
`)
	if err != nil {
		t.Fatal(err)
	}
	s := Of(read)
	if s.Listen != "127.0.0.1:0" || s.Sync.Webhook.Method != "POST" || time.Duration(s.Sync.Timeout) != 2*time.Minute || s.Sync.Done.Quiet != 0 {
		t.Errorf("%+v", s.Sync)
	}
	if time.Duration(s.Push.Timeout) != 15*time.Minute || time.Duration(s.Push.Done.Quiet) != 2*time.Second || !slices.Equal(s.Push.Modes, []string{Full}) {
		t.Errorf("%+v", s.Push)
	}
	if s.Drop.SFTP.Address != "sftp.example.org:22" || s.Drop.Name != "oneroster.zip" || !s.Holds.Looks() || !s.Sync.Knows(Delta) || s.Push.Knows(Delta) {
		t.Errorf("%+v %+v", s.Drop, s.Holds)
	}
	if !slices.Equal(s.hosts(), []string{"lms.example.org:443"}) || !s.Browses() || s.Sync.Way() != "webhook" || s.Holds.Way() != "pages" {
		t.Errorf("%v", s.hosts())
	}
	var addresses []string
	for _, a := range s.Addresses() {
		addresses = append(addresses, *a)
	}
	if !slices.Equal(addresses, []string{"https://lms.example.org/sync?$$top=1&mode=$mode"}) {
		t.Errorf("%v", addresses)
	}
	if _, err := target(t, ""); err != nil {
		t.Errorf("a file without the section: %v", err)
	}
}

// TestSectionMisuse: whatever can't be used is said with its line, its cause and a remedy.
func TestSectionMisuse(t *testing.T) {
	hook := func(more string) string { return "sync: {webhook: {url: 'https://lms.example.org/sync'" + more + "}}" }
	for section, cause := range map[string]string{
		"listen: here":                                                               "is no host:port",
		"public_url: rollcall.example.org":                                           "is not an absolute http or https URL",
		"cert_file: a.pem":                                                           "cert_file and key_file go together",
		"client: {id: lms}":                                                          "id and secret go together",
		"sync: {command: ./a, person: true}":                                         "several ways to make the product act: command, person",
		"sync: {modes: [full]}":                                                      "doesn't say how the product is made to act",
		"sync: {command: ./a, tell: Do it}":                                          "it is for a person",
		"sync: {command: ./a, modes: [partial]}":                                     `there is no mode "partial"`,
		"sync: {command: ./a, modes: [full, full]}":                                  "given twice",
		"sync: {command: ./a, timeout: 1s, done: {quiet: 2s}}":                       "it would never be seen to end",
		"sync: {command: ./a, timeout: soon}":                                        "a duration is written like",
		"sync: {command: ./a, timeout: -1s}":                                         "a duration is written like",
		"sync: ./a":                                                                  "keys are wanted here",
		"sync: {comand: ./a}":                                                        "there is no such key",
		"sync: {webhook: {method: POST}}":                                            "there is no URL",
		"sync: {webhook: {url: lms/sync}}":                                           "is not an absolute http or https URL",
		"sync: {webhook: {url: 'ftp://lms/sync'}}":                                   "is not an absolute http or https URL",
		"sync: {webhook: {url: 'https://me:secret@lms/sync'}}":                       "has a user and a password in it",
		"sync: {webhook: {url: 'https://lms/sync?at=$rostring'}}":                    "$rostring stands for nothing",
		hook(", method: SYNC"):                                                       "is not known here",
		hook(", method: GET, body: x"):                                               "a request by GET has no body",
		hook(", header: {'X Key': a}"):                                               "is no name of a header",
		hook(`, header: {X-Key: "a\nb"}`):                                            "has a line break in it",
		hook(", expect: [42]"):                                                       "42 is no status",
		hook(", expect: [OK]"):                                                       "a whole number is wanted here",
		"sync: {steps: [{open: 'https://lms', click: '#a'}]}":                        "says 2 things to do",
		"sync: {steps: [{}]}":                                                        "says 0 things to do",
		"sync: {steps: [{click: '#a', value: b}]}":                                   "has a value, which it has no use for",
		"connect: {command: ./a, webhook: {url: 'https://lms.example.org'}}":         "it has a command and a webhook",
		"reset: {timeout: 3s}":                                                       "nothing to wait for",
		"drop: {folder: a, upload: {url: 'https://lms.example.org'}}":                "several places for bundles",
		"drop: {name: a.zip}":                                                        "doesn't say where bundles go",
		"drop: {folder: a, name: ../a.zip}":                                          "is no name of a file",
		"drop: {unpacked: true, upload: {url: 'https://lms.example.org'}}":           "an upload is one file",
		"drop: {upload: {url: 'https://lms.example.org', method: GET}}":              "is not known here",
		"drop: {upload: {url: 'https://lms.example.org', fields: {a: b}}}":           "no field for the bundle",
		"drop: {sftp: {user: a}}":                                                    "is no host or host:port",
		"drop: {sftp: {address: a}}":                                                 "there is no user",
		"drop: {sftp: {address: a, user: b}}":                                        "one of password and key_file is wanted",
		"drop: {sftp: {address: a, user: b, password: c}}":                           "nothing says which key the server has",
		"drop: {sftp: {address: a, user: b, password: c, host_key: d}}":              "neither a fingerprint nor a public key",
		"drop: {sftp: {address: a, user: b, password: c, host_key: 'SHA256:short'}}": "43 characters",
		"holds: {keeps: [users]}":                                                    "doesn't say how to read",
		"holds: {query: {command: a}, export: {file: b}}":                            "several ways to read",
		"holds: {query: {command: a}, keeps: [pupils]}":                              `there is no collection "pupils"`,
		"holds: {rewrites: [users.phone]}":                                           "doesn't say how to read",
		"holds: {query: {command: a}, rewrites: [phone]}":                            "names no member of a collection",
		"holds: {query: {command: a}, rewrites: [users.telephone]}":                  `users have no member "telephone"`,
		"holds: {query: {command: a}, rewrites: [enrollments.user]}":                 `enrollments have no member "user"`,
		"holds: {query: {command: a}, rewrites: [users.sourcedId]}":                  `users have no member "sourcedId"`,
		"holds: {query: {command: a}, flagged: gone}":                                "is not known here",
		"holds: {query: {}}":                                                         "one of command and url is wanted",
		"holds: {query: {url: '/held'}}":                                             "is not an absolute http or https URL",
		"holds: {export: {}}":                                                        "doesn't say where the export is",
		"holds: {export: {file: a, url: 'https://lms.example.org'}}":                 "it has a URL and a file or a command",
		"holds: {provider: {}}":                                                      "it names no service",
		"holds: {provider: {rostering: 'https://lms.example.org'}}":                  "token_url, client_id and client_secret are all needed",
		"holds: {pages: {}}":                                                         "no steps that lead to a person's page",
	} {
		_, err := target(t, "consumer: {"+section+"}\n")
		var config *harness.ConfigError
		switch {
		case !errors.As(err, &config):
			t.Errorf("%s: %v", section, err)
		case !strings.Contains(config.Cause, cause) || config.Remedy == "" || config.Line == 0 && config.Key != "auth":
			t.Errorf("%s: %v (line %d), not %s", section, err, config.Line, cause)
		}
	}
}

// TestSecrets: what is secret is known to be so, and what stands in clear is told.
func TestSecrets(t *testing.T) {
	read, err := target(t, `
consumer:
  client: {id: lms, secret: in-clear}
  sync: {webhook: {url: 'https://lms.example.org/sync', header: {Authorization: 'Bearer in-clear'}}}
  drop: {sftp: {address: a, user: b, password: in-clear, host_key: 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='}}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"consumer.client.secret", "consumer.sync.webhook.header.Authorization", "consumer.drop.sftp.password"}
	if got := read.LiteralSecrets(); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// TestPage holds the target files of the page for vendors to be ones.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/judging-a-consumer.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 6 {
		t.Errorf("the page has %d target files", len(blocks))
	}
	for _, block := range blocks {
		read, err := harness.ParseTarget("judging-a-consumer.md", []byte(block[1]), func(name string) (string, bool) { return "value-of-" + name, true }, NewSection)
		if err != nil {
			t.Errorf("%v\n%s", err, block[1])
		} else if s := Of(read); !s.Holds.Set() || !s.Sync.Set() || len(read.LiteralSecrets()) > 0 {
			t.Errorf("%+v", s)
		}
	}
}
