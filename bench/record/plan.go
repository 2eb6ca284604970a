package record

import (
	"encoding/json"
	"fmt"
	"os"
)

// Plan is the installation under test, as whoever made it knows it.
type Plan struct {
	Run        string      `json:"run"`      // marks every message of the run; hexadecimal digits
	Hosts      []string    `json:"hosts"`    // base addresses, all of one database
	Provider   string      `json:"provider"` // address the fake provider listens on
	Workspaces []Workspace `json:"workspaces"`
}

// Workspace is a tenant of the installation.
type Workspace struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Key     string   `json:"key"` // an API key that may read, write and send
	Numbers []Number `json:"numbers"`
}

// Number is a WhatsApp number of a workspace.
type Number struct {
	Provider  string `json:"provider"` // "meta" or "kapso"
	ID        string `json:"id"`       // the phone number id
	ChannelID string `json:"channel_id"`
	Display   string `json:"display"` // digits
	Secret    string `json:"secret"`  // what its webhooks are signed with
}

// Number returns the workspace and the number of a phone number id.
func (p *Plan) Number(id string) (workspace int, n *Number, ok bool) {
	for w := range p.Workspaces {
		for i := range p.Workspaces[w].Numbers {
			if n := &p.Workspaces[w].Numbers[i]; n.ID == id {
				return w, n, true
			}
		}
	}
	return 0, nil, false
}

// Save writes the plan to a file that only its owner reads: it holds keys.
func (p *Plan) Save(path string) error {
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// ReadPlan reads what Save wrote.
func ReadPlan(path string) (*Plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}
