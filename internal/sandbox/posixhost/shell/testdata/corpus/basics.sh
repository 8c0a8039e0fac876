echo "$#: $1|$2|$3|$4"
for a; do printf '<%s>' "$a"; done; echo
x=5; y=$((x * 3 + 2)); echo $y $((y % 4)) $((x > 3 && y < 20)) $((0x1f)) $((010))
echo "${x:-a} ${unset:-b} ${unset:=c} $unset ${x:+d} ${#y}"
f=/a/b/c.tar.gz; echo "${f##*/} ${f%/*} ${f%.*} ${f%%.*} ${f#*/}"
case $f in *.zip) echo zip;; *.tar.gz|*.tgz) echo tar;; *) echo other;; esac
i=0; while [ $i -lt 5 ]; do i=$((i+1)); [ $i -eq 2 ] && continue; [ $i -eq 4 ] && break; echo "i=$i"; done
until [ $i -le 0 ]; do i=$((i-1)); done; echo $i
if false; then echo a; elif true; then echo b; else echo c; fi
fn() { echo "fn $# $1"; return 3; }; fn x y; echo $?
set -- a b c; shift; echo "$@" $#
IFS=:; set -- $(echo 1:2:3); echo $2; unset IFS
echo 'single $x' "double $x" un\ quoted $'x'
(exit 4); echo $?
! true; echo $?
true && echo and || echo or
eval 'z=9; echo "eval $z"'
echo $(echo nested $(echo deep)) `echo back`
cat <<E1; cat <<'E2'; cat <<-E3
expanded $x $((1+1)) $(echo sub) \$x
E1
literal $x $((1+1)) \$x
E2
	tab stripped $x
	E3
exit 6
