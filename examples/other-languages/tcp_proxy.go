// SPDX-License-Identifier: MIT

// A transparent TCP proxy with redirect records, by the numbers of include/conntrail/linux.h alone.
//
//	go run tcp_proxy.go ADDRESS:PORT
//
// A Go program makes its system calls itself, and today's conntrail-emu does not see them.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

const (
	solConntrail    = 0x434E54
	recordsSize     = 16
	records         = 0x100
	piece           = 1024
	soOriginalDst   = 80
	addressSize     = 28 // of a sockaddr_in6; a sockaddr_in is 16
	ipv4AddressSize = 16
)

func first(errors ...error) error {
	for _, err := range errors {
		if err != nil {
			return err
		}
	}
	return nil
}

func getOption(fd uintptr, level, option int, value []byte) (int, error) {
	size := uint32(len(value))
	_, _, failed := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&value[0])), uintptr(unsafe.Pointer(&size)), 0)
	if failed != 0 {
		return 0, failed
	}
	return int(size), nil
}

func setRecords(fd uintptr, value []byte) error {
	_, _, failed := syscall.Syscall6(syscall.SYS_SETSOCKOPT, fd, solConntrail, records,
		uintptr(unsafe.Pointer(&value[0])), uintptr(len(value)), 0)
	if failed != 0 {
		return failed
	}
	return nil
}

// The records of an accepted connection; none on a real Linux, which has no redirect records.
func recordsOf(fd uintptr) ([]byte, error) {
	var size uint32 // in the machine's byte order
	number := (*[4]byte)(unsafe.Pointer(&size))[:]
	_, err := getOption(fd, solConntrail, recordsSize, number)
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOPROTOOPT) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := make([]byte, size)
	for at := 0; at < len(all); at += piece {
		end := at + piece
		if end > len(all) {
			end = len(all)
		}
		if _, err := getOption(fd, solConntrail, records+at/piece, all[at:end]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Where the client wanted to go, behind REDIRECT and in an emulated kernel.
func destinationOf(fd uintptr, local *net.TCPAddr) (*net.TCPAddr, error) {
	raw := make([]byte, addressSize)
	level, address := syscall.IPPROTO_IPV6, raw[8:24]
	if local.IP.To4() != nil {
		level, raw, address = syscall.IPPROTO_IP, raw[:ipv4AddressSize], raw[4:8]
	}
	if _, err := getOption(fd, level, soOriginalDst, raw); err != nil {
		return nil, err
	}
	found := &net.TCPAddr{IP: address, Port: int(binary.BigEndian.Uint16(raw[2:])), Zone: local.Zone}
	if found.IP.Equal(local.IP) && found.Port == local.Port {
		return nil, errors.New("the connection was not redirected")
	}
	return found, nil
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
		failed := raw.Control(func(fd uintptr) { err = setRecords(fd, carried) })
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
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "tcp_proxy.go:", err)
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
				fmt.Fprintln(os.Stderr, "tcp_proxy.go:", err)
			}
		}()
	}
}
