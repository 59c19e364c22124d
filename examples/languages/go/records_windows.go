// SPDX-License-Identifier: MIT

package main

import (
	"encoding/binary"
	"errors"
	"net"
	"strconv"
	"syscall"
)

// Windows' control codes, which are those of include/conntrail/linux.h.
const (
	queryRecords = 0x980000DC
	queryContext = 0x980000DD
	setRecords   = 0x980000DE
)

// With a buffer of this size no answer means "too small", and 10022 is "not redirected" (clause Q5).
const largestBlob = 65536

// The answers of a connection without records, and of a system without redirect records.
const (
	notFound     = syscall.Errno(1168)
	notFoundHere = syscall.Errno(0x80320008)
	invalid      = syscall.Errno(10022)
	notSupported = syscall.Errno(10045)
)

// A context is one or two SOCKADDR_STORAGE, the original destination first.
const (
	storageSize  = 128
	windowsInet  = 2
	windowsInet6 = 23
)

// The blob that a control code reads; none if the connection was not redirected.
func query(fd uintptr, code uint32) ([]byte, error) {
	all := make([]byte, largestBlob)
	var size uint32
	err := syscall.WSAIoctl(syscall.Handle(fd), code, nil, 0, &all[0], largestBlob, &size, nil, 0)
	switch err {
	case nil:
		return all[:size], nil
	case notFound, notFoundHere, invalid, notSupported:
		return nil, nil
	}
	return nil, err
}

func recordsOf(fd uintptr) ([]byte, error) {
	return query(fd, queryRecords)
}

func giveRecords(fd uintptr, value []byte) error {
	var none uint32
	return syscall.WSAIoctl(syscall.Handle(fd), setRecords, &value[0], uint32(len(value)), nil, 0, &none, nil, 0)
}

// Where the client wanted to go, by the redirect context.
func destinationOf(fd uintptr, _ *net.TCPAddr) (*net.TCPAddr, error) {
	context, err := query(fd, queryContext)
	if err != nil {
		return nil, err
	}
	if context == nil {
		return nil, errors.New("the connection was not redirected")
	}
	if len(context) != storageSize && len(context) != 2*storageSize {
		return nil, errors.New("the redirect context is in an unknown layout")
	}
	found := &net.TCPAddr{Port: int(binary.BigEndian.Uint16(context[2:]))}
	switch binary.LittleEndian.Uint16(context) {
	case windowsInet:
		found.IP = context[4:8]
	case windowsInet6:
		found.IP = context[8:24]
		if scope := binary.LittleEndian.Uint32(context[24:]); scope != 0 {
			found.Zone = strconv.Itoa(int(scope))
		}
	default:
		return nil, errors.New("the redirect context is in an unknown layout")
	}
	if found.Port == 0 || found.IP.IsUnspecified() {
		return nil, errors.New("the redirect context is in an unknown layout")
	}
	return found, nil
}
