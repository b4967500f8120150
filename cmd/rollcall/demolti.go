package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/security"
	"github.com/rollcall-edu/rollcall/reference/tool"
	"github.com/rollcall-edu/rollcall/reference/web"
	"github.com/rollcall-edu/rollcall/suites/harness/browser"
	"github.com/rollcall-edu/rollcall/suites/lti"
)

// openLTI brings the two up, and says what of them is judged. The caller closes what it gives.
func openLTI(cmd *cobra.Command, f *runFlags, broken roleFaults) (d *demoRoles, err error) {
	out := cmd.OutOrStdout()
	d = &demoRoles{}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if _, err := browser.Find(); err != nil {
		fmt.Fprintf(out, "\nThe LTI tool and platform are not judged: %v.\nInstall Chromium (apt-get install chromium-headless-shell, or chromium), or name one in ROLLCALL_CHROMIUM, and run this again.\n", err)
		return d, nil
	}
	made, err := security.NewSelfMade(time.Now(), "platform.localhost", "tool.localhost", "127.0.0.1", "localhost")
	if err != nil {
		return d, err
	}
	ca := filepath.Join(f.out, "demo-lti-ca.pem")
	if err := made.WriteAuthority(ca); err != nil {
		return d, err
	}
	cert, key, err := pairFiles(made, f.out)
	if err != nil {
		return d, err
	}
	d.closes = append(d.closes, func() { _ = os.Remove(key) }) // it is worth nothing once the demo is over
	asPlatform, platformListen, err := ownSide("platform.localhost")
	if err != nil {
		return d, err
	}
	asOther, otherListen, err := ownSide("platform.localhost")
	if err != nil {
		return d, err
	}
	asTool, toolListen, err := ownSide("tool.localhost")
	if err != nil {
		return d, err
	}
	p, t, err := startLTI(cmd, ltiRoles{made: made, trust: made.AuthorityPEM,
		others: []tool.Platform{ownPlatform(asPlatform), ownPlatform(asOther)},
		tools:  ownRegistrations(asTool), faults: broken})
	if err != nil {
		return d, err
	}
	d.closes = append(d.closes, func() { t.Close(); p.Close() })
	if !broken.any() { // broken ones need not open each other
		d.story = func(ctx context.Context) func(io.Writer) error { return tell(ctx, p, made, f.out) }
	}
	asked := toolSection(t, platformListen, asPlatform, cert, key)
	asked.OtherPlatform = lti.OtherPlatform{Listen: otherListen, PublicURL: asOther}
	roles := []*demoRole{
		{what: "tool", name: "the reference tool", profiles: toolProfiles(), section: asked, faults: broken["tool"]},
		{what: "platform", name: "the reference platform", profiles: platformSuite().Profiles, section: platformSection(p, toolListen, asTool, cert, key), faults: broken["platform"]},
	}
	if broken.any() {
		roles = slices.DeleteFunc(roles, func(x *demoRole) bool { return len(x.faults) == 0 })
	}
	fmt.Fprintln(out)
	for _, x := range roles {
		if err := x.describe(f, ca, out); err != nil {
			return d, err
		}
		fmt.Fprintf(out, "%s, in a browser: rollcall run %s\n", capital(x.name), quoteArg(x.path))
	}
	fmt.Fprintln(out)
	d.roles = roles
	return d, nil
}

// ownSide finds a free port for Rollcall's own side, under a name of another site
// than the product's.
func ownSide(host string) (origin, listen string, err error) {
	if listen, err = web.FreeAddress(); err != nil {
		return "", "", err
	}
	_, port, err := net.SplitHostPort(listen)
	return "https://" + net.JoinHostPort(host, port), listen, err
}

// ownPlatform is Rollcall as a platform that the reference tool knows.
func ownPlatform(origin string) tool.Platform {
	return tool.Platform{
		Issuer:      origin,
		ClientID:    ownClient,
		AuthURL:     origin + "/auth",
		TokenURL:    origin + "/token",
		JWKSURL:     origin + "/jwks",
		Deployments: []string{"judge-1", "judge-2"},
	}
}

// toolSection is the part of a target file that describes the reference tool.
func toolSection(t *district.Tool, listen, origin, cert, key string) *lti.Section {
	return &lti.Section{
		Listen:      listen,
		PublicURL:   origin,
		CertFile:    cert,
		KeyFile:     key,
		ClientID:    ownClient,
		Deployments: []string{"judge-1", "judge-2"},
		Tool: lti.Tool{
			LoginURL:      t.LoginURL(),
			TargetLinkURI: t.TargetURL("quiz"),
			RedirectURIs:  []string{t.RedirectURL()},
			JWKSURL:       t.JWKSURL(),
			Roster:        []browser.Step{{Click: "#roster"}},
			Score:         working("4", "18"),
			Zero:          working("1", "10"),
			Pick:          picking(),
			Launched:      lti.Marker{Selector: "#launched"},
			Teacher:       lti.Marker{Selector: "#teacher"},
		},
	}
}

// working are the steps of a learner who works through the quiz of the reference tool.
func working(list ...string) []browser.Step {
	steps := []browser.Step{{Click: "#begin"}}
	for _, a := range list {
		steps = append(steps, browser.Step{Click: "input[value='" + a + "']"}, browser.Step{Click: "#answer"})
	}
	return steps
}

// picking are the steps in the picker of the reference tool.
func picking() lti.Picking {
	choose := func(names ...string) (steps []browser.Step) {
		for _, name := range names {
			steps = append(steps, browser.Step{Click: "input[value=" + name + "]"})
		}
		return append(steps, browser.Step{Click: "#add"})
	}
	return lti.Picking{Steps: choose("quiz"), Several: choose("quiz", "page", "text", "picture", "sheet"),
		Cancel: []browser.Step{{Click: "#cancel"}}}
}
