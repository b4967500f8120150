package reports

import (
	"cmp"
	"slices"
)

// District is the picture of a district: its systems, and how what flows between them fared.
type District struct {
	Systems []DistrictSystem `json:"systems"`
	Flows   []DistrictFlow   `json:"flows"`
	Hops    []Hop            `json:"hops"`
}

// DistrictSystem is a node of the picture.
type DistrictSystem struct {
	Name   string `json:"name"`
	Title  string `json:"title"` // the product's
	Role   string `json:"role"`
	Vendor string `json:"vendor,omitempty"`
	// Missing says that the district names none of this role.
	Missing bool `json:"missing,omitempty"`
}

// DistrictFlow is one of the flows of the picture.
type DistrictFlow struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
	Text   string `json:"text,omitempty"`
}

// Hop is an arrow of the picture: a flow between two systems.
type Hop struct {
	ID      string  `json:"id"`
	Flow    int     `json:"flow"`
	From    string  `json:"from"` // names of systems
	To      string  `json:"to"`
	Verdict Verdict `json:"verdict"` // pass, fail, warning, not-tested, unknown
	// Requirements are those that were looked at there, or could not be.
	Requirements []HopRequirement `json:"requirements"`
}

// HopRequirement is how a requirement fared at one hop.
type HopRequirement struct {
	ID       string  `json:"id"`
	Verdict  Verdict `json:"verdict"`
	Examined int     `json:"examined"`
	Reason   string  `json:"reason,omitempty"`
	Remedy   string  `json:"remedy,omitempty"`
	Check    string  `json:"check,omitempty"`
}

// HopResult is what a check says of one of its requirements at one hop.
type HopResult struct {
	Hop      string  `json:"hop"` // id of the Hop, which has the three that follow
	Flow     int     `json:"flow"`
	From     string  `json:"from"`
	To       string  `json:"to"`
	Verdict  Verdict `json:"verdict"`
	Examined int     `json:"examined,omitempty"`
	Reason   string  `json:"reason,omitempty"`
	Remedy   string  `json:"remedy,omitempty"`
}

// concern orders the verdicts of hops: the worst of its requirements is the hop's. What could be examined and held
// outweighs what could not be: that stands beside it.
var concern = []Verdict{NotApplicable, NotTested, Pass, Unknown, Warning, Error, Fail}

// Draw fills the picture in from what the checks said.
func (d *District) Draw(r *Report) {
	byID := map[string]*RequirementResult{}
	for i := range r.Requirements {
		byID[r.Requirements[i].ID] = &r.Requirements[i]
	}
	for _, c := range r.Checks {
		for _, q := range c.Results {
			for _, h := range q.Hops {
				i := slices.IndexFunc(d.Hops, func(x Hop) bool { return x.ID == h.Hop })
				judged := byID[q.Requirement]
				if judged == nil {
					continue
				}
				if i < 0 {
					i = len(d.Hops)
					d.Hops = append(d.Hops, Hop{ID: h.Hop, Flow: h.Flow, From: h.From, To: h.To})
				}
				v := h.Verdict
				if v == Fail && judged.Level == Should {
					v = Warning
				} else if v == Fail && judged.Level == May {
					v = Pass
				}
				d.Hops[i].Requirements = append(d.Hops[i].Requirements, HopRequirement{ID: q.Requirement, Verdict: v, Examined: h.Examined,
					Reason: h.Reason, Remedy: h.Remedy, Check: c.ID})
			}
		}
	}
	for i := range d.Hops {
		h := &d.Hops[i]
		h.Verdict = NotTested
		for _, q := range h.Requirements {
			if slices.Index(concern, q.Verdict) > slices.Index(concern, h.Verdict) {
				h.Verdict = q.Verdict
			}
		}
	}
	slices.SortStableFunc(d.Hops, func(a, b Hop) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	for _, h := range d.Hops {
		slices.SortStableFunc(h.Requirements, func(a, b HopRequirement) int { return cmp.Compare(a.ID, b.ID) })
	}
}
