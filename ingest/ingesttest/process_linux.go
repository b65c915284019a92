package ingesttest

import "syscall"

// childAttr gives a client a process group of its own, and has the kernel kill it
// should the test be killed or run out of time.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
