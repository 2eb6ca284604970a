package runner_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const page = 64 << 10
	refusal := []byte("\x01cells\x00is not to my liking")
	refusing := guest{other: refusal, configure: answer(otherAt, uint32(len(refusal)))}
	for _, c := range []struct {
		name    string
		options runner.Options
		class   crm.Code
		text    string
	}{
		{"no module", runner.Options{Module: []byte{}}, crm.Invalid, "magic"},
		{"half a module", runner.Options{Module: guest{}.module()[:200]}, crm.Invalid, "section"},
		{"no handle", runner.Options{Module: guest{leave: "edge_handle"}.module()}, crm.Invalid, "no function edge_handle"},
		{"no memory", runner.Options{Module: guest{leave: "memory"}.module()}, crm.Invalid, "no memory"},
		{"other parameters", runner.Options{Module: exporting("edge_buffer", abiFunction)}, crm.Invalid, "edge_buffer has other parameters"},
		{"other results", runner.Options{Module: exporting("edge_handle", bufferFunction)}, crm.Invalid, "edge_handle has other parameters"},
		{"another ABI", runner.Options{Module: guest{abi: 2}.module()}, crm.Unavailable, "ABI is 2"},
		{"more memory than there may be", runner.Options{Module: guest{pages: 5}.module(), MaxMemory: 4 * page}, crm.Invalid, "memory"},
		{"data behind its memory", runner.Options{Module: guest{other: make([]byte, page+1)}.module()}, crm.Invalid, "does not fit"},
		{"a trap at the start", runner.Options{Module: guest{start: trap}.module()}, crm.Unavailable, "unreachable"},
		{"a trap at the configuration", runner.Options{Module: guest{configure: trap}.module()}, crm.Unavailable, "unreachable"},
		{"no answer to the configuration", runner.Options{Module: guest{configure: answer(0, 0)}.module()}, crm.Unavailable, "cannot be read"},
		{"a configuration that the module refuses", runner.Options{Module: refusing.module()}, crm.Invalid, "cells is not to my liking"},
		{"a configuration that is none", runner.Options{Module: guest{}.module(), Config: []byte("{}")}, crm.Invalid, "version is not 1"},
		{"a negative size", runner.Options{Module: guest{}.module(), Size: -1}, crm.Invalid, "option"},
		{"a cache that is no directory", runner.Options{Module: guest{}.module(), CacheDir: "new_test.go"}, crm.Invalid, "not dir"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.options.Config == nil {
				c.options.Config = document(17)
			}
			_, err := runner.New(t.Context(), c.options)
			if crm.CodeOf(err) != c.class || !strings.Contains(err.Error(), c.text) {
				t.Errorf("New = %v, want class %s and %q", err, c.class, c.text)
			}
		})
	}
}

// exporting is a guest with another function under a name.
func exporting(name string, function byte) []byte {
	module := guest{}.module()
	const kind = 1
	module[strings.Index(string(module), name)+len(name)+kind] = function
	return module
}

func TestRefusedConfigurationNamesTheField(t *testing.T) {
	t.Parallel()
	const document = `{"version":1,"epoch":7,"sources":[],"cells":[]}`
	_, native := runner.NewNative([]byte(document))
	_, pool := runner.New(t.Context(), runner.Options{Module: guest{}.module(), Config: []byte(document)})
	for _, err := range []error{native, pool} {
		var why *edge.ConfigError
		if !errors.As(err, &why) || why.Field != "cells" {
			t.Errorf("the error is %v, want an *edge.ConfigError of cells", err)
		}
	}
}
