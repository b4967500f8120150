package schemas

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

// formats are the formats our schema files use, each with a strict judge.
var formats = map[string]func(string) bool{
	"date":      isDate,
	"date-time": isDateTime,
	// Either will do where nobody could read which one a document asks for.
	"date-or-date-time": func(s string) bool { return isDate(s) || isDateTime(s) },
	"uri":               isURI,
}

// formatPrefix keeps our judges apart from gojsonschema's own. Its registry is
// global to the process and its date-time takes a bare date; replacing that would
// change the verdicts of any other user of the library in a program that imports
// ours. So the files say "date-time", and what is compiled says formatPrefix +
// "date-time".
const formatPrefix = "rollcall-"

type formatChecker func(string) bool

// IsFormat leaves values other than strings to the type keyword.
func (f formatChecker) IsFormat(input any) bool {
	s, ok := input.(string)
	return !ok || f(s)
}

var registerFormats = sync.OnceFunc(func() {
	for name, judge := range formats {
		gojsonschema.FormatCheckers.Add(formatPrefix+name, formatChecker(judge))
	}
})

func digits(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

func inRange(s string, low, high int) bool {
	n, ok := digits(s)
	return ok && low <= n && n <= high
}

// isDate judges a full-date of RFC 3339 section 5.6: ten characters, and a day
// that the calendar has.
func isDate(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	year, okYear := digits(s[:4])
	month, okMonth := digits(s[5:7])
	day, okDay := digits(s[8:])
	if !okYear || !okMonth || !okDay || month < 1 || month > 12 || day < 1 {
		return false
	}
	last := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		last = 29
	}
	return day <= last
}

// isDateTime judges a date-time of RFC 3339 section 5.6. T and Z may be of either
// case (its section 5.6 note), a fraction may have any length, and a leap second
// may stand where one can fall: at the end of a UTC day (its section 5.7).
func isDateTime(s string) bool {
	if len(s) < 20 || !isDate(s[:10]) || s[10] != 'T' && s[10] != 't' || s[13] != ':' || s[16] != ':' {
		return false
	}
	hour, minute, second := s[11:13], s[14:16], s[17:19]
	if !inRange(hour, 0, 23) || !inRange(minute, 0, 59) || !inRange(second, 0, 60) {
		return false
	}
	zone := s[19:]
	if zone[0] == '.' {
		fraction := zone[1:]
		zone = strings.TrimLeft(fraction, "0123456789")
		if zone == "" || len(zone) == len(fraction) {
			return false
		}
	}
	offset, ok := minutesEast(zone)
	if !ok {
		return false
	}
	if second == "60" {
		h, _ := digits(hour)
		m, _ := digits(minute)
		const day = 24 * 60
		return ((h*60+m-offset)%day+day)%day == day-1
	}
	return true
}

// minutesEast reads the zone of a date-time.
func minutesEast(zone string) (minutes int, ok bool) {
	if zone == "Z" || zone == "z" {
		return 0, true
	}
	if len(zone) != 6 || zone[0] != '+' && zone[0] != '-' || zone[3] != ':' || !inRange(zone[1:3], 0, 23) || !inRange(zone[4:], 0, 59) {
		return 0, false
	}
	h, _ := digits(zone[1:3])
	m, _ := digits(zone[4:])
	if zone[0] == '-' {
		return -(h*60 + m), true
	}
	return h*60 + m, true
}

const (
	letters    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	unreserved = letters + "0123456789-._~"
	subDelims  = "!$&'()*+,;="
	pathChars  = unreserved + subDelims + ":@/%"
)

var (
	schemeSet = byteSet(letters + "0123456789+-.")
	pathSet   = byteSet(pathChars)
	querySet  = byteSet(pathChars + "?")
	userSet   = byteSet(unreserved + subDelims + ":%")
	hostSet   = byteSet(unreserved + subDelims + "%")
	futureSet = byteSet(unreserved + subDelims + ":")
)

func byteSet(of string) (set [256]bool) {
	for i := range len(of) {
		set[of[i]] = true
	}
	return set
}

// within says whether every byte is of the set and every percent sign starts an
// escape of two hexadecimal digits.
func within(s string, set *[256]bool) bool {
	for i := 0; i < len(s); i++ {
		if !set[s[i]] {
			return false
		}
		if s[i] == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// isURI judges a URI of RFC 3986 section 3: a scheme is required, so that no
// relative reference passes, and only characters the RFC lets stand unescaped.
func isURI(s string) bool {
	scheme, rest, found := strings.Cut(s, ":")
	if !found || scheme == "" || !strings.Contains(letters, scheme[:1]) || !within(scheme, &schemeSet) {
		return false
	}
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if !within(fragment, &querySet) || !within(query, &querySet) {
		return false
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		authority := after
		rest = ""
		if i := strings.IndexByte(after, '/'); i >= 0 {
			authority, rest = after[:i], after[i:]
		}
		if !isAuthority(authority) {
			return false
		}
		// A web address without a host leads nowhere (RFC 9110 section 4.2).
		if (authority == "" || authority[0] == ':') && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
			return false
		}
	} else if strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https") {
		return false
	}
	return within(rest, &pathSet)
}

func isAuthority(s string) bool {
	if user, host, found := strings.Cut(s, "@"); found {
		if !within(user, &userSet) {
			return false
		}
		s = host
	}
	if strings.HasPrefix(s, "[") {
		literal, port, found := strings.Cut(s[1:], "]")
		return found && isIPLiteral(literal) && (port == "" || port[0] == ':' && isPort(port[1:]))
	}
	host, port, _ := strings.Cut(s, ":")
	return within(host, &hostSet) && isPort(port)
}

func isPort(s string) bool {
	if s == "" {
		return true
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n <= 65535
}

func isIPLiteral(s string) bool {
	if s != "" && (s[0] == 'v' || s[0] == 'V') {
		version, address, found := strings.Cut(s[1:], ".")
		return found && version != "" && address != "" && strings.Trim(version, "0123456789abcdefABCDEF") == "" && within(address, &futureSet)
	}
	address, err := netip.ParseAddr(s)
	return err == nil && address.Is6() && address.Zone() == ""
}
