t=$(mktemp ./x.XXXXXX) && ls -l "$t" | cut -c1-10; echo data > "$t"; cat "$t"; mv "$t" final; ls -l final | cut -c1-10
d=$(mktemp -d ./d.XXXXXX); ls -ld "$d" | cut -c1-10; rmdir "$d"; case $t in ./x.??????) echo shape;; *) echo bad;; esac
mktemp nothing/x.XXXXXX 2>/dev/null; echo $?; mktemp bad.XX 2>/dev/null; echo $?; TMPDIR=. mktemp | sed 's/tmp\..*/tmp/'; rm -f tmp.*; mktemp -p dir x.XXXXX | sed 's/x\..*/x/'; rm -f dir/x.*
