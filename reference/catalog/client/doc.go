// Package client searches a learning object repository by LTI Resource Search 1.0, as the reference's platform and tool
// and `rollcall search` do: by words, learning standard, name, type, age and grade, sorted, page after page. It keeps its token,
// waits when it is told to, and goes nowhere else with it.
//
// What it asks follows the OpenAPI document of the standard ("LTI Resource Search Service OpenAPI (JSON) Definition"), and where
// that names documents that aren't public, OneRoster, whose filters, pages and status these are. A filter has one logical operator
// at most, so that two things can be searched for at once: words come first, as only the catalogue can look for them. Who asks for
// more is given what fulfils it all, as the client looks at the rest itself. A page may then have less than its limit, or nothing,
// with more behind it.
//
// An answer, or a result, that is larger than is taken is an error, as is a page that comes round again and one that is missing:
// what ends without an error is complete. [Cause] words errors for those who search.
package client
