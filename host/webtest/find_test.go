package webtest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// text returns what is to be read on the page; empty while it loads.
func (t *tab) text() string {
	text, _ := try(t, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	return text
}

// see waits until the page shows each of the texts.
func (t *tab) see(texts ...string) {
	t.Helper()
	for _, text := range texts {
		t.until(fmt.Sprintf("it shows %q", text), func() bool { return strings.Contains(t.text(), text) })
	}
}

// miss waits until the page shows none of the texts.
func (t *tab) miss(texts ...string) {
	t.Helper()
	for _, text := range texts {
		t.until(fmt.Sprintf("it does not show %q", text), func() bool { return !strings.Contains(t.text(), text) })
	}
}

// has waits until something on the page fits a CSS selector.
func (t *tab) has(selector string) {
	t.Helper()
	t.until("something fits "+selector, func() bool { return t.count(selector) > 0 })
}

// count returns how much of the page fits a CSS selector.
func (t *tab) count(selector string) int {
	n, _ := try(t, chromedp.Evaluate[int](fmt.Sprintf("document.querySelectorAll(%q).length", selector)))
	return n
}

// element is something on a page.
type element = cdp.BackendNodeID

// all returns what a screen reader would call so, in the page's order. An empty
// name is any.
func (t *tab) all(role, name string) []element {
	found, _ := try(t, func(ctx context.Context, target *chromedp.Target) ([]element, error) {
		document, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: "document"})
		if err != nil {
			return nil, err
		}
		tree, err := cdp.Call(ctx, target, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
			ObjectID: document.Result.ObjectID, AccessibleName: name, Role: role,
		})
		var found []element
		for _, node := range tree.Nodes {
			if !node.Ignored && node.BackendDOMNodeID != 0 {
				found = append(found, node.BackendDOMNodeID)
			}
		}
		return found, err
	})
	return found
}

// find waits for the first of them.
func (t *tab) find(role, name string) element {
	t.Helper()
	var found []element
	t.until(fmt.Sprintf("there is a %s %q", role, name), func() bool {
		found = t.all(role, name)
		return len(found) > 0
	})
	return found[0]
}

// click presses the middle of what is called so with the mouse.
func (t *tab) click(role, name string) {
	t.Helper()
	t.until(fmt.Sprintf("the %s %q can be clicked", role, name), func() bool {
		found := t.all(role, name)
		return len(found) > 0 && t.press(found[0]) == nil
	})
}

// clickOn presses the middle of the first that fits a CSS selector.
func (t *tab) clickOn(selector string) {
	t.Helper()
	t.until(selector+" can be clicked", func() bool {
		found, err := t.first(selector)
		return err == nil && t.press(found) == nil
	})
}

// first returns the first that fits a CSS selector.
func (t *tab) first(selector string) (element, error) { return t.nth(selector, 0) }

// nth returns one of those that fit a CSS selector, counted from 0.
func (t *tab) nth(selector string, i int) (element, error) {
	return try(t, func(ctx context.Context, target *chromedp.Target) (element, error) {
		found, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: fmt.Sprintf("document.querySelectorAll(%q)[%d]", selector, i)})
		if err != nil {
			return 0, err
		}
		if found.Result.ObjectID == "" {
			return 0, fmt.Errorf("nothing fits %s", selector)
		}
		node, err := cdp.Call(ctx, target, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: found.Result.ObjectID})
		if err != nil {
			return 0, err
		}
		return node.Node.BackendNodeID, nil
	})
}

// textOf returns what an element says; empty if it is gone.
func (t *tab) textOf(e element) string {
	text, _ := try(t, calling[string](e, "function() { return this.innerText }"))
	return text
}

// matches reports whether an expression of the page gives an element that fits a
// CSS selector.
func matches(expression, selector string) chromedp.Action[bool] {
	return chromedp.Evaluate[bool](fmt.Sprintf("%s.matches(%q)", expression, selector))
}

