mkdir new; mkdir -p p/q/r; mkdir new; echo $?; mkdir -m 700 secret; mkdir -p p/q
cp cert.pem new/; cp -p cert.pem kept.pem; cp cert.pem words new; echo $?
cp nothing x; echo $?; cp dir x; echo $?; cp -r dir copy; cp -R dir/sub p
mv kept.pem moved.pem; mv moved.pem new; ls new; mv -f new/words p/; mv nothing y; echo $?
ln -s ../cert.pem p/l; readlink p/l; ln cert.pem hard; cat hard; ln -s a cert.pem; echo $?; ln -sf words link.pem; readlink link.pem
rm words; rm words; echo $?; rm -f words; echo $?; rm dir; echo $?; rm -r copy; rmdir dir; echo $?; rmdir secret
touch t1 t2; touch -c t3; ls t1 t2 t3; echo $?
cat link.pem; echo $?; cat cert.pem nothing nonl; echo $?
cp -P dangling d2; readlink d2; cp link.pem solid; echo $?
: > made; echo x >> made; echo y >> made; cat made; cat < made; > trunc; wc -c trunc
rm -rf p new; ls
ln -sfn dir dirlink; readlink dirlink; mv dirlink dl; ls -d dl
cp -a dir dir2; mv dir2 dir; ls dir
basename /a/b/c.txt .txt; basename /; basename a/; dirname /a/b/c; dirname a; dirname /a; dirname a//b/; dirname /
