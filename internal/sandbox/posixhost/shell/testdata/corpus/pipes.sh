cat words | sort | head -n 1; cat words | while read -r name n; do echo "$n $name"; done; echo "$n"
while :; do echo y; done | head -n 2; (while :; do echo z; done) | head -1; seq 100000 | head -n 1
false | true; echo $?; true | false; echo $?; echo a | { read x; echo "got $x"; }
read x < words; echo "$x"; read -r a b < words; echo "$b"; printf 'a\\b\n' | { read x; echo "$x"; }; printf 'a\\b\n' | { read -r x; echo "$x"; }
while read -r l; do echo "[$l]"; done < words; while IFS=: read -r n _ id rest; do echo "$n=$id"; done < passwd
printf 'last' | { read x; echo "$? $x"; }
find . -name '*.pem' | sort | xargs ls -d; printf 'a\nb c\n' | xargs -n 1 echo x; printf 'q\n' | xargs -I{} echo '<{}>'
