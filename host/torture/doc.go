//go:build torture

// Package torture breaks the program on purpose, in a build of its own
// (-tags torture): at a named point it kills the process, panics, fails or
// waits (a fault), or it makes the program wrong in a way that people make
// programs wrong (a planted bug). A load driver with a checker beside it shows
// with the first that nothing is lost, and with the second that it would see it.
//
// Both are decorators of the ports. The product's code knows nothing of them:
// host/services_torture.go puts them between the parts, and
// host/services_plain.go, in every other build, puts nothing there.
//
// Three variables of the environment steer it. M21_TORTURE_FAULT is
// point:action or point:action:n, and acts once, the n-th time the point is
// passed; the actions are kill, panic, error and sleep (five seconds). An error is
// what the real thing would say: the database is away (Unavailable), or behind a
// commit, that nobody knows whether it was done (Uncertain); the provider was not
// reached, or behind the call, its answer was lost. M21_TORTURE_BUG names a
// bug. M21_TORTURE_LOG names a file to which a fault appends a line of JSON, and
// syncs it, before it acts. "my21staff torture" lists points and bugs.
package torture
