package restructure

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

var opNames = strings.Fields("unreachable nop block loop if else 06 07 08 09 0a end br br_if br_table return call call_indirect 12 13 14 15 16 17 18 19 drop select 1c 1d 1e 1f get set tee gget gset 25 26 27 i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store i32.store8 i32.store16 i64.store8 i64.store16 i64.store32 memory.size memory.grow i32.const i64.const f32.const f64.const i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr")

func opName(op byte) string {
	switch op {
	case 0xa7:
		return "wrap"
	case 0xac:
		return "ext_s"
	case 0xad:
		return "ext_u"
	}
	if int(op) < len(opNames) {
		return opNames[op]
	}
	return fmt.Sprintf("%#x", op)
}

func TestDump(t *testing.T) {
	file, want := os.Getenv("DUMP"), os.Getenv("FN")
	if file == "" {
		t.SkipNow()
	}
	bin, _ := os.ReadFile(file)
	m, err := module.Parse(bin)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("RAW") == "" {
		r, err := Module(m, Options{})
		fmt.Println(r, err)
	}
	p, _ := load(m)
	for i, b := range p.bodies {
		name := p.names[uint32(p.imported+i)]
		if !strings.Contains(name, want) {
			continue
		}
		bb, _ := open(b)
		code := bb.code
		fmt.Println("==", name, p.imported+i, len(b))
		d := &decoder{module.NewReader(code), code, p.signatures}
		ind := 1
		for !d.Done() && d.Err() == nil {
			st := d.Offset()
			op := d.Byte()
			s := opName(op)
			nl := true
			switch op {
			case opBlock, opLoop, opIf:
				fmt.Printf("%s%s\n", strings.Repeat("  ", ind), s+fmt.Sprintf(" %x", d.Byte()))
				ind++
				continue
			case opElse:
				fmt.Printf("%s%s\n", strings.Repeat("  ", ind-1), s)
				continue
			case opEnd:
				ind--
			case opBr, opBrIf:
				s += fmt.Sprint(" ", d.U())
			case opBrTable:
				for range d.Len() {
					s += fmt.Sprint(" ", d.U())
				}
				s += fmt.Sprint(" ", d.U())
			case opReturn, opUnreachable:
			default:
				in := d.instruction(op, st)
				r := module.NewReader(in.raw[1:])
				switch operations[op].immediate {
				case index, signed:
					s += fmt.Sprint(" ", in.arg)
					if op == opCall {
						s += " " + p.names[uint32(in.arg)]
					}
				case memory:
					r.U()
					s += fmt.Sprint(" +", r.U())
				}
				nl = in.pushes == 0
				_ = nl
			}
			fmt.Printf("%s%s\n", strings.Repeat("  ", ind), s)
		}
	}
}
