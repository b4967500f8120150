//go:build !unix

package act

import "os/exec"

func shell(command string) *exec.Cmd { return exec.Command("cmd", "/C", command) }

func group(*exec.Cmd) {}

// end ends a command alone: there are no groups here.
func end(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // it may be gone already
