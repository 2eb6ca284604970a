package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// Template is a message template of a business account.
type Template struct {
	ID         string              `json:"id"` // 16 digits; made up when empty
	Name       string              `json:"name"`
	Language   string              `json:"language"`
	Category   string              `json:"category"` // MARKETING, UTILITY, AUTHENTICATION
	Status     string              `json:"status"`   // APPROVED, PENDING, PAUSED, DISABLED, REJECTED
	Format     string              `json:"parameter_format,omitempty"`
	Components []TemplateComponent `json:"components"`
}

// TemplateComponent is a part of a template.
type TemplateComponent struct {
	Type    string           `json:"type"`             // HEADER, BODY, FOOTER, BUTTONS
	Format  string           `json:"format,omitempty"` // of a header: TEXT, IMAGE, ...
	Text    string           `json:"text,omitempty"`
	Buttons []TemplateButton `json:"buttons,omitempty"`
	Example json.RawMessage  `json:"example,omitempty"`
}

// TemplateButton is a button of a template.
type TemplateButton struct {
	Type string `json:"type"` // QUICK_REPLY, URL, PHONE_NUMBER
	Text string `json:"text"`
	URL  string `json:"url,omitempty"`
}

// SampleTemplates are what a number has that was given none: Meta's own
// hello_world, a named utility template, and marketing with an image and a
// quick reply.
func SampleTemplates() []Template {
	return []Template{
		{Name: "hello_world", Language: "en_US", Category: "UTILITY", Status: "APPROVED", Components: []TemplateComponent{
			{Type: "HEADER", Format: "TEXT", Text: "Hello World"},
			{Type: "BODY", Text: "Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message notification."},
			{Type: "FOOTER", Text: "WhatsApp Business Platform sample message"},
		}},
		{Name: "order_confirmation", Language: "id", Category: "UTILITY", Status: "APPROVED", Format: "NAMED", Components: []TemplateComponent{
			{Type: "BODY", Text: "Halo {{customer_name}}, pesanan Anda sudah kami terima."},
		}},
		{Name: "seasonal_promo", Language: "id", Category: "MARKETING", Status: "APPROVED", Format: "POSITIONAL", Components: []TemplateComponent{
			{Type: "HEADER", Format: "IMAGE"},
			{Type: "BODY", Text: "Promo berlaku sampai {{1}}."},
			{Type: "BUTTONS", Buttons: []TemplateButton{{Type: "QUICK_REPLY", Text: "Stop promotions"}}},
		}},
	}
}

func (t *Template) marketing() bool { return t != nil && t.Category == "MARKETING" }

// sentTemplate is the content of a template message.
type sentTemplate struct {
	Name     string
	Language struct{ Code string }

	Components []sentComponent
}

type sentComponent struct {
	Type       string
	SubType    string      `json:"sub_type"`
	Index      json.Number // a number or digits in a string
	Parameters []sentParameter
}

type sentParameter struct {
	Type, Text string
	Name       string `json:"parameter_name"`
	Payload    string
}

func checkTemplateShape(content json.RawMessage) error {
	var t sentTemplate
	if err := read("template", content, &t); err != nil {
		return err
	}
	switch {
	case t.Name == "":
		return graph(131008, "Required parameter template['name'] is missing.")
	case t.Language.Code == "":
		return graph(131008, "Required parameter template['language']['code'] is missing.")
	}
	return nil
}

// template returns the template a request names, nil if there is none.
func (n *number) template(r *sendRequest) *Template {
	var sent sentTemplate
	if json.Unmarshal(r.content(), &sent) != nil {
		return nil
	}
	return n.templateNamed(sent.Name, sent.Language.Code)
}

func (n *number) templateNamed(name, language string) *Template {
	for i, t := range n.templates {
		if t.Name == name && t.Language == language {
			return &n.templates[i]
		}
	}
	return nil
}

// checkTemplate refuses a template send by what the account has. s.mu is held.
func checkTemplate(ch *chat, r *sendRequest) error {
	var sent sentTemplate
	_ = json.Unmarshal(r.content(), &sent) // checkTemplateShape has read it
	t := ch.number.templateNamed(sent.Name, sent.Language.Code)
	switch {
	case t == nil || t.Status != "APPROVED" && t.Status != "PAUSED" && t.Status != "DISABLED":
		return graph(132001, fmt.Sprintf("template name (%s) does not exist in %s", sent.Name, sent.Language.Code))
	case t.Status == "PAUSED":
		return graph(132015, "Template is paused due to low quality.")
	case t.Status == "DISABLED":
		return graph(132016, "Template was paused too often and is now disabled.")
	case t.Category == "AUTHENTICATION" && r.To == "":
		return graph(131062, "Authentication templates need the recipient's phone number.")
	case ch.number.Provider == crm.Kapso && ch.customer.Stopped && t.marketing():
		return stoppedMarketing(crm.Kapso)
	}
	for _, part := range t.Components {
		if err := checkParameters(t, part, sent.Components); err != nil {
			return err
		}
	}
	return nil
}

// checkParameters compares a component's placeholders with what was sent.
func checkParameters(t *Template, part TemplateComponent, sent []sentComponent) error {
	kind := strings.ToLower(part.Type)
	if kind != "body" && kind != "header" {
		return nil
	}
	i := slices.IndexFunc(sent, func(c sentComponent) bool { return strings.EqualFold(c.Type, kind) })
	var given []sentParameter
	if i >= 0 {
		given = sent[i].Parameters
	}
	names := placeholders(part.Text)
	want := len(names)
	if part.Format != "" && part.Format != "TEXT" {
		want = 1
	}
	if len(given) != want {
		return graph(132000, fmt.Sprintf("%s: number of localizable_params (%d) does not match the expected number of params (%d)", kind, len(given), want))
	}
	for _, p := range given {
		if t.Format == "NAMED" && want == len(names) && !slices.Contains(names, p.Name) {
			return graph(132012, fmt.Sprintf("%s: parameter name %q is not in the template", kind, p.Name))
		}
	}
	return nil
}

var placeholder = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// placeholders returns the names in a text, each once.
func placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// fill returns the words of a component with the parameters that were sent.
func fill(text string, given []sentParameter) string {
	return placeholder.ReplaceAllStringFunc(text, func(hole string) string {
		name := placeholder.FindStringSubmatch(hole)[1]
		position, _ := strconv.Atoi(name)
		for i, p := range given {
			if p.Name == name && name != "" || p.Name == "" && i+1 == position {
				return cmp.Or(p.Text, hole)
			}
		}
		return hole
	})
}
