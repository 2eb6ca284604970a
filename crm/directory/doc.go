// Package directory is who and what an installation knows: workspaces, their
// members, API keys and channels, and who is signed in.
//
// It is where a request becomes a principal. Nobody hands out more than it may
// do itself, a secret is shown once and kept as a hash, and whatever does not
// authenticate is answered alike, so that the answer tells nothing.
//
// A key that is revoked, a session that is ended and a role that is taken away
// count at once on the host where it was done, and within a second on every
// other host of the installation ([KnownFor]).
package directory
