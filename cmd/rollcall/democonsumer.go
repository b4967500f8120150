package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/reference/fault/consumerfault"
	"github.com/rollcall-edu/rollcall/reference/sync/service"
	"github.com/rollcall-edu/rollcall/suites/harness"
	"github.com/rollcall-edu/rollcall/suites/harness/act"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/csv/importer"
)

// openConsumer brings up the reference consumer, which the demo judges beside the others: it has it read from
// Rollcall, and asks it what it holds.
func openConsumer(cmd *cobra.Command, f *runFlags, broken roleFaults) (*demoRoles, error) {
	d := &demoRoles{}
	profiles := consumerProfiles()
	o := district.ConsumerOptions{Classwork: true, Reset: true, Faults: broken["consumer"]}
	shown, err := shownBy(broken["consumer"])
	if err != nil {
		return d, err
	}
	folder, err := filepath.Abs(filepath.Join(f.out, "drops"))
	if err != nil {
		return d, fmt.Errorf("naming a folder for bundles: %w", err)
	}
	switch shown {
	case signing:
		profiles = []string{"or11-rostering-consumer"}
	case dropped:
		profiles = []string{"or12-csv-consumer"}
	case importing:
		profiles = []string{importer.Profile}
	}
	bundles := shown == dropped || shown == importing
	if bundles {
		if err := writable(folder); err != nil {
			return d, err
		}
		o.Connection = &service.Connection{Bundle: folder}
	}
	c, err := district.StartConsumer(cmd.Context(), o)
	if err != nil {
		return d, err
	}
	section := consumerSection(c.Origin)
	switch {
	case bundles:
		section.Connect, section.Reset, section.Push = driver.Hook{}, driver.Hook{}, driver.Trigger{}
		section.Drop = driver.Drop{Folder: folder}
	case shown == signing:
		section.Signed = true
		section.Connect.Webhook.Body = signedConnection
	}
	x := &demoRole{what: "consumer", name: "the reference consumer", profiles: profiles, section: section, faults: broken["consumer"]}
	if err := x.describe(f, "", cmd.OutOrStdout()); err != nil {
		_ = c.Close()
		return d, err
	}
	if shown == importing && len(x.flags.focus) == 0 { // each of them is many bundles
		x.flags.focus = breaks(broken["consumer"])
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: rollcall run %s\n\n", capital(x.name), quoteArg(x.path))
	return &demoRoles{roles: []*demoRole{x}, closes: []func(){func() { _ = c.Close() }}}, nil
}

// By what a fault of a consumer shows: most do by calls of OneRoster 1.2.
const (
	signing   = "signed calls of OneRoster 1.1"
	dropped   = "bundles of CSV, one after the other"
	importing = "the sets of bundles for importers"
)

// shownBy tells by what faults of a consumer show; empty where they do by any calls.
func shownBy(ids []string) (by string, err error) {
	for i, id := range ids {
		of := ""
		broken := breaks([]string{id})
		switch first := strings.Join(broken[:min(1, len(broken))], ""); {
		case strings.HasPrefix(first, "or11."):
			of = signing
		case strings.HasPrefix(first, "or12.csv-consumer."), strings.HasPrefix(id, "consumer-drop-"):
			of = dropped
		case strings.HasPrefix(first, importer.Prefix):
			of = importing
		}
		if i > 0 && of != by {
			return "", &harness.ConfigError{Key: "--fault", Cause: ids[0] + " and " + id + " show in different ways of bringing a roster to a consumer",
				Remedy: "give one after the other"}
		}
		by = of
	}
	return by, nil
}

// breaks lists what faults of a consumer break.
func breaks(ids []string) (out []string) {
	tables, err := consumerfault.Kind.Tables()
	if err != nil {
		return nil // told where the ids were read
	}
	for _, id := range ids {
		if f, is := tables.Fault(id); is {
			out = append(out, f.Breaks...)
		}
	}
	return out
}

// signedConnection tells the reference consumer to sign what it asks of OneRoster 1.1.
const signedConnection = `{"version": "1.1", "v1p1": "$v1p1", "client_id": "$client_id", "client_secret": "$client_secret", "signed": true}`

// consumerProfiles are those by which the demo judges the reference consumer. OneRoster 1.1 would be another life of
// one product, which holds what this one has left.
func consumerProfiles() []string {
	return []string{"or12-rostering-consumer", "or12-gradebook-pull-consumer", "or12-gradebook-push-consumer", "or12-resources-consumer"}
}

// consumerSection is the part of a target file that describes the reference consumer.
func consumerSection(origin string) *driver.Section {
	return &driver.Section{
		Connect: driver.Hook{Webhook: &act.Webhook{URL: origin + "/connection", Method: http.MethodPut}},
		Sync: driver.Trigger{Webhook: &act.Webhook{URL: origin + "/sync?mode=$mode"},
			Modes: []string{driver.Full, driver.Delta}},
		Reset: driver.Hook{Webhook: &act.Webhook{URL: origin + "/reset"}},
		Push:  driver.Trigger{Webhook: &act.Webhook{URL: origin + "/push"}},
		Holds: driver.Holder{Query: &driver.Query{URL: origin + "/held"}},
	}
}
