package transcode

import "syscall"

// childAttr gives FFmpeg a process group of its own, so that a Ctrl-C at the
// terminal leaves it to us. Should we be killed, it ends when its stdin does.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
