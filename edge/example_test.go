package edge_test

import (
	"fmt"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge"
)

func ExampleDecide() {
	config, err := edge.Parse([]byte(`{
		"version": 1,
		"sources": [{"name": "app", "provider": "meta", "secrets": ["our app secret"]}],
		"cells":   [{"name": "jakarta"}, {"name": "bandung"}],
		"routes":  {"100000000000001": "bandung"}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	body := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"messages","value":{
		"metadata":{"phone_number_id":"100000000000001"},
		"messages":[{"id":"wamid.1","from":"6281200000001","type":"text","text":{"body":"Halo kak"}}]}}]}]}`)
	_, signature := webhook.Sign(crm.Meta, "our app secret", body)

	d := edge.Decide(config, &edge.Request{
		Provider: edge.Meta, Method: edge.Post, Body: body,
		Hub: edge.Header{Value: []byte(signature), Count: 1},
	}, 1796083200000)
	fmt.Println(d.Verdict, d.Reason, d.Status)
	for _, t := range d.Targets {
		fmt.Printf("number %s: cells %02b, %s\n", t.ID, t.Cells, t.How)
	}
	for _, e := range d.Events {
		fmt.Printf("%s %s from %s\n", e.Kind, e.ID, e.Peer)
	}
	// Output:
	// forward routed 200
	// number 100000000000001: cells 10, by_table
	// message wamid.1 from 6281200000001
}
