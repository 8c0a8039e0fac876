t() { if "$@"; then echo "yes: $*"; else echo "no($?): $*"; fi; }
t test -e cert.pem; t test -f cert.pem; t test -d cert.pem; t test -d dir; t test -L link.pem; t test -h link.pem
t test -e dangling; t test -L dangling; t test -s empty; t test -s words; t test -r words; t test -x words; t test -x dir
t test -n ""; t test -z ""; t test ""; t test x; t test
t test a = a; t test a != a; t test 1 -eq 01; t test 2 -gt 10; t test 5 -le 5; t test -1 -lt 0
t [ ! a = b ]; t [ a = b -o c = c ]; t [ a = a -a c = d ]; t [ ! -e nothing ]
t test -f = -f; t test '(' x ')'; t test ! x; t test '!'
t test cert.pem -ef link.pem; t test words -nt nothing; t test -t 0
t test 1 -eq x; t [ x
t test '(' a = b -o b = b ')' -a c = c
t test -w /dev/null; t test -c /dev/null
