// Package figures counts: how many conversations stand where, how much was
// written, how long customers waited, how leads moved. Nothing is counted when
// somebody looks. Each transaction adds what it changed ([Count]), and a reader
// gets sums.
//
// There are two kinds of figures. Standing figures say how things are: they are
// what a count of all rows would give, at any time. The others say what happened
// on a day. A day is a day of the workspace's time zone as it was when the thing
// was counted: a workspace that moves to another zone keeps the days it has, and
// the day on which it moves is shorter or longer than others.
//
// What is erased or merged leaves the standing figures and stays in the days:
// that it happened is true for ever.
package figures
