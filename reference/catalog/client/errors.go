package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/rollcall-edu/rollcall/reference/oneroster/client"
)

// QueryError says what can't be searched for. Nothing was sent.
type QueryError struct{ Wrong string }

func (e *QueryError) Error() string { return "this can't be searched for: " + e.Wrong }

// AnswerError says what is wrong with an answer that is 200.
type AnswerError struct{ Wrong string }

func (e *AnswerError) Error() string { return "the answer can't be used: " + e.Wrong }

// BoundError says that a catalogue sends more than is taken. What was given before isn't all there is.
type BoundError struct{ What string }

func (e *BoundError) Error() string {
	return e.What + ": more than is taken; search for something narrower"
}

// Cause words an error for somebody who searches: whether to ask otherwise, later, or somebody else. There are no addresses in it
// and nothing of tokens; what the catalogue says of a search that it doesn't take is quoted, as plain text.
func Cause(err error) string {
	var status *client.StatusError
	var busy *client.BusyError
	var query *QueryError
	_ = errors.As(err, &status) // nil: no status
	switch {
	case err == nil:
		return ""
	case errors.As(err, &busy):
		return fmt.Sprintf("The catalogue is busy now. Try again in %s.", max(busy.Wait.Round(time.Second), time.Second))
	case errors.As(err, &query):
		return capital(query.Wrong) + "."
	case errors.As(err, new(*client.TokenError)), errors.As(err, new(*client.ScopeError)),
		is(status, http.StatusUnauthorized, http.StatusForbidden):
		return "The catalogue doesn't let us in. Whoever runs this system has to look at its registration there."
	case errors.As(err, new(*client.CertificateError)), errors.As(err, new(*client.OriginError)):
		return "Who answers can't prove to be the catalogue. Whoever runs this system has to look at its address."
	case is(status, http.StatusBadRequest, http.StatusUnprocessableEntity):
		if said := strings.TrimRight(printable(status.Description), "."); said != "" {
			return "The catalogue can't answer this search. It says: " + said + "."
		}
		return "The catalogue can't answer this search. Try other words."
	case is(status, http.StatusTooManyRequests, http.StatusServiceUnavailable):
		return "The catalogue is busy now. Try again in some minutes."
	case is(status, http.StatusNotFound):
		return "There is no catalogue at its address. Whoever runs this system has to look at it."
	case errors.As(err, new(*BoundError)):
		return "The catalogue sends more than is taken here. Search for something narrower."
	case errors.As(err, new(*AnswerError)), errors.As(err, new(*client.BrokenError)):
		return "The catalogue answers, but what it sends can't be read. Try again in a while."
	case errors.Is(err, context.DeadlineExceeded):
		return "The catalogue doesn't answer in time. Try again in a while."
	}
	return "The catalogue can't be searched now. Try again in a while."
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func is(e *client.StatusError, among ...int) bool {
	for _, status := range among {
		if e != nil && e.Status == status {
			return true
		}
	}
	return false
}

// mostSaid bounds what is quoted of a catalogue, in bytes.
const mostSaid = 300

// printable keeps what a catalogue says from spoiling a log or a page.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > mostSaid {
		s = strings.ToValidUTF8(s[:mostSaid], "") + "…"
	}
	return strings.TrimSpace(s)
}
