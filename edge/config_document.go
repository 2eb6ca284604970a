package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

// document reads the whole document. What refers to cells is read after them,
// wherever it stands.
func (r *reader) document(root tape.Value) {
	var version, sources, cells, routes, accounts, journal tape.Value
	r.members("", root, func(name, field string, v tape.Value) bool {
		switch name {
		case "version":
			version = v
		case "epoch":
			r.config.Epoch = uint32(r.number(field, v, 0, 1<<32-1))
		case "sources":
			sources = v
		case "cells":
			cells = v
		case "routes":
			routes = v
		case "accounts":
			accounts = v
		case "journal":
			journal = v
		case "drop":
			r.drop(field, v)
		case "limits":
			r.limits(field, v)
		default:
			return false
		}
		return true
	})
	if string(version.Raw()) != "1" {
		r.fail("version", "is not 1")
	}
	r.cells(cells)
	r.sources(sources)
	if routes.Present() {
		r.routes(routes)
	}
	if accounts.Present() {
		r.accounts(accounts)
	}
	if journal.Present() {
		r.config.Journal = r.cell("journal", journal)
	}
}

func (r *reader) drop(path string, v tape.Value) {
	for i, word := range r.texts(path, v, len(kindWords)) {
		kind := KindOf(word)
		if kind == 0 {
			r.fail(path+"["+itoa(i)+"]", "is no kind of event")
		}
		r.config.dropped |= 1 << kind
	}
}

func (r *reader) limits(path string, v tape.Value) {
	r.members(path, v, func(name, field string, v tape.Value) bool {
		switch name {
		case "body":
			r.config.maxBody = int(r.number(field, v, 1, MaxBody))
		case "events":
			r.config.maxEvent = int(r.number(field, v, 1, MaxEvents))
		default:
			return false
		}
		return true
	})
}

func (r *reader) cells(list tape.Value) {
	r.elements("cells", list, MaxCells, func(path string, v tape.Value) {
		cell := Cell{Weight: 100}
		r.members(path, v, func(name, field string, v tape.Value) bool {
			switch name {
			case "name":
				cell.Name = r.word(field, v)
			case "url":
				cell.URL = r.address(field, v)
			case "weight":
				cell.Weight = uint32(r.number(field, v, 0, 1_000_000))
			case "secrets":
				cell.Secrets = r.texts(field, v, MaxActive)
				for i, secret := range cell.Secrets {
					if !isEnvelopeSecret(secret) {
						r.fail(field+"["+itoa(i)+"]", `is not "whsec_" and 24 to 64 bytes in base64`)
					}
				}
			default:
				return false
			}
			return true
		})
		if r.cellNamed(cell.Name) >= 0 {
			r.fail(path+".name", "is another cell's too")
		} else if cell.Name == "" {
			r.fail(path+".name", "is missing")
		}
		r.config.Cells = append(r.config.Cells, cell)
		r.config.seeds = append(r.config.seeds, mix(fnv(offset64, []byte(cell.Name))))
	})
	if len(r.config.Cells) == 0 {
		r.fail("cells", "is empty: somebody must take the webhooks")
	}
}

// address reads the address of a cell.
func (r *reader) address(field string, v tape.Value) string {
	text := r.text(field, v)
	rest, found := cutPrefix(text, "https://")
	if !found {
		rest, found = cutPrefix(text, "http://")
	}
	if !found || rest == "" || rest[0] == '/' || text[len(text)-1] == '/' || !printable(text) {
		r.fail(field, "is no address such as https://a.example.com, without a slash at the end")
	}
	return text
}

func (r *reader) cellNamed(name string) int {
	for i := range r.config.Cells {
		if r.config.Cells[i].Name == name {
			return i
		}
	}
	return -1
}

// cell reads the name of a cell and returns its index.
func (r *reader) cell(field string, v tape.Value) int {
	i := r.cellNamed(v.Text())
	if i < 0 {
		r.fail(field, "names no cell")
		return 0
	}
	return i
}

func (r *reader) routes(v tape.Value) {
	r.entries("routes", v, func(id, field string, v tape.Value) {
		if !r.config.numbers.put(id, uint32(r.cell(field, v))) {
			r.fail(field, "is no phone number id, or comes twice")
		}
	})
}

func (r *reader) accounts(v tape.Value) {
	r.entries("accounts", v, func(id, path string, v tape.Value) {
		var mask uint64
		r.elements(path, v, MaxCells, func(field string, v tape.Value) { mask |= 1 << r.cell(field, v) })
		if !r.config.accounts.put(id, uint32(len(r.config.masks))) {
			r.fail(path, "is no account id, or comes twice")
		}
		if mask == 0 {
			r.fail(path, "names no cell")
		}
		r.config.masks = append(r.config.masks, mask)
	})
}
