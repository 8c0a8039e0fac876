package winhost

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"
)

// command is a process in a shell.
type command struct {
	id       string
	shell    *shell
	line     string
	skipsCmd bool
	life     context.Context
	end      context.CancelFunc

	mu     sync.Mutex
	input  []byte
	fed    chan struct{} // closed when standard input has ended
	isFed  bool
	result outcome
	ended  chan struct{} // closed when result is there
}

// outcome is what a process leaves: what it printed and its exit code. With a
// deed, that goes wrong on the way to the client.
type outcome struct {
	stdout, stderr []byte
	exitCode       int
	deed           string
}

func newCommand(s *shell, line string, skipsCmd bool) *command {
	c := &command{id: newGUID(), shell: s, line: line, skipsCmd: skipsCmd,
		fed: make(chan struct{}), ended: make(chan struct{})}
	c.life, c.end = context.WithCancel(s.life)
	return c
}

// run is the process.
func (c *command) run() {
	result, ok := c.shell.shells.computer.interpret(c)
	if !ok {
		return // killed: whoever waits for it is told by life
	}
	c.mu.Lock()
	c.result = result
	c.mu.Unlock()
	close(c.ended)
}

func (c *command) feed(data []byte, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isFed {
		return
	}
	c.input = append(c.input, data...)
	if last {
		c.isFed = true
		close(c.fed)
	}
}

// readInput waits for the end of standard input.
func (c *command) readInput() ([]byte, bool) {
	select {
	case <-c.fed:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.input, true
	case <-c.life.Done():
		return nil, false
	}
}

// receive waits for output as long as the operation may take. As with Windows,
// output and the end of the command come in answers of their own.
func (c *command) receive(ctx context.Context, timeout time.Duration, envelope int) (string, error) {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-c.ended:
	case <-ctx.Done():
		return "", ctx.Err()
	case <-c.life.Done():
		select {
		case <-c.ended: // it had ended before it was killed
		default:
			return "", faultAborted()
		}
	case <-timer.C:
		return "", faultTimedOut()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.result.deed != "" {
		c.result.deed = ""
		return "", errCut
	}
	if len(c.result.stdout)+len(c.result.stderr) > 0 {
		most := pieceFor(envelope)
		return `<rsp:ReceiveResponse>` + c.take("stdout", &c.result.stdout, most) + c.take("stderr", &c.result.stderr, most) +
			c.state("Running", "") + `</rsp:ReceiveResponse>`, nil
	}
	return `<rsp:ReceiveResponse>` + c.endOf("stdout") + c.endOf("stderr") +
		c.state("Done", fmt.Sprintf(`<rsp:ExitCode>%d</rsp:ExitCode>`, c.result.exitCode)) + `</rsp:ReceiveResponse>`, nil
}

// pieceFor is how much of each stream goes into one answer, in bytes: two
// streams in base64, and the rest of the message.
func pieceFor(envelope int) int {
	const least, overhead = 8 << 10, 4 << 10
	if envelope <= 0 || envelope > maxRequest {
		envelope = 150 << 10
	}
	return max((envelope-overhead)*3/8, least)
}

// take removes a piece of a stream and writes it.
func (c *command) take(name string, from *[]byte, most int) string {
	n := min(len(*from), most)
	if n == 0 {
		return ""
	}
	piece := (*from)[:n]
	*from = (*from)[n:]
	return `<rsp:Stream Name="` + name + `" CommandId="` + c.id + `">` + base64.StdEncoding.EncodeToString(piece) + `</rsp:Stream>`
}

func (c *command) endOf(name string) string {
	return `<rsp:Stream Name="` + name + `" CommandId="` + c.id + `" End="true"></rsp:Stream>`
}

func (c *command) state(name, exitCode string) string {
	return strings.Join([]string{`<rsp:CommandState CommandId="`, c.id, `" State="`, nsShell, `/CommandState/`, name, `">`,
		exitCode, `</rsp:CommandState>`}, "")
}
