package webtest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// phrases is the pages' catalogue, by area and key, in Indonesian, in which the
// tests read the pages.
var phrases = sync.OnceValues(func() (map[string]string, error) {
	all := map[string]string{}
	files, err := filepath.Glob(filepath.Join("..", "web", "words", "*.json"))
	for _, name := range files {
		body, failed := os.ReadFile(name)
		if failed != nil {
			return nil, failed
		}
		var area map[string]struct{ ID string }
		if failed := json.Unmarshal(body, &area); failed != nil {
			return nil, fmt.Errorf("%s: %w", name, failed)
		}
		for key, phrase := range area {
			all[strings.TrimSuffix(filepath.Base(name), ".json")+"."+key] = phrase.ID
		}
	}
	return all, err
})

// word returns what the pages say for a key of the catalogue: a test that names
// the key goes on when somebody finds better words.
func (t *tab) word(key string, args ...any) string {
	t.Helper()
	all, err := phrases()
	if err != nil {
		t.Fatal(err)
	}
	format, ok := all[key]
	if !ok {
		t.Fatalf("the catalogue has no phrase %q", key)
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}
