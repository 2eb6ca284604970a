//go:build !linux

package main

import (
	"errors"
	"syscall"
)

// mount has no way to make a small disk here.
func mount(string, string) error { return errors.New("only Linux mounts a small disk in memory") }

func unmount(string) {}

func start(_ *syscall.SysProcAttr, begin func() error) error { return begin() }

// pin has no way to choose processors here.
func pin(int, int) error { return errors.New("only Linux keeps the driver apart") }
