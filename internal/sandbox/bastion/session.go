package bastion

import (
	"context"
	"io"

	"golang.org/x/crypto/ssh"
)

// noShell is what a login on the bastion is told.
const noShell = "This bastion forwards connections only; it has no shell. Use: ssh -J USER@BASTION USER@ADDRESS\r\n"

// refuseSession accepts a session, says why there is none and ends it with exit
// status 1.
func refuseSession(ctx context.Context, request ssh.NewChannel) {
	channel, requests, err := request.Accept()
	if err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { channel.Close() })
	defer stop()
	defer channel.Close()
	for r := range requests {
		switch r.Type {
		case "shell", "exec", "subsystem":
			r.Reply(true, nil)
			io.WriteString(channel.Stderr(), noShell)
			channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{1}))
			return
		case "pty-req", "env":
			r.Reply(true, nil)
		default:
			r.Reply(false, nil)
		}
	}
}
