package ingesttest

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// What OBS streams here.
const (
	obsWidth, obsHeight, obsFPS = 480, 270, 30
	obsVideoKbit, obsAudioKbit  = 800, 128
	obsKeyframes                = 2 // seconds
)

// OBS publishes with OBS Studio, as a host does: the advanced output with x264
// veryfast and a keyframe every 2 s, 480×270 at 30 fps, silence as AAC. It runs
// in a display of its own, with settings of its own, and streams from its start
// until it is stopped or the test ends. It does not reconnect.
func OBS(t testing.TB, server, key string) *Client {
	t.Helper()
	home := t.TempDir()
	config := filepath.Join(home, "config", "obs-studio")
	obsSettings(t, config, server, key)
	runtime := filepath.Join(home, "run")
	if err := os.MkdirAll(runtime, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("obs", "--startstreaming", "--multi", //nolint:noctx // start ends it with the test
		"--profile", "Vitrine", "--collection", "Vitrine", "--scene", "Scene")
	cmd.Env = environment(
		"HOME="+home, "XDG_CONFIG_HOME="+filepath.Dir(config), "XDG_RUNTIME_DIR="+runtime,
		"DISPLAY="+display(t), "QT_QPA_PLATFORM=xcb", "LIBGL_ALWAYS_SOFTWARE=1",
	)
	return start(t, cmd)
}

// display starts an X server on a free display and returns its name.
func display(t testing.TB) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x720x24", "-nolisten", "tcp") //nolint:noctx // start ends it with the test
	cmd.ExtraFiles = []*os.File{w}
	x := start(t, cmd)
	t.Cleanup(func() { // killed, it would leave its lock behind
		x.signal(syscall.SIGTERM)
		<-x.Done()
	})
	w.Close() // Xvfb has its own; when it dies, the read below ends
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("learn the display from Xvfb: %v", err)
	}
	return ":" + strings.TrimSpace(number)
}

// obsSettings writes what OBS would have after a host has set it up by hand.
func obsSettings(t testing.TB, dir, server, key string) {
	t.Helper()
	profile := filepath.Join(dir, "basic", "profiles", "Vitrine")
	write(t, filepath.Join(dir, "global.ini"), ini(
		"General", "FirstRun=true", "EnableAutoUpdates=false",
		"Basic", "Profile=Vitrine", "ProfileDir=Vitrine", "SceneCollection=Vitrine", "SceneCollectionFile=Vitrine",
		"BasicWindow", "SysTrayEnabled=false",
		"OBSWebSocket", "FirstLoad=false", "ServerEnabled=false",
	))
	write(t, filepath.Join(profile, "basic.ini"), ini(
		"General", "Name=Vitrine",
		"Video", setting("BaseCX", obsWidth), setting("BaseCY", obsHeight),
		setting("OutputCX", obsWidth), setting("OutputCY", obsHeight), "FPSType=1", setting("FPSInt", obsFPS),
		"Audio", "SampleRate=48000",
		"Output", "Mode=Advanced", "Reconnect=false",
		"AdvOut", "Encoder=obs_x264", "TrackIndex=1", setting("Track1Bitrate", obsAudioKbit),
	))
	write(t, filepath.Join(profile, "streamEncoder.json"), document(t, object{
		"bitrate": obsVideoKbit, "keyint_sec": obsKeyframes, "preset": "veryfast", "rate_control": "CBR",
	}))
	write(t, filepath.Join(profile, "service.json"), document(t, object{
		"type": "rtmp_custom", "settings": object{"server": server, "key": key},
	}))
	write(t, filepath.Join(dir, "basic", "scenes", "Vitrine.json"), document(t, object{
		"name": "Vitrine", "current_scene": "Scene", "current_program_scene": "Scene",
		"scene_order": []object{{"name": "Scene"}},
		"sources": []object{
			{
				"id": "color_source", "versioned_id": "color_source_v3", "name": "Picture",
				"settings": object{"color": 0xff3366ff, "width": obsWidth, "height": obsHeight},
			},
			{"id": "scene", "versioned_id": "scene", "name": "Scene", "settings": object{
				"id_counter": 1,
				"items": []object{{
					"name": "Picture", "id": 1, "visible": true, "align": 5,
					"pos": object{"x": 0, "y": 0}, "scale": object{"x": 1, "y": 1},
				}},
			}},
		},
	}))
}

type object map[string]any

// ini puts the lines of a settings file together; one without "=" is a section.
func ini(lines ...string) []byte {
	var b strings.Builder
	for _, l := range lines {
		if !strings.Contains(l, "=") {
			l = "[" + l + "]"
		}
		b.WriteString(l + "\n")
	}
	return []byte(b.String())
}

func setting(name string, value int) string {
	return name + "=" + strconv.Itoa(value)
}

func document(t testing.TB, o object) []byte {
	t.Helper()
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
