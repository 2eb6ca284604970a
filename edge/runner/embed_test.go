package runner_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

func TestManifestDescribesTheModule(t *testing.T) {
	t.Parallel()
	module, err := runner.Module()
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		ABI    int
		SHA256 string
		Bytes  int
	}
	if err := json.Unmarshal(runner.Manifest(), &m); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(module)
	if m.ABI != edge.ABI || m.Bytes != len(module) || m.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("the manifest says %+v of a module of %d bytes with SHA-256 %x", m, len(module), sum)
	}
}
