package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
)

// Examine looks at what making the product act stands on, without making it act: whether there
// are the commands, whether somebody listens at the addresses, whether there is a browser, and
// somebody to ask.
func (d *Driver) Examine(ctx context.Context) (out []harness.Diagnosis) {
	s := d.section
	say := func(x harness.Diagnosis) { out = append(out, x) }
	if !s.Sync.Set() && !s.Push.Set() && !s.Drop.Set() {
		return []harness.Diagnosis{{Name: "consumer.sync", Fatal: true,
			Detail: "nothing says how the product is made to sync, or to send what it has",
			Remedy: "add consumer.sync: a command, a webhook, steps, its schedule, or a person; docs/judging-a-consumer.md has an example of each"}}
	}
	for _, c := range []struct{ key, command string }{
		{"consumer.connect", s.Connect.Command},
		{"consumer.reset", s.Reset.Command},
		{"consumer.drop.connect", s.Drop.Connect.Command},
		{"consumer.sync", s.Sync.Command},
		{"consumer.sync.done", s.Sync.Done.Command},
		{"consumer.push", s.Push.Command},
		{"consumer.push.done", s.Push.Done.Command},
		{"consumer.holds.query", d.commandOf()},
		{"consumer.holds.export", d.exportCommand()},
	} {
		if c.command != "" {
			say(d.examineCommand(ctx, c.key+".command", c.command))
		}
	}
	seen := map[string]bool{}
	for _, a := range d.addresses() {
		if host, err := url.Parse(a.address); err == nil && !seen[host.Host] {
			seen[host.Host] = true
			say(d.examineAddress(ctx, a.key, host))
		}
	}
	if f := s.Drop.SFTP; f != nil {
		say(d.examineSFTP(ctx, f))
	}
	if s.Drop.Folder != "" {
		say(examineFolder(s.Drop.Folder))
	}
	if s.Browses() {
		path, err := browser.Find()
		if err != nil {
			say(harness.Diagnosis{Name: "browser", Fatal: true, Detail: err.Error(),
				Remedy: "install Chromium (apt-get install chromium-headless-shell, or chromium where there is none), or name one in ROLLCALL_CHROMIUM"})
		} else {
			say(harness.Diagnosis{Name: "browser", OK: true, Detail: path})
		}
	}
	if (s.Sync.Person || s.Push.Person) && !d.session.Interactive() {
		say(harness.Diagnosis{Name: "consumer.sync.person", Fatal: s.Sync.Person,
			Detail: "somebody is to make the product act, and nobody is there",
			Remedy: "run with --interactive, or give a command, a webhook, steps or a schedule"})
	}
	if w := time.Duration(s.Sync.Schedule); w > 0 {
		say(harness.Diagnosis{Name: "consumer.sync.schedule", OK: true,
			Detail: fmt.Sprintf("each sync is waited for, %s at most; a run makes some dozens: the shorter the schedule, the sooner it ends", w)})
	}
	if !s.Holds.Set() && (s.Sync.Set() || s.Drop.Set()) {
		say(harness.Diagnosis{Name: "consumer.holds",
			Detail: "nothing says how to read what the product holds: only what it calls will be judged",
			Remedy: "add consumer.holds: an export, a query, the product's own provider, or pages"})
	}
	if open, what := exposed(s.Listen, s.PublicURL); open {
		say(harness.Diagnosis{Name: "exposure", Detail: what,
			Remedy: "let only the product through to it, and end the way in after the run; the people on it are made up"})
	}
	return out
}

func (d *Driver) commandOf() string {
	if q := d.section.Holds.Query; q != nil {
		return q.Command
	}
	return ""
}

func (d *Driver) exportCommand() string {
	if e := d.section.Holds.Export; e != nil {
		return e.Command
	}
	return ""
}

type placedAddress struct{ key, address string }

// addresses are those of the product that Rollcall goes to.
func (d *Driver) addresses() (out []placedAddress) {
	s := d.section
	add := func(key, address string) {
		if address != "" {
			out = append(out, placedAddress{key, address})
		}
	}
	for _, w := range s.webhooks() {
		add("consumer."+w.key+".webhook.url", act.Filled(w.hook.URL, map[string]string{}, act.AsIs))
	}
	if u := s.Drop.Upload; u != nil {
		add("consumer.drop.upload.url", u.URL)
	}
	if q := s.Holds.Query; q != nil {
		add("consumer.holds.query.url", q.URL)
	}
	if e := s.Holds.Export; e != nil {
		add("consumer.holds.export.url", e.URL)
	}
	if p := s.Holds.Provider; p != nil {
		for _, b := range p.bases() {
			add("consumer.holds.provider."+b.key, *b.url)
		}
	}
	return out
}

