package consumer

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/driver"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/provider"
	"github.com/rollcall-edu/rollcall/suites/oneroster/consumer/world"
)

// newWorld makes the roster of a run. Nothing of it has changed after a day on which the year of the week is not the
// calendar's: who formats that year asks for changes from the wrong one.
func newWorld(seed uint64) (*world.World, error) {
	w, err := world.New(seed)
	if err != nil {
		return nil, err
	}
	w.Settle(newYear(time.Now().UTC()))
	return w, nil
}

// newYear is the latest end of December, before a time, of which the days are in a week of the next year.
func newYear(before time.Time) time.Time {
	for year := before.Year(); ; year-- {
		day := time.Date(year, time.December, 30, 11, 12, 13, 0, time.UTC)
		if of, _ := day.ISOWeek(); of != year && day.Before(before) {
			return day
		}
	}
}

// since12 are the collections that OneRoster 1.1 doesn't have.
var since12 = []string{"scoreScales", "assessmentLineItems", "assessmentResults"}

// truthOf is what the provider has, as JSON has it.
func truthOf(w *world.World, version string) driver.Objects {
	out := driver.Objects{}
	for _, collection := range world.Collections() {
		out[collection] = map[string]map[string]any{}
		if version == "1.1" && slices.Contains(since12, collection) {
			continue
		}
		for _, object := range w.All(collection, version) {
			text, _ := json.Marshal(object) // of maps and texts
			var plain map[string]any
			_ = json.Unmarshal(text, &plain) // it was just written
			out[collection][scalar(plain["sourcedId"])] = plain
		}
	}
	return out
}

func options(s *driver.Section, version string) provider.Options {
	return provider.Options{Listen: s.Listen, PublicURL: s.PublicURL, Version: version, ClientID: s.Client.ID, Secret: s.Client.Secret,
		Signed: s.Signed, CertFile: s.CertFile, KeyFile: s.KeyFile}
}

func connectionOf(c provider.Connection, version string) driver.Connection {
	return driver.Connection{Version: version, Rostering: c.Rostering, Gradebook: c.Gradebook, Resources: c.Resources, V1P1: c.V1P1,
		TokenURL: c.TokenURL, ClientID: c.ClientID, ClientSecret: c.ClientSecret, CAFile: c.CAFile,
		Signed: c.TokenURL == ""}
}

// troubledWrites has calls at the beginning of a push and in its midst answered 429, the second result refused for what it
// is, the third answered 500 each time, and the fourth once, though it was taken.
func troubledWrites() provider.Behaviour {
	return provider.Behaviour{Writes: true, Trouble: "busy", Times: 3, Every: 2, Wait: 1, Refused: "results", Broken: "results"}
}

// told is what the provider has, as far as the product is told of it: bundles have no ids of user profiles, nor profiles
// without credentials.
func (j *judge) told(w *world.World) driver.Objects {
	truth := truthOf(w, j.version)
	if j.provider == nil {
		for _, user := range truth["users"] {
			delete(user, "userProfiles")
			roles, _ := user["roles"].([]any)
			for _, role := range roles {
				if role, is := role.(map[string]any); is {
					delete(role, "userProfile")
				}
			}
		}
	}
	return truth
}
