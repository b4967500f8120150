package rest

import (
	"cmp"
	"strings"

	"github.com/rollcall-edu/rollcall/suites/oneroster/service"
)

// requirementFor names the requirement that a fault of the crawl breaks, below the
// service: told by where it stands and what was wrong. Empty when another check judges it
// or nothing governs it.
func requirementFor(s *service.Service, kind string, f Fault) string {
	at := f.Pointer
	k := s.Kinds[kind]
	switch f.Keyword {
	case "json", "number", "depth":
		return "payload.json"
	case "encoding":
		return "payload.utf8"
	case "duplicate":
		return "payload.no-duplicate-members"
	case "more":
		return ""
	}
	if strings.HasPrefix(at, "/metadata") {
		if at == "/metadata" && f.Severity == "error" {
			return "payload.metadata"
		}
		return "" // what stands inside is free
	}
	if isNull(f) {
		if f.Severity == "error" {
			return "payload.no-null"
		}
		return ""
	}
	for _, ref := range k.References() {
		if strings.HasPrefix(at, ref.At+"/") {
			return requirementForRef(f)
		}
	}
	switch {
	case f.Keyword == "additionalProperties" || f.Severity == "note":
		return cmp.Or(ruled(s, kind, "additionalProperties", at), "payload.unknown-members")
	case f.Keyword == "required":
		return cmp.Or(ruled(s, kind, f.Keyword, at), requiredOf(kind))
	case f.Keyword == "minItems":
		return ruled(s, kind, f.Keyword, at)
	case f.Keyword == "minLength" || f.Severity == "warning" && f.Keyword != "enum" && f.Keyword != "pattern":
		return "payload.no-empty-text"
	}
	return cmp.Or(ruled(s, kind, "", at), requirementForValue(k, f))
}

// ruled names the requirement that is about just this member of this kind, below the
// service; empty where there is none.
func ruled(s *service.Service, kind, keyword, at string) string {
	for _, rule := range s.Payload {
		if rule.Keyword == keyword && rule.Governs(kind, keyword, at) {
			return rule.Requirement
		}
	}
	return ""
}

// requirementForValue goes by the type that the member has by the schema.
func requirementForValue(k *service.Kind, f Fault) string {
	member, _ := k.Member(f.Pointer)
	switch member.Type {
	case service.DateTime:
		return "payload.date-times"
	case service.Date:
		return "payload.dates"
	case service.List:
		return "payload.lists"
	case service.Number:
		return "payload.numbers"
	case service.Structure, service.Reference:
		return "payload.objects"
	}
	name := k.Vocabularies[f.Pointer]
	switch {
	case f.Keyword == "type":
		return "payload.text"
	case f.Pointer == "/status":
		return "vocabulary.status"
	case name != "" && member.Extensible && (f.Severity == "warning" || f.Extended):
		return "vocabulary.extension-form"
	case name != "":
		return "vocabulary." + name
	}
	return "payload.text"
}

// requirementForRef does the same for what stands inside of a reference, where most is
// judged with the references themselves.
func requirementForRef(f Fault) string {
	switch f.Keyword {
	case "additionalProperties":
		return "payload.unknown-members"
	case "type":
		return "payload.text"
	case "minLength":
		return "payload.no-empty-text"
	}
	return ""
}

func isNull(f Fault) bool { return f.Keyword == "null" || f.Seen == "null" }

// requiredOf names the requirement that objects of a kind have what they have to.
func requiredOf(kind string) string { return "payload.required-" + service.Kebab(kind) }
