ls; ls -a; ls -A dir; ls -1 dir; ls -d dir; ls -F; ls -r; ls nothing; echo $?
ls -ldn cert.pem; ls -ln dir/sub; for l in link.pem dirlink; do ls -ld $l | sed 's/[A-Z][a-z][a-z] [ 0-9][0-9] [0-9:]* /DATE /'; done; ls -lgo cert.pem
ls cert.pem dir; ls -t cert.pem words
ls -ldn cert.pem | { read -r mode links uid gid size rest; echo "$mode $size"; }
ls dirlink; ls -S bin.dat empty words; ls -ln bin.dat empty
