package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/config"
)

func TestCertificate(t *testing.T) {
	got := parse(t, `
certificate:
  old: [old.pem, older.pem]
  new: new.pem
  key: new-key.pem
  kind: set
  store: {ssm: 'rack-docker-tls-{item}', region: us-east-1, kms_key: alias/rack}
  renew_before: 60d
  validity: 3650d12h
  key_type: rsa-3072
  authority: CN=docker CA
  leaves:
    - {name: server, subject: CN=docker, names: [docker.internal, 10.0.0.7], usage: server}
    - {subject: CN=client, usage: [client, server]}
  passphrase: {file: secrets/pass}
  check:
    files: [/etc/ssl/bot, more.pem]
    endpoints: [{address: 'bot.example.org:8010'}, {address: '[::1]:443', bastion: true}]
`).Certificate
	const day = 24 * time.Hour
	want := config.Certificate{
		Old: []string{"/conf/old.pem", "/conf/older.pem"}, New: "/conf/new.pem", Key: "/conf/new-key.pem", Kind: config.KindSet,
		Store:       config.Store{SSM: "rack-docker-tls-{item}", Region: "us-east-1", KMSKey: "alias/rack"},
		RenewBefore: 60 * day, Validity: 3650*day + 12*time.Hour, KeyType: "rsa-3072", Authority: "CN=docker CA",
		Leaves: []config.Leaf{
			{Name: "server", Subject: "CN=docker", Names: []string{"docker.internal", "10.0.0.7"}, Usage: []string{"server"}},
			{Subject: "CN=client", Usage: []string{"client", "server"}},
		},
		Passphrase: config.Secret{File: "/conf/secrets/pass"},
		Check: config.Check{Files: []string{"/etc/ssl/bot", "/conf/more.pem"},
			Endpoints: []config.Endpoint{{Address: "bot.example.org:8010"}, {Address: "[::1]:443", Bastion: true}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCertificateProblems(t *testing.T) {
	for text, want := range map[string]string{
		"store: {folder: a, ssm: 'x-{item}'}":      "2:12: certificate.store names two places",
		"store: {folder: a, region: us-east-1}":    "2:12: region and kms_key",
		"store: {}":                                "2:12: certificate.store names no place",
		"leaves: [{name: a}]":                      "leaves is for a set",
		"authority: CN=x":                          "authority is for a set",
		"kind: pair":                               `kind can't be "pair"`,
		"{kind: set, leaves: [{}, {}]}":            `two leaves are named ""`,
		"{kind: set, leaves: [{name: ca}]}":        `"ca" can't name a leaf`,
		"{kind: set, leaves: [{name: 'a/b'}]}":     `"a/b" can't name a leaf`,
		"{kind: set, leaves: [{}], subject: CN=x}": "for a set without leaves",
		"{kind: set, leaves: [{usage: both}]}":     `usage can't be "both"`,
		"{validity: 60d, renew_before: 60d}":       "validity is no longer than renew_before",
		"renew_before: 60":                         "such as 60d",
		"renew_before: 2 months":                   "such as 60d",
		"renew_before: -60d":                       "can't be",
		"renew_before: 1d-1h":                      "can't be",
		"renew_before: 99999999d":                  "can't be",
		"key_type: rsa-1024":                       "rsa-2048",
		"passphrase: hunter2":                      "must not hold the password itself",
		"passphrase: {ec2: k}":                     "EC2's password data",
		"check: {endpoints: [{address: host}]}":    "is not host:port",
		"check: {endpoints: [{bastion: true}]}":    "has no address",
		"check: {endpoints: ['host:443']}":         "its keys are address, bastion",
	} {
		if !strings.HasPrefix(text, "{") {
			text = "\n    " + text
		} else {
			text = " " + text
		}
		_, err := config.Parse("c.yaml", []byte("certificate:"+text+"\n"), getenv)
		var problems *config.Error
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestCertificateEmptySections(t *testing.T) {
	got := parse(t, "certificate:\n  store:\n  check:\n    endpoints:\n").Certificate
	if diff := cmp.Diff(config.Certificate{}, got); diff != "" {
		t.Error(diff)
	}
}
