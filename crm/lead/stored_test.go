package lead_test

import (
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

func TestStored(t *testing.T) {
	t.Parallel()
	if lead.Stored(nil) != lead.Education() || lead.Education().Version() != crm.DefaultRules {
		t.Error("who wrote no rules does not score by education, version 1")
	}
	own := lead.Stored(&crm.LeadRules{Version: 3, Document: lead.Sales().Encode()})
	if d := own.Document(); d.Version != 3 || d.Name != lead.Sales().Document().Name {
		t.Errorf("stored as version 3 the sales rules are %s, version %d", d.Name, d.Version)
	}
	broken := lead.Stored(&crm.LeadRules{Version: 4, Document: []byte(`{"signals":"of a later program"}`)})
	if d := broken.Document(); d.Version != 4 || d.Name != lead.Education().Document().Name {
		t.Errorf("rules that cannot be read are %s, version %d", d.Name, d.Version)
	}
}
