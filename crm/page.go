package crm

// How many rows a page has.
const (
	PageRows    = 50  // when nobody says
	MaxPageRows = 200 // at most
)

// CheckPage returns how many rows a page has for the number asked for: 0 stands
// for PageRows. Fewer than none and more than MaxPageRows are Invalid.
func CheckPage(asked int) (int, error) {
	switch {
	case asked == 0:
		return PageRows, nil
	case asked < 0 || asked > MaxPageRows:
		return 0, badField("limit", "A page has 1 to %d rows.", MaxPageRows)
	default:
		return asked, nil
	}
}
