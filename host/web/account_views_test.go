package web

import "github.com/my21staff/my21staff/crm"

func init() {
	show("login", "empty", func(string) any { return loginPage{} })
	show("login", "typical", func(x string) any {
		return loginPage{Frame: Frame{Lang: indonesian, Title: x}, Link: x, Email: x, Next: x, Add: true, Problem: x}
	})
	show("account", "empty", func(string) any { return accountPage{} })
	show("account", "typical", func(x string) any {
		return accountPage{Frame: outside(x), Name: x, Email: x, Role: crm.Admin, Themes: themes, HasPassword: true, Problem: x,
			Sessions: []sessionLine{{Key: x, Browser: x, Began: x, Seen: x, Here: true}, {Key: x, Browser: x, Began: x, Seen: x}}}
	})
}
