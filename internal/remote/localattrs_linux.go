package remote

import (
	"errors"
	"syscall"
)

// keptAttributes are the access list and the SELinux label.
var keptAttributes = [...]string{"system.posix_acl_access", "security.selinux"}

// keepAttributes copies access list and label from one file to another, if it
// has any that the other has not got by itself.
func keepAttributes(to, from string) error {
	for _, name := range keptAttributes {
		want, err := attribute(from, name)
		if err != nil || want == "" {
			continue
		}
		if have, err := attribute(to, name); err == nil && have == want {
			continue
		}
		if err := syscall.Setxattr(to, name, []byte(want), 0); err != nil {
			return err
		}
	}
	return nil
}

// attribute returns an extended attribute, "" for none.
func attribute(path, name string) (string, error) {
	buffer := make([]byte, 64<<10)
	n, err := syscall.Getxattr(path, name, buffer)
	if errors.Is(err, syscall.ENODATA) || errors.Is(err, syscall.ENOTSUP) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return string(buffer[:n]), nil
}
