cleanup() { rm -f tmp.$1; echo "cleaned $?"; }
trap 'cleanup x' EXIT HUP INT TERM
: > tmp.x
(echo in sub; exit 2) || echo $?
trap - INT
trap 'echo bye; cleanup x' 0
for s in HUP INT TERM PIPE; do trap 'exit 1' "$s" 2>/dev/null; done
false
exit 5
