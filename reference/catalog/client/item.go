package client

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Item is something that was found (Resource.Type), as far as somebody who searches asks. What else it has is passed over.
type Item struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	URL         string      `json:"url"`
	LTILink     *Link       `json:"ltiLink"`
	Kinds       []string    `json:"learningResourceType"`
	Ages        string      `json:"typicalAgeRange"`
	Publisher   string      `json:"publisher"`
	Objectives  []Objective `json:"learningObjectives"`
}

// Objective is a learning objective that it is aligned to (LearningObjectives.Type).
type Objective struct {
	Name         string `json:"targetName"`
	Description  string `json:"targetDescription"`
	CASEItemURI  string `json:"caseItemUri"`
	CASEItemGUID string `json:"caseItemGUID"`
}

// Link opens a tool (CCLTILink.Type).
type Link struct {
	Title           string `json:"title"`
	Description     string `json:"description"`
	LaunchURL       string `json:"launch_url"`
	SecureLaunchURL string `json:"secure_launch_url"`
	Custom          struct {
		Properties []struct {
			Name  string `json:"name"`
			Value value  `json:"value"`
		} `json:"properties"`
	} `json:"custom"`
}

// value is a text that some write as a number or a truth value.
type value string

// UnmarshalJSON takes either.
func (v *value) UnmarshalJSON(text []byte) error {
	if *v = ""; bytes.HasPrefix(text, []byte(`"`)) || bytes.ContainsAny(text[:1], "[{") {
		return json.Unmarshal(text, (*string)(v))
	}
	if string(text) != "null" {
		*v = value(text)
	}
	return nil
}

// Address is where the tool is launched: by TLS where that is offered.
func (l *Link) Address() string {
	if l.SecureLaunchURL != "" {
		return l.SecureLaunchURL
	}
	return l.LaunchURL
}

// Parameters are the custom parameters of its launch, by their names.
func (l *Link) Parameters() map[string]string {
	out := map[string]string{}
	for _, p := range l.Custom.Properties {
		out[p.Name] = string(p.Value)
	}
	return out
}

// Address is where an item leads: its page, or where its tool is launched.
func (i Item) Address() string {
	if i.LTILink != nil {
		return i.LTILink.Address()
	}
	return i.URL
}

// Mark tells an item from others, for whoever has to find it again: an item has no id of its own, its name isn't its alone, and many
// may be launched at one address with other parameters.
func (i Item) Mark() string {
	launch, custom := "", map[string]string(nil)
	if i.LTILink != nil {
		launch, custom = i.LTILink.Address(), i.LTILink.Parameters()
	}
	text, _ := json.Marshal([]any{i.Name, i.URL, launch, custom}) // texts; maps are written in one order
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Subject is one of the subjects of a catalogue, with those below it (Subject.Type).
type Subject struct {
	Identifier int
	Name       string
	Below      []*Subject
}

// wireSubject is one as it is sent. The root has no parent; some send null, 0 or a text for none.
type wireSubject struct {
	Identifier int             `json:"identifier"`
	Name       string          `json:"name"`
	Parent     json.RawMessage `json:"parent"`
}

// tree puts subjects below their parents. What would be below itself is left at the top.
func tree(all []wireSubject) []*Subject {
	nodes, parents := map[int]*Subject{}, map[int]int{}
	for _, s := range all {
		nodes[s.Identifier] = &Subject{Identifier: s.Identifier, Name: s.Name}
		var parent int
		if json.Unmarshal(s.Parent, &parent) == nil && parent > 0 {
			parents[s.Identifier] = parent
		}
	}
	var top []*Subject
	for _, s := range all {
		above := nodes[parents[s.Identifier]]
		if above == nil || circles(s.Identifier, parents) {
			top = append(top, nodes[s.Identifier])
			continue
		}
		above.Below = append(above.Below, nodes[s.Identifier])
	}
	return top
}

// circles tells whether the way up from a subject comes back to it.
func circles(from int, parents map[int]int) bool {
	for at, steps := parents[from], 0; at != 0 && steps <= len(parents); at, steps = parents[at], steps+1 {
		if at == from {
			return true
		}
	}
	return false
}
