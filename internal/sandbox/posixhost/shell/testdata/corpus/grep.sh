grep apple words; grep -c apple words; grep -n fig words; grep -v apple words; grep -q fig words; echo $?; grep zzz words; echo $?
grep -i APPLE words; grep -l fig words cert.pem; grep fig words cert.pem; grep -h fig words cert.pem; grep -E 'fig|pear' words; grep -F 'a.p' words; echo $?
grep '^a.*10$' words; grep 'a\{1\}p\{2\}' words; grep -e fig -e pear words; grep -o '[0-9]*' words; grep -w 1 words; grep -x 'fig 2' words
grep '[[:digit:]][[:digit:]]' words; grep 'a\|f' words; grep x nothing; echo $?; grep -s x nothing; echo $?; cat words | grep -m 1 a; grep -r deep dir; echo 'a*b' | grep 'a\*b'; echo '*x' | grep '*x'; grep -c . empty; grep -L fig words cert.pem
echo 'a]b' | grep '[]]'; echo 'a\b' | grep 'a\\b'; echo 'a+b' | grep 'a+b'; echo 'aab' | grep -E 'a+b'
