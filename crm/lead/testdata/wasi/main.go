// Command wasi writes down leads; see package profiles.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err == nil {
		err = profiles.Write(os.Stdout, n)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
