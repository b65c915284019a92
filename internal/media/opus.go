package media

// opusFrames are the lengths of an Opus frame by its configuration number, in
// samples of 48 kHz (RFC 6716 §3.1, table 2).
var opusFrames = [32]int64{
	480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880, // SILK
	480, 960, 480, 960, // hybrid
	120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, // CELT
}

// maxOpusPacket is the longest that a packet may last: 120 ms (RFC 6716 §3.2.5).
const maxOpusPacket = 5760

// opusSamples returns how long a packet lasts in samples of 48 kHz, or 0 if it
// is malformed.
func opusSamples(packet []byte) int64 {
	if len(packet) == 0 {
		return 0
	}
	frames := int64(1)
	switch packet[0] & 3 {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = int64(packet[1] & 0x3f)
	}
	n := frames * opusFrames[packet[0]>>3]
	if n > maxOpusPacket {
		return 0
	}
	return n
}
