package main

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// BenchmarkExchange sends what a flood sends to somebody who refuses it at once:
// what the driver takes of the processors that it measures, with the other side's
// least part of it.
//
//	go test -run '^$' -bench Exchange ./bench/load
func BenchmarkExchange(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	request := append([]byte("POST /api/webhook/meta HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000\r\n\r\n"), bytes.Repeat([]byte("x"), 6000)...)
	answer := append([]byte("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: 300\r\nRetry-After: 2\r\n"+
		"X-Request-Id: 0123456789abcdef01234567\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n\r\n"), bytes.Repeat([]byte("x"), 300)...)
	go refuseAll(ln, len(request), answer)
	c := &conn{address: ln.Addr().String(), hasty: true}
	defer c.close()
	before := processorTime()
	b.ReportAllocs()
	for b.Loop() {
		if got := c.do(request); got.code != 503 || got.wait != 2*time.Second {
			b.Fatalf("the answer is %+v", got)
		}
	}
	b.ReportMetric((processorTime()-before)*1e6/float64(b.N), "cpu-µs/op")
}

// refuseAll answers every request of so many bytes on the next connection.
func refuseAll(ln net.Listener, size int, answer []byte) {
	c, err := ln.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	for request := make([]byte, size); ; {
		if _, err := io.ReadFull(c, request); err != nil {
			return
		}
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}
