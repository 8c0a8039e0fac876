# Reads files, replaces files whose content is the expected one, or looks for
# files, under any POSIX shell from CentOS 5 to macOS and the BSDs.
#
# It is sent on the standard input of "exec /bin/sh -s", after a line that gives it
# its arguments and the functions that say what to do:
#
#   set -- MODE NONCE
#   ar_files() {    # calls "$1" once per file: number, absolute path and, for
#                   # MODE replace, md5 and sha256 of the new content, then each
#                   # expected old content as md5:sha256 (either may be empty)
#     "$1" 0 '/etc/cert.pem' NEWMD5 NEWSHA256 OLDMD5:OLDSHA256
#   }
#   ar_payload_0() {    # writes the new content of file 0, for MODE replace
#     ar_put 'text with \n, \r, \t and \\ escaped'
#     ar_oct 303 251    # bytes that are not plain text, in octal
#   }
#
# For MODE find ar_files calls "$1" once: levels to go down, files to report at
# most, sizes in bytes as one word or '' for any, and the folders.
#
# Nothing runs before the last line has arrived: a stream that is cut changes
# nothing. MODE replace looks at all files, stages all, then moves all into
# place; if one of them holds anything but an expected old content or the new
# one, none is touched.
#
# It prints lines that begin with "amirotate:NONCE ", each a line of its own:
#
#   begin
#   file N present MODE UID:GID SIZE md5:DIGEST sha256:DIGEST
#   file N missing
#   file N unreadable WORDS
#   content N base64|hex    the bytes follow on lines of their own, up to
#   close N                 this; a second "content N" starts again
#   done N                  replaced
#   found md5:DIGEST sha256:DIGEST PATH    no digests if it may not be read
#   fail N WORDS            could not be replaced, or looked for
#   end ok|refused|failed
#
# The exit status says nothing. Commands used: ls, cat, cp, mv, rm, find, and
# where there is need or they exist readlink, chmod, sync, sudo, selinuxenabled,
# chcon; md5sum, md5 or openssl; sha256sum, shasum, sha256 or openssl; base64, openssl
# or od.
# shellcheck shell=sh

ar_say() { printf 'amirotate:%s %s\n' "$ar_nonce" "$*"; }

# The two halves of a payload. pdksh has no printf of its own, and a file's
# content must not be seen in the arguments of another process: it has print.
ar_put() { if [ "$ar_print" ]; then print -n -- "$1"; else printf %b "$1"; fi; }
ar_oct() {
	for ar_byte; do
		# shellcheck disable=SC2059 # an octal escape counts in the format alone
		if [ "$ar_print" ]; then print -n -- "\\0$ar_byte"; else printf "\\$ar_byte"; fi
	done
}

# ar_as runs a command, as root once it has turned out that that is needed.
ar_as() { if [ "$ar_sudo" ]; then sudo -n "$@"; else "$@"; fi; }

# ar_list sets ar_line to what ls says of ar_real, or ar_state to why not.
ar_list() {
	ar_line=$(ar_as ls -ldn "$ar_real" 2>&1) && return
	case $ar_line in
	*[Nn]'o such file'* | *[Nn]'ot a directory'*) ar_state=missing && return ;;
	esac
	ar_words="$ar_words $ar_line" ar_state=unreadable
	[ "$ar_sudo" ] && return
	ar_sudo=yes ar_state=
	ar_list
}

# ar_find follows path $1 to the end of its links: ar_real, ar_line, ar_state.
ar_find() {
	ar_real=$1 ar_hops=0 ar_state='' ar_words='' ar_sudo=''
	while :; do
		ar_list
		[ -z "$ar_state" ] || return
		case $ar_line in
		-*) ar_state=present && return ;;
		d*) ar_state=unreadable ar_words='it is a directory' && return ;;
		l*) ar_follow ;;
		*) ar_state=unreadable ar_words='it is not a regular file' && return ;;
		esac
		ar_hops=$((ar_hops + 1))
		if [ "$ar_hops" -gt 40 ]; then
			ar_state=unreadable ar_words='too many levels of symbolic links'
			return
		fi
	done
}

