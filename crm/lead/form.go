package lead

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// index returns a place's number, or -1.
func (p Place) index() int {
	switch p {
	case InMessage:
		return 0
	case InForm:
		return 1
	case InNote:
		return 2
	}
	return -1
}

// answers calls say with each answer of a flow, as "question: answer", by the
// names of the questions. The form is the business's own, so both may carry
// words. A response that is no JSON object is one answer.
func answers(response string, say func(text string)) {
	var form map[string]any
	decoder := json.NewDecoder(strings.NewReader(response))
	decoder.UseNumber()
	if err := decoder.Decode(&form); err != nil {
		say(response)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		if name == "flow_token" {
			continue
		}
		for _, answer := range flat(form[name], nil) {
			say(strings.ReplaceAll(name, "_", " ") + ": " + answer)
		}
	}
}

// flat appends the texts of an answer; lists are of several choices.
func flat(answer any, texts []string) []string {
	switch a := answer.(type) {
	case string:
		if strings.TrimSpace(a) != "" {
			texts = append(texts, a)
		}
	case json.Number:
		texts = append(texts, a.String())
	case bool:
		if a {
			texts = append(texts, "")
		}
	case []any:
		for _, part := range a {
			texts = flat(part, texts)
		}
	}
	return texts
}
