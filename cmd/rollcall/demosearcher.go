package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/catalog/client"
	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/searcherfault"
	"github.com/rollcall-edu/rollcall/reference/platform"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
	"github.com/rollcall-edu/rollcall/suites/resourcesearch/searcher"
)

// searchPatience is how long the reference platform waits for a catalogue that is Rollcall's: longer than it ever says to, and
// not so long that a run of many failures takes minutes.
const searchPatience = 5 * time.Second

// searchedBy says where Rollcall's own side of a platform that searches lies: its catalogue, and the tool that links open. Its
// certificate, and its private key, are in files.
type searchedBy struct {
	made                    *security.SelfMade
	cert, key               string
	catalogOrigin, catalog  string
	toolOrigin, toolListens string
}

// startSearching brings up the reference platform as one that searches Rollcall's catalogue, with some faults on. It gives the
// sections of a target file that describe it. The caller closes the platform.
func startSearching(ctx context.Context, own searchedBy, faults ...string) (*district.Platform, []harness.Section, error) {
	bent, err := searcherfault.Kind.Of(faults...)
	if err != nil {
		return nil, nil, err
	}
	made := bent.Bend(searcherfault.Searcher{Transport: security.LoopbackClient(own.made.AuthorityPEM).Transport})
	as := searcher.Client{ID: "reference-platform", Secret: rand.Text()}
	p, err := district.StartPlatform(ctx, district.PlatformOptions{
		TLS:      own.made,
		TrustPEM: own.made.AuthorityPEM,
		Tools:    ownRegistrations(own.toolOrigin)[:1],
		Around:   bent.Wrap,
		Bend:     func(c *platform.Config) { c.Content = made.Content },
		Search: func() (client.Catalog, bool) {
			return client.Catalog{BaseURL: own.catalogOrigin + "/ims/rs/v1p0", TokenURL: own.catalogOrigin + "/token", ClientID: as.ID,
				Secret: as.Secret, Transport: made.Transport,
				Patience: searchPatience}, true
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("starting the reference platform: %w", err)
	}
	section := searcherSection(p, own.catalog, as)
	section.PublicURL, section.CertFile, section.KeyFile = own.catalogOrigin, own.cert, own.key
	return p, []harness.Section{section, &lti.Section{Listen: own.toolListens, PublicURL: own.toolOrigin, CertFile: own.cert, KeyFile: own.key,
		ClientID: ownClient, Platform: lti.Platform{Issuer: p.Issuer(), AuthURL: p.AuthURL(), JWKSURL: p.JWKSURL()}}}, nil
}

// openSearcher brings up the reference platform as one that searches, which the demo judges beside the others.
func openSearcher(cmd *cobra.Command, f *runFlags, broken roleFaults) (d *demoRoles, err error) {
	d = &demoRoles{}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if _, err := browser.Find(); err != nil {
		return d, nil // as is said where the other roles of LTI are
	}
	own := searchedBy{}
	if own.made, err = security.NewSelfMade(time.Now(), "platform.localhost", "tool.localhost", "127.0.0.1", "localhost"); err != nil {
		return d, err
	}
	ca := filepath.Join(f.out, "demo-searcher-ca.pem")
	if err := own.made.WriteAuthority(ca); err != nil {
		return d, err
	}
	own.cert, own.key = filepath.Join(f.out, "demo-searcher.pem"), filepath.Join(f.out, "demo-searcher-key.pem")
	if err := own.made.WritePair(own.cert, own.key); err != nil {
		return d, err
	}
	d.closes = append(d.closes, func() { _ = os.Remove(own.key) }) // it is worth nothing once the demo is over
	if own.catalogOrigin, own.catalog, err = ownSide("tool.localhost"); err != nil {
		return d, err
	}
	if own.toolOrigin, own.toolListens, err = ownSide("tool.localhost"); err != nil {
		return d, err
	}
	p, sections, err := startSearching(cmd.Context(), own, broken["searcher"]...)
	if err != nil {
		return d, err
	}
	d.closes = append(d.closes, func() { _ = p.Close() })
	x := &demoRole{what: "searcher", name: "the reference platform as one that searches", profiles: searcher.Suite().Profiles,
		section: sections[0], beside: sections[1], faults: broken["searcher"]}
	if err := x.describe(f, ca, cmd.OutOrStdout()); err != nil {
		return d, err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s, in a browser: rollcall run %s\n\n", capital(x.name), quoteArg(x.path))
	d.roles = []*demoRole{x}
	return d, nil
}
