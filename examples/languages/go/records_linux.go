// SPDX-License-Identifier: MIT

package main

import (
	"encoding/binary"
	"errors"
	"net"
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

func getOption(fd uintptr, level, option int, value []byte) (int, error) {
	size := uint32(len(value))
	_, _, failed := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&value[0])), uintptr(unsafe.Pointer(&size)), 0)
	if failed != 0 {
		return 0, failed
	}
	return int(size), nil
}

func giveRecords(fd uintptr, value []byte) error {
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
	if _, err := getOption(fd, level, soOriginalDst, raw); errors.Is(err, syscall.ENOENT) {
		return nil, errors.New("the connection was not redirected")
	} else if err != nil {
		return nil, err
	}
	found := &net.TCPAddr{IP: address, Port: int(binary.BigEndian.Uint16(raw[2:])), Zone: local.Zone}
	if found.IP.Equal(local.IP) && found.Port == local.Port {
		return nil, errors.New("the connection was not redirected")
	}
	return found, nil
}
