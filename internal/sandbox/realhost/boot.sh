# The first process of a host. It gets by environment:
#   ROOT     the folder that holds what the host's file system differs in
#   PLACE    a folder on the same disk, with mnt and work in it
#   NAME     the host's name
#   ADDRESS  its address and the width of its network
#   ACCOUNT  who may log in with the keys on standard input, if anybody
#   FIRST    yes at the first boot
# A first line on standard input says that the network card is plugged in; the
# rest are keys in authorized_keys format.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin

halt() {
	trap '' TERM
	kill -TERM -1 2>/dev/null || :
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		set -- /proc/[0-9]*
		[ $# -gt 1 ] || break
		sleep 0.1
	done
	exit 0
}
trap halt TERM

read -r _
echo "Linux version $(uname -r), $NAME"
mount --make-rprivate /
mount -t overlay -o "lowerdir=/,upperdir=$ROOT,workdir=$PLACE/work" overlay "$PLACE/mnt"
script=
[ ! -x "$ROOT/etc/rc.local" ] || script=/etc/rc.local
cd "$PLACE/mnt"
mount --rbind /dev dev
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=0755 tmpfs run
mount -t proc proc proc
mkdir -p run/machine run/sshd run/lock run/keys
pivot_root . run/machine
cd /
umount -l /run/machine
rmdir /run/machine
hostname "$NAME"

# 127.0.0.1 alone is this host's own; the rest of 127/8 is the network.
ip addr add 127.0.0.1/32 dev lo
ip link set lo up
ip addr del 127.0.0.1/8 dev lo 2>/dev/null || :
echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
ip addr add "$ADDRESS" dev eth0
ip link set eth0 up
ip route add 169.254.169.254 dev eth0

[ -z "$ACCOUNT" ] || cat >"/run/keys/$ACCOUNT"
exec </dev/null
if [ "$FIRST" = yes ]; then
	rm -f /etc/ssh/ssh_host_*
	for type in ecdsa ed25519; do
		ssh-keygen -q -N '' -t "$type" -C "root@$NAME" -f "/etc/ssh/ssh_host_${type}_key"
	done
	echo 'ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----'
	for key in /etc/ssh/ssh_host_*_key.pub; do
		echo "ec2: $(ssh-keygen -l -f "$key")"
	done
	echo 'ec2: -----END SSH HOST KEY FINGERPRINTS-----'
	echo '-----BEGIN SSH HOST KEY KEYS-----'
	cat /etc/ssh/ssh_host_*_key.pub
	echo '-----END SSH HOST KEY KEYS-----'
fi

/usr/sbin/sshd -D -e -o UsePAM=no -o UseDNS=no -o PidFile=none \
	-o HostKey=/etc/ssh/ssh_host_ecdsa_key -o HostKey=/etc/ssh/ssh_host_ed25519_key \
	-o 'AuthorizedKeysFile=.ssh/authorized_keys /run/keys/%u' &
[ -z "$script" ] || env -i PATH="$PATH" HOME=/root "$script" &
echo "$NAME login: "
while :; do
	sleep 86400 &
	wait $! || :
done
