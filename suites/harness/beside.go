package harness

// Beside makes the session for another product that takes part in what is judged, such as a system of a district: what
// is let in to it, and what it tells, is hidden as the target's own is. prefix begins the ids of its exchanges. Whoever
// makes it closes it.
func (s *Session) Beside(target *Target, suite Suite, prefix string) (*Session, error) {
	s.redactor.Secret(target.secret...)
	s.redactor.read(target)
	out, err := NewSession(target, suite, SessionOptions{
		Prefix:      prefix,
		Dir:         s.Dir,
		Seed:        s.Seed,
		Breath:      s.client.breath,
		Interactive: s.attended,
		Redactor:    s.redactor,
	})
	if err != nil {
		return nil, err
	}
	out.ask = s.ask
	return out, nil
}
