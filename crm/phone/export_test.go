package phone

import "strings"

// ByLibrary is Parse without what is known of Indonesian mobile numbers.
func ByLibrary(text, region string) (string, error) {
	typed, err := read(text)
	if err != nil {
		return "", err
	}
	return typed.byLibrary(text, strings.ToUpper(region))
}
