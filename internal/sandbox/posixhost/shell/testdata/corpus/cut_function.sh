main() {
	rm -f cert.pem
	echo half