// plainCommand is one whose first word is the program: no variable, no grouping before it.
var plainCommand = regexp.MustCompile(`^\s*([A-Za-z0-9_./~+-]+)(\s|$)`)

func (d *Driver) examineCommand(ctx context.Context, where, command string) harness.Diagnosis {
	ok := harness.Diagnosis{Name: where, OK: true, Detail: act.Shortened(command)}
	m := plainCommand.FindStringSubmatch(command)
	if m == nil {
		return ok
	}
	if _, err := exec.LookPath("/bin/sh"); err != nil {
		return ok // another shell knows other words
	}
	r, err := act.Run(ctx, where, "command -v "+m[1], nil, 5*time.Second, nil)
	if err == nil && (r.Code == 0 || r.Over) {
		return ok
	}
	return harness.Diagnosis{Name: where, Fatal: true, Detail: fmt.Sprintf("%s is no command here", m[1]),
		Remedy: "see that it is there and may be run (chmod +x), from the folder in which rollcall is run"}
}

func (d *Driver) examineAddress(ctx context.Context, where string, u *url.URL) harness.Diagnosis {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	host := net.JoinHostPort(u.Hostname(), port)
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", host)
	if err != nil {
		return harness.Diagnosis{Name: where, Fatal: true, Detail: fmt.Sprintf("nobody listens at %s: %v", host, err),
			Remedy: "start the product, and check " + where}
	}
	_ = conn.Close() // nothing was said
	return harness.Diagnosis{Name: where, OK: true, Detail: host + " listens"}
}

func (d *Driver) examineSFTP(ctx context.Context, f *SFTP) harness.Diagnosis {
	c, err := dial(ctx, f)
	if err != nil {
		return Faulty("consumer.drop.sftp", err)
	}
	_ = c.Close() // nothing was written
	return harness.Diagnosis{Name: "consumer.drop.sftp", OK: true, Detail: f.Address + " lets " + f.User + " in"}
}

// examineFolder looks whether bundles can be put into a folder.
func examineFolder(folder string) harness.Diagnosis {
	const name = "consumer.drop.folder"
	f, err := os.CreateTemp(folder, ".rollcall-")
	if err != nil {
		return harness.Diagnosis{Name: name, Fatal: true, Detail: "nothing can be put there: " + err.Error(),
			Remedy: "make the folder, and let Rollcall write to it"}
	}
	_ = f.Close() // nothing was written
	if err := os.Remove(f.Name()); err != nil {
		return harness.Diagnosis{Name: name, Fatal: true, Detail: "what was put there can't be removed: " + err.Error(),
			Remedy: "let Rollcall rename and remove files there"}
	}
	return harness.Diagnosis{Name: name, OK: true, Detail: folder + " can be written to"}
}

// Faulty words an error that came up while something was tried.
func Faulty(name string, err error) harness.Diagnosis {
	var c *harness.ConfigError
	if errors.As(err, &c) {
		return harness.Diagnosis{Name: cmp.Or(c.Key, name), Fatal: true, Detail: c.Cause, Remedy: c.Remedy}
	}
	return harness.Diagnosis{Name: name, Fatal: true, Detail: err.Error(), Remedy: "run again"}
}

// exposed tells whether others than this machine can reach Rollcall's provider, and what they see.
func exposed(listen, public string) (bool, string) {
	local := func(host string) bool {
		ip := net.ParseIP(host)
		return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
	}
	host, _, err := net.SplitHostPort(listen)
	u, err2 := url.Parse(public)
	if err == nil && err2 == nil && local(host) && (public == "" || local(u.Hostname())) {
		return false, ""
	}
	return true,
		fmt.Sprintf("Rollcall's provider listens on %s and is to be reached as %s: whoever can reach it can ask it for tokens, with the product's credentials", listen,
			cmp.Or(public, "http://"+listen))
}

