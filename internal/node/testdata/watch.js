// Notes what the page's video shows: see browser_test.go.
(() => {
  const frames = [], cards = [], errors = [];
  let stalls = 0, video = null;

  const find = (root) => {
    for (const e of root.querySelectorAll("*")) {
      if (e.tagName === "VIDEO") return e;
      const inside = e.shadowRoot && find(e.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  const wall = () => performance.timeOrigin + performance.now();
  const read = () => (video && window.vitrineBarcode(video)) || { ms: 0, product: 0 };

  const onFrame = (_, meta) => {
    const now = wall(), seen = read();
    frames.push({ Now: now, Captured: seen.ms, Product: seen.product, Media: meta.mediaTime });
    if (frames.length > 40000) frames.splice(0, 20000);
    video.requestVideoFrameCallback(onFrame);
  };
  const attach = () => {
    const found = find(document);
    if (found && found !== video) {
      video = found;
      video.requestVideoFrameCallback(onFrame);
      video.addEventListener("waiting", () => { if (frames.length > 0) stalls++; });
    }
  };
  attach();
  setInterval(attach, 100);

  document.addEventListener("vitrine-cue", (e) => {
    const seen = read(), d = e.detail;
    cards.push({ ID: d.id, Type: d.type, No: d.no || 0, Now: wall(), Captured: seen.ms, Product: seen.product });
  });
  addEventListener("error", (e) => errors.push(String(e.message)));

  window.vitrineNotes = () => ({ Frames: frames, Cards: cards, Stalls: stalls, Errors: errors, Height: video ? video.videoHeight : 0 });
  window.vitrineState = () => ({
    text: document.body.innerText.slice(0, 300),
    stats: document.querySelector("vitrine-player")?.stats,
    video: video && { t: video.currentTime, ready: video.readyState, paused: video.paused, error: video.error?.message,
      buffered: Array.from({ length: video.buffered.length }, (_, i) => [video.buffered.start(i), video.buffered.end(i)]) },
  });
})();
