exec /bin/sh -c 'echo replaced; exit 4' name
echo never
