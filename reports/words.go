package reports

// Verdicts lists the seven verdicts, worst first: what a reader has to act on
// stands before what needs no act.
func Verdicts() []Verdict {
	return []Verdict{Fail, Error, Unknown, NotTested, Warning, NotApplicable, Pass}
}

// Title is the verdict as a heading or chip shows it.
func (v Verdict) Title() string {
	switch v {
	case Pass:
		return "Pass"
	case Fail:
		return "Fail"
	case Warning:
		return "Warning"
	case NotApplicable:
		return "Not applicable"
	case NotTested:
		return "Not tested"
	case Error:
		return "Judge error"
	}
	return "Not reached"
}

// Meaning says in one sentence what a verdict tells, for somebody who has never
// seen a report.
func (v Verdict) Meaning() string {
	switch v {
	case Pass:
		return "Examined and found to keep the requirement."
	case Fail:
		return "The product breaks what the standard demands."
	case Warning:
		return "Something the standard recommends is not done."
	case NotApplicable:
		return "Belongs to a feature that the product does not claim."
	case NotTested:
		return "Could not be examined: data or configuration are missing, or what it stands on is broken."
	case Error:
		return "The judge itself failed; this says nothing about the product."
	}
	return "The run ended before this requirement was decided."
}

// Mark is a sign of its own shape for a verdict, so that colour is never the
// only difference.
func (v Verdict) Mark() string {
	switch v {
	case Pass:
		return "✓"
	case Fail:
		return "✗"
	case Warning:
		return "!"
	case NotApplicable:
		return "–"
	case NotTested:
		return "○"
	case Error:
		return "‼"
	}
	return "?"
}

// Title is the outcome in a few words.
func (o Outcome) Title() string {
	switch o {
	case Conforms:
		return "Conforms"
	case Incomplete:
		return "Incomplete"
	case DoesNot:
		return "Does not conform"
	case JudgeFailed:
		return "No verdict: the judge failed"
	case Unconfigured:
		return "Not run: configuration"
	}
	return "Unknown outcome"
}

// Meaning says in plain words what an outcome means for the product, where nothing
// was counted that says it better.
func (o Outcome) Meaning() string {
	switch o {
	case Conforms:
		return "All MUST requirements that apply pass."
	case Incomplete:
		return "Some MUST requirements could not be examined. Until they are, this is not a pass."
	case DoesNot:
		return "At least one MUST requirement fails."
	case JudgeFailed:
		return "A check broke down on our side, so no verdict can be given. This says nothing against the product."
	case Unconfigured:
		return "The run could not begin. Nothing was judged; the set-up has to be put right first."
	}
	return "The report names an outcome that this version does not know."
}

// Tone is the verdict whose colour and mark stand for an outcome.
func (o Outcome) Tone() Verdict {
	switch o {
	case Conforms:
		return Pass
	case DoesNot:
		return Fail
	case Incomplete:
		return NotTested
	case JudgeFailed:
		return Error
	}
	return Unknown
}

// disclaimer stands on every rendering a person may take for a certificate.
const disclaimer = "This report is not a certification by 1EdTech. Only 1EdTech certifies products."
