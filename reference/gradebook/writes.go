package gradebook

import (
	"regexp"

	"github.com/rollcall-edu/rollcall/reference/oneroster"
	"github.com/rollcall-edu/rollcall/reference/store"
)

// referrals tells where each reference leads (OpenAPI document, the ...GUIDRefDType schemas).
func referrals() []oneroster.Referral {
	leads := func(c store.Collection, member, kind string) oneroster.Referral {
		r := oneroster.Referral{Collection: c, Member: member, Kind: kind, Owners: own[kind]}
		if r.Owners == "" {
			r.Owners, r.Service = rosters[kind], rostering
		}
		r.Endpoint = string(r.Owners)
		return r
	}
	return []oneroster.Referral{
		leads(ScoreScales, "course", "course"),
		leads(ScoreScales, "class", "class"),
		leads(LineItems, "class", "class"),
		leads(LineItems, "school", "org"),
		leads(LineItems, "category", "category"),
		leads(LineItems, "gradingPeriod", "academicSession"),
		leads(LineItems, "academicSession", "academicSession"),
		leads(LineItems, "scoreScale", "scoreScale"),
		leads(Results, "lineItem", "lineItem"),
		leads(Results, "student", "user"),
		leads(Results, "class", "class"),
		leads(Results, "scoreScale", "scoreScale"),
		leads(AssessmentLineItems, "class", "class"),
		leads(AssessmentLineItems, "parentAssessmentLineItem", "assessmentLineItem"),
		leads(AssessmentLineItems, "scoreScale", "scoreScale"),
		leads(AssessmentResults, "assessmentLineItem", "assessmentLineItem"),
		leads(AssessmentResults, "student", "user"),
		leads(AssessmentResults, "scoreScale", "scoreScale"),
	}
}

// vocabularies are the terms of members, of which some may be extended.
func vocabularies() map[store.Collection]map[string]oneroster.Vocabulary {
	flag := oneroster.Vocabulary{Terms: []string{"true", "false"}}
	status := oneroster.Vocabulary{
		Terms:     []string{"exempt", "fully graded", "not submitted", "partially graded", "submitted"},
		Extension: regexp.MustCompile(`^ext:[a-zA-Z0-9.\-_]+$`),
	}
	source := oneroster.Vocabulary{Terms: []string{"case", "unknown"}, Extension: regexp.MustCompile(`^/[a-z0-9]+$`)}
	item := map[string]oneroster.Vocabulary{"learningObjectiveSet.source": source}
	mark := map[string]oneroster.Vocabulary{
		"scoreStatus": status, "learningObjectiveSet.source": source,
		"inProgress": flag, "incomplete": flag, "late": flag, "missing": flag,
	}
	return map[store.Collection]map[string]oneroster.Vocabulary{
		LineItems: item, AssessmentLineItems: item, Results: mark, AssessmentResults: mark,
	}
}
