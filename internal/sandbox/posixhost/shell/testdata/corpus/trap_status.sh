trap 'echo "status $?"' EXIT
ls nothing 2>/dev/null
