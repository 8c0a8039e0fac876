package masterhost

import (
	"fmt"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
)

// Commands are those that the computer has besides the usual ones.
func (h *Host) Commands() map[string]commands.Command {
	return map[string]commands.Command{"restart-stunnel": h.restartCommand, "buildbot": h.buildbotCommand}
}

func (h *Host) restartCommand(p *commands.Process) int {
	said, status := h.restart(p.Ctx)
	if said != "" {
		fmt.Fprintln(p.Stdout, said)
	}
	return status
}

func (h *Host) buildbotCommand(p *commands.Process) int {
	if len(p.Args) != 3 || p.Args[1] != "restart" {
		fmt.Fprintln(p.Stderr, "usage: buildbot restart FOLDER")
		return 1
	}
	fmt.Fprintln(p.Stdout, h.restartMaster())
	return 0
}
