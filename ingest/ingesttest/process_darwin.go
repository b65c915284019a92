package ingesttest

import "syscall"

// childAttr gives a client a process group of its own. Should the test be killed,
// the client ends when it next writes to the server.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
