package ecosystem

import (
	_ "embed"
	"fmt"
	"sync"

	"github.com/rollcall-edu/rollcall/strictyaml"
	"github.com/rollcall-edu/rollcall/suites/harness"
)

// Profile is what a district claims whose systems work together.
const Profile = "district"

//go:embed flows.yaml
var flowsText []byte

// Flow is one of the nine that the picture of a district has.
type Flow struct {
	Number int    `yaml:"number"`
	Name   string `yaml:"name"`
	Title  string `yaml:"title"`
	Text   string `yaml:"text"`
	// Hops are between which roles it goes.
	Hops []struct {
		From string `yaml:"from"`
		To   string `yaml:"to"`
	} `yaml:"hops"`
	IDs []string `yaml:"ids"` // kinds of ids that it carries
}

// Flows lists the nine, in their order.
var Flows = sync.OnceValue(func() []Flow {
	var out []Flow
	if err := strictyaml.Unmarshal(flowsText, &out); err != nil {
		panic(fmt.Errorf("the flows of a district: %w", err)) // embedded data; the package's tests read it
	}
	return out
})

// Suite judges districts.
func Suite() harness.Suite {
	return harness.Suite{
		ID:       "ecosystem.district",
		Title:    "Districts",
		Role:     "district",
		Profiles: []string{Profile},
		Section:  New,
		Checks:   checks(),
		Doctor:   doctor,
		Prepare:  prepare,
		Open:     open,
		Picture:  picture,
	}
}
