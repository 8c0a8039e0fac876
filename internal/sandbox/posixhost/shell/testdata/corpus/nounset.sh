set -u
echo "${maybe-default}"
(echo "$nope"; echo never) 2>/dev/null || echo failed
echo "${maybe:=x}"
