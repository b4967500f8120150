//go:build !linux

package reports

func peakMiB() int { return 0 }
