package oneroster

// Clause is one comparison of a filter, for services of other standards whose filters have
// OneRoster's grammar.
type Clause struct{ Property, Predicate, Literal string }

// ParseFilter reads a filter as an OR of ANDs of clauses.
func ParseFilter(s string) ([][]Clause, error) {
	parsed, err := parseFilter(s)
	var out [][]Clause
	for _, group := range parsed {
		var clauses []Clause
		for _, c := range group {
			clauses = append(clauses, Clause{c.path, string(c.predicate), c.literal})
		}
		out = append(out, clauses)
	}
	return out, err
}
