command -v cat; command -v nosuchthing; echo $?; command -v cd echo; nosuchthing 2>/dev/null; echo $?
./cert.pem 2>/dev/null; echo $?; ./nothing 2>/dev/null; echo $?; f() { :; }; type f; command -v f
PATH=/nowhere; cat words 2>/dev/null; echo $?; PATH=/usr/bin:/bin
hash cat; echo $?; command echo via command; command -v if; : colon; true; echo $?
cd dir; pwd | sed 's/.*\///'; cd sub && ls; cd ..; cd - >/dev/null; ls; cd nothing 2>/dev/null || echo no; (cd ../..; ls -d dir); cd ../../dirlink; pwd | sed 's/.*\///'; pwd -P | sed 's/.*\///'
which_missing=$(command -v restorecon chcon getfattr awk2); echo "[$which_missing]"
