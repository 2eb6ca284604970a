package web

func init() {
	show("mentions", "empty", func(string) any { return mentionsPage{} })
	show("mentions", "typical", func(x string) any {
		row := mentionRow{Address: "/inbox/1", Contact: x, Author: x, Body: []span{{Text: x}, {Text: x, Style: "mention"}, {Text: x, Style: "me"}}, At: x, AtISO: x}
		unseen := row
		unseen.Unseen = true
		return mentionsPage{Frame: outside(x), Tabs: []leadTab{{Name: x, Address: "/mentions", Chosen: true}}, Rows: []mentionRow{unseen, row}, Some: true, Next: "/mentions?which=new&after=1"}
	})
}

func bellOf(x string) mentionBell {
	return mentionBell{Shown: true, Here: true, Count: "2", Last: &mentionRow{Address: "/inbox/1", Contact: x, Author: x, Body: []span{{Text: x}}, At: x, AtISO: x}}
}
