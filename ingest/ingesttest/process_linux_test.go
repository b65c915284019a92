package ingesttest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"
)

// killedTest tells this test binary that it is the test which gets killed.
const killedTest = "VITRINE_TEST_THAT_GETS_KILLED"

// A test that is killed takes its clients along: no OBS is left streaming, no X
// server waiting.
func TestClientDiesWithItsTest(t *testing.T) {
	const alive = 3 // descriptor: open for as long as the client lives
	if os.Getenv(killedTest) != "" {
		cmd := exec.Command("sh", "-c", fmt.Sprintf("echo up >&%d; exec sleep 600", alive))
		cmd.ExtraFiles = []*os.File{os.NewFile(alive, "alive")}
		_ = start(t, cmd).Wait(t) // it is killed first
		return
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	test := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$")
	test.Env = environment(killedTest + "=1")
	test.ExtraFiles = []*os.File{w}
	if err := test.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	client := bufio.NewReader(r)
	if _, err := client.ReadString('\n'); err != nil {
		t.Fatalf("the client did not start: %v", err)
	}
	if err := test.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = test.Wait() // killed, as it should be
	if _, err := client.ReadByte(); err != io.EOF {
		t.Errorf("the client outlives its test: %v", err)
	}
}
