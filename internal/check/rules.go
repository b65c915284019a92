package check

// rule is one assertion.
type rule struct {
	title string
	judge func(*watch) Verdict
	sums  bool // it has the whole watch before it each time, by way of past
}

// rules are the assertions, in order of their numbers.
var rules = []rule{
	{title: "Every PART DURATION is at most PART-TARGET, and agrees with its samples within 1 ms", judge: partDurations},
	{title: "PART-TARGET, PART-HOLD-BACK, HOLD-BACK and TARGETDURATION never change across reloads", judge: constants},
	{title: "Each listed URI returns 200 with complete bytes at once", judge: listedIsThere},
	{title: "A blocking reload for the next part returns only once it is listed, within one part duration + 100 ms", judge: blockingReloads, sums: true},
	{title: "A hinted URI blocks, then returns the bytes of the later PART of the same URI", judge: hintsComeTrue},
	{title: "No byte of a hinted part arrives before the whole part exists", judge: hintsComeWhole},
	{title: "Concatenated parts equal the segment byte for byte, emsg included", judge: partsMakeSegment},
	{title: "A cue appears as emsg v1, AOM scheme, in every video rendition, with equal presentation time and payload", judge: cuesEverywhere},
	{title: "The presentation time of a cue lies within [start, end) of the part that carries it", judge: cuesInTheirPart},
	{title: "message_data is exactly one ID3v2.4 tag with right synchsafe sizes, no trailing bytes", judge: cuesAreID3},
	{title: "No cue is lost or doubled in any video rendition", judge: cuesOnce, sums: true},
	{title: "tfdt of part k+1 = tfdt + durations of part k, per track", judge: decodeTimes},
	{title: "MSN to URI never changes; MEDIA-SEQUENCE grows by exactly the removed count", judge: numbersStay},
	{title: "PART-HOLD-BACK is at least 3 x PART-TARGET, HOLD-BACK 3 x TD, CAN-SKIP-UNTIL 6 x TD", judge: holdBacks},
	{title: "Parts that are neither last nor independent are at least 85 % of PART-TARGET", judge: partsLongEnough},
	{title: "INDEPENDENT=YES exactly where the part has a sync frame", judge: independence},
	{title: "Every video segment starts with an IDR", judge: segmentsStartIDR},
	{title: "_HLS_part without _HLS_msn is answered 400", judge: partAloneRefused},
	{title: "_HLS_msn = last + 3 is answered 400 without delay", judge: farAheadRefused},
	{title: "_HLS_part past the parent's end is answered as part 0 of the next segment", judge: pastEndAnswered},
	{title: "An old _HLS_msn returns the full current playlist at once", judge: oldMSNAnswered},
	{title: "With a stalled packager a blocked request ends with 503 after 3 x TD, not before", judge: stalls},
	{title: "Each playlist has one rendition report per other playlist, true within one part", judge: reports},
	{title: "All media playlists carry identical SERVER-CONTROL and TD, and matching DISCONTINUITY-SEQUENCE", judge: playlistsAgree},
	{title: "The next part comes within PART-TARGET, the next segment within 1.5 x TD, at p99", judge: arrivalsInTime, sums: true},
	{title: "Delta update + cached playlist = full playlist; its VERSION is at least 9", judge: deltasRebuild},
	{title: "A v2 delta lists removed DATERANGE ids and keeps recent ones", judge: deltaRanges},
	{title: "PROGRAM-DATE-TIME for every segment, monotonic, equal across renditions for equal media time, in steps of EXTINF", judge: dates},
	{title: "DATERANGE START-DATE maps through PROGRAM-DATE-TIME to the emsg's time, within a frame", judge: rangesMatchCues},
	{title: "Repeated DATERANGE ids never conflict; ids are never reused", judge: rangesAgree},
	{title: "PARTs are listed for at least the last 3 x TD, and can be had for 3 x TD after removal", judge: partsStay},
	{title: "Removed segments can be had for their availability duration", judge: segmentsStay},
	{title: "PRELOAD-HINT is present whenever live, absent after ENDLIST", judge: hintsPresent},
	{title: "After ENDLIST _HLS_ directives change nothing", judge: endedIgnores},
	{title: "Playlists gzip on request; right MIME types, CORS, Cache-Control; a cache sets Age", judge: transport},
	{title: "CODECS, RESOLUTION and FRAME-RATE equal the media; the measured peak is below 1.25 x BANDWIDTH", judge: variantsTrue},
	{title: "An ingest drop yields GAP or DISCONTINUITY at the same time in all renditions", judge: dropsAgree},
	{title: "100 identical blocked requests at an edge cause one origin request", judge: edgesCoalesce},
	{title: "HTTP/2 over TLS; media is answered without redirect", judge: protocols},
	{title: "A player that joins in mid-event learns the product on show within one segment", judge: joinersLearn},
}
