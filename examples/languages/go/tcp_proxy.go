// SPDX-License-Identifier: MIT

// A transparent TCP proxy that carries redirect records, without cgo: Linux by the numbers of
// include/conntrail/linux.h, Windows by WSAIoctl.
//
//	go build && ./tcp_proxy ADDRESS:PORT
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

func first(errors ...error) error {
	for _, err := range errors {
		if err != nil {
			return err
		}
	}
	return nil
}

func ask(accepted *net.TCPConn) (destination *net.TCPAddr, carried []byte, err error) {
	raw, err := accepted.SyscallConn()
	if err != nil {
		return nil, nil, err
	}
	failed := raw.Control(func(fd uintptr) {
		if destination, err = destinationOf(fd, accepted.LocalAddr().(*net.TCPAddr)); err == nil {
			carried, err = recordsOf(fd)
		}
	})
	return destination, carried, first(failed, err)
}

// The records are set before the socket connects.
func connect(destination *net.TCPAddr, carried []byte) (*net.TCPConn, error) {
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		if len(carried) == 0 {
			return nil
		}
		failed := raw.Control(func(fd uintptr) { err = giveRecords(fd, carried) })
		return first(failed, err)
	}}
	made, err := dialer.Dial("tcp", destination.String())
	if err != nil {
		return nil, err
	}
	return made.(*net.TCPConn), nil
}

func pump(from, to *net.TCPConn, done chan<- struct{}) {
	io.Copy(to, from)
	to.CloseWrite()
	done <- struct{}{}
}

func serve(accepted *net.TCPConn) error {
	defer accepted.Close()
	destination, carried, err := ask(accepted)
	if err != nil {
		return err
	}
	outbound, err := connect(destination, carried)
	if err != nil {
		return err
	}
	defer outbound.Close()
	done := make(chan struct{}, 2)
	go pump(outbound, accepted, done)
	go pump(accepted, outbound, done)
	<-done
	<-done
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: tcp_proxy ADDRESS:PORT")
		os.Exit(2)
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "tcp_proxy:", err)
		os.Exit(1)
	}
	fmt.Println("ready", listener.Addr())
	for {
		accepted, err := listener.Accept()
		if err != nil {
			continue
		}
		go func() {
			if err := serve(accepted.(*net.TCPConn)); err != nil {
				fmt.Fprintln(os.Stderr, "tcp_proxy:", err)
			}
		}()
	}
}