ar_follow() {
	ar_link=$(ar_as readlink "$ar_real" 2>/dev/null) || ar_link=${ar_line#*"$ar_real -> "}
	case $ar_link in
	/*) ar_real=$ar_link ;;
	*) ar_real=${ar_real%/*}/$ar_link ;;
	esac
}

# ar_open makes sure that a present file can be read, as root if it must be.
ar_open() {
	ar_words=$(ar_as cat "$ar_real" 2>&1 >/dev/null) && return
	if [ -z "$ar_sudo" ]; then
		ar_first=$ar_words ar_sudo=yes
		ar_words=$(ar_as cat "$ar_real" 2>&1 >/dev/null) && return
		ar_words="$ar_first $ar_words"
	fi
	ar_state=unreadable
}

# ar_feed runs command $2, such as a digest tool, with file $1 as its input.
ar_feed() {
	# shellcheck disable=SC2086 # a command and its options
	if [ "$ar_sudo" ]; then sudo -n cat "$1" | $2; else $2 <"$1"; fi 2>/dev/null
}

# ar_sum prints the digest of file $2, $1 characters long, made by command $3.
ar_sum() {
	ar_out=$(ar_feed "$2" "$3") || return 1
	ar_length=$1
	# shellcheck disable=SC2086 # the digest is one of the words
	set -- $ar_out
	for ar_word; do
		[ ${#ar_word} -eq "$ar_length" ] || continue
		case $ar_word in *[!0-9a-f]*) continue ;; esac
		printf %s "$ar_word"
		return 0
	done
	return 1
}

ar_md5() {
	ar_sum 32 "$1" md5sum || ar_sum 32 "$1" 'md5 -q' || ar_sum 32 "$1" md5 ||
		ar_sum 32 "$1" 'openssl dgst -md5'
}

ar_sha256() {
	ar_sum 64 "$1" sha256sum || ar_sum 64 "$1" 'shasum -a 256' ||
		ar_sum 64 "$1" 'sha256 -q' || ar_sum 64 "$1" 'openssl dgst -sha256'
}

# ar_show prints the bytes of file $1 as $2, made by command $3.
ar_show() {
	ar_say content "$1" "$2"
	ar_feed "$ar_real" "$3" || return 1
	printf '\n'
	ar_say close "$1"
}

# ar_look reports what stands at path $2.
ar_look() {
	ar_find "$2"
	[ "$ar_state" = present ] && ar_open
	if [ "$ar_state" != present ]; then
		# shellcheck disable=SC2086 # on one line
		ar_say file "$1" "$ar_state" $ar_words
		return
	fi
	ar_digest_md5=$(ar_md5 "$ar_real")
	ar_digest_sha256=$(ar_sha256 "$ar_real")
	ar_number=$1
	# shellcheck disable=SC2086 # the columns of ls
	set -- $ar_line
	ar_keep="$1 $3:$4"
	ar_say file "$ar_number" present "$1" "$3:$4" "$5" "md5:$ar_digest_md5" "sha256:$ar_digest_sha256"
	[ "$5" -le 8388608 ] || return
	ar_show "$ar_number" base64 base64 || ar_show "$ar_number" base64 'openssl base64' ||
		ar_show "$ar_number" hex 'od -A n -v -t x1'
}

# ar_check looks at file $1 and remembers what it found for the steps below.
ar_check() {
	ar_look "$1" "$2"
	ar_verdict=other
	[ "$ar_state" != present ] || ar_judge "$@"
	[ "$ar_verdict" != other ] || ar_result=refused
	ar_total=$(($1 + 1))
	eval "ar_verdict_$1=\$ar_verdict ar_real_$1=\$ar_real ar_sudo_$1=\$ar_sudo ar_tmp_$1=
		ar_keep_$1=\$ar_keep ar_was_$1=\$ar_digest_md5:\$ar_digest_sha256"
}

# ar_judge: the same rule as verify.Change.Judge, but that a host without any
# tool for sha256 may know the new content by its md5.
ar_judge() {
	case $ar_digest_md5:$ar_digest_sha256 in
	:) return ;;
	"$3:$4" | ":$4" | "$3:") ar_verdict=new && return ;;
	esac
	shift 4
	for ar_old; do
		if [ "$ar_digest_md5" ]; then
			[ "$ar_digest_md5" != "${ar_old%%:*}" ] || ar_verdict=old
		else
			[ "$ar_digest_sha256" != "${ar_old#*:}" ] || ar_verdict=old
		fi
	done
}

# ar_recall brings back what ar_check found out about file $1.
ar_recall() {
	eval "ar_verdict=\$ar_verdict_$1 ar_real=\$ar_real_$1 ar_sudo=\$ar_sudo_$1
		ar_tmp=\$ar_tmp_$1 ar_keep=\$ar_keep_$1 ar_was=\$ar_was_$1"
}

ar_fail() {
	ar_result=failed
	ar_say fail "$@"
}

# ar_sweep removes what a dead run staged beside file $1.
ar_sweep() {
	ar_recall "$1"
	set +f
	for ar_stale in "${ar_real%/*}"/.amirotate-*; do
		if [ -f "$ar_stale" ] && [ ! -L "$ar_stale" ]; then
			rm -f "$ar_stale" 2>/dev/null || sudo -n rm -f "$ar_stale" 2>/dev/null
		fi
	done
	set -f
}

# ar_stage writes the new content of file $1 beside it; as root at the second go.
ar_stage() {
	[ "$ar_result" = ok ] || return
	ar_recall "$1"
	[ "$ar_verdict" = old ] || return
	ar_tmp=${ar_real%/*}/.amirotate-$ar_nonce-$1
	eval "ar_tmp_$1=\$ar_tmp"
	ar_words=$(ar_fill "$1" "$3" "$4" 2>&1) && return
	if [ -z "$ar_sudo" ]; then
		ar_remove
		ar_first=$ar_words ar_sudo=yes
		eval "ar_sudo_$1=yes"
		ar_words=$(ar_fill "$1" "$3" "$4" 2>&1) && return
		ar_words="$ar_first; as root: $ar_words"
	fi
	# shellcheck disable=SC2086 # on one line
	ar_fail "$1" $ar_words
}

# ar_fill makes ar_tmp: owner, mode, label and access list of ar_real, the
# content of payload $1, whose digests must then be $2 and $3.
ar_fill() {
	ar_as cp -p "$ar_real" "$ar_tmp" || return 1
	case $ar_keep in ??w*) ;; *) ar_as chmod u+w "$ar_tmp" || return 1 ;; esac
	ar_write "$1" || return 1
	case $ar_keep in ??w*) ;; *) ar_as chmod u-w "$ar_tmp" || return 1 ;; esac
	if selinuxenabled 2>/dev/null; then
		ar_as chcon --reference="$ar_real" "$ar_tmp" || return 1
	fi
	ar_kept || return 1
	case $(ar_md5 "$ar_tmp"):$(ar_sha256 "$ar_tmp") in
	"$2:$3" | ":$3" | "$2:") ar_sync "$ar_tmp" ;;
	*) printf 'the new content arrived damaged, or the disk is full\n' && return 1 ;;
	esac
}

# ar_sync makes a file or folder last. What cannot sync a single one syncs all.
ar_sync() { ar_as sync "$1" >/dev/null 2>&1 || :; }

ar_write() {
	if [ "$ar_sudo" ]; then
		# shellcheck disable=SC2016 # expanded by the inner shell
		"ar_payload_$1" | sudo -n sh -c 'cat >"$1"' sh "$ar_tmp"
	else
		"ar_payload_$1" >"$ar_tmp"
	fi
}

# ar_kept tells whether ar_tmp has the owner and mode of ar_keep. The mark after
# the mode matters where it is +, an access list.
ar_kept() {
	# shellcheck disable=SC2046 # the columns of ls
	set -- $(ar_as ls -ldn "$ar_tmp") "$ar_keep"
	ar_mode=${ar_keep%% *}
	[ "${1%[.@]} $3:$4" = "${ar_mode%[.@]} ${ar_keep#* }" ] && return
	printf 'owner and mode cannot be kept: %s would become %s\n' "$ar_keep" "$1 $3:$4"
	return 1
}

# ar_swap moves what was staged for file $1 into its place.
ar_swap() {
	[ "$ar_result" = ok ] || return
	ar_recall "$1"
	[ "$ar_verdict" = old ] || return
	if [ "$(ar_md5 "$ar_real"):$(ar_sha256 "$ar_real")" != "$ar_was" ]; then
		ar_fail "$1" it was changed by somebody else at the same time
		return
	fi
	if ar_words=$(ar_as mv -f "$ar_tmp" "$ar_real" 2>&1); then
		eval "ar_tmp_$1="
		ar_sync "${ar_real%/*}/"
		ar_say 'done' "$1"
	else
		# shellcheck disable=SC2086 # on one line
		ar_fail "$1" $ar_words
	fi
}

ar_remove() {
	[ -z "$ar_tmp" ] || rm -f "$ar_tmp" 2>/dev/null || sudo -n rm -f "$ar_tmp" 2>/dev/null
}

# ar_clean removes what is still staged, however the script ends.
ar_clean() {
	while [ "$ar_total" -gt 0 ]; do
		ar_total=$((ar_total - 1))
		ar_recall "$ar_total"
		ar_remove
	done
}

ar_replace() {
	ar_files ar_check
	if [ "$ar_result" = ok ]; then
		ar_files ar_sweep
		ar_files ar_stage
		ar_files ar_swap
	fi
	ar_clean
}

# ar_seek looks for the files of MODE find. It does not become root.
ar_seek() {
	set -f
	ar_depth=$1 ar_most=$2 ar_tests='' ar_sudo=''
	for ar_size in $3; do
		ar_tests="$ar_tests${ar_tests:+ -o }-type f -size ${ar_size}c"
	done
	ar_tests=${ar_tests:--type f -size -2049 -o -type l}
	shift 3
	if ! find / -maxdepth 0 >/dev/null 2>&1; then
		ar_fail 0 find cannot be told how deep to look
		return
	fi
	for ar_folder; do
		# shellcheck disable=SC2086 # an expression
		[ ! -d "$ar_folder" ] ||
			find "$ar_folder/" -maxdepth "$ar_depth" -xdev \( $ar_tests \) -print 2>/dev/null
	done | ar_tell
}

# ar_tell reports the files whose paths are its input, a line each.
ar_tell() {
	while IFS= read -r ar_path; do
		[ -f "$ar_path" ] || continue
		[ "$ar_most" -gt 0 ] || break
		ar_most=$((ar_most - 1))
		ar_say found "md5:$(ar_md5 "$ar_path")" "sha256:$(ar_sha256 "$ar_path")" "$ar_path"
	done
}

_ar_main() {
	ar_mode=$1 ar_nonce=$2 ar_result=ok ar_total=0 ar_print='' ar_keep='' ar_was=''
	PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin LC_ALL=C
	export PATH LC_ALL
	unset IFS QUOTING_STYLE
	set -f
	umask 077 2>/dev/null
	case $(command -v printf) in */*) ar_print=$(command -v print) ;; esac
	trap ar_clean EXIT
	for ar_signal in HUP INT TERM PIPE; do
		# shellcheck disable=SC2064 # the name of the signal
		trap 'exit 1' "$ar_signal" 2>/dev/null
	done
	printf '\n'
	ar_say begin
	case $ar_mode in
	read) ar_files ar_look ;;
	replace) ar_replace ;;
	find) set +f && ar_files ar_seek ;;
	*) ar_result=failed ;;
	esac
	ar_say end "$ar_result"
}

[ $# -ne 2 ] || _ar_main "$@"
