package riverbend

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/fixtures"
	"github.com/rollcall-edu/rollcall/reference/catalog"
	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/sync/push"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
	"github.com/rollcall-edu/rollcall/reference/tool"
)

// The systems of the district, by their names.
const (
	SIS        = "sis"
	CASE       = "case"
	Platform   = "platform"
	Second     = "platform-2" // another platform, where there are to be two
	Quiz       = "quiz"       // a tool that is there for everybody
	Reader     = "reader"     // a tool that is rostered, and there for those to whom the SIS assigns it
	Guide      = "guide"      // the reader once more, as another resource, which is for those alone who teach or who learn
	Assessment = "assessment"
	Catalog    = "catalog"
)

// Systems lists those that are brought up unless they are left out.
func Systems() []string { return []string{SIS, CASE, Platform, Quiz, Reader, Assessment, Catalog} }

// Options say how the district is brought up. The zero value is the small one in memory on free ports of 127.0.0.1,
// without TLS.
type Options struct {
	Data     fixtures.Size // zero: small
	DataSeed uint64        // zero: fixtures.DefaultSeed
	// DB is an SQLite file or a PostgreSQL DSN in which all systems keep what they have, each in a part of its own;
	// empty: memory.
	DB string
	// Listen is where the start page is; the other systems are at the ports behind it, in the order of their
	// names above, each with a port for its consumer. Port 0 is any free ones. Zero: 127.0.0.1:0.
	Listen string
	// Host is what browsers know the systems by: platform.localhost and so on. Zero: localhost.
	Host string
	// Without leaves systems out, by their names; "tool" is both tools.
	Without []string
	// Platforms is how many there are, 1 or 2; zero: 1.
	Platforms int
	TLS       *security.SelfMade // of platform and tools; nil: plain http
	TrustPEM  []byte             // authorities by which these trust each other and what else they know
	// Every is how often each system syncs. Zero: a minute.
	Every time.Duration
	// ClientID and ClientSecret are those of all clients of the SIS and the catalogue; "rollcall" and random when
	// empty. With DB a random one is kept.
	ClientID, ClientSecret string
	// Judged has the start page take changes of the SIS from programs as well, without a form: for who judges.
	Judged bool

	// What systems of somebody else's are told, and told of.

	// School is the SIS in the place of the own one; nil: none, until a consumer is told of one by PUT /connection.
	School *service.Connection
	// Known are platforms that the tools know beside the district's, Tools tools that the platforms know, and
	// Search is a catalogue in the place of the own one.
	Known  []tool.Platform
	Tools  []platform.Registration
	Search *client.Catalog

	// Faults are ids of faults and variants of single systems.
	Faults Faults
	// Seams change what is given on between systems.
	Seams Seams
}

// Faults are ids of faults and variants, by the kind of the system that misbehaves.
type Faults struct{ SIS, CASE, Platform, Tool, Consumer, Catalog []string }

// Seams are where what one system gives on to the next can be changed, each by a function that is told of which
// system; nil leaves it as it is.
type Seams struct {
	// Hooks are those of the consumer by which a system reads the SIS.
	Hooks func(system string, h service.Hooks) service.Hooks
	// Roster is what a platform takes from its consumer.
	Roster func(system string, d fixtures.District) fixtures.District
	// Registered is how a tool is known to a platform.
	Registered func(system string, r *platform.Registration)
	// Platform, Tool and Catalog are what a system is made of.
	Platform func(system string, c *platform.Config)
	Tool     func(system string, c *tool.Config)
	Catalog  func(c *catalog.Config)
	// Serve is put around what a system serves.
	Serve func(system string, h http.Handler) http.Handler
	// Push is what a system pushes to the SIS, and Send what sends it.
	Push func(system string, f push.From) push.From
	Send func(system string, s push.Sender) push.Sender
	// IDs are what the district declares of ids that a system doesn't have as they are.
	IDs []ID
	// Every is how often a system syncs.
	Every func(system string, every time.Duration) time.Duration
}

// ID says how a system makes its ids of those of the SIS.
type ID struct {
	Kind   string // person
	At     string // the system
	Prefix string
	Table  func(sourcedID string) string // nil: there is none
}

var errHost = errors.New("under a name other than localhost the systems need ports that are known: give --listen with a port")

func (o Options) filled() (Options, error) {
	o.Data, o.DataSeed = cmp.Or(o.Data, fixtures.Small), cmp.Or(o.DataSeed, fixtures.DefaultSeed)
	o.Listen, o.Host = cmp.Or(o.Listen, "127.0.0.1:0"), cmp.Or(o.Host, "localhost")
	o.Every, o.Platforms = cmp.Or(o.Every, time.Minute), cmp.Or(o.Platforms, 1)
	o.ClientID = cmp.Or(o.ClientID, "rollcall")
	var without []string
	for _, name := range o.Without {
		switch {
		case name == "tool":
			without = append(without, Quiz, Reader)
		case slices.Contains(Systems(), name):
			without = append(without, name)
		default:
			return o, fmt.Errorf("there is no system %q; there are %s", name, strings.Join(Systems(), ", "))
		}
	}
	o.Without = without
	if o.Platforms < 1 || o.Platforms > 2 {
		return o, fmt.Errorf("there are 1 or 2 platforms, and not %d", o.Platforms)
	}
	if _, port, err := net.SplitHostPort(o.Listen); err != nil {
		return o, fmt.Errorf("%q is no address to listen on, such as 127.0.0.1:9500", o.Listen)
	} else if port == "0" && o.Host != "localhost" {
		return o, errHost
	}
	return o, nil
}

// has tells whether a system is brought up.
func (o Options) has(name string) bool { return !slices.Contains(o.Without, name) }

// The places of ports behind that of the start page.
const (
	atStart = iota
	atSIS
	atCASE
	atPlatform
	atPlatformSync
	atQuiz
	atReader
	atReaderSync
	atAssessment
	atCatalog
	atSecond
	atSecondSync
	// Ports is how many there are.
	Ports
)

// listen is the address of a place.
func (o Options) listen(place int) string {
	host, port, _ := net.SplitHostPort(o.Listen) // it was looked at
	first, _ := strconv.Atoi(port)
	if first == 0 {
		return net.JoinHostPort(host, "0")
	}
	return net.JoinHostPort(host, strconv.Itoa(first+place))
}

// public is what clients call a system of plain http, where that isn't its address; else empty.
func (o Options) public(name string, place int) string {
	if o.Host == "localhost" {
		return ""
	}
	_, port, _ := net.SplitHostPort(o.listen(place))
	return "http://" + net.JoinHostPort(name+"."+o.Host, port)
}

// Hosts are the names that the certificate of platforms and tools is for.
func (o Options) Hosts() []string {
	var out []string
	for _, name := range []string{Platform, Second, Quiz, Reader} {
		out = append(out, name+"."+cmp.Or(o.Host, "localhost"))
	}
	return out
}
