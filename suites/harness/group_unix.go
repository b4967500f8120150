//go:build unix

package harness

import (
	"io/fs"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup keeps a terminal's Ctrl-C from the child: the parent decides when it
// stops, so that its last lines are read. Where the system can, the child is told
// to end when its parent is gone.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
}

// yield has a process and all that it starts give way to others, by so many steps of niceness:
// where that can't be it goes on as any.
func yield(pid, steps int) {
	if steps > 0 {
		_ = syscall.Setpriority(syscall.PRIO_PGRP, pid, steps)
	}
}

// mine tells whether a file belongs to the user of this process.
func mine(info fs.FileInfo) bool {
	s, known := info.Sys().(*syscall.Stat_t)
	return known && s.Uid == uint32(os.Getuid())
}
