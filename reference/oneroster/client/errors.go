package client

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// TokenError says that no access token was granted (RFC 6749, section 5.2).
type TokenError struct {
	URL         string
	Status      int
	Code        string // error, such as invalid_client; empty where the answer had none
	Description string
}

func (e *TokenError) Error() string {
	remedy := "see whether the token URL is the one that the provider tells"
	switch {
	case e.Code == "invalid_client" || e.Code == "" && e.Status == http.StatusUnauthorized:
		remedy = "see whether the client id and the secret are those that the provider issued, and whether the client is still enabled there"
	case e.Code == "unauthorized_client" || e.Code == "unsupported_grant_type":
		remedy = "have the provider let this client use client credentials"
	case e.Status == http.StatusOK:
		remedy = "ask the provider: an answer of 200 has access_token and a token_type of Bearer"
	}
	return fmt.Sprintf("%s granted no token: it answered %d %s%s; %s", e.URL, e.Status, http.StatusText(e.Status),
		said(e.Code, e.Description), remedy)
}

// ScopeError says that the client may have none of the scopes by which something could be read.
type ScopeError struct{ Scopes []string }

func (e *ScopeError) Error() string {
	return fmt.Sprintf("none of the scopes was granted by which this is opened (%s); have the provider grant one of them to this client",
		strings.Join(e.Scopes, ", "))
}

// StatusError is an answer that says no.
type StatusError struct {
	Request     string // method and address
	Status      int
	CodeMinor   string
	Description string
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("%s was answered with %d %s%s%s", e.Request, e.Status, http.StatusText(e.Status),
		said(e.CodeMinor, e.Description), remedies[e.Status])
}

var remedies = map[int]string{
	http.StatusUnauthorized: "; a token that is new was not taken: see whether the token URL and the services belong to one provider",
	http.StatusForbidden: "; have the provider grant this client the scopes, or the district its consent: " +
		"some refuse everything until an administrator there has agreed",
	http.StatusNotFound: "; see whether the base address is the one that the provider tells, with its path and version",
}

// BusyError says that a provider asks for more patience than there is.
type BusyError struct {
	Request  string
	Status   int
	Wait     time.Duration // what it asks for, or what the next pause would be
	Patience time.Duration
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s was answered with %d, and the next try would be in %s: more than is left of the patience of %s; "+
		"sync at a quieter time, have the provider raise the limit of this client, or allow more patience",
		e.Request, e.Status, e.Wait.Round(time.Second), e.Patience)
}

// CertificateError says that a server could not prove who it is. No credentials were sent.
type CertificateError struct {
	Host  string
	Cause error
}

func (e *CertificateError) Error() string {
	return fmt.Sprintf("the certificate of %s is not trusted: %v; where its authority is the provider's own, name that in the CA file: "+
		"never turn the verification off", e.Host, e.Cause)
}

func (e *CertificateError) Unwrap() error { return e.Cause }

// OriginError says that an answer leads to somebody else. Nothing was sent there.
type OriginError struct{ From, To string }

func (e *OriginError) Error() string {
	return fmt.Sprintf("%s leads to %s, which is not trusted with credentials or rosters; "+
		"where the provider has moved, set its new address", e.From, e.To)
}

// BrokenError says that an answer ended too early or can't be read. It is worth another try.
type BrokenError struct{ Cause error }

func (e *BrokenError) Error() string { return "the answer is broken: " + e.Cause.Error() }

func (e *BrokenError) Unwrap() error { return e.Cause }

// said words what an answer says, if anything.
func said(code, description string) string {
	switch {
	case code != "" && description != "":
		return fmt.Sprintf(" (%s: %s)", code, description)
	case code+description != "":
		return " (" + code + description + ")"
	}
	return ""
}

// mostSaid bounds what is quoted of an answer that says no, in bytes.
const mostSaid = 300

// refusal reads what an answer says that isn't good. It knows the status info of 1.2, that of
// 1.1, that of Resource Search, and the errors of OAuth.
func refusal(response *http.Response) (code, description string) {
	body, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	type status struct {
		Text  string          `json:"imsx_description"`
		Minor json.RawMessage `json:"imsx_CodeMinor"`
		Old   json.RawMessage `json:"imsx_codeMinor"`
	}
	var info struct {
		status
		Set         []status `json:"statusInfoSet"`
		Error       string   `json:"error"`
		Description string   `json:"error_description"`
	}
	if json.Unmarshal(body, &info) != nil {
		return "", ""
	}
	of := info.status
	if len(info.Set) > 0 {
		of = info.Set[0]
	}
	for _, minor := range []json.RawMessage{of.Minor, of.Old} { // Resource Search has the other spelling of it
		var set struct {
			Fields []struct {
				Value string `json:"imsx_codeMinorFieldValue"`
			} `json:"imsx_codeMinorField"`
		}
		if json.Unmarshal(minor, &set) == nil && len(set.Fields) > 0 && code == "" {
			code = set.Fields[0].Value
		}
	}
	if code == "" {
		_ = json.Unmarshal(of.Old, &code) // a text in 1.1, and with some in 1.2
	}
	if code == "" {
		code = info.Error
	}
	if of.Text == "" {
		of.Text = info.Description
	}
	return plain(code), plain(of.Text)
}

// plain keeps what a server says from spoiling a log.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > mostSaid {
		s = strings.ToValidUTF8(s[:mostSaid], "") + "…"
	}
	return s
}

// failed types the error of a request that wasn't answered.
func failed(request *http.Request, err error) error {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) || errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return &CertificateError{request.URL.Host, err}
	}
	return fmt.Errorf("calling the service: %w", err)
}
