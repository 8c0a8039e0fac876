f() { echo "f:$1"; set -- changed; echo "$1"; }
f a; echo "$1"
g() ( x=inner; echo $x ); x=outer; g; echo $x
h() { local v=1; v=2; echo $v; }; v=0; h; echo $v
rec() { [ "$1" -le 0 ] && return; echo "$1"; rec $(($1 - 1)); }; rec 3
ls() { echo "my ls"; }; ls; command ls -d cert.pem; unset -f ls; ls -d cert.pem
k() { echo "$0" | sed 's/.*/zero/'; }; k
out=$(f sub); echo "$out"
v=1 env | grep '^v='; v=tmp sh -c 'echo $v'; echo $v; export E=1; sh -c 'echo $E'; unset E; sh -c 'echo "[$E]"'
sh -c 'echo "$0 $1 $#"' name p q; sh -c 'exit 9'; echo $?; echo 'echo from stdin "$1"' | sh -s arg
printf 'echo script "$@"\nexit 3\n' > s.sh; sh s.sh a b; echo $?; chmod +x s.sh; ./s.sh c; echo $?; . ./s.sh
