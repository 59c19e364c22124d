// SPDX-License-Identifier: MIT

// Package control drives conntrail-emu by its control socket: docs/reference/control.md.
package control

import (
	"encoding/json"
	"errors"
	"net"
)

// Object is a request or an answer.
type Object map[string]any

// Control is a connection to the supervisor. Use it in one goroutine at a time.
type Control struct {
	socket  net.Conn
	answers *json.Decoder
}

// Open connects to the socket at path.
func Open(path string) (*Control, error) {
	socket, err := net.Dial("unix", path)
	if err != nil {
		return nil, err
	}
	return &Control{socket, json.NewDecoder(socket)}, nil
}

// Ask sends one request and returns its answer. Encode ends the request with a newline.
func (c *Control) Ask(request Object) (Object, error) {
	if err := json.NewEncoder(c.socket).Encode(request); err != nil {
		return nil, err
	}
	var answer Object
	if err := c.answers.Decode(&answer); err != nil {
		return nil, err
	}
	if answer["ok"] != true {
		return nil, errors.New(answer["error"].(string))
	}
	return answer, nil
}

// Close ends the connection. The supervisor goes on.
func (c *Control) Close() error {
	return c.socket.Close()
}
