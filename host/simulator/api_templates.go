package simulator

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
)

// account returns a number of the business account in the path; its numbers
// share their templates.
func (c *call) account() ([]*number, error) {
	var all []*number
	for _, n := range c.s.numbers {
		if n.Provider == c.provider && n.Token == c.token && n.BusinessAccountID == c.path("node") {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return nil, noObject(string(c.ctx.Method()), c.path("node"))
	}
	return all, nil
}

// listTemplates serves GET /{business account}/message_templates.
func (c *call) listTemplates() (any, error) {
	owners, err := c.account()
	if err != nil {
		return nil, err
	}
	var found []any
	for _, t := range owners[0].templates {
		if fits(c.query("status"), t.Status) && fits(c.query("name"), t.Name) && fits(c.query("language"), t.Language) && fits(c.query("category"), t.Category) {
			found = append(found, t)
		}
	}
	return c.page(found)
}

func fits(filter, value string) bool { return filter == "" || filter == value }

// getTemplate serves GET /{business account}/message_templates/{id}.
func (c *call) getTemplate() (any, error) {
	owners, err := c.account()
	if err != nil {
		return nil, err
	}
	for _, t := range owners[0].templates {
		if t.ID == c.path("id") {
			return t, nil
		}
	}
	return nil, noObject("GET", c.path("id"))
}

var templateName = regexp.MustCompile(`^[a-z0-9_]{1,512}$`)

// createTemplate serves POST /{business account}/message_templates. The
// template is pending, and approved with the next status delay.
func (c *call) createTemplate() (any, error) {
	owners, err := c.account()
	if err != nil {
		return nil, err
	}
	var t Template
	if err := json.Unmarshal(c.ctx.PostBody(), &t); err != nil {
		return nil, parameter("Invalid parameter: %v", err)
	}
	switch {
	case !templateName.MatchString(t.Name):
		return nil, parameter("Param name must be lowercase letters, digits and underscores, at most 512.")
	case t.Language == "" || !slices.Contains([]string{"MARKETING", "UTILITY", "AUTHENTICATION"}, t.Category):
		return nil, parameter("Params language and category are required.")
	case owners[0].templateNamed(t.Name, t.Language) != nil:
		return nil, parameter("There is already %s content for this template.", t.Language)
	}
	t.ID, t.Status = digits(c.s.random, 16), "PENDING"
	for _, n := range owners {
		n.templates = append(n.templates, t)
	}
	c.s.after(max(c.s.delays.Sent, 0), func() { c.s.approve(owners, t.ID) })
	return object{"id": t.ID, "status": "PENDING", "category": t.Category}, nil
}

// approve makes a pending template usable and tells the account's webhooks.
func (s *Simulator) approve(owners []*number, id string) {
	for _, n := range owners {
		for i := range n.templates {
			t := &n.templates[i]
			if t.ID != id || t.Status != "PENDING" {
				continue
			}
			t.Status = "APPROVED"
			number, _ := strconv.ParseInt(t.ID, 10, 64)
			s.emit(&update{number: n, field: "message_template_status_update", value: object{
				"event": "APPROVED", "message_template_id": number, "message_template_name": t.Name,
				"message_template_language": t.Language, "reason": "NONE",
			}})
		}
	}
}

// deleteTemplate serves DELETE /{business account}/message_templates?name=,
// which deletes every language.
func (c *call) deleteTemplate() (any, error) {
	owners, err := c.account()
	if err != nil {
		return nil, err
	}
	gone := func(t Template) bool {
		return t.Name == c.query("name") && fits(c.query("hsm_id"), t.ID)
	}
	if !slices.ContainsFunc(owners[0].templates, gone) {
		return nil, parameter("Message Template Not Found")
	}
	for _, n := range owners {
		n.templates = slices.DeleteFunc(n.templates, gone)
	}
	return object{"success": true}, nil
}
