// vitrineBarcode reads the barcode along the bottom edge of a video, canvas or
// image that is width × height pixels large: {ms, product}, or null where there
// is none that can be trusted. internal/synth/doc.go documents the geometry.
(() => {
  const columns = 40, rows = 2, rowsPerSide = 30;
  const sample = 4; // pixels per cell, each way, after scaling: the middle 2 × 2 count
  const canvas = document.createElement("canvas");
  canvas.width = columns * sample;
  canvas.height = rows * sample;
  const context = canvas.getContext("2d", { willReadFrequently: true });

  const crc16 = (bytes) => bytes.reduce((crc, byte) => {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
    return crc;
  }, 0xffff);

  window.vitrineBarcode = (source,
    width = source.videoWidth || source.naturalWidth || source.width,
    height = source.videoHeight || source.naturalHeight || source.height) => {
    if (!width || !height) return null;
    const strip = Math.floor((rows * Math.min(width, height)) / rowsPerSide);
    // A source with nothing to show draws nothing: the last reading must not stay.
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, 0, height - strip, width, strip, 0, 0, canvas.width, canvas.height);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const bytes = new Array((columns * rows) / 8).fill(0);
    for (let i = 0; i < columns * rows; i++) {
      const left = (i % columns) * sample, top = Math.floor(i / columns) * sample;
      let sum = 0;
      for (const [dx, dy] of [[1, 1], [2, 1], [1, 2], [2, 2]]) {
        sum += pixels[((top + dy) * canvas.width + left + dx) * 4 + 1]; // green stands for luma
      }
      if (sum / 4 > 127) bytes[i >> 3] |= 0x80 >> (i & 7);
    }
    if (crc16(bytes.slice(0, 8)) !== bytes[8] * 256 + bytes[9]) return null;
    const ms = bytes.slice(0, 6).reduce((value, byte) => value * 256 + byte, 0);
    return { ms, product: bytes[6] * 256 + bytes[7] };
  };
})();
