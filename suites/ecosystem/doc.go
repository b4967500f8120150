// Package ecosystem judges whole districts: a SIS, platforms, tools, an assessment app and a catalogue that work together.
// Each of them may conform to its standard and the district fail all the same, because one launches with another id than
// the next one knows. So one story is played through all of them (Suite.Prepare), in a browser where people act, and what
// is seen on the way is kept as sightings; the checks compare those of the two ends of each flow.
//
// Nothing is asked of the systems that they don't do anyway: the SIS is read by OneRoster, launches are seen in the
// browser, Rollcall is registered at each platform as one more tool and asks for names, roles and grades as that.
package ecosystem
