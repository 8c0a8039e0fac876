package rootfs

import (
	"crypto/rand"
	"io"
	"io/fs"
	"path"
	"syscall"
	"time"
)

func isDevice(abs string) bool {
	switch abs {
	case "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random":
		return true
	}
	return false
}

// device is an open character device.
type device struct{ name string }

func (d device) Read(p []byte) (int, error) {
	switch d.name {
	case "null":
		return 0, io.EOF
	case "zero":
		clear(p)
		return len(p), nil
	}
	return rand.Read(p)
}

func (device) Write(p []byte) (int, error)  { return len(p), nil }
func (device) Close() error                 { return nil }
func (d device) Stat() (fs.FileInfo, error) { return deviceInfo(d), nil }

func (device) Seek(int64, int) (int64, error) { return 0, syscall.ESPIPE }

type deviceInfo struct{ name string }

func (d deviceInfo) Name() string     { return d.name }
func (deviceInfo) Size() int64        { return 0 }
func (deviceInfo) Mode() fs.FileMode  { return 0o666 | fs.ModeDevice | fs.ModeCharDevice }
func (deviceInfo) ModTime() time.Time { return time.Unix(0, 0) }
func (deviceInfo) IsDir() bool        { return false }
func (deviceInfo) Sys() any           { return nil }

func deviceAt(abs string) device { return device{path.Base(abs)} }
