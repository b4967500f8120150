package gradebook

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// The scopes of gradebooks in OneRoster 1.1. There is no core, and nothing is posted.
const (
	V1P1ScopeAll    = oneroster.ScopePrefixV1P1 + "gradebook.readonly"
	V1P1ScopePut    = oneroster.ScopePrefixV1P1 + "gradebook.createput"
	V1P1ScopeDelete = oneroster.ScopePrefixV1P1 + "gradebook.delete"
)

// The objects of OneRoster 1.1 (1.1 final specification, data model): without scales, text scores,
// flags, weights and learning objectives, and with more that is required.
type (
	categoryV1P1 struct {
		base
		Title string `json:"title"`
	}

	lineItemV1P1 struct {
		base
		Title          string   `json:"title"`
		Description    string   `json:"description,omitempty"`
		AssignDate     dateTime `json:"assignDate"`
		DueDate        dateTime `json:"dueDate"`
		Class          guidRef  `json:"class"`
		Category       guidRef  `json:"category"`
		GradingPeriod  guidRef  `json:"gradingPeriod"`
		ResultValueMin number   `json:"resultValueMin"`
		ResultValueMax number   `json:"resultValueMax"`
	}

	resultV1P1 struct {
		base
		LineItem    guidRef `json:"lineItem"`
		Student     guidRef `json:"student"`
		ScoreStatus string  `json:"scoreStatus"`
		Score       number  `json:"score"`
		ScoreDate   date    `json:"scoreDate"`
		Comment     string  `json:"comment,omitempty"`
	}
)

// operationsV1P1 are those that OneRoster 1.1 has of the operations of 1.2.
var operationsV1P1 = []string{
	"getAllCategories", "getCategory", "putCategory", "deleteCategory",
	"getAllLineItems", "getLineItem", "putLineItem", "deleteLineItem",
	"getAllResults", "getResult", "putResult", "deleteResult",
	"getLineItemsForClass", "getResultsForClass", "getResultsForLineItemForClass", "getResultsForStudentForClass",
}

// V1P1 describes the gradebook of OneRoster 1.1: a part of the one service which that version has,
// served from what is stored for 1.2.
//
// What 1.1 requires and 1.2 doesn't is not made up. A line item without grading period or bounds,
// a result without a score, and what is of such a line item, is not there for clients of 1.1.
// What these put gets the school of its class; and of what they have no word for, a category
// keeps its weight and a line item its scale and objectives. A result is a mark, and is replaced
// as a whole.
func V1P1() oneroster.Service {
	of := Service()
	s := oneroster.Service{
		Name:       of.Name,
		Operations: tableV1P1(of.Operations),
		Objects: map[store.Collection]reflect.Type{
			Categories: reflect.TypeFor[categoryV1P1](),
			LineItems:  reflect.TypeFor[lineItemV1P1](),
			Results:    reflect.TypeFor[resultV1P1](),
		},
		Relations: []string{LineItemsOfClass, ResultsOfLineItem, ResultsOfStudent, resultsOfClass},
		Scopes: []oneroster.Scope{
			{Name: V1P1ScopeAll, Description: "All reads of gradebooks."},
			{Name: V1P1ScopePut, Description: "To create and replace categories, line items and results."},
			{Name: V1P1ScopeDelete, Description: "To delete categories, line items and results."},
		},
		Vocabularies: map[store.Collection]map[string]oneroster.Vocabulary{
			Results: {"scoreStatus": of.Vocabularies[Results]["scoreStatus"]},
		},
		Dialect: &oneroster.Dialect{
			Views: map[store.Collection]oneroster.View{
				Categories: {Show: only[categoryV1P1](), Take: keepWeight},
				LineItems:  {Show: only[lineItemV1P1](), Take: completeLineItem},
				Results:    {Show: only[resultV1P1]()},
			},
			Shown: map[store.Collection]oneroster.Shown{
				LineItems: {Where: "gradingPeriod.sourcedId>='' AND resultValueMin>='-1e300' AND resultValueMax>='-1e300'"},
				Results:   {Where: "score>='-1e300'", Relation: ResultsOfLineItem, Of: LineItems},
			},
		},
	}
	has := func(c store.Collection) bool { return s.Objects[c] != nil }
	for _, e := range of.Endpoints {
		if has(e.Collection) || e.Singular == "" { // the latter are passed through
			s.Endpoints = append(s.Endpoints, e)
		}
	}
	for _, r := range of.Referrals {
		if has(r.Collection) {
			s.Referrals = append(s.Referrals, r)
		}
	}
	for _, c := range of.Composed {
		if c.Relation == resultsOfClass {
			s.Composed = append(s.Composed, c)
		}
	}
	for _, c := range of.Shortcuts {
		if has(c.Collection) {
			s.Shortcuts = append(s.Shortcuts, c)
		}
	}
	return s
}

// tableV1P1 takes the operations of 1.1 out of the table of 1.2. There is one scope that reads.
func tableV1P1(table []byte) []byte {
	var all []map[string]any
	_ = json.Unmarshal(table, &all) // read, and checked, where 1.2 is served
	all = slices.DeleteFunc(all, func(o map[string]any) bool {
		id, _ := o["operationId"].(string)
		return !slices.Contains(operationsV1P1, id)
	})
	for _, o := range all {
		if o["method"] == nil {
			o["scopes"] = []string{"gradebook.readonly"}
		}
	}
	some, _ := json.Marshal(all)
	return some
}

// only leaves a stored document the members of a T.
func only[T any]() func(document []byte) []byte {
	known := oneroster.MemberNames(reflect.TypeFor[T]())
	return func(document []byte) []byte {
		out := append(make([]byte, 0, len(document)), '{')
		oneroster.Members(document, func(name string, value []byte) {
			if !slices.Contains(known, name) {
				return
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(append(append(out, '"'), name...), `":`...), value...)
		})
		return append(out, '}')
	}
}

func keepWeight(sent map[string]any, before []byte, _ func(store.Collection, string) []byte) {
	keep(sent, before, "weight")
}

// completeLineItem gives a line item the school of its class. The session in which it counts is
// that of its grading period, and stays where this does.
func completeLineItem(sent map[string]any, before []byte, find func(store.Collection, string) []byte) {
	if class := find(classes, referred(sent["class"])); class != nil {
		sent["school"] = map[string]any{"sourcedId": referredIn(class, "school")}
	}
	keep(sent, before, "scoreScale", "learningObjectiveSet")
	if referred(sent["gradingPeriod"]) == referredIn(before, "gradingPeriod") {
		keep(sent, before, "academicSession")
	}
}

// keep takes over members of what was stored.
func keep(sent map[string]any, before []byte, names ...string) {
	oneroster.Members(before, func(name string, value []byte) {
		if slices.Contains(names, name) {
			sent[name] = oneroster.Value(value)
		}
	})
}

// referred is the sourcedId of a reference that was sent.
func referred(reference any) string {
	members, _ := reference.(map[string]any)
	id, _ := members["sourcedId"].(string)
	return id
}

// referredIn is that of a reference of a stored document.
func referredIn(document []byte, member string) (sourcedID string) {
	oneroster.Members(document, func(name string, value []byte) {
		if name == member {
			oneroster.Members(value, func(name string, value []byte) {
				if name == "sourcedId" {
					sourcedID = oneroster.Text(value)
				}
			})
		}
	})
	return sourcedID
}
