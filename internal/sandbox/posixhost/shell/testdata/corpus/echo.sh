echo
echo -n no newline; echo
echo -e x; echo -- y
echo 'a\tb\nc\\d\0101\c hidden'
echo "next"
echo -n; echo -n -n x; echo
echo "a  b" a  b
echo '\x41' '\q'
