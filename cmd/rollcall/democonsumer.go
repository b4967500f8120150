package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/rollcall-edu/rollcall/reference/district"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
)

// demoConsumer brings up the reference consumer, which the demo judges beside the others: it has it
// read from Rollcall, and asks it what it holds.
func demoConsumer(cmd *cobra.Command, f *runFlags, out io.Writer) (x *demoRole, end func(), err error) {
	c, err := district.StartConsumer(cmd.Context(), district.ConsumerOptions{Classwork: true, Reset: true})
	if err != nil {
		return nil, nil, err
	}
	x = &demoRole{what: "consumer", name: "the reference consumer", profiles: consumerProfiles(), section: consumerSection(c.Origin)}
	if err := x.describe(f, "", out); err != nil {
		_ = c.Close()
		return nil, nil, err
	}
	fmt.Fprintf(out, "%s: rollcall run %s\n\n", capital(x.name), quoteArg(x.path))
	return x, func() { _ = c.Close() }, nil
}

// consumerProfiles are those by which the demo judges the reference consumer. OneRoster 1.1 would be another life of
// one product, which holds what this one has left.
func consumerProfiles() []string {
	return []string{"or12-rostering-consumer", "or12-gradebook-pull-consumer", "or12-gradebook-push-consumer", "or12-resources-consumer"}
}

// consumerSection is the part of a target file that describes the reference consumer.
func consumerSection(origin string) *driver.Section {
	return &driver.Section{
		Connect: driver.Hook{Webhook: &driver.Webhook{URL: origin + "/connection", Method: http.MethodPut}},
		Sync: driver.Trigger{Webhook: &driver.Webhook{URL: origin + "/sync?mode=$mode"},
			Modes: []string{driver.Full, driver.Delta}},
		Reset: driver.Hook{Webhook: &driver.Webhook{URL: origin + "/reset"}},
		Push:  driver.Trigger{Webhook: &driver.Webhook{URL: origin + "/push"}},
		Holds: driver.Holder{Query: &driver.Query{URL: origin + "/held"}},
	}
}
