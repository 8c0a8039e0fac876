echo out; echo err >&2; { echo a; echo b >&2; } 2>/dev/null; { echo a; echo b >&2; } 2>&1 | sort
ls nothing 2>/dev/null || echo failed; x=$(ls nothing 2>&1); echo "${x##*: }"
exec > log; echo logged; exec >> log2; echo logged2
