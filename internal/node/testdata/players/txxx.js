// Returns a Vitrine cue in an ID3v2.4 tag, or null.
function vitrineCue(tag) {
  const size = (at) => tag[at] << 21 | tag[at + 1] << 14 | tag[at + 2] << 7 | tag[at + 3]; // 7 bits a byte
  const text = new TextDecoder();
  for (let at = 10; at + 10 <= tag.length; at += 10 + size(at + 4)) {
    if (text.decode(tag.subarray(at, at + 4)) !== "TXXX") continue;
    const [description, value] = text.decode(tag.subarray(at + 11, at + 10 + size(at + 4))).split("\0");
    if (description === "vitrine.cue") return JSON.parse(value);
  }
  return null;
}
