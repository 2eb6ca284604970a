// Package mac computes HMAC-SHA256, natively with the standard library and in
// the edge module with a kernel that the build links into it.
//
// The module does not import crypto/sha256: that brings a self-test and 107 KB
// into a module of 430. So this is the one place in the product with a hash of
// its own, and it is never used natively. Both are held against the same
// vectors.
package mac

// Size is the length of a MAC in bytes.
const Size = 32
