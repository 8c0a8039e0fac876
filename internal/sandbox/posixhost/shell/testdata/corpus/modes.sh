touch f; mkdir d
for m in 644 755 600 0640 u+x g-r o= a+r u=rwx,go=rx +x -w u-w,g+w a=rw ug+X 4755 u+s 1777; do
  chmod $m f; chmod "$m" d; echo "$m $(ls -ld f | cut -c1-10) $(ls -ld d | cut -c1-10)"
done
chmod bogus f; echo $?; chmod 644 nothing; echo $?
chmod -R go-rwx dir; ls -l dir dir/sub | cut -c1-10
umask; umask 077; touch private; mkdir pd; umask 022; umask -S; umask u=rwx,g=,o=; umask; umask 022
(umask 027; touch sub; umask); umask; touch after
stat -c '%a %F %s' private pd sub after link.pem dangling
stat -c '%A %n' cert.pem; stat -L -c %F link.pem; stat -c %Y cert.pem
chmod --reference=private after; stat -c %a after
chown "$(id -u)" f; chown "$(id -u):$(id -g)" f; chgrp "$(id -g)" f; echo $?
chown nosuchuser f; echo $?
