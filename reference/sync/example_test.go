package sync_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-edu/rollcall/reference/sis"
	"github.com/rollcall-edu/rollcall/reference/store"
	"github.com/rollcall-edu/rollcall/reference/sync"
)

// orgs is a source that has one collection of one page.
type orgs []string

func (orgs) Name() string                    { return "a list" }
func (orgs) Collections() []store.Collection { return []store.Collection{sis.Orgs} }

func (o orgs) Read(_ context.Context, _ sync.Reading, yield func(sync.Page) error) error {
	p := sync.Page{Total: len(o)}
	for _, name := range o {
		p.Objects = append(p.Objects, sync.Object{
			Collection: sis.Orgs, SourcedID: name, Status: sync.Active, Modified: time.Unix(1_788_220_800, 0),
			Body: fmt.Appendf(nil, `{"name":%q,"type":"school","identifier":%q}`, name, name),
		})
	}
	return yield(p)
}

func ExampleRun() {
	ctx := context.Background()
	m, err := sync.Open(ctx, "memory")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	for _, roster := range []orgs{{"Alder", "Birch", "Cedar"}, {"Alder", "Cedar", "Elm"}, {}} {
		report, err := sync.Run(ctx, m, roster, sync.Options{Mode: sync.Full})
		fmt.Println(report.Outcome, report.Changed(), err)
		for _, e := range report.Entries {
			fmt.Println(" ", e.Collection, e.SourcedID, e.What, "for", e.Why)
		}
	}
	d, err := m.District(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for org := range d.Orgs() {
		fmt.Println(org.Name)
	}
	// Output:
	// committed 3 <nil>
	//   orgs Alder added for the source has it
	//   orgs Birch added for the source has it
	//   orgs Cedar added for the source has it
	// committed 2 <nil>
	//   orgs Elm added for the source has it
	//   orgs Birch deleted for the source has it no more
	// waiting 3 waiting for a person to confirm: orgs: none is left of 3
	// Alder
	// Cedar
	// Elm
}
