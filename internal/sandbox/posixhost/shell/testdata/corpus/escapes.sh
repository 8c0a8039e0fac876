x=a\'b
echo "1 $x"
x='a'\''b'
echo "2 $x"
x="a"\'"b"
echo "3 $x"
x=a\ b
echo "4 $x"
y='echo "5 it'\''s"'
eval "$y"
echo 6 'a'\''b'
x='a'\\'b' y=\$z
echo "7 $x $y"
export z='a'\''b'
echo "8 $z"
x=it\'s y=2 sh -c 'echo "9 $x"'
x=${x:-a\'b}
x="a\$b\\c\d"
echo "10 $x"
case it\'s in "it's") echo 11;; esac
eval 'x=c\ d; y=$0'
echo "12 $x"
x=one\
two\	three
echo "13 $x"
readonly r='it'\''s' && echo "14 $r"
command='x='"'"'it'"'"'\'"'"''"'"'s'"'"'; echo "15 $x" two\'"'"'s'
(eval "$command")
