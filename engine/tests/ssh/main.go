// ssh FOLDER KEY: serves the repositories below FOLDER over SSH on a free port of 127.0.0.1, to whoever holds the private
// half of the public key in the file KEY. Its first line is the port, its second a line for `known_hosts`.
package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/crypto/ssh"
)

var wanted = regexp.MustCompile(`^(git-upload-pack|git-receive-pack) '/([a-z0-9-]+\.git)'$`)

func main() {
	log.SetFlags(0)
	folder, file := os.Args[1], os.Args[2]
	text, err := os.ReadFile(file)
	check(err)
	allowed, _, _, _, err := ssh.ParseAuthorizedKey(text)
	check(err)
	_, private, err := ed25519.GenerateKey(nil)
	check(err)
	host, err := ssh.NewSignerFromKey(private)
	check(err)
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if bytes.Equal(key.Marshal(), allowed.Marshal()) {
				return nil, nil
			}
			return nil, errors.New("another key")
		},
	}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	port := listener.Addr().(*net.TCPAddr).Port
	fmt.Printf("%d\n[127.0.0.1]:%d %s", port, port, ssh.MarshalAuthorizedKey(host.PublicKey()))
	for {
		connection, err := listener.Accept()
		check(err)
		go serve(connection, config, folder)
	}
}

func serve(connection net.Conn, config *ssh.ServerConfig, folder string) {
	defer connection.Close()
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for channel := range channels {
		if channel.ChannelType() != "session" {
			channel.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		session, requests, err := channel.Accept()
		if err != nil {
			return
		}
		go run(session, requests, folder)
	}
}

// run starts the one program that a session asks for.
func run(session ssh.Channel, requests <-chan *ssh.Request, folder string) {
	defer session.Close()
	var protocol string
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			if ssh.Unmarshal(request.Payload, &variable) == nil && variable.Name == "GIT_PROTOCOL" {
				protocol = variable.Value
			}
			request.Reply(true, nil)
		case "exec":
			var asked struct{ Command string }
			parts := []string(nil)
			if ssh.Unmarshal(request.Payload, &asked) == nil {
				parts = wanted.FindStringSubmatch(asked.Command)
			}
			request.Reply(parts != nil, nil)
			if parts == nil {
				return
			}
			status := struct{ Code uint32 }{git(session, parts[1], filepath.Join(folder, parts[2]), protocol)}
			session.SendRequest("exit-status", false, ssh.Marshal(status))
			return
		default:
			request.Reply(false, nil)
		}
	}
}

func git(session ssh.Channel, program, repository, protocol string) uint32 {
	command := exec.Command("git", strings.TrimPrefix(program, "git-"), repository)
	command.Env = append(os.Environ(), "GIT_PROTOCOL="+protocol)
	command.Stdout, command.Stderr = session, session.Stderr()
	input, err := command.StdinPipe()
	check(err)
	check(command.Start())
	go func() {
		io.Copy(input, session)
		input.Close()
	}()
	var exit *exec.ExitError
	switch err := command.Wait(); {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return uint32(exit.ExitCode())
	default:
		return 255
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
