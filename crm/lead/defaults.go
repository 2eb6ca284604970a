package lead

import (
	_ "embed" // the documents
	"sync"
)

// What a workspace starts with. They are documents like any other, to be read
// and changed.
var (
	//go:embed education.json
	education []byte
	//go:embed sales.json
	sales []byte
)

// Education returns the rules for an education consultant; Sales for a team that
// sells goods.
var (
	Education = sync.OnceValue(func() *Rules { return mustParse(education) })
	Sales     = sync.OnceValue(func() *Rules { return mustParse(sales) })
)

// Defaults are the documents to begin from, by their names.
var Defaults = map[string]func() *Rules{"education": Education, "sales": Sales}

// mustParse reads a document that is part of the program.
func mustParse(document []byte) *Rules {
	rules, err := Parse(document)
	if err != nil {
		panic("lead: " + err.Error())
	}
	return rules
}
