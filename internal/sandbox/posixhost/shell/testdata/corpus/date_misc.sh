date -u -d @1436875200 +%Y-%m-%dT%H:%M:%SZ; date -u -d '2015-07-14 12:00:00' +%s; date -u -r cert.pem '+%a %b %e %j'; date +%Y | grep -c '^[0-9]*$'
touch -t 201507141200.30 f; stat -c %Y f; touch -r cert.pem f; stat -c %Y f; touch -d '2016-01-02 03:04:05' f; stat -c '%y' f
id -u; id -g; whoami; uname; sleep 0; sync; true; readlink -f link.pem | sed 's/.*\///'; readlink cert.pem; echo $?; realpath dirlink | sed 's/.*\///'; readlink -f nothing | sed 's/.*\///'
env -i A=1 sh -c 'echo $A $HOME'; env A=2 printenv_missing 2>/dev/null; echo $?; env -u HOME sh -c 'echo "[$HOME]"'; A=3 env | grep ^A=
kill -0 $$; echo $?; expr_missing=1; echo ${LC_ALL} $HOME
