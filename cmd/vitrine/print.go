package main

import (
	"fmt"
	"io"
	"net"

	"vitrine/internal/node"
)

// printInfo tells an operator where everything is.
func printInfo(w io.Writer, i node.Info) {
	fmt.Fprintf(w, "\nVitrine is up.\n\n")
	fmt.Fprintf(w, "  admin token   %s%s\n", i.AdminToken, isNew(i.AdminTokenNew))
	for _, c := range i.Channels {
		fmt.Fprintf(w, "\n  channel       %s\n", c.Name)
		printChannel(w, i, c)
	}
	fmt.Fprintln(w)
}

// printDemo tells a newcomer what to open.
func printDemo(w io.Writer, i node.Info) {
	c := i.Channels[0]
	fmt.Fprintf(w, "\nThe demo is on air. Open the player, and watch card and picture change together.\n\n")
	printChannel(w, i, c)
	fmt.Fprintf(w, "  admin token   %s\n\n  Ctrl-C ends it.\n\n", i.AdminToken)
}

func printChannel(w io.Writer, i node.Info, c node.ChannelInfo) {
	base := baseURL(i)
	fmt.Fprintf(w, "  player        %s/live/%s/\n", base, c.Name)
	fmt.Fprintf(w, "  LL-HLS        %s/live/%s/index.m3u8\n", base, c.Name)
	fmt.Fprintf(w, "  console       %s/console/%s?token=%s%s\n", base, c.Name, c.HostToken, isNew(c.HostTokenNew))
	fmt.Fprintf(w, "  OBS           Settings, Stream, Service: Custom…\n")
	fmt.Fprintf(w, "    Server      rtmp://%s/live\n", reachable(i.RTMPAddr))
	fmt.Fprintf(w, "    Stream Key  %s%s\n", c.StreamKey, isNew(c.StreamKeyNew))
	fmt.Fprintf(w, "                Settings, Output: Keyframe Interval 2 s\n")
}

func isNew(b bool) string {
	if b {
		return "   (generated, kept in the data folder)"
	}
	return ""
}

func baseURL(i node.Info) string {
	scheme := "http"
	if i.Secure {
		scheme = "https"
	}
	return scheme + "://" + reachable(i.HTTPAddr)
}

// reachable turns the address of a listener on all interfaces into one that can
// be opened on this machine.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
