//go:build unix && !linux

package harness

import "syscall"

// endWithParent: here the end of its input alone tells a child that it is alone.
func endWithParent(*syscall.SysProcAttr) {}
