package sqlite_test

import "github.com/my21staff/my21staff/adapters/internal/doubt"

// What a store holds is compared with the file in every test here.
func init() { doubt.Held = true }
