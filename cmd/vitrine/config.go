package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"vitrine/internal/node"
)

// defaultConfig is read if it is there and no other file is named.
const defaultConfig = "vitrine.yaml"

// maxConfig bounds the configuration file, in bytes.
const maxConfig = 1 << 20

// What holds where neither flag, environment nor file says anything.
const (
	defaultHTTP    = "127.0.0.1:8080"
	defaultRTMP    = "127.0.0.1:1935"
	defaultData    = "./data"
	defaultChannel = "demo"
)

// file is vitrine.yaml.
type file struct {
	HTTP       string             `yaml:"http"`
	RTMP       string             `yaml:"rtmp"`
	Data       string             `yaml:"data"`
	FFmpeg     string             `yaml:"ffmpeg"`
	AdminToken string             `yaml:"admin_token"`
	TLS        *fileTLS           `yaml:"tls"`
	Channels   map[string]channel `yaml:"channels"`
}

type channel struct {
	StreamKey string        `yaml:"stream_key"`
	HostToken string        `yaml:"host_token"`
	Catalogue string        `yaml:"catalogue"`
	Ladder    words         `yaml:"ladder"`
	Audio     words         `yaml:"audio"`
	Part      part          `yaml:"part"`
	Segment   time.Duration `yaml:"segment"`
	Record    recording     `yaml:"record"`
	Title     string        `yaml:"title"`
	Poster    string        `yaml:"poster"`
	StartsAt  time.Time     `yaml:"starts_at"`
}

// fileTLS is the word self-signed, or a certificate and its key.
type fileTLS struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
	self bool
}

const selfSigned = "self-signed"

func (t *fileTLS) UnmarshalYAML(decode func(any) error) error {
	var word string
	if decode(&word) == nil {
		if word != selfSigned {
			return fmt.Errorf("tls: %q is not %s, nor a cert and a key", word, selfSigned)
		}
		t.self = true
		return nil
	}
	type plain fileTLS
	return decode((*plain)(t))
}

// words is one word or a list of words.
type words []string

func (w *words) UnmarshalYAML(decode func(any) error) error {
	var word string
	if decode(&word) == nil {
		*w = words{word}
		return nil
	}
	return decode((*[]string)(w))
}

// part is standard, low or a PART-TARGET.
type part time.Duration

func (p *part) UnmarshalYAML(decode func(any) error) error {
	var word string
	if err := decode(&word); err != nil {
		return err
	}
	switch word {
	case "standard":
		*p = part(node.PartStandard)
	case "low":
		*p = part(node.PartLow)
	default:
		d, err := time.ParseDuration(word)
		if err != nil {
			return fmt.Errorf("part: %q is not standard, low or a duration such as 500ms", word)
		}
		*p = part(d)
	}
	return nil
}

// recording is true, false, or the renditions to keep.
type recording struct{ *node.Recording }

func (r *recording) UnmarshalYAML(decode func(any) error) error {
	var on bool
	if decode(&on) == nil {
		if on {
			r.Recording = &node.Recording{}
		}
		return nil
	}
	var list struct {
		Renditions []string `yaml:"renditions"`
	}
	if err := decode(&list); err != nil {
		return err
	}
	r.Recording = &node.Recording{Renditions: list.Renditions}
	return nil
}

// node joins flags, environment and file into a configuration.
func (s *settings) node() (node.Config, error) {
	f, err := readFile(s.Config)
	if err != nil {
		return node.Config{}, err
	}
	cfg := node.Config{
		HTTP:       cmp.Or(s.HTTP, f.HTTP, defaultHTTP),
		RTMP:       cmp.Or(s.RTMP, f.RTMP, defaultRTMP),
		Data:       cmp.Or(s.Data, f.Data, defaultData),
		FFmpeg:     cmp.Or(s.FFmpeg, f.FFmpeg),
		AdminToken: f.AdminToken,
		Channels:   map[string]node.Channel{},
		Log:        s.logger(),
	}
	if f.TLS != nil {
		cfg.TLS = &node.TLS{Cert: f.TLS.Cert, Key: f.TLS.Key, SelfSigned: f.TLS.self}
	}
	if len(f.Channels) == 0 {
		f.Channels = map[string]channel{defaultChannel: {}}
	}
	for name, c := range f.Channels {
		ch := node.Channel{
			StreamKey: c.StreamKey, HostToken: c.HostToken, Catalogue: c.Catalogue,
			Ladder: c.Ladder, Audio: c.Audio, Part: time.Duration(c.Part), Segment: c.Segment, Record: c.Record.Recording,
		}
		ch.Announcement.Title, ch.Announcement.Poster, ch.Announcement.Starts = c.Title, c.Poster, c.StartsAt
		cfg.Channels[name] = ch
	}
	return cfg, nil
}

func readFile(name string) (file, error) {
	var f file
	named := name != ""
	if !named {
		name = defaultConfig
	}
	r, err := os.Open(name)
	if !named && errors.Is(err, os.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("configuration: %w: check --config", err)
	}
	defer r.Close()
	err = yaml.NewDecoder(io.LimitReader(r, maxConfig), yaml.Strict()).Decode(&f)
	if err != nil && !errors.Is(err, io.EOF) {
		return f, explain(name, err)
	}
	return f, nil
}

// explain says in one line where the file is wrong, and what it may hold.
func explain(name string, err error) error {
	var at yaml.Error
	if !errors.As(err, &at) {
		return fmt.Errorf("%s: %s", name, strings.SplitN(err.Error(), "\n", 2)[0])
	}
	where := name
	if token := at.GetToken(); token != nil && token.Position != nil {
		where = fmt.Sprintf("%s, line %d", name, token.Position.Line)
	}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%s: %s: the keys are %s; of a channel: %s", where, at.GetMessage(), keys(file{}), keys(channel{}))
	}
	return fmt.Errorf("%s: %s", where, at.GetMessage())
}

// keys lists the YAML keys of a struct.
func keys(v any) string {
	var names []string
	for f := range fields(reflect.TypeOf(v)) {
		if name := f.Tag.Get("yaml"); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}
