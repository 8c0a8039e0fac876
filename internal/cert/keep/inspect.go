package keep

import (
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
)

// Inspect describes every certificate of a store, each with the key that lies
// beside it; its source reads "STORE: ITEM". An item that cannot be read is an
// error; the others are described all the same. A key that the passphrase does
// not open stays locked.
func Inspect(store string, items Items, passphrase []byte, now time.Time) ([]cert.Info, []error) {
	var infos []cert.Info
	var errs []error
	for _, item := range items.Names() {
		if IsKey(item) {
			continue
		}
		file, err := cert.Parse(store+": "+item, items[item])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		file.Kind = cert.SourceStore
		key, err := keyBeside(store, items, item, passphrase)
		if err != nil {
			errs = append(errs, err)
		}
		infos = append(infos, cert.Inspect(file, key, now)...)
	}
	return infos, errs
}

// keyBeside returns nil where there is no key.
func keyBeside(store string, items Items, certItem string, passphrase []byte) (*cert.File, error) {
	item := strings.TrimSuffix(certItem, Cert) + Key
	data, ok := items[item]
	if !ok {
		return nil, nil
	}
	file, err := cert.ParseKey(store+": "+item, data)
	if err != nil {
		return nil, err
	}
	if len(passphrase) > 0 {
		_ = file.Unlock(passphrase) // locked keys are described as such
	}
	return file, nil
}
