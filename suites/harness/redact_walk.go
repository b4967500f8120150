package harness

import (
	"reflect"
	"time"
)

// judges lists the fields that hold nothing of a target: names and words of the judge. All
// others are redacted on their way out, so that a new field can't be forgotten.
var judges = map[string]bool{
	"Event.Kind": true, "Event.Unit": true, "Event.Secrets": true, "journalHead.*": true,
	"ConfigError.Key": true, "ConfigError.File": true,
	"Report.Format": true, "Judge.*": true, "Citation.*": true, "ProfileResult.*": true, "ProfileRequirement.*": true,
	"Run.ID": true, "Run.Stance": true, "Run.StanceText": true, "Run.Profiles": true, "Run.Focus": true,
	"RequirementResult.ID": true, "RequirementResult.Title": true, "RequirementResult.Statement": true, "RequirementResult.Section": true,
	"RequirementResult.Role": true, "RequirementResult.Confidence": true, "RequirementResult.Checks": true, "RequirementResult.Causes": true,
	"Finding.Requirement": true, "Finding.Exchanges": true,
	"CheckResult.ID": true, "CheckResult.Title": true, "CheckResult.Labels": true, "CheckResult.Requirements": true,
	"CheckResult.State": true, "CheckResult.Exchanges": true, "CheckRequirement.Requirement": true,
	"Attachment.Media": true, "Attachment.Data": true,
	"Exchange.ID": true, "Exchange.Check": true, "Message.SHA256": true,
	"WaiverResult.Requirement": true, "WaiverResult.Expires": true, "WaiverResult.State": true, "Diagnosis.Name": true,
}

// configured lists the fields that hold what the target file says, where people are named on
// purpose: secrets alone are removed from them.
var configured = map[string]bool{
	"Target.*": true, "WaiverResult.Reason": true, "WaiverResult.Owner": true, "Run.Repeat": true, "RequirementResult.Repeat": true,
}

// bounds are how many bytes a field may have where maxField is not the measure.
var bounds = map[string]int{
	"Message.Body": 4 * maxEvidenceBody, "Attachment.Text": 4 * maxEvidenceBody, "Target.Config": 64 << 10,
	"Exchange.Curl": 3 * maxEvidenceBody, "Exchange.URL": maxURL, "Header.Value": maxHeader,
}

// maxField bounds every text of a report that has no bound of its own.
const maxField = 2 << 10

// Clean redacts every text that v, a pointer to a part of a report or an event, holds of
// a target, and bounds it. It is the last thing before anything leaves the process: what
// was redacted already stays as it is, and what became known since is found.
func (r *Redactor) Clean(v any) {
	r.walk(reflect.ValueOf(v), "")
}

var moment = reflect.TypeFor[time.Time]()

// walk redacts what v holds; at names the field that it is in, as Type.Field.
func (r *Redactor) walk(v reflect.Value, at string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			r.walk(v.Elem(), at)
		}
	case reflect.Struct:
		t := v.Type()
		if t == moment || judges[t.Name()+".*"] {
			return
		}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				if name := t.Name() + "." + f.Name; !judges[name] {
					if configured[t.Name()+".*"] {
						name = t.Name() + ".*"
					}
					r.walk(v.Field(i), name)
				}
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			r.walk(v.Index(i), at)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if x := v.MapIndex(k); x.Kind() == reflect.String {
				v.SetMapIndex(k, reflect.ValueOf(r.leaving(x.String(), at)).Convert(x.Type()))
			} else {
				r.walk(x, at)
			}
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.CanSet() {
			if s := v.String(); s != "" {
				if clean := r.leaving(s, at); clean != s {
					v.SetString(clean)
				}
			}
		}
	}
}

// leaving gives a text as it may leave the process.
func (r *Redactor) leaving(s, at string) string {
	most, own := bounds[at]
	if !own {
		most = maxField
	}
	if most += 64; len(s) > most { // room for the words of an earlier cut
		s = limited(s, most)
	}
	if configured[at] {
		return r.secretText(s)
	}
	return r.Text(s)
}
