// Package tool judges LTI 1.3 tools: Rollcall is the platform, and a real browser
// makes the launches. What is launched is data (launches.yaml): a good launch, and
// what is changed in it. Beside each launch that has to be refused the same one
// unbroken is made, so that a refusal is a refusal of what was broken.
package tool
