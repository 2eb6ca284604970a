package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fed runs a command with a standard input.
func (i *installation) fed(input string, args ...string) result {
	i.t.Helper()
	cmd := exec.CommandContext(i.t.Context(), i.program, args...)
	cmd.Env, cmd.Stdin = i.env, strings.NewReader(input)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	_ = cmd.Run() // its exit code says
	return result{cmd.ProcessState.ExitCode(), out.String(), errors.String()}
}

// The rules are taken out, changed, checked, tried and put in force.
func TestRules(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		wants := func(what string, got result, code int, word string) {
			t.Helper()
			if got.code != code || !strings.Contains(got.out+got.errors, word) {
				t.Errorf("%s ends with %d:\n%s%s\nwant %d and %q", what, got.code, got.out, got.errors, code, word)
			}
		}
		i.must(`workspace`, "workspace", "create", "-name", "Contoh Study", "-locale", "en", "-owner", "Sari", "-email", "sari@example.com")
		file := filepath.Join(t.TempDir(), "rules.json")
		document := i.run("rules", "get")
		wants("get", document, 0, `"version": 1,`)
		assigns := strings.Replace(document.out, `"routing": {`, `"routing": {"enabled": true, "off_hours": "assign",`, 1)
		if err := os.WriteFile(file, []byte(assigns), 0o600); err != nil {
			t.Fatal(err)
		}
		wants("check of a file", i.run("rules", "check", file), 0, "assignment is on")
		wants("check of the standard input", i.fed(document.out, "rules", "check"), 0, "assignment is off")
		spoilt := strings.Replace(strings.Replace(assigns, `"off_hours": "assign"`, `"off_hours": "sleep"`, 1), `"margin": 5`, `"margin": -5`, 1)
		for _, problem := range []string{"routing.off_hours: ", "temperature.margin: "} {
			wants("check of what is wrong", i.fed(spoilt, "rules", "check", "-"), 2, problem)
			wants("put of what is wrong", i.fed(spoilt, "rules", "put"), 2, problem)
		}
		wants("check of no document", i.fed("hello", "rules", "check"), 2, "not good")
		wants("check of no file", i.run("rules", "check", file+".no"), 2, "cannot be read")

		const question = "Berapa biaya kuliah di Malaysia?"
		wants("try of the rules in force", i.run("rules", "try", question), 0, "(inbox)  Automatic assignment is off")
		tried := i.run("rules", "try", "-document", file, question)
		for _, word := range []string{"score ", "intent ", "+12", "goes to ", "Sari", "Given to the member whose turn it is."} {
			wants("try of a document", tried, 0, word)
		}
		wants("try in Indonesian", i.run("rules", "try", "-language", "id", "-document", file, question), 0, "yang mendapat giliran")
		wants("try of nothing", i.run("rules", "try"), 2, "Say what the customer says")
		wants("try puts nothing in force: get", i.run("rules", "get"), 0, `"version": 1,`)

		wants("put", i.run("rules", "put", file), 0, "version 2 is in force")
		wants("get after it", i.run("rules", "get"), 0, `"version": 2,`)
		wants("put of what was made from older rules", i.run("rules", "put", file), 4, "Somebody else changed the rules meanwhile")
		wants("put in place of what is there", i.run("rules", "put", "-replaces", "2", file), 0, "version 3 is in force")
		sales := i.run("rules", "get", "-default", "sales")
		wants("get of a default", sales, 0, `"version": 3,`)
		wants("put of the default, from the standard input", i.fed(sales.out, "rules", "put", "-"), 0, "version 4 is in force")
		wants("get of a default there is not", i.run("rules", "get", "-default", "church"), 2, "education and sales")
		wants("put of two files", i.run("rules", "put", file, file), 2, "one word too many")
	})
}
