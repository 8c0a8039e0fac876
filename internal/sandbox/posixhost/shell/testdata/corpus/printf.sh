printf '%s\n' a 'b c' ''
printf 'no newline'; printf '\n'
printf '%s-%s|' 1 2 3; echo
printf '%5d|%-5d|%05d|%+d|%x|%X|%o|%#x\n' 42 42 42 42 255 255 8 255
printf '%5s|%-5s|%.2s|%*s\n' ab ab abcdef 6 xy
printf '%c%c\n' hello world
printf '%b' 'a\tb\n\0101\n' 'c\n'
printf '\101\t\\ %% \n'
printf '%d %d\n' "'A" 0x10
printf '%s' "$(printf 'x\n\n')"; echo "|"
printf '%d\n' abc; echo $?
printf '%u %i\n' 7 -7
printf '%s %s %s\n' only
printf '%.3d|%8.3f|%e\n' 7 3.14159 12345.678
printf -- '--%s\n' dashes
printf '%b|' 'stop\chere' never; echo
printf '\303\251\n' | od -An -tx1
