package masterhost

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// localPoll is how often a local computer's requests are looked for.
const localPoll = 10 * time.Millisecond

// localScript asks for a command and waits for the answer.
const localScript = `#!/bin/sh
# Asks the sandbox that serves this folder for a command of its buildmaster.
cd "$(dirname "$0")" || exit 1
printf '%s\n' "$*" >request.tmp && mv request.tmp request || exit 1
until [ -e status ]; do sleep 0.02; done
cat answer
status=$(cat status)
rm -f answer status
exit "$status"
`

// ServeLocal lets programs of this computer run the commands, too: it writes a
// script named ask into a folder, which takes a command and its arguments, and
// answers it until ctx ends. Only one may ask at a time.
func (h *Host) ServeLocal(ctx context.Context, folder string) (script string, err error) {
	script = filepath.Join(folder, "ask")
	if err := os.WriteFile(script, []byte(localScript), 0o755); err != nil {
		return "", fmt.Errorf("cannot let programs ask the buildmaster: %w", err)
	}
	h.serving.Go(func() {
		for ctx.Err() == nil {
			h.answer(ctx, folder)
			time.Sleep(localPoll)
		}
	})
	return script, nil
}

func (h *Host) answer(ctx context.Context, folder string) {
	request := filepath.Join(folder, "request")
	text, err := os.ReadFile(request)
	if err != nil || os.Remove(request) != nil {
		return
	}
	said, status := "unknown command "+string(text), 127
	switch words := strings.Fields(string(text)); {
	case len(words) == 1 && words[0] == "restart-stunnel":
		said, status = h.restart(ctx)
	case len(words) == 3 && words[0] == "buildbot" && words[1] == "restart":
		said, status = h.restartMaster(), 0
	}
	if os.WriteFile(filepath.Join(folder, "answer"), []byte(said+"\n"), 0o644) == nil {
		_ = os.WriteFile(filepath.Join(folder, "status.tmp"), []byte(strconv.Itoa(status)), 0o644)
		_ = os.Rename(filepath.Join(folder, "status.tmp"), filepath.Join(folder, "status"))
	}
}
