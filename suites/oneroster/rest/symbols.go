package rest

import "strings"

// Symbols are texts that many objects share, each kept once and told by a number: a crawl
// brings a million ids of a few thousand classes. The empty text is number 0.
type Symbols struct {
	texts []string
	known map[string]uint32
}

// NewSymbols makes an empty table.
func NewSymbols() *Symbols { return &Symbols{texts: []string{""}, known: map[string]uint32{"": 0}} }

// Text gives the text of a symbol.
func (s *Symbols) Text(symbol uint32) string { return s.texts[symbol] }

// Symbol gives the symbol of a text; ok is false when nothing uses it.
func (s *Symbols) Symbol(text string) (symbol uint32, ok bool) {
	symbol, ok = s.known[text]
	return symbol, ok
}

// Intern gives the symbol of a text, a new one where there is none.
func (s *Symbols) Intern(text string) uint32 {
	if symbol, ok := s.known[text]; ok {
		return symbol
	}
	symbol := uint32(len(s.texts))
	text = strings.Clone(text)
	s.texts = append(s.texts, text)
	s.known[text] = symbol
	return symbol
}
