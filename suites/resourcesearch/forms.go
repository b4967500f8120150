package resourcesearch

import (
	"fmt"
	"regexp"
	"strconv"
)

// The forms of values that are texts by their type.

var ageForm = regexp.MustCompile(`^([0-9]{1,2})-([0-9]{1,3})$`)

// ageRange reads a range such as 11-12.
func ageRange(text string) (low, high int, ok bool) {
	m := ageForm.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, false
	}
	low, _ = strconv.Atoi(m[1])
	high, _ = strconv.Atoi(m[2])
	return low, high, low <= high
}

// spelt writes a range of ages.
func spelt(r [2]int) string { return fmt.Sprintf("%d-%d", r[0], r[1]) }

// durationForm is a duration of ISO 8601: years, months, weeks, days, hours, minutes, seconds.
var durationForm = regexp.MustCompile(`^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,]\d+)?S)?)?$`)

// duration reads one; fixed is false where it has years or months, which are of no one length.
func duration(text string) (seconds int, fixed, ok bool) {
	m := durationForm.FindStringSubmatch(text)
	if m == nil || text == "P" || text[len(text)-1] == 'T' {
		return 0, false, false
	}
	for i, unit := range []int{0, 0, 7 * 86400, 86400, 3600, 60, 1} {
		n, _ := strconv.Atoi(m[i+1])
		seconds += n * unit
	}
	return seconds, m[1] == "" && m[2] == "", true
}

// otherwise writes a duration in minutes, or in seconds where it has some: hours and days are written so
// by nobody, and mean the same.
func otherwise(seconds int) string {
	if seconds%60 == 0 {
		return fmt.Sprintf("PT%dM", seconds/60)
	}
	return fmt.Sprintf("PT%dS", seconds)
}

// languageForm is a language tag as RFC 3066 has it; two or three letters first, or i and x.
var languageForm = regexp.MustCompile(`^([A-Za-z]{2,3}|[iIxX])(-[A-Za-z0-9]{1,8})*$`)

// guidForm is a UUID.
var guidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
