main() {
	cat <<EOF
first
