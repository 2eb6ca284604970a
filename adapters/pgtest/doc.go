// Package pgtest gives tests a real PostgreSQL: no container, no service, no
// question asked. Only tests and benchmarks import it.
//
// The first call in a test process makes a cluster in a temporary folder from
// the installed server binaries and starts it on a Unix socket that nobody else
// can open. Durability is what production has: fsync stays on, because tests
// that kill things rely on it. $M21_TEST_POSTGRES, the DSN of a superuser,
// names a server to use instead.
//
// # Who clears up
//
// A test process may end by a panic, a timeout or a kill, and then no cleanup of
// ours runs. So each cluster has a guard: a shell that waits for the end of a
// pipe whose other end the test process holds. However the process ends, the
// kernel closes the pipe; the guard stops the server and removes the folder. A
// parent-death signal was the alternative: it exists on Linux only, follows the
// thread and not the process, and removes no folder.
package pgtest
