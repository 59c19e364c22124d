// SPDX-License-Identifier: MIT

package control

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const scenario = "../../../scenarios/one-service.json"

// What the tests of this package share.
var (
	supervisor *Control
	attach     []string // the words in front of a program that is to be supervised
)

// TestMain uses the supervisor that started `go test`, or starts one and ends it.
func TestMain(m *testing.M) {
	end, err := begin()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := end(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(code)
}

func begin() (end func() error, err error) {
	if path := os.Getenv("CONNTRAIL_EMU_CONTROL"); path != "" {
		supervisor, err = Open(path)
		return func() error { return supervisor.Close() }, err
	}
	folder, err := os.MkdirTemp("", "control-")
	if err != nil {
		return nil, err
	}
	quit, err := serve(filepath.Join(folder, "control"))
	return func() error {
		defer os.RemoveAll(folder)
		return quit()
	}, err
}

func serve(path string) (quit func() error, err error) {
	command := exec.Command("conntrail-emu", "serve", "--quiet", "--fail-on", "none", "--control", path, scenario)
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(output)
	if !lines.Scan() {
		return nil, command.Wait()
	}
	attach = []string{"conntrail-emu", "attach", strings.TrimPrefix(lines.Text(), "CONNTRAIL_EMU_SOCKET="), "--"}
	if !lines.Scan() {
		return nil, command.Wait()
	}
	supervisor, err = Open(path)
	return func() error {
		if _, err := supervisor.Ask(Object{"do": "quit"}); err != nil {
			return err
		}
		io.Copy(io.Discard, output)
		return command.Wait()
	}, err
}

func client() *exec.Cmd {
	words := append(append([]string{}, attach...), "curl", "-sS", "-m", "20", "http://93.184.216.34/")
	return exec.Command(words[0], words[1:]...)
}

func ask(t *testing.T, request Object) Object {
	t.Helper()
	answer, err := supervisor.Ask(request)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func expect(t *testing.T, expected Object) {
	t.Helper()
	if answer := ask(t, Object{"do": "expect", "expect": expected}); answer["met"] != true {
		t.Errorf("%v\n%v", answer["failed"], ask(t, Object{"do": "counts"})["summary"])
	}
}

func TestAConnectionIsRedirected(t *testing.T) {
	ask(t, Object{"do": "reset"})
	if output, err := client().CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	expect(t, Object{"connecting": 1, "redirected": Object{"acme": 1}, "loop": 0, "misuse": 0})
}

func TestNothingIsLeftOfAnotherTest(t *testing.T) {
	ask(t, Object{"do": "reset"})
	if connections := ask(t, Object{"do": "counts"})["connections"]; connections != 0.0 {
		t.Errorf("%v connections", connections)
	}
}

func TestAConnectThatFails(t *testing.T) {
	ask(t, Object{"do": "reset"})
	ask(t, Object{"do": "add", "faults": []Object{{"operation": "connect", "native": 10061, "nth": 1}}})
	if output, err := client().CombinedOutput(); err == nil {
		t.Errorf("the first connect did not fail: %s", output)
	}
	if output, err := client().CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
	expect(t, Object{"fault": 1, "redirected": Object{"acme": 1}})
}

func TestAProgramInTheBackgroundIsWaitedFor(t *testing.T) {
	ask(t, Object{"do": "reset"})
	running := client()
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	answer := ask(t, Object{"do": "wait", "kind": "redirected", "service": "acme", "seconds": 30})
	if destination := answer["event"].(map[string]any)["destination"]; destination != "93.184.216.34:80" {
		t.Errorf("the event's destination is %v", destination)
	}
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
}
