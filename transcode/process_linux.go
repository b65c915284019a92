package transcode

import "syscall"

// childAttr gives FFmpeg a process group of its own, so that a Ctrl-C at the
// terminal leaves it to us, and has the kernel kill it should we be killed.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
