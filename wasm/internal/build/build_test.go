package build_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/my21staff/my21staff/wasm/internal/build"
	"github.com/my21staff/my21staff/wasm/internal/build/buildtest"
)

// guest are the options to build the module of buildtest.
func guest(flags ...string) build.Options {
	return build.Options{Package: "./testdata/guest", Warm: []string{"guest_warm"}, Flags: flags}
}

// TestEdge builds a module with all steps, twice and with more or fewer
// compilers at a time: it answers as it did before, and it is the same file.
func TestEdge(t *testing.T) {
	t.Parallel()
	var steps []build.Step
	var last []byte
	options := guest("-p=1")
	options.Each = func(s build.Step, file []byte, _ string) { steps, last = append(steps, s), file }
	r, err := build.Edge(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	want := []build.Step{build.Compiled, build.Restructured, build.Linked, build.Snapshot, build.Shrunk, build.Dispatched}
	if !slices.Equal(steps, want) || !bytes.Equal(last, r.Module) {
		t.Errorf("the steps were %v, want %v", steps, want)
	}
	buildtest.Agree(t, r.Module, "")

	again, err := build.Edge(t.Context(), guest("-p=3"))
	if err != nil {
		t.Fatal(err)
	}
	if again.Manifest != r.Manifest || !bytes.Equal(again.Module, r.Module) || !bytes.Equal(again.Zstd, r.Zstd) {
		t.Errorf("built again it is %+v, want %+v", again.Manifest, r.Manifest)
	}
}

// TestEdgeManifest describes the file.
func TestEdgeManifest(t *testing.T) {
	t.Parallel()
	options := guest()
	options.Last = build.Compiled
	r, err := build.Edge(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	m := r.Manifest
	if m.ABI != build.ABI || m.Bytes != len(r.Module) || m.Zstd != len(r.Zstd) || m.Gzip >= m.Bytes || len(m.SHA256) != 64 || !strings.HasPrefix(m.Go, "go1.") {
		t.Errorf("manifest %+v", m)
	}
	var read build.Manifest
	if err := json.Unmarshal(m.JSON(), &read); err != nil || read != m {
		t.Errorf("the manifest is read as %+v, %v", read, err)
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if file, err := d.DecodeAll(r.Zstd, nil); err != nil || !bytes.Equal(file, r.Module) {
		t.Errorf("the compressed module is another one, %v", err)
	}
	buildtest.Agree(t, r.Module, "_initialize")
}

func TestEdgeFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		change func(*build.Options)
		want   string
	}{
		{func(o *build.Options) { o.Package = "./testdata/nothing" }, "build compiled: go build: exit status 1"},
		{func(o *build.Options) { o.Root = "testdata/nothing" }, "build compiled: go env"},
		{func(o *build.Options) { o.Last = "polished" }, `there is no step "polished"`},
		{func(o *build.Options) { o.Warm = []string{"guest_hash"} }, "build snapshot: snapshot: guest_hash: it has parameters"},
	} {
		options := guest()
		tt.change(&options)
		if _, err := build.Edge(t.Context(), options); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

// result is of a build that did not happen.
var result = build.Result{Module: []byte("module"), Zstd: []byte("zstd"), Manifest: build.Manifest{ABI: 1, Go: "go1.26.8", Bytes: 6}}

func TestTarget(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	target := build.Target{Out: filepath.Join(folder, "a", "dist"), Embed: filepath.Join(folder, "runner")}
	if err := target.Check(result); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Check before Write: %v", err)
	}
	if err := target.Write(result); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a/dist/edge.wasm": "module", "runner/edge.wasm.zst": "zstd",
		"a/dist/edge.json": string(result.Manifest.JSON()), "runner/edge.json": string(result.Manifest.JSON()),
	} {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
		}
	}
	if err := target.Check(result); err != nil {
		t.Errorf("Check after Write: %v", err)
	}
	for _, tt := range []struct {
		name   string
		change func(*build.Result)
		want   string
	}{
		{"module", func(r *build.Result) { r.Module = []byte("other") }, "edge.wasm is not what the source gives"},
		{"compressed", func(r *build.Result) { r.Zstd = []byte("other") }, "edge.wasm.zst is not what the source gives"},
		{"manifest", func(r *build.Result) { r.Manifest.Gzip = 3 }, "edge.json is not what the source gives"},
		{"other Go", func(r *build.Result) { r.Manifest.Go = "go1.27" }, "another version of Go made the files in"},
	} {
		changed := result
		tt.change(&changed)
		err := target.Check(changed)
		if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, build.ErrOtherGo) != (tt.name == "other Go") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestCommand writes and checks files as a person would.
func TestCommand(t *testing.T) {
	t.Parallel()
	dist := t.TempDir()
	run := func(args ...string) (string, error) {
		var out bytes.Buffer
		all := append([]string{"-package", "./testdata/guest", "-out", dist, "-embed", "", "-variant", "linked"}, args...)
		err := build.Command(t.Context(), all, &out)
		return out.String(), err
	}
	out, err := run("-steps")
	if err != nil || !strings.HasPrefix(out, "compiled ") || !strings.Contains(out, "\nlinked ") || !strings.Contains(out, `"sha256": "`) || strings.Contains(out, "\nsnapshot ") {
		t.Errorf("building prints\n%s%v", out, err)
	}
	if out, err = run("-check"); err != nil || out != "the files are what the source gives\n" {
		t.Errorf("checking prints\n%s%v", out, err)
	}
	manifest := filepath.Join(dist, "edge.json")
	written, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Replace(written, []byte(`"go": "go1`), []byte(`"go": "go0`), 1)
	if err := os.WriteFile(manifest, other, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err = run("-check"); err != nil || !strings.HasPrefix(out, "not compared: another version of Go made the files in ") {
		t.Errorf("checking what another Go made prints\n%s%v", out, err)
	}
	if err := os.WriteFile(manifest, bytes.Replace(written, []byte(`"abi": 1`), []byte(`"abi": 7`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err = run("-check"); err == nil || !strings.Contains(err.Error(), "edge.json is not what the source gives") {
		t.Errorf("checking what was changed prints\n%s%v", out, err)
	}
	if _, err = run("-nonsense"); err == nil {
		t.Error("a flag that there is not is taken")
	}
}
