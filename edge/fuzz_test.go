package edge_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// seedFrames calls add with frames that a fuzzer begins with: generated ones for
// every configuration, and the bodies of the fixtures.
func seedFrames(f *testing.F, add func(config uint8, frame []byte)) {
	f.Helper()
	for i, c := range edgetest.Configs(f) {
		m := edgetest.New(uint64(i))
		for range 40 {
			add(uint8(i), m.Frame(c))
		}
	}
	files, err := filepath.Glob(filepath.Join(crmtest.Shared(f, "fixtures", "webhooks"), "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for i, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(uint8(i), edge.AppendRequest(nil, edgetest.Signed(edge.Provider(1+i%2), "", body), edgetest.Now))
	}
}

// FuzzParity holds the module against the source over frames. A frame is signed
// anew, or else hardly any that was changed would get beyond its signature.
func FuzzParity(f *testing.F) {
	p := newPair(f, openShipped(f))
	seedFrames(f, func(config uint8, frame []byte) { f.Add(config, true, frame) })
	f.Fuzz(func(t *testing.T, config uint8, sign bool, frame []byte) {
		if why := p.fuzz(config, sign, frame); why != "" {
			t.Error(why)
		}
	})
}

func (p *pair) fuzz(config uint8, sign bool, frame []byte) string {
	if to := int(config) % len(p.configs); to != p.current {
		if why := p.swap(to); why != "" {
			return why
		}
	}
	if sign {
		frame = edgetest.Resign(p.configs[p.current], frame)
	}
	return p.handle(frame)
}

// FuzzHandle takes any bytes for a frame, and holds the decision to what every
// decision keeps.
func FuzzHandle(f *testing.F) {
	configs := edgetest.Configs(f)
	seedFrames(f, func(config uint8, frame []byte) { f.Add(config, true, frame) })
	f.Fuzz(func(t *testing.T, config uint8, sign bool, frame []byte) {
		c := configs[int(config)%len(configs)]
		if sign {
			frame = edgetest.Resign(c, frame)
		}
		holds(t, c, frame)
	})
}

func holds(t *testing.T, c *edge.Config, frame []byte) {
	t.Helper()
	var d edge.Decision
	if answer := edge.New(c).Handle(frame, nil); !d.Read(answer) {
		t.Fatalf("the decision of %x is no frame: %x", frame, answer)
	}
	r, now, ok := edgetest.ReadFrame(frame)
	if (d.Reason == edge.BadFrame) == ok {
		t.Fatalf("%x is a frame: %v; the edge says %v", frame, ok, d.Reason)
	}
	if !ok {
		if why := unclean(&d); why != "" {
			t.Error(why)
		}
		return
	}
	if why := unsound(c, r, &d); why != "" {
		t.Errorf("%s: %+v of %q", why, d, frame)
	}
	again := edge.Decide(c, r, now)
	if a, b := edge.AppendDecision(nil, &d), edge.AppendDecision(nil, &again); !bytes.Equal(a, b) {
		t.Errorf("Handle decides %x and Decide %x", a, b)
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, document := range edgetest.Documents {
		f.Add([]byte(document))
	}
	for _, tt := range unsoundDocuments() {
		f.Add([]byte(tt.document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		c, err := edge.Parse(document)
		if err != nil {
			wrong, ok := err.(*edge.ConfigError)
			if !ok || wrong.Field == "" || wrong.Problem == "" || c != nil {
				t.Fatalf("Parse(%q) = %v, %#v", document, c, err)
			}
			return
		}
		if len(c.Cells) == 0 || len(c.Cells) > edge.MaxCells || len(c.Sources) == 0 || len(c.Sources) > edge.MaxSources || c.Journal < 0 || c.Journal >= len(c.Cells) {
			t.Fatalf("Parse(%q) = %+v", document, c)
		}
		for _, s := range c.Sources {
			if s.Name == "" || s.Provider.String() == "" || len(s.Secrets) == 0 || len(s.Secrets) > edge.MaxSecrets {
				t.Fatalf("Parse(%q) has source %+v", document, s)
			}
			for _, secret := range s.Secrets {
				if secret.Value == "" {
					t.Fatalf("Parse(%q) has an empty secret", document)
				}
				checkActive(t, c, &s, secret.NotBefore)
			}
		}
		m := edgetest.New(1)
		for range 4 {
			holds(t, c, m.Frame(c))
		}
	})
}

// checkActive counts the secrets of a source that are active at a time.
func checkActive(t *testing.T, c *edge.Config, s *edge.Source, now int64) {
	t.Helper()
	active := 0
	c.Keys(&edge.Request{Provider: s.Provider, Source: []byte(s.Name)}, now, func(int, int) bool { active++; return true })
	if active > edge.MaxActive {
		t.Fatalf("%d secrets of %s are active at %d", active, s.Name, now)
	}
}

func FuzzDecisionRead(f *testing.F) {
	for i, c := range edgetest.Configs(f) {
		m := edgetest.New(uint64(i))
		for range 20 {
			f.Add(edge.New(c).Handle(m.Frame(c), nil))
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var d, again edge.Decision
		if !d.Read(frame) {
			return
		}
		if !again.Read(edge.AppendDecision(nil, &d)) || !reflect.DeepEqual(d, again) {
			t.Errorf("%x reads %+v, and written again %+v", frame, d, again)
		}
	})
}
