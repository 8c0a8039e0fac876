package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// imageFolders are the files of each image, by id and by path in its folder.
type imageFolders map[string]map[string][]byte

// snapshotImages reads every image of a sandbox's folder.
func snapshotImages(dir string) (imageFolders, error) {
	images := imageFolders{}
	entries, err := os.ReadDir(filepath.Join(dir, "images"))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		files, err := readTree(imageRoot(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		images[e.Name()] = files
	}
	return images, nil
}

func readTree(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[rel], err = os.ReadFile(path)
		return err
	})
	return files, err
}

// check is one thing that was looked at.
type check struct {
	what string
	err  error
}

// checkFarm compares the images that the list names now with those that it
// named before.
func checkFarm(dir string, c *config.Config, before imageFolders) ([]check, error) {
	oldCert, err := os.ReadFile(c.Certificate.Old[0])
	if err != nil {
		return nil, err
	}
	newCert, err := os.ReadFile(c.Certificate.New)
	if err != nil {
		return nil, err
	}
	oldList, newList, err := readLists(c.SlaveList)
	if err != nil {
		return nil, err
	}
	after, err := snapshotImages(dir)
	if err != nil {
		return nil, err
	}
	left, err := os.ReadDir(filepath.Join(dir, "instances"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return []check{
		{"each image differs from its source by the certificate alone",
			onlyCertificateChanged(oldList, newList, before, after, oldCert, newCert)},
		{"the look-alike C:\\bot\\cert.pem still holds the old certificate", lookAlikes(newList, after, oldCert)},
		{"image ids apart, the list is byte for byte what it was", sameButIDs(oldList, newList)},
		{"every instance that was launched is terminated", none(left)},
		checkStatic(dir, c, oldCert, newCert),
		checkMaster(dir, c, oldCert, newCert),
	}, nil
}

func readLists(path string) (before, now *slavelist.List, err error) {
	if before, err = readLocalList(path + previousSuffix); err != nil {
		return nil, nil, err
	}
	now, err = readLocalList(path)
	return before, now, err
}

func readLocalList(path string) (*slavelist.List, error) {
	data, err := config.ReadFile("slave list", path)
	if err != nil {
		return nil, err
	}
	return parseList(path, data)
}

// onlyCertificateChanged walks the workers of both lists side by side.
func onlyCertificateChanged(oldList, newList *slavelist.List, before, after imageFolders, oldCert, newCert []byte) error {
	workers := newList.Entries()
	for i, was := range oldList.Entries() {
		if was.AMI == "" {
			continue
		}
		source, replacement := before[was.AMI], after[workers[i].AMI]
		if was.AMI == workers[i].AMI || replacement == nil {
			return fmt.Errorf("worker %s still has %s", was.Name, workers[i].AMI)
		}
		if err := differByCertificate(source, replacement, oldCert, newCert); err != nil {
			return fmt.Errorf("%s, made of %s: %w", workers[i].AMI, was.AMI, err)
		}
	}
	return nil
}

func differByCertificate(source, replacement map[string][]byte, oldCert, newCert []byte) error {
	changed := 0
	for path, is := range replacement {
		was, had := source[path]
		switch {
		case !had:
			return fmt.Errorf("%s was not there before", path)
		case bytes.Equal(was, is):
		case bytes.Equal(was, oldCert) && bytes.Equal(is, newCert):
			changed++
		default:
			return fmt.Errorf("%s has changed", path)
		}
	}
	if len(replacement) != len(source) {
		return errors.New("a file is missing")
	}
	if changed != 1 {
		return fmt.Errorf("%d files hold the new certificate", changed)
	}
	return nil
}

func lookAlikes(list *slavelist.List, after imageFolders, oldCert []byte) error {
	decoy := filepath.Join("C", "bot", "cert.pem")
	for _, image := range list.Images() {
		if content, has := after[image][decoy]; has && !bytes.Equal(content, oldCert) {
			return fmt.Errorf("%s of %s has changed", decoy, image)
		}
	}
	return nil
}

func sameButIDs(oldList, newList *slavelist.List) error {
	mask := func(list *slavelist.List) string {
		text := string(list.Pack())
		for _, id := range list.Images() {
			text = strings.ReplaceAll(text, id, "ami-*")
		}
		return text
	}
	if mask(oldList) != mask(newList) {
		return errors.New("something else has changed in it")
	}
	return nil
}

func none(left []os.DirEntry) error {
	if len(left) > 0 {
		return fmt.Errorf("%s is left", left[0].Name())
	}
	return nil
}
