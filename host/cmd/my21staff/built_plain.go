//go:build !torture

package main

// built returns the commands that only a build of its own has.
func built() []command { return nil }
