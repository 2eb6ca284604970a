package crm

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Template is a message the provider has approved, the only kind that may be
// sent outside the customer service window. It belongs to a channel's business
// account and is synced from there.
type Template struct {
	ID          TemplateID
	WorkspaceID WorkspaceID
	ChannelID   ChannelID
	ProviderID  string // 16 digits and more: never a float
	Name        string
	Language    string // "id", "en_US"
	Category    string // marketing, utility, authentication, in lower case
	Status      string // the provider's word, in lower case: "approved", "paused"
	Body        string // the body text with its {{variables}}
	Components  []byte // the provider's JSON, for a preview
	UpdatedAt   time.Time
}

// Usable reports whether the provider accepts sends of the template.
func (t Template) Usable() bool { return t.Status == "approved" }

// Fill returns the template's body with its variables replaced by the
// parameters of components, the JSON array that is sent: {{1}} by position,
// {{name}} by parameter_name. A variable without a parameter stays as it is.
func (t Template) Fill(components []byte) string {
	var parts []struct {
		Type       string `json:"type"`
		Parameters []struct {
			Name string `json:"parameter_name"`
			Text string `json:"text"`
		} `json:"parameters"`
	}
	if json.Unmarshal(components, &parts) != nil {
		return t.Body
	}
	var pairs []string
	for _, part := range parts {
		if !strings.EqualFold(part.Type, "body") {
			continue
		}
		for i, p := range part.Parameters {
			name := p.Name
			if name == "" {
				name = strconv.Itoa(i + 1)
			}
			pairs = append(pairs, "{{"+name+"}}", p.Text)
		}
	}
	return strings.NewReplacer(pairs...).Replace(t.Body)
}