// Try connects the product, has it sync once, and reads what it holds: what a run begins with.
// It doesn't make the product empty. expected is what the provider has.
func (d *Driver) Try(ctx context.Context, o Occasion, expected Objects, probes []Probe) (out []harness.Diagnosis) {
	say := func(x harness.Diagnosis) { out = append(out, x) }
	s := d.section
	if s.Connect.Set() {
		c := d.Connect(ctx, o)
		if x, bad := acted("consumer.connect", c, s.Connect.Timeout); bad {
			x.Fatal = true
			return append(out, x)
		}
		say(harness.Diagnosis{Name: "consumer.connect", OK: true, Detail: "the product is told where to read from" + said(c.Words)})
	}
	// A product that has never synced may have nothing to be read yet, such as no file: it is read again
	// once it has.
	var before *Held
	if s.Holds.Set() {
		var err error
		if before, err = d.Holdings(ctx, probes); err != nil {
			x := Faulty("consumer.holds", err)
			x.Fatal = false
			x.Detail = "before the first sync: " + x.Detail
			x.Remedy = "nothing has to be done where it can be read after the sync; else " + x.Remedy
			say(x)
			before = &Held{Objects: Objects{}}
		}
	}
	mark := d.mark()
	made := d.Sync(ctx, o)
	if x, bad := acted("consumer.sync", made, s.Sync.Timeout); bad {
		say(x)
		if x.Fatal {
			return out
		}
	}
	switch {
	case made.Idle:
		say(harness.Diagnosis{Name: "consumer.sync", Fatal: true,
			Detail: fmt.Sprintf("the product was made to sync, and called nothing of %s within %s%s",
				cmp.Or(o.Connection.Rostering, o.Connection.V1P1), made.Waited.Round(time.Millisecond), said(made.Words)),
			Remedy: "have it read from there: tell it by consumer.connect or by hand (a fixed consumer.listen and consumer.client), see that it can reach that address (consumer.public_url), and that consumer.sync makes it sync"})
		return out
	case made.Told != Failure && !made.TimedOut:
		detail := fmt.Sprintf("the product synced in %s", made.Waited.Round(time.Millisecond))
		if d.watch != nil {
			detail += fmt.Sprintf(", and called Rollcall's provider %d times", d.watch.Mark()-mark)
		}
		say(harness.Diagnosis{Name: "consumer.sync", OK: true, Detail: detail + said(made.Words)})
	}
	if before == nil {
		return out
	}
	held, err := d.Holdings(ctx, probes)
	if err != nil {
		return append(out, Faulty("consumer.holds", err))
	}
	kept := d.keeps(expected, held, before)
	if made.Told == Failure {
		for i := range kept { // it would have failed by itself, and that is the product's
			kept[i].Fatal = false
		}
	}
	return append(out, kept...)
}

// Resets tells whether the doctor is asked to make the product empty.
func (d *Driver) Resets() bool { return d.session.Resets() }

// TryReset makes the product empty where the doctor is asked to, and reads what it holds then. expected is what the provider
// has.
func (d *Driver) TryReset(ctx context.Context, o Occasion, expected Objects, probes []Probe) harness.Diagnosis {
	const name = "consumer.reset"
	switch {
	case !d.session.Resets():
		return harness.Diagnosis{Name: name, OK: true, Detail: "is not tried, for the product would be empty then; with --reset it is"}
	case !d.section.Reset.Set():
		return harness.Diagnosis{Name: name, Detail: "nothing says how the product is made empty",
			Remedy: "add consumer.reset to the target file, a command or a webhook; or leave --reset out"}
	}
	made := d.Reset(ctx, o)
	if x, bad := acted(name, made, d.section.Reset.Timeout); bad {
		x.Fatal = true
		return x
	}
	ok := harness.Diagnosis{Name: name, OK: true}
	if !d.section.Holds.Set() {
		ok.Detail = "the product says that it is empty" + said(made.Words) + "; whether it is can't be seen without consumer.holds"
		return ok
	}
	held, err := d.Holdings(ctx, probes)
	if err != nil {
		ok.Detail = "the product was made empty, and what it holds can't be read then, which is in order where nothing is there to read: " + err.Error()
		return ok
	}
	held.Name(expected)
	if left := held.Left(expected); len(left) > 0 {
		return harness.Diagnosis{Name: name, Fatal: true, Detail: "the product was made empty, and still holds of the roster " + Listed(left, 4),
			Remedy: "let it delete all that came from Rollcall, and end when that is done; and see that consumer.holds reads what is there now"}
	}
	ok.Detail = fmt.Sprintf("the product was made empty in %s, and holds nothing of the roster%s", made.Waited.Round(time.Millisecond), beside(held))
	return ok
}

// beside says what a product holds that isn't of the roster.
func beside(held *Held) string {
	if n := held.Objects.Count(); n > 0 {
		return fmt.Sprintf(", and %d objects of its own", n)
	}
	return ""
}

