package edge

// What tests of the package hold against the standard library.

func RFC3339(text string) (millis int64, ok bool) { return rfc3339([]byte(text)) }

func TrimSpace(b []byte) []byte { return trimSpace(b) }

// NegativeLog2 returns -log2(x/2^64), and the worth of its last place.
func NegativeLog2(x uint64) (log, unit float64) {
	const last = 1.0 / (1 << logPlaces)
	return float64(negativeLog2(x)) * last, last
}

func Digits(number string) string {
	var d Door
	return string(d.digits([]byte(number)))
}

// Rendezvous returns the name of the cell that a number has without a table.
func (c *Config) Rendezvous(id string) string {
	if i := c.rendezvous([]byte(id)); i != None {
		return c.Cells[i].Name
	}
	return ""
}

// Table is the table of routes.
type Table struct{ table }

func (t *Table) Put(id string, value uint32) bool { return t.put(id, value) }

func (t *Table) Get(id string) (uint32, bool) { return t.get([]byte(id)) }

// Slot returns the slot in which an id begins to look for its place, of n.
func Slot(id string, n int) int { return int(mix(fnv(offset64, []byte(id))) & uint64(n-1)) }

// Equal is the comparing of texts.
var Equal = equal
