cat <<E1
whole
E1
echo before; cat <<EOF; echo after
first $((1+1))
second
