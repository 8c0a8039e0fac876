package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFile is a size that nothing comes near to, a list of a million workers
// included.
const maxFile = 1 << 30

// Load reads a configuration file. All that is wrong comes in one *Error, whose
// causes tell fs.ErrNotExist. getenv gives HOME and USER.
func Load(path string, getenv func(string) string) (*Config, error) {
	data, err := ReadFile("configuration", path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, getenv)
}

// ReadFile reads a file, or says in an *Error what stands in the way and how to
// mend it. what names the file's part, such as "new certificate".
func ReadFile(what, path string) ([]byte, error) {
	data, err := readRegular(path)
	if err == nil {
		return data, nil
	}
	cause, hint := explain(err)
	return nil, &Error{[]Problem{{
		Message: fmt.Sprintf("cannot read the %s %s: %s", what, path, cause),
		Hint:    hint,
		Err:     err,
	}}}
}

var (
	errFolder = errors.New("it is a directory")
	errTooBig = fmt.Errorf("it has more than %d MiB", maxFile>>20)
)

func readRegular(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if info.IsDir() {
		return nil, errFolder
	}
	var data bytes.Buffer
	if _, err := io.Copy(&data, io.LimitReader(f, maxFile+1)); err != nil {
		return nil, err
	}
	if data.Len() > maxFile {
		return nil, errTooBig
	}
	return data.Bytes(), nil
}

// explain returns the cause in words, and a remedy.
func explain(err error) (cause, hint string) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file", "check the path; a relative one counts from the configuration's folder, in a flag from the current one"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied", "run as a user that may read it, or change its mode"
	case errors.Is(err, errFolder):
		return err.Error(), "name a file in it"
	case errors.Is(err, errTooBig):
		return err.Error(), "check the path"
	}
	var perr *fs.PathError
	if errors.As(err, &perr) {
		return perr.Err.Error(), "check the path"
	}
	return err.Error(), "check the path"
}
