set -e
if false; then :; fi
false || echo survived
! true
f() { false; echo in f; }
f || echo caught
x=$(echo ok)
echo $x
(set +e; false; echo sub)
false
echo never
