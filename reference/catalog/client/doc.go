// Package client searches a learning object repository by LTI Resource Search 1.0, as the reference's platform and tool
// and `rollcall search` do: by words, learning standard, name, type and age, sorted, page after page. It keeps its token,
// waits when it is told to, and goes nowhere else with it.
package client
