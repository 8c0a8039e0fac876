head -n 2 words; head -2 words; tail -n 1 words; tail -1 words; tail -n +4 words; head -c 5 words; echo; tail -c 4 words; head -n -3 words
head -n 1 words cert.pem; wc words; wc -l < words; wc -l words cert.pem; wc -c bin.dat; cat words | wc; cat words | wc -w
cut -d: -f1,7 passwd; cut -c1-3 words; cut -d ' ' -f 2 words; cut -d: -f3- passwd; cut -s -d: -f1 words; cut -b 2 nonl
sort words; sort -u words; sort -r words; sort -k2n words; sort -k 2,2nr -k 1,1 words; sort -t: -k3n passwd; sort -n -k2 words
sort words | uniq; sort words | uniq -c; sort words | uniq -d; sort words | uniq -u
tr a-z A-Z < words; tr -d '\n' < words; echo; tr -s ' ' '\n' < words; echo 'a1b2' | tr -cd '0-9'; echo; echo aabbcc | tr -s a-z; echo abc | tr abc x; echo 'x y' | tr '[:space:]' '_'; echo; echo abc | tr '[:lower:]' '[:upper:]'
od -A n -v -t x1 bin.dat; od -c bin.dat; od -An -tx1 -N4 bin.dat; od bin.dat; od -b nonl; od -A d -t u1 bin.dat; od -An -to2 cert.pem; od -t x2 empty
head -c 64 /dev/zero | od -An -tx1; head -c 64 /dev/zero | od -v -An -tx1
seq 3; seq 2 4; seq 10 -5 0; tee a b < words > c; cat a b c | wc -l; echo more | tee -a a; cat a
dd if=words of=half bs=4 count=3 2>/dev/null; cat half; echo; dd if=words bs=1 skip=5 count=4 2>/dev/null; echo; printf XX | dd of=half bs=1 seek=2 conv=notrunc 2>/dev/null; cat half; echo
cat -n words
