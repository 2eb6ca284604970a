// Package storetest is the suite that every store must pass: what the ports of
// the services say in words, as tests. An adapter's own test calls [Run] once.
//
// Each test has a world of its own: a store with two companies in it that look
// alike, so that a method that forgets its workspace finds the other's rows, and
// one that should leave nothing behind has something to leave alone.
package storetest
