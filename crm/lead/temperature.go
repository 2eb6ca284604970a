package lead

import "github.com/my21staff/my21staff/crm"

// Temperature returns how warm a lead is whose score is total and that was
// before. To become hot or warm it must reach the threshold, to cease to be so
// it must fall Margin below: a score that sways about a threshold does not make
// the lead flap. The empty temperature, of a lead nobody has scored, is cold.
//
// While a score only decays, what it is taken from in between does not matter.
func (r *Rules) Temperature(before crm.Temperature, total int) crm.Temperature {
	t := r.doc.Temperature
	hot, warm := t.Hot, t.Warm
	switch before {
	case crm.Hot:
		hot, warm = hot-t.Margin, warm-t.Margin
	case crm.Warm:
		warm -= t.Margin
	}
	switch {
	case total >= hot:
		return crm.Hot
	case total >= warm:
		return crm.Warm
	default:
		return crm.Cold
	}
}
