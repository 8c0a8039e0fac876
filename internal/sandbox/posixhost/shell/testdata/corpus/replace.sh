set -eu
umask 077
f=./cert.pem; new=./words; expected=$(md5sum "$f" | cut -c1-32)
main() {
	tmp=$(mktemp "$f.XXXXXX") || exit 1
	trap 'rm -f "$tmp"' EXIT HUP INT TERM
	cp -p "$f" "$tmp"
	cat > "$tmp" < "$new"
	have=$(md5sum < "$f"); have=${have%% *}
	[ "$have" = "$expected" ] || { echo refused; exit 3; }
	mv -f "$tmp" "$f"
	echo "replaced $expected"
}
main "$@"
