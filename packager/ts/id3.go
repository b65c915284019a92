package ts

import "github.com/asticode/go-astits"

// Descriptors of timed ID3 (ISO/IEC 13818-1 §2.6.58 and §2.6.60; Apple, Timed
// Metadata for HTTP Live Streaming).
var (
	// id3Pointer stands in the program's loop: metadata_pointer_descriptor, application
	// format and metadata format "ID3 ", carried in program 1.
	id3Pointer = []byte("\x25\x0f\xff\xffID3 \xffID3 \x00\x1f\x00\x01")
	// id3Metadata is the content of the stream's metadata_descriptor: the same
	// formats, service 0, no decoder configuration.
	id3Metadata = []byte("\xff\xffID3 \xffID3 \x00\x0f")
)

const tagMetadata = 0x26

// id3Stream declares the stream of the cues.
func id3Stream() astits.PMTElementaryStream {
	return astits.PMTElementaryStream{
		ElementaryPID: pidID3,
		StreamType:    astits.StreamTypeMetadata,
		ElementaryStreamDescriptors: []*astits.Descriptor{{
			Tag: tagMetadata, Length: uint8(len(id3Metadata)),
			Unknown: &astits.DescriptorUnknown{Tag: tagMetadata, Content: id3Metadata},
		}},
	}
}
