package tape

// Ref is a place on a parser's tape, without the parser. It is what a decoder
// that must be quick keeps in place of a [Value]. 0 is nothing, and whatever is
// asked of it is answered with nothing. A Ref is good as long as a Value is.
type Ref uint32

// Document is the place of the whole document.
const Document Ref = 1

// Fields writes into fields where the members of an object are whose names have
// the indices from from on in the parser's list, as many as fields has places;
// of members with the same name the last counts. The rest stays as it is, and so
// does all of it for what is no object: the caller's new variable is nothing
// already.
func (p *Parser) Fields(r Ref, from uint32, fields []Ref) {
	if p.Kind(r) != Object {
		return
	}
	nodes := p.nodes
	end := nodes[r-1].next()
	for i := uint32(r); i < end; {
		place := nodes[i].info()>>nameShift - from // far beyond for a smaller one
		i++
		if place < uint32(len(fields)) {
			fields[place] = Ref(i + 1)
		}
		i = nodes[i].next()
	}
}

// Field returns the member of an object with one of the parser's names.
func (p *Parser) Field(r Ref, name uint32) Ref {
	if p.Kind(r) != Object {
		return 0
	}
	nodes, found := p.nodes, uint32(0)
	end := nodes[r-1].next()
	for i := uint32(r); i < end; {
		if nodes[i].info()>>nameShift == name {
			found = i + 2
		}
		i = nodes[i+1].next()
	}
	return Ref(found)
}

// Kind returns the kind of what is at r.
func (p *Parser) Kind(r Ref) Kind {
	if r == 0 {
		return Missing
	}
	return Kind(p.nodes[r-1].info())
}

// Plain returns the inside of a string without escapes; see [Value.Plain].
func (p *Parser) Plain(r Ref) ([]byte, bool) {
	if r == 0 {
		return nil, false
	}
	n := &p.nodes[r-1]
	if n.info()&(escapedBit|0xff) != uint32(String) {
		return nil, false
	}
	return p.body[n.start()+1 : n.end()-1], true
}

// Elements returns the first element of an array and the place after the last:
// for e, end := p.Elements(r); e < end; e = p.After(e). Of what is no array there
// are none.
func (p *Parser) Elements(r Ref) (first, end Ref) {
	if p.Kind(r) != Array {
		return 0, 0
	}
	return r + 1, Ref(p.nodes[r-1].next()) + 1
}

// After returns the place after what is at r and all it holds.
func (p *Parser) After(r Ref) Ref { return Ref(p.nodes[r-1].next()) + 1 }

// Span returns where what is at r stands in the body.
func (p *Parser) Span(r Ref) (start, end int) {
	if r == 0 {
		return 0, 0
	}
	n := &p.nodes[r-1]
	return int(n.start()), int(n.end())
}

// Value returns what is at r. It is not known what it is a member or an element
// of, so nothing comes next to it.
func (p *Parser) Value(r Ref) Value {
	if r == 0 {
		return Value{}
	}
	return Value{p: p, i: uint32(r) - 1}
}