// acted words what went wrong when the product was made to act.
func acted(name string, o Outcome, limit harness.Duration) (harness.Diagnosis, bool) {
	switch {
	case o.Fault != nil:
		return Faulty(name, o.Fault), true
	case o.TimedOut:
		return harness.Diagnosis{Name: name, Detail: fmt.Sprintf("it didn't end within %s%s", time.Duration(limit), said(o.Words)),
			Remedy: "raise " + name + ".timeout, or say in " + name + ".done how to know that it has ended"}, true
	case o.Told == Failure:
		x := harness.Diagnosis{Name: name, Detail: "the product says that it failed" + ending(o.Words),
			Remedy: "see its own log; it was told a whole roster by a provider that behaves as any"}
		if name != "consumer.sync" {
			x.Remedy = "see its own log, and try by hand what " + name + " does; docs/target.md says what the request or the command is told"
		}
		return x, true
	}
	return harness.Diagnosis{}, false
}

func said(words string) string {
	if words == "" {
		return ""
	}
	return ": " + act.Shortened(words)
}

// ending is the end of what was said, for it is there that an error is named.
func ending(words string) string {
	const most = 200
	switch r := []rune(words); {
	case words == "":
		return ""
	case len(r) > most:
		return ": …" + string(r[len(r)-most:])
	}
	return ": " + words
}

// keeps tells what the product holds of what it was told.
func (d *Driver) keeps(expected Objects, held, before *Held) (out []harness.Diagnosis) {
	held.Name(expected)
	l := d.section.Holds.Learn(expected, held, before)
	if len(l.Collections) == 0 {
		found := "nothing at all"
		if n := held.Objects.Count(); n > 0 {
			found = fmt.Sprintf("%d objects, none of which is of the roster that it was told", n)
		}
		return []harness.Diagnosis{{Name: "consumer.holds", Fatal: true, Detail: "after the sync the product holds " + found,
			Remedy: "see that consumer.holds reads what the product has now, with the sourcedIds that it was told, and that the sync brings something"}}
	}
	var counts []string
	for _, c := range l.Collections {
		n := 0
		resolve := l.resolver(expected)
		for id := range held.Objects[c] {
			if expected[c][resolve(c, id)] != nil {
				n++
			}
		}
		counts = append(counts, fmt.Sprintf("%s: %d of %d", c, n, len(expected[c])))
	}
	out = append(out, harness.Diagnosis{Name: "consumer.holds", OK: true,
		Detail: fmt.Sprintf("the product holds %s; read in %s", strings.Join(counts, ", "), held.Took.Round(time.Millisecond))})
	if len(l.Without) > 0 {
		out = append(out, harness.Diagnosis{Name: "consumer.holds", OK: true,
			Detail: "it doesn't keep " + Listed(l.Without, 12) + ", which won't be judged"})
	}
	for _, note := range held.Notes {
		out = append(out, harness.Diagnosis{Name: "consumer.holds", Detail: note, Remedy: "see what consumer.holds reads"})
	}
	return out
}

// Left tells what of the roster a product holds as active, as "users: 3 of 80": of one that was made empty there should be
// nothing. expected is what the provider has.
func (h *Held) Left(expected Objects) (out []string) {
	l := &Learned{Before: map[string]string{}, After: map[string]string{}}
	for _, c := range Collections() {
		l.ids(c, expected[c], h.Objects[c])
	}
	resolve := l.resolver(expected)
	for _, c := range Collections() {
		n := 0
		for id, members := range h.Objects[c] {
			if expected[c][resolve(c, id)] != nil && viewOf(c, members, asWritten).status != "tobedeleted" {
				n++
			}
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("%s: %d of %d", c, n, len(expected[c])))
		}
	}
	return out
}

// Listed names some, and how many more there are.
func Listed(names []string, most int) string {
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// Fine tells whether nothing that was found keeps a run from beginning.
func Fine(found []harness.Diagnosis) bool {
	return !slices.ContainsFunc(found, func(d harness.Diagnosis) bool { return d.Fatal && !d.OK })
}

// Read tells whether what the product holds can be read. That it can't keeps no run from beginning:
// there may be nothing before the first bundle is taken in.
func (d *Driver) Read(ctx context.Context) harness.Diagnosis {
	held, err := d.Holdings(ctx, nil)
	if err != nil {
		x := Faulty("consumer.holds", err)
		x.Fatal = false
		return x
	}
	return harness.Diagnosis{Name: "consumer.holds", OK: true,
		Detail: fmt.Sprintf("the product holds %d objects; read in %s", held.Objects.Count(), held.Took.Round(time.Millisecond))}
}
