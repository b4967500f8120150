// Package lti holds what the LTI roles of the reference share: the names of
// claims, the claims of a launch as a tool reads them, the vocabulary of roles (LTI
// 1.3 Core, §5.3 and appendix A), and how they remember strangers within bounds.
package lti
