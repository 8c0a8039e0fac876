# Lists, makes or removes copies of a file, which lie beside it and whose names
# begin with its own and a dot. It is sent on the standard input of
# "exec /bin/sh -s", after a line that gives it its arguments, set -- copies NONCE,
# and one that says what to do:
#
#   ar_deed=list ar_path='/etc/cert.pem'
#   ar_deed=make ar_path='/etc/cert.pem' ar_copy='/etc/cert.pem.previous'
#   ar_deed=drop ar_path='/etc/cert.pem' ar_copy='/etc/cert.pem.previous'
#
# A copy is made in one step, with the file's owner and mode, as root with sudo
# if it must be. It prints lines that begin with "amirotate:NONCE ", each a line
# of its own:
#
#   copy PATH         of list
#   end ok|failed WORDS
# shellcheck shell=sh
# shellcheck disable=SC2154 # the line before this script

ar_say() { printf 'amirotate:%s %s\n' "$ar_nonce" "$*"; }

# shellcheck disable=SC2016 # expanded by the inner shell
ar_lister='for ar_found in "$1".*; do if [ -f "$ar_found" ]; then printf "%s\n" "$ar_found"; fi; done'

# ar_list prints the copies; a folder that cannot be read is read as root.
ar_list() {
	if [ -r "${ar_path%/*}/" ]; then
		sh -c "$ar_lister" sh "$ar_path"
	else
		sudo -n sh -c "$ar_lister" sh "$ar_path"
	fi
}

# ar_kept prints mode, owner and group of a file. $1 is a prefix, sudo -n or nothing.
ar_kept() {
	# shellcheck disable=SC2046,SC2086 # a prefix; the columns of ls
	set -- $($1 ls -ldnL "$2")
	printf %s "${1%[.@]} $3:$4"
}

# ar_make makes the copy. $1 is a prefix.
ar_make() {
	# shellcheck disable=SC2086 # a prefix
	$1 cp -p "$ar_path" "$ar_tmp" || return 1
	if [ "$(ar_kept "$1" "$ar_path")" != "$(ar_kept "$1" "$ar_tmp")" ]; then
		printf 'owner and mode cannot be kept\n'
		return 1
	fi
	# shellcheck disable=SC2086 # a prefix
	$1 sync "$ar_tmp" >/dev/null 2>&1
	# shellcheck disable=SC2086 # a prefix
	$1 mv -f "$ar_tmp" "$ar_copy"
}

# shellcheck disable=SC2016 # expanded by the inner shell
ar_sweeper='for ar_stale in "${1%/*}"/.amirotate-*-copy; do if [ -f "$ar_stale" ] && [ ! -L "$ar_stale" ]; then rm -f "$ar_stale"; fi; done'

# ar_drop removes the copy, and what a dead run had begun to copy. $1 is a prefix.
ar_drop() {
	# shellcheck disable=SC2086 # a prefix
	$1 rm -f "$ar_copy" || return 1
	# shellcheck disable=SC2086 # a prefix
	$1 sh -c "$ar_sweeper" sh "$ar_path"
}

# ar_either does a deed as this user or else as root, and cleans up.
ar_either() {
	if ar_words=$("$1" '' 2>&1); then
		ar_say end ok
		return
	fi
	ar_first=$ar_words
	rm -f "$ar_tmp" 2>/dev/null
	if ar_words=$("$1" 'sudo -n' 2>&1); then
		ar_say end ok
		return
	fi
	[ "$ar_deed" = drop ] || rm -f "$ar_tmp" 2>/dev/null || sudo -n rm -f "$ar_tmp" 2>/dev/null
	# shellcheck disable=SC2086 # on one line
	ar_say end failed $ar_first '; as root:' $ar_words
}

_ar_copies() {
	ar_nonce=$2
	PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin LC_ALL=C
	export PATH LC_ALL
	unset IFS
	umask 077
	ar_tmp=${ar_path%/*}/.amirotate-$ar_nonce-copy
	printf '\n'
	case $ar_deed in
	make) ar_either ar_make ;;
	drop) ar_either ar_drop ;;
	list)
		if ar_words=$(ar_list 2>&1); then
			[ -z "$ar_words" ] || printf '%s\n' "$ar_words" | while read -r ar_line; do ar_say copy "$ar_line"; done
			ar_say end ok
		else
			# shellcheck disable=SC2086 # on one line
			ar_say end failed $ar_words
		fi
		;;
	esac
}

[ $# -ne 2 ] || _ar_copies "$@"
