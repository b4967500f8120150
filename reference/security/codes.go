package security

// ErrorCode is what an authorization or token endpoint calls an error.
type ErrorCode string

// The codes of OAuth 2.0 (RFC 6749 §4.1.2.1 and §5.2) and of OpenID Connect (Core
// §3.1.2.6).
const (
	AccessDenied            ErrorCode = "access_denied"
	InvalidClient           ErrorCode = "invalid_client"
	InvalidRequest          ErrorCode = "invalid_request"
	InvalidScope            ErrorCode = "invalid_scope"
	LoginRequired           ErrorCode = "login_required"
	ServerError             ErrorCode = "server_error"
	UnauthorizedClient      ErrorCode = "unauthorized_client"
	UnsupportedGrantType    ErrorCode = "unsupported_grant_type"
	UnsupportedResponseType ErrorCode = "unsupported_response_type"
)
