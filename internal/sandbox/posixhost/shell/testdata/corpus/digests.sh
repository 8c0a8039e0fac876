md5sum cert.pem; sha256sum cert.pem words; sha1sum < cert.pem; sha512sum nonl; md5sum -b cert.pem; cat cert.pem | md5sum
md5sum cert.pem words > sums; md5sum -c sums; echo x >> words; md5sum -c sums; echo $?; md5sum -c --status sums; echo $?; md5sum --quiet -c sums
md5sum nothing; echo $?
openssl dgst -md5 cert.pem; openssl dgst -sha256 < cert.pem; openssl dgst -sha256 -r cert.pem; openssl md5 cert.pem
openssl dgst -md5 cert.pem | sed 's/.*= //'
set -- $(md5sum cert.pem); echo $1
base64 cert.pem; base64 -w 0 cert.pem; echo; base64 cert.pem | base64 -d; openssl base64 < bin.dat; openssl base64 -A -in cert.pem; openssl base64 < cert.pem | openssl base64 -d
echo '!!' | base64 -d; echo $?
cmp cert.pem link.pem && echo same; cmp cert.pem words; echo $?; cmp -s cert.pem words; echo $?
