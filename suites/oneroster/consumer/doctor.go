package consumer

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
)

// longSchedule is how long the doctor waits for a product that syncs by itself: nobody looks at it
// for longer.
const longSchedule = 2 * time.Minute

// doctor looks whether the product can be made to sync, and what it holds be read. Where there is time
// (Session.Thorough) it does both once.
func doctor(version string) func(context.Context, *harness.Session) []harness.Diagnosis {
	return func(ctx context.Context, s *harness.Session) []harness.Diagnosis {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		j, err := open(ctx, s, version)
		if err != nil {
			return []harness.Diagnosis{driver.Faulty("consumer.listen", err)}
		}
		defer j.driver.Close()
		out := append([]harness.Diagnosis{reached(j.section, j.provider.Connection())}, j.driver.Examine(ctx)...)
		if !s.Thorough() || !driver.Fine(out) {
			return out
		}
		if another(s.Target, version) {
			return append(out, j.empties(ctx, s.Target, driver.Occasion{}, version)...)
		}
		if later(s.Target, version) && !s.Resets() {
			return append(out, harness.Diagnosis{Name: "consumer.sync", OK: true, Detail: "is not tried for OneRoster " + version +
				", as the product holds what it was told by another version; with --reset it is"})
		}
		if sync := j.section.Sync; !sync.Set() || sync.Person || time.Duration(sync.Schedule) > longSchedule {
			return append(out, harness.Diagnosis{Name: "consumer.sync", OK: true,
				Detail: "is not tried: it is seen in a run whether the product syncs"})
		}
		j.provider.Serve(j.world, provider.Behaviour{})
		o := driver.Occasion{Mode: driver.Full, Connection: j.connection()}
		if out = append(out, j.driver.Try(ctx, o, j.truth, j.probes())...); !driver.Fine(out) {
			return out
		}
		return append(out, j.empties(ctx, s.Target, o, version)...)
	}
}

// empties looks whether the product can be made empty, where that is asked for or a run needs it.
func (j *judge) empties(ctx context.Context, target *harness.Target, o driver.Occasion, life string) []harness.Diagnosis {
	if another(target, life) {
		return []harness.Diagnosis{{Name: "consumer.reset", Detail: anotherLife,
			Remedy: strings.ToLower(anotherLifeRemedy[:1]) + anotherLifeRemedy[1:]}}
	}
	if !j.section.Reset.Set() && !j.driver.Resets() {
		return nil
	}
	return []harness.Diagnosis{j.driver.TryReset(ctx, o, j.truth, j.probes())}
}

// reached says where the product finds Rollcall's provider, for those that are configured by hand.
func reached(section *driver.Section, c provider.Connection) harness.Diagnosis {
	var at []string
	for _, base := range []string{c.Rostering, c.Gradebook, c.Resources, c.V1P1} {
		if base != "" {
			at = append(at, base)
		}
	}
	who := "credentials that are made anew each time"
	if section.Client.Set() {
		who = "the credentials of consumer.client"
	}
	how := "with tokens from " + c.TokenURL
	if c.TokenURL == "" {
		how = "by requests that it signs (OAuth 1.0a)"
	}
	return harness.Diagnosis{Name: "Rollcall's provider", OK: true,
		Detail: fmt.Sprintf("the product reads from %s, %s, with %s", strings.Join(at, ", "), how, who)}
}

// dropDoctor looks whether bundles can be dropped, what the product holds be read, and the product be made empty.
func dropDoctor(ctx context.Context, s *harness.Session) []harness.Diagnosis {
	j, err := dropJudge(s) // no bundle is made
	if err != nil {
		return []harness.Diagnosis{driver.Faulty("consumer.drop", err)}
	}
	defer j.driver.Close()
	out := j.driver.Examine(ctx)
	if !s.Thorough() || !driver.Fine(out) {
		return out
	}
	if holds := j.section.Holds; holds.Set() && !holds.Looks() {
		out = append(out, j.driver.Read(ctx))
	}
	return append(out, j.empties(ctx, s.Target, driver.Occasion{Mode: driver.Full}, drops)...)
}
