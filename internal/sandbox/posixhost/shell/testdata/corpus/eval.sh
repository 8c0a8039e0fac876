eval "echo 'a  b'"
eval 'echo "c  d"' "'e  f'"
x="echo 'g  h'"
eval "$x"
eval $x
set -- "i  j"
eval 'echo "$1"'
eval "y='k l'; echo \"\$y\" | cat"
f() { eval "echo 'in  f' \"\$1\""; }
f "m  n"
(eval "echo 'sub  shell'")
eval "echo 'two
lines'"
eval
echo $?
