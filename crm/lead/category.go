package lead

// Category is a kind of evidence. What a category adds to a score is capped, so
// that much talk is no substitute for money.
type Category string

// The categories, in the order in which a score lists them.
const (
	Fit        Category = "fit"        // how much is known, and whether the need is ours
	Intent     Category = "intent"     // what the contact asks for
	Engagement Category = "engagement" // that it answers, how fast, how lately
	Readiness  Category = "readiness"  // money, time, who decides
	Negative   Category = "negative"   // what speaks against it; taken off
)

// Categories are all categories in the order in which a score lists them.
var Categories = [...]Category{Fit, Intent, Engagement, Readiness, Negative}

// index returns a category's place in Categories, or -1.
func (c Category) index() int {
	for i, known := range Categories {
		if c == known {
			return i
		}
	}
	return -1
}

// Text is a sentence in the two languages of the product.
type Text struct {
	ID string `json:"id"` // Indonesian
	EN string `json:"en"`
}

// In returns the sentence in a locale as a workspace has it: Indonesian for
// "id", English for every other.
func (t Text) In(locale string) string {
	if locale == "id" {
		return t.ID
	}
	return t.EN
}
