package realhost

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// programs are what hosts are made with, and the packages that hold them.
func programs() [][2]string {
	return [][2]string{
		{"ip", "iproute2"}, {"mount", "mount"}, {"pivot_root", "util-linux"}, {"nsenter", "util-linux"},
		{"hostname", "hostname"}, {"ssh-keygen", "openssh-client"}, {"sshd", "openssh-server"},
	}
}

// Check says why this machine can't have real hosts whose folders lie below
// dir; nil if it can. Nothing stays of what it tries.
func Check(dir string) error {
	if os.Geteuid() != 0 {
		return errors.New("cannot make real hosts: only root can")
	}
	for _, p := range programs() {
		if _, err := exec.LookPath(p[0]); err != nil {
			return fmt.Errorf("cannot make real hosts: %s is missing; install package %s", p[0], p[1])
		}
	}
	place, err := os.MkdirTemp(dir, "check-")
	if err != nil {
		return fmt.Errorf("cannot make real hosts: %w", err)
	}
	defer func() { _ = os.RemoveAll(place) }()
	cmd := exec.Command("/bin/sh", "-c", `set -e
mkdir upper work mnt
mount --make-rprivate /
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay mnt
mount -t proc proc mnt/proc
ip link add br0 type bridge
ip link add port type veth peer name eth0`)
	cmd.Dir = place
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot make real hosts: namespaces, overlayfs or a bridge are not to be had: %w", errors.Join(err, said(out)))
	}
	return nil
}

// said is what a command printed, nil if nothing.
func said(out []byte) error {
	if text := strings.TrimSpace(string(out)); text != "" {
		return errors.New(text)
	}
	return nil
}