// press clicks with the mouse, as a person would: what lies above gets it.
func (t *tab) press(e element) error {
	_, err := try(t, func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, target, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: e}); err != nil {
			return chromedp.Void{}, err
		}
		shape, err := cdp.Call(ctx, target, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: e})
		if err != nil {
			return chromedp.Void{}, err
		}
		x, y := middle(shape.Quads)
		if math.IsNaN(x) {
			return chromedp.Void{}, fmt.Errorf("it takes no room")
		}
		return chromedp.MouseClickXY(x, y)(ctx, target)
	})
	return err
}

// middle returns the middle of the first of some shapes; not a number without.
func middle(quads []dom.Quad) (x, y float64) {
	if len(quads) == 0 {
		return math.NaN(), math.NaN()
	}
	for i := 0; i+1 < len(quads[0]); i += 2 {
		x, y = x+quads[0][i]/4, y+quads[0][i+1]/4
	}
	return x, y
}

// fill writes a text into a field in place of what it holds.
func (t *tab) fill(role, name, text string) {
	t.Helper()
	field := t.find(role, name)
	call(t, dom.Focus, dom.FocusParams{BackendNodeID: field})
	evaluate[any](t, "document.activeElement.select && document.activeElement.select()")
	t.insert(text)
}

// insert writes a text where the focus is, at once as a paste of text does.
func (t *tab) insert(text string) {
	t.Helper()
	call(t, input.InsertText, input.InsertTextParams{Text: text})
}

// keys presses keys one after the other, as kb writes them. A character is part
// of its key's press, as on a keyboard: a page that takes the key for itself gets
// no character.
func (t *tab) keys(keys string) {
	t.Helper()
	for _, r := range keys {
		press := kb.Encode(r)
		down, up := *press[0], *press[len(press)-1]
		if len(press) == 3 {
			down.Text, down.UnmodifiedText = press[1].Text, press[1].UnmodifiedText
		}
		call(t, input.DispatchKeyEvent, down)
		call(t, input.DispatchKeyEvent, up)
	}
}

// choose takes a choice of a select field.
func (t *tab) choose(name, label string) {
	t.Helper()
	on(t, t.find("combobox", name), `function(label) {
		const choice = [...this.options].find((o) => o.text.trim() === label);
		if (!choice) throw new Error("there is no choice " + label + " of " + [...this.options].map((o) => o.text.trim()));
		this.value = choice.value;
		this.dispatchEvent(new Event("input", { bubbles: true }));
		this.dispatchEvent(new Event("change", { bubbles: true }));
	}`, label)
}

// attach puts files into a file field. Their names must be absolute: the browser
// ends a page that was given another.
func (t *tab) attach(selector string, files ...string) {
	t.Helper()
	t.has(selector)
	field, err := t.first(selector)
	if err != nil {
		t.Fatal(err)
	}
	call(t, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, BackendNodeID: field})
}

// on calls a function with an element as this.
func on(t *tab, e element, function string, args ...any) {
	t.Helper()
	do(t, calling[any](e, function, args...))
}

// calling calls a function with an element as this, and returns its value.
func calling[T any](e element, function string, args ...any) chromedp.Action[T] {
	return func(ctx context.Context, target *chromedp.Target) (value T, err error) {
		node, err := cdp.Call(ctx, target, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: e})
		if err != nil {
			return value, err
		}
		var handed []*runtime.CallArgument
		for _, arg := range args {
			encoded, err := json.Marshal(arg)
			if err != nil {
				return value, err
			}
			handed = append(handed, &runtime.CallArgument{Value: encoded})
		}
		result, err := cdp.Call(ctx, target, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
			FunctionDeclaration: function, ObjectID: node.Object.ObjectID, Arguments: handed, ReturnByValue: new(true),
		})
		switch {
		case err != nil:
			return value, err
		case result.ExceptionDetails != nil:
			return value, errors.New(thrown(result.ExceptionDetails))
		case len(result.Result.Value) == 0:
			return value, nil // undefined
		}
		return value, json.Unmarshal(result.Result.Value, &value)
	}
}
