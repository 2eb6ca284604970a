package crmtest_test

import (
	"reflect"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
)

func TestCompaniesRepeat(t *testing.T) {
	t.Parallel()
	one, other := crmtest.NewCompany(crmtest.NewClock().Mint(1)), crmtest.NewCompany(crmtest.NewClock().Mint(1))
	for what, pair := range map[string][2]any{
		"workspace": {one.Workspace, other.Workspace},
		"owner":     {one.Owner, other.Owner},
		"channel":   {one.Channel, other.Channel},
		"contact":   {one.Contact(), other.Contact()},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("two companies of equal mints differ in their %s: %+v and %+v", what, pair[0], pair[1])
		}
	}
}

func TestCompaniesOfOneMintAreApart(t *testing.T) {
	t.Parallel()
	mint := crmtest.NewClock().Mint(1)
	one, other := crmtest.NewCompany(mint), crmtest.NewCompany(mint)
	if one.Workspace.ID == other.Workspace.ID || one.Owner.ID == other.Owner.ID || one.Channel.ID == other.Channel.ID {
		t.Error("two companies of one mint share an id")
	}
	if one.Channel.PhoneNumberID == other.Channel.PhoneNumberID || one.Channel.PhoneNumberID == one.NewChannel().PhoneNumberID {
		t.Error("two channels of one mint share a phone number id")
	}
}

func TestThreadIsAsTheInboxLeavesIt(t *testing.T) {
	t.Parallel()
	company := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	thread := company.Conversation(company.Contact())
	first, second := company.Inbound(thread, "halo"), company.Inbound(thread, "halo?")
	if thread.Unread != 2 || thread.LastMessage.ID != second.ID || thread.LastInbound != second.ProviderTime || first.ProviderID == second.ProviderID {
		t.Errorf("after two messages from the customer: %+v", thread)
	}
	reply, job := company.Outbound(thread, "ya")
	if thread.LastMessage.ID != reply.ID || job.Subject != reply.ID || job.Lane != thread.ID || job.Throttle != company.Channel.ID {
		t.Errorf("after a reply: %+v with %+v", thread, job)
	}
}
