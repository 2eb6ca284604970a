package csvio_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/csvio"
)

// BenchmarkDraft reads a row of a sheet as a contact: the cost of an import
// before anything is stored.
func BenchmarkDraft(b *testing.B) {
	var sheet strings.Builder
	sheet.WriteString("nama;no hp;email;label;kota\r\n")
	for i := range 10_000 {
		fmt.Fprintf(&sheet, "Nama Panjang %d;0812-0000-%04d;nama%d@example.com;VIP, Medan;Kota %d\r\n", i, i, i, i%100)
	}
	file := sheet.String()
	for _, part := range []string{"read", "draft"} {
		b.Run(part, func(b *testing.B) {
			b.ReportAllocs()
			for rows := 0; rows < b.N; {
				r, err := csvio.Open(strings.NewReader(file), csvio.Options{})
				if err != nil {
					b.Fatal(err)
				}
				plan := csvio.Plan{Header: r.Header(), Columns: csvio.Guess(r.Header(), nil, "ID"), Region: "ID", Limits: limits}
				for ; rows < b.N; rows++ {
					record, err := r.Read()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					if part == "draft" {
						if _, problems := plan.Draft(record); len(problems) > 0 {
							b.Fatal(problems)
						}
					}
				}
			}
		})
	}
}
