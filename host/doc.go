// Package host is the program round the library: it reads the configuration,
// opens the store, answers HTTP, runs the workers and stops cleanly.
//
// Time, goroutines, logs, randomness and the environment live here and in the
// folders below, and nowhere else. routes.go lists the whole surface.
package host
