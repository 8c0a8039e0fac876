package ec2api

import (
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type describeKeysRequest struct {
	dry
	KeyNames      []string `q:"KeyName"`
	KeyIDs        []string `q:"KeyPairId"`
	IncludePublic bool     `q:"IncludePublicKey"`
	Filters       []filter `q:"Filter"`
}

type keyItem struct {
	ID          string        `xml:"keyPairId"`
	Name        string        `xml:"keyName"`
	Type        string        `xml:"keyType,omitempty"`
	Fingerprint string        `xml:"keyFingerprint"`
	CreateTime  string        `xml:"createTime,omitempty"`
	PublicKey   string        `xml:"publicKey,omitempty"`
	Material    string        `xml:"keyMaterial,omitempty"`
	Tags        *set[tagItem] `xml:"tagSet"`
}

func keyItemOf(k ec2state.KeyPair) keyItem {
	item := keyItem{ID: k.ID, Name: k.Name, Fingerprint: k.Fingerprint}
	if len(k.Tags) > 0 {
		item.Tags = new(tagSet(k.Tags))
	}
	return item
}

type describeKeysResponse struct {
	Keys set[keyItem] `xml:"keySet"`
}

func describeKeyPairs(c *call, r *describeKeysRequest) (any, error) {
	type key = ec2state.KeyPair
	all := c.state.KeyPairs()
	name, id := func(k key) string { return k.Name }, func(k key) string { return k.ID }
	if gone := absent(r.KeyNames, idsOf(all, name)); len(gone) > 0 {
		return nil, ec2state.Refuse("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", strings.Join(gone, ", "))
	}
	if gone := absent(r.KeyIDs, idsOf(all, id)); len(gone) > 0 {
		return nil, ec2state.Refuse("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", strings.Join(gone, ", "))
	}
	f := filters[key]{
		tags: func(k key) map[string]string { return k.Tags },
		values: map[string]func(key) []string{
			"fingerprint": one(func(k key) string { return k.Fingerprint }),
			"key-name":    one(name),
			"key-pair-id": one(id),
		},
	}
	found, err := f.apply(pick(pick(all, r.KeyNames, name), r.KeyIDs, id), r.Filters)
	return describeKeysResponse{setOf(found, func(k key) keyItem {
		item := keyItemOf(k)
		item.Type, item.CreateTime = k.Type, stamp(k.Created)
		if r.IncludePublic {
			item.PublicKey = k.PublicKey
		}
		return item
	})}, err
}

func absent(wanted, there []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(w string) bool { return slices.Contains(there, w) })
}

type createKeyRequest struct {
	dry
	Name     string    `q:"KeyName"`
	Type     string    `q:"KeyType"`
	Format   string    `q:"KeyFormat"`
	TagSpecs []tagSpec `q:"TagSpecification"`
}

func createKeyPair(c *call, r *createKeyRequest) (any, error) {
	if r.Format != "" && r.Format != "pem" {
		return nil, ec2state.Refuse("UnsupportedOperation", "Key format %s is not supported; use pem.", r.Format)
	}
	tags, err := tagsByType(r.TagSpecs, "key-pair")
	if err != nil {
		return nil, err
	}
	key, private, err := c.state.CreateKeyPair(r.Name, r.Type, tags["key-pair"], r.DryRun)
	item := keyItemOf(key)
	item.Material = private
	return item, err
}

type importKeyRequest struct {
	dry
	Name     string    `q:"KeyName"`
	Public   []byte    `q:"PublicKeyMaterial"`
	TagSpecs []tagSpec `q:"TagSpecification"`
}

func importKeyPair(c *call, r *importKeyRequest) (any, error) {
	tags, err := tagsByType(r.TagSpecs, "key-pair")
	if err != nil {
		return nil, err
	}
	key, err := c.state.ImportKeyPair(r.Name, string(r.Public), tags["key-pair"], r.DryRun)
	return keyItemOf(key), err
}

type deleteKeyRequest struct {
	dry
	Name string `q:"KeyName"`
	ID   string `q:"KeyPairId"`
}

type deleteKeyResponse struct {
	ok
	ID string `xml:"keyPairId,omitempty"`
}

func deleteKeyPair(c *call, r *deleteKeyRequest) (any, error) {
	if r.Name == "" && r.ID == "" {
		return nil, missingParameter("KeyName")
	}
	key, err := c.state.DeleteKeyPair(r.Name, r.ID, r.DryRun)
	return deleteKeyResponse{ok{true}, key.ID}, err
}
