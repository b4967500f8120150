package harness

import "syscall"

// endWithParent has the system send a SIGTERM when the thread that started the child
// ends, which is kept for as long as the child lives.
func endWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
