# Runs a command under any POSIX shell. It is sent on the standard input of
# "exec /bin/sh -s", after a line that says which:
#
#   ar_command='apt-get update' ar_watch=yes
#
# The command gets no input, since that is where this script comes from; its
# standard error goes where its standard output goes. The exit status is its own.
# With ar_watch=yes the input stays open as long as somebody waits for the
# command: its end ends the command, with all that it started.
# shellcheck shell=sh

exec 2>&1
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

# shellcheck disable=SC2154 # the line before this script
ar_run() { (eval "$ar_command") </dev/null; }

# shellcheck disable=SC2154 # the line before this script
if [ "$ar_watch" ] && (exec 3<&0) 2>/dev/null; then
	exec 3<&0
	(while read -r _; do :; done; kill -TERM -$$ || kill -TERM $$) <&3 >/dev/null 2>&1 3<&- &
	ar_watcher=$!
	ar_run 3<&-
	ar_status=$?
	kill "$ar_watcher" 2>/dev/null
	exit "$ar_status"
fi
ar_run
exit
