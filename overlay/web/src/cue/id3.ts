// A strict reader of ID3v2.4 tags, as far as a cue needs it: text frames in
// UTF-8. Whatever is malformed reads as "nothing here"; it never throws, since
// the bytes come from a stream that anybody may have made.

/** The description of the TXXX frame that holds a cue. */
export const cueDescription = 'vitrine.cue';

/** The largest tag that is looked at, in bytes. A cue is at most 1 KB of JSON. */
export const maxTagBytes = 4096;

const headerBytes = 10;
const utf8 = 3;

/** Reads a 28-bit integer of 7 bits a byte, or -1 if a high bit is set or bytes are missing. */
function synchsafe(b: Uint8Array, at: number): number {
  let n = 0;
  for (let i = at; i < at + 4; i++) {
    const v = b[i];
    if (v === undefined || v > 0x7f) return -1;
    n = n * 128 + v;
  }
  return n;
}

function isTag(b: Uint8Array): boolean {
  return (
    b.length >= headerBytes && b.length <= maxTagBytes &&
    b[0] === 0x49 && b[1] === 0x44 && b[2] === 0x33 && // ID3
    b[3] === 4 && b[5] === 0 // v2.4, no unsynchronisation, no extended header
  );
}

function decode(b: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(b);
  } catch {
    return null;
  }
}

/** Splits the body of a TXXX frame, or returns null if it is not UTF-8 or lacks its NUL. */
function textFrame(body: Uint8Array): { description: string; value: string } | null {
  if (body[0] !== utf8) return null;
  const nul = body.indexOf(0, 1);
  if (nul < 0) return null;
  let end = body.length;
  while (end > nul + 1 && body[end - 1] === 0) end--;
  const description = decode(body.subarray(1, nul));
  const value = decode(body.subarray(nul + 1, end));
  return description === null || value === null ? null : { description, value };
}

/**
 * Returns the value of the first TXXX frame with the given description, or null
 * if the bytes are not one well-formed ID3v2.4 tag that has it.
 */
export function userText(b: Uint8Array, description = cueDescription): string | null {
  if (!isTag(b)) return null;
  const size = synchsafe(b, 6);
  if (size < 0 || headerBytes + size > b.length) return null;
  const end = headerBytes + size;
  for (let at = headerBytes; at + headerBytes <= end; ) {
    if (b[at] === 0) return null; // padding
    const length = synchsafe(b, at + 4);
    const body = at + headerBytes;
    if (length < 0 || body + length > end) return null;
    if (String.fromCharCode(...b.subarray(at, at + 4)) === 'TXXX') {
      const frame = textFrame(b.subarray(body, body + length));
      if (frame?.description === description) return frame.value;
    }
    at = body + length;
  }
  return null;
}
