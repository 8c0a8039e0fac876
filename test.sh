#!/bin/sh
# Runs all tests. On Debian and Ubuntu it first installs the real shells, SSH
# and clients that the tests speak to, as root or by sudo.
set -eu
cd "$(dirname "$0")"

# command:package
components='
busybox:busybox
dash:dash
bash:bash
mksh:mksh
ksh93:ksh93u+m
tcsh:tcsh
fish:fish
shellcheck:shellcheck
openssl:openssl
ssh:openssh-client
ssh-keygen:openssh-client
ssh-agent:openssh-client
ssh-add:openssh-client
scp:openssh-client
sshd:openssh-server
sudo:sudo
buildbot:buildbot
buildbot-worker:buildbot-worker
stunnel4:stunnel4
faketime:faketime
ip:iproute2
nsenter:util-linux
setpriv:util-linux
hostname:hostname
mount:mount
sqlite3:sqlite3
curl:curl
ps:procps
packer:packer
systemd-analyze:systemd
tmux:tmux
mandoc:mandoc
'

PATH=$PATH:/usr/sbin:/sbin
missing=
for pair in $components; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
# A shim named aws that leads nowhere doesn't count.
[ -x /usr/bin/aws ] || missing="$missing awscli"
[ -e /usr/share/bash-completion/bash_completion ] || missing="$missing bash-completion"
for module in icalendar winrm impacket; do
	/usr/bin/python3 -c "import $module" 2>/dev/null || missing="$missing python3-$module"
done

if [ -n "$missing" ]; then
	command -v apt-get >/dev/null 2>&1 || {
		echo "test.sh: these are missing, and there is no apt-get to install them with:$missing" >&2
		exit 1
	}
	asroot=
	[ "$(id -u)" = 0 ] || asroot=sudo
	$asroot apt-get update -qq
	# shellcheck disable=SC2086 # a list of packages
	DEBIAN_FRONTEND=noninteractive $asroot apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# As root, as CI is, a missing component is a failure and never a skipped test.
# Hosts in namespaces of their own need root: without it those tests are skipped.
[ "$(id -u)" != 0 ] || export CI=true
# Programs that tests start are built with -cover, too, and warn on standard
# error unless their counters have a place.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/coverage" "$scratch/figures"
export GOCOVERDIR="$scratch/coverage" AMIROTATE_FIGURES="$scratch/figures"

status=0
# Most tests wait more than they compute, so more packages than cores are run at
# a time.
go test -p 4 -timeout 40m -cover "$@" ./... || status=$?

echo 'What the tests counted:'
for figure in "$scratch"/figures/*; do
	[ -e "$figure" ] || continue
	echo "  ${figure##*/}"
	sed 's/^/    /' "$figure"
done
echo 'What they spoke to:'
go version | sed 's/^/  /'
if command -v dpkg-query >/dev/null 2>&1; then
	packages='python3-icalendar python3-winrm python3-impacket awscli bash-completion'
	for pair in $components; do
		packages="$packages ${pair#*:}"
	done
	# shellcheck disable=SC2086 # a list of packages
	dpkg-query -W -f '  ${Package} ${Version}\n' $packages 2>/dev/null | sort -u
fi
exit "$status"
