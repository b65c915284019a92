// Notes the cues that a player gives, and on which playhead: see players_test.go.
const video = document.querySelector("video");
const src = new URLSearchParams(location.search).get("src");
const lowLatency = new URLSearchParams(location.search).has("ll");
const heard = [], log = [];

// via is how the player gave it, at the time it gave (s), null if none.
function hear(via, at, cue) {
  if (!cue) return;
  heard.push({ Via: via, At: at, Playhead: video.currentTime, Cue: cue });
}

window.vitrineHeard = () => ({ Cues: heard, Log: log.slice(-20) });
