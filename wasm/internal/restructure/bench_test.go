package restructure_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/my21staff/my21staff/crm/webhook/tape"
	"github.com/my21staff/my21staff/wasm/internal/module"
	"github.com/my21staff/my21staff/wasm/internal/restructure"
)

const webhook = `{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"value":{"messaging_product":"whatsapp",` +
	`"metadata":{"display_phone_number":"6281200000099","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Sari \ud83d\ude42"},` +
	`"wa_id":"6281200000001","user_id":"ID.13491208655302741918"}],"messages":[{"from":"6281200000001","from_user_id":"ID.13491208655302741918",` +
	`"id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=","timestamp":"1790000000","type":"text",` +
	`"text":{"body":"Halo kak, mau tanya biaya kuliah di Melbourne untuk tahun depan, apakah masih ada beasiswa? \u2014 terima kasih"}}]},` +
	`"field":"messages"}]},{"id":"900000000000001","changes":[{"value":{"messaging_product":"whatsapp",` +
	`"metadata":{"display_phone_number":"6281200000099","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Budi"},` +
	`"wa_id":"6281200000002"}],"messages":[{"from":"6281200000002","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgB=",` +
	`"timestamp":"1790000001","type":"image","image":{"id":"800000000000001","mime_type":"image\/jpeg",` +
	`"sha256":"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=","url":"https:\/\/lookaside.example\/whatsapp_business\/attachments\/?mid=800000000000001",` +
	`"caption":"ini ijazah saya"}}],"statuses":[{"id":"wamid.HBgNTESTTESTTESTTESTVAgARGBI3MTE5MjVBOTE3MDk5QUVFM0YA","status":"delivered",` +
	`"timestamp":"1790000002","recipient_id":"6281200000002","pricing":{"billable":true,"pricing_model":"PMP","category":"utility"}}]},"field":"messages"}]}]}`

// goBuild compiles a package to WebAssembly and returns the file's contents.
func goBuild(t testing.TB, args ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.wasm")
	args = append([]string{args[0], "-o", out}, args[1:]...)
	build := exec.CommandContext(t.Context(), "go", args...)
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if log, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, log)
	}
	binary, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// rewritten returns a module with all its functions restructured.
func rewritten(t testing.TB, binary []byte) []byte {
	t.Helper()
	m, err := module.Parse(binary)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	report, err := restructure.Module(m, restructure.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d functions restructured in %v, %d blocks copied, %d skipped: %v", report.Restructured, time.Since(began).Round(time.Millisecond), report.Split, report.Skipped, report.Reasons)
	return m.Encode()
}

// reactor is a running scan module.
type reactor struct{ api.Module }

func newReactor(t testing.TB, binary []byte) reactor {
	t.Helper()
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { _ = r.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	m, err := r.InstantiateWithConfig(ctx, binary, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	return reactor{m}
}

func (r reactor) parse(t testing.TB, body string, times int) {
	t.Helper()
	at, err := r.ExportedFunction("buffer").Call(t.Context())
	if err != nil || !r.Memory().WriteString(uint32(at[0]), body) {
		t.Fatalf("write %d bytes: %v", len(body), err)
	}
	got, err := r.ExportedFunction("parse").Call(t.Context(), uint64(len(body)), uint64(times))
	if err != nil || got[0] != uint64(times) {
		t.Fatalf("parse = %v, %v, want %d", got, err, times)
	}
}

func BenchmarkScan(b *testing.B) {
	binary := goBuild(b, "build", "-buildmode=c-shared", "./testdata/scan")
	compiled, restructured := newReactor(b, binary), newReactor(b, rewritten(b, binary))
	many := `[` + strings.Repeat(webhook+`,`, 64<<10/len(webhook)) + webhook + `]`
	for _, size := range []struct{ name, body string }{{"1.5KB", webhook}, {"64KB", many}} {
		times := max(1, 256<<10/len(size.body))
		var p tape.Parser
		body := []byte(size.body)
		native := func() {
			for range times {
				if _, err := p.Parse(body); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run(size.name, func(b *testing.B) {
			var best [3]time.Duration
			for b.Loop() {
				for i, run := range []func(){native, func() { compiled.parse(b, size.body, times) }, func() { restructured.parse(b, size.body, times) }} {
					began := time.Now()
					run()
					if took := time.Since(began); best[i] == 0 || took < best[i] {
						best[i] = took
					}
				}
			}
			b.ReportMetric(float64(best[0].Nanoseconds())/float64(times), "ns/native")
			b.ReportMetric(float64(best[1])/float64(best[0]), "x/compiled")
			b.ReportMetric(float64(best[2])/float64(best[0]), "x/restructured")
		})
	}
}
